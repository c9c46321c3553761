"""The schedule that verifies and sweeps: what it found is on its run's page, and damage fails it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from movie_assets.assets.upkeep import upkeep
from movie_assets.core.store.local import LocalDriver
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.toy import Toy
from movie_assets.definitions import definitions_of
from resources.clock import SystemClock
from resources.studio import Studio


@dataclass
class Stores:
    """One movie of two revisions, both older than a week."""

    root: Path

    def __post_init__(self) -> None:
        self.driver, self.clock = LocalDriver(self.root), SystemClock()
        toy = Toy(self.root / "scratch", ["a"], driver=self.driver, clock=self.clock)
        toy.make()
        toy.texts[0] = "b"
        toy.make()
        for path in self.root.rglob("*"):
            then = path.stat().st_mtime - 8 * 86400
            os.utime(path, (then, then))

    def store(self, movie: str) -> MovieStore:
        return MovieStore(self.driver, movie)

    def kept(self) -> list[str]:
        return [manifest.revision for manifest in self.store("toy").manifests.all()]


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    return Stores(tmp_path / "builds")


def run(stores: Stores, keep_revisions: int | None = None) -> dg.ExecuteInProcessResult:
    """What the daemon does when the schedule is on."""
    job, _ = upkeep(lambda: ["toy"], keep_revisions)
    return job.execute_in_process(resources={"movies": stores}, raise_on_error=False)


def page(result: dg.ExecuteInProcessResult) -> str:
    """The table on the run's page."""
    for event in result.all_events:
        if event.is_step_failure:
            failure: Any = event.step_failure_data.user_failure_data
            return str(failure.metadata["movies"].value)
        if event.is_successful_output:
            return str(event.step_output_data.metadata["movies"].value)
    raise AssertionError("the page shows nothing")


def test_it_is_off_until_someone_turns_it_on(tmp_path: Path) -> None:
    """A schedule named `upkeep`, every night, among the project's definitions."""
    schedule = definitions_of(Studio(tmp_path)).get_repository_def().get_schedule_def("upkeep")
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
    assert schedule.cron_schedule == "0 4 * * *"


def test_it_verifies_every_movie_and_sweeps_none_unless_told_what_to_keep(stores: Stores) -> None:
    """The page says how much was read."""
    result = run(stores)
    assert result.success
    for said in ("| toy |", "; sound |", "set MOVIES_KEEP_REVISIONS"):
        assert said in page(result)
    assert stores.kept() == ["rev-0001", "rev-0002"]


def test_it_sweeps_where_it_is_told_what_to_keep(stores: Stores) -> None:
    """The old revision is pruned, and the page says what that freed."""
    result = run(stores, keep_revisions=1)
    assert result.success
    assert "1 revisions pruned, 5 blobs deleted" in page(result)
    assert stores.kept() == ["rev-0002"]


def test_damage_fails_the_run_and_sweeps_nothing(stores: Stores) -> None:
    """The error names the file and what to type; the movie's revisions are left alone."""
    blob = next(path for path in (stores.root / "toy" / "blobs").rglob("*") if path.is_file())
    blob.chmod(0o644)
    blob.write_bytes(b"damaged")
    result = run(stores, keep_revisions=1)
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    said: Any = failure.step_failure_data.user_failure_data
    assert blob.name in said.description
    assert "movies verify toy --repair" in said.description
    assert "1 damaged" in page(result)
    assert stores.kept() == ["rev-0001", "rev-0002"]

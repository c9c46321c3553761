"""The schedule that verifies and sweeps: what it found is on its run's page, and damage fails it."""

from __future__ import annotations

import os
from typing import Any

import dagster as dg
import pytest

from movie_assets.definitions import definitions_of


def run(project: Any, keep_revisions: int | None = None) -> dg.ExecuteInProcessResult:
    """What the daemon does when the schedule is on."""
    job = definitions_of(project.studio, None, keep_revisions).resolve_job_def("upkeep")
    return job.execute_in_process(instance=project.instance, raise_on_error=False)


def table(result: dg.ExecuteInProcessResult) -> str:
    """The markdown of the run's page."""
    for event in result.all_events:
        found: Any = event.event_specific_data
        metadata = getattr(found, "metadata", None) or getattr(getattr(found, "user_failure_data", None), "metadata", None)
        if metadata and "movies" in metadata:
            return str(metadata["movies"].value)
    raise AssertionError("the page shows nothing")


@pytest.fixture
def made(project: Any) -> Any:
    """A movie of two revisions, both older than a week."""
    project.make()
    project.edit("title: Test", "title: Second")
    project.make()
    for path in (project.path / "builds").rglob("*"):
        then = path.stat().st_mtime - 8 * 86400
        os.utime(path, (then, then))
    return project


def test_it_is_off_until_someone_turns_it_on(project: Any) -> None:
    """A schedule named `upkeep`, every night."""
    schedule = definitions_of(project.studio).get_repository_def().get_schedule_def("upkeep")
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
    assert schedule.cron_schedule == "0 4 * * *"


def test_it_verifies_every_movie_and_sweeps_none_unless_told_what_to_keep(made: Any) -> None:
    """The page says how many bytes were read."""
    result = run(made)
    assert result.success
    assert "| tale |" in table(result)
    assert "sound" in table(result)
    assert "set MOVIES_KEEP_REVISIONS" in table(result)
    assert made.studio.store("tale").manifests.all()[0].revision == "rev-0001"


def test_it_sweeps_where_it_is_told_what_to_keep(made: Any) -> None:
    """The old revision is pruned, and the page says what that freed."""
    result = run(made, keep_revisions=1)
    assert result.success
    assert "1 revisions pruned" in table(result)
    assert [manifest.revision for manifest in made.studio.store("tale").manifests.all()] == ["rev-0002"]


def test_damage_fails_the_run_and_sweeps_nothing(made: Any) -> None:
    """The error names the file and what to type; the movie's revisions are left alone."""
    blob = next(path for path in (made.path / "builds" / "tale" / "blobs").rglob("*") if path.is_file())
    blob.chmod(0o644)
    blob.write_bytes(b"damaged")
    result = run(made, keep_revisions=1)
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    said = str(failure.step_failure_data.user_failure_data.description)
    assert blob.name in said
    assert "movies verify tale --repair" in said
    assert "damaged" in table(result)
    assert len(made.studio.store("tale").manifests.all()) == 2

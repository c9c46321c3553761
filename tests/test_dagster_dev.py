"""`dagster dev` as a person leaves it running: webserver, daemon and sensor, and only files are edited."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from resources.studio import Studio

TICKS = "sensors{sensorState{ticks(limit:1){skipReason error{message}}}}"
ENDED = {"SUCCESS", "FAILURE", "CANCELED"}

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(400)]


class Watched:
    """A project with one tiny movie, and `dagster dev` running in it."""

    def __init__(self, dev: Any) -> None:
        self.project, self.ask, self.location = dev.project, dev.ask, dev.location
        self.config = self.project / "movies" / "tiny" / "movie.yaml"
        self.store = Studio(self.project).store("tiny")

    def say_at(self, speed: float) -> None:
        """Edits the speed of the voice."""
        text = re.sub(r"narration: .*\n", "", self.config.read_text())
        self.config.write_text(f"narration: {{speed: {speed}}}\n{text}")

    def edit(self, old: str, new: str) -> None:
        text = self.config.read_text()
        assert old in text
        self.config.write_text(text.replace(old, new))

    def runs(self) -> list[dict[str, Any]]:
        query = "{runsOrError(limit:50){... on Runs{results{runId status tags{key value}}}}}"
        return list(self.ask(query)["runsOrError"]["results"])

    def said(self) -> str:
        """What the sensor's last tick says."""
        found = self.ask(f"{{repositoriesOrError{{... on RepositoryConnection{{nodes{{{TICKS}}}}}}}}}")
        [sensor] = found["repositoriesOrError"]["nodes"][0]["sensors"]
        ticks = sensor["sensorState"]["ticks"]
        return str(ticks[0]["skipReason"] or ticks[0]["error"] or "") if ticks else ""

    def revision(self) -> int:
        return max(self.store.manifests.numbers(), default=0)

    def idle(self) -> bool:
        return all(run["status"] in ENDED for run in self.runs()) and self.said() == "nothing was edited"

    def wait_until(self, holds: Callable[[], bool], limit: float) -> None:
        begin = time.monotonic()
        while not holds():
            assert time.monotonic() - begin < limit, (self.runs(), self.said())
            time.sleep(0.25)


@pytest.fixture(scope="module")
def dev(tiny_project: Callable[[], Path], dagster_dev: Callable[[Path], Any]) -> Iterator[Watched]:
    """`dagster dev` for all tests of this file."""
    with dagster_dev(tiny_project()) as started:
        yield Watched(started)


def test_an_edit_leads_to_a_revision(dev: Watched) -> None:
    """With no click and within 40 s, even right after the start: one run, one revision, and all is up to date."""
    dev.edit("A tiny film.", "A small film.")
    dev.wait_until(lambda: dev.revision() == 1, 60)  # measured: 32 s, of which the daemon starts in ten
    dev.wait_until(dev.idle, 20)
    dev.say_at(1.2)
    dev.wait_until(lambda: dev.revision() == 2, 40)  # measured: 22 s
    dev.wait_until(dev.idle, 20)
    assert [run["status"] for run in dev.runs()] == ["SUCCESS", "SUCCESS"]
    assert not Studio(dev.project).open("tiny").produce().has_work


def test_an_invalid_edit_is_told_in_the_tick(dev: Watched) -> None:
    """The sentence has file, line and what to do; there is no run, and nothing else changes."""
    before, runs, revision = dev.config.read_text(), len(dev.runs()), dev.revision()
    dev.edit("segments: 2", "segments: two")
    dev.wait_until(lambda: "segments" in dev.said(), 40)
    said = dev.said()
    assert "movie.yaml:" in said and "two" in said and "movies check tiny" in said
    assert (len(dev.runs()), dev.revision()) == (runs, revision)
    dev.config.write_text(before)
    dev.wait_until(dev.idle, 40)
    assert len(dev.runs()) == runs


def test_quick_edits_do_not_pile_up(dev: Watched) -> None:
    """Three edits, a second or a run apart: two runs at most, and all is up to date after them."""
    runs = len(dev.runs())
    for speed in (1.1, 1.3, 1.4):
        dev.say_at(speed)
        time.sleep(1)
    dev.wait_until(lambda: len(dev.runs()) > runs and dev.idle(), 90)
    assert len(dev.runs()) - runs <= 2
    assert {run["status"] for run in dev.runs()} == {"SUCCESS"}
    assert not Studio(dev.project).open("tiny").produce().has_work


def test_two_movies_go_side_by_side(dev: Watched) -> None:
    """A new movie is told, made after a reload, and both are then made at once."""
    other = dev.project / "movies" / "other"
    shutil.copytree(dev.config.parent, other)
    dev.wait_until(lambda: "other is new" in dev.said(), 40)
    store = Studio(dev.project).store("other")
    dev.ask(f'mutation {{reloadRepositoryLocation(repositoryLocationName: "{dev.location}") {{__typename}}}}')
    dev.wait_until(lambda: bool(store.manifests.numbers()), 60)
    dev.wait_until(dev.idle, 40)
    dev.say_at(1.5)
    (other / "movie.yaml").write_text(dev.config.read_text().replace("1.5", "1.6"))
    dev.wait_until(lambda: _side_by_side(dev), 40)
    dev.wait_until(dev.idle, 60)
    assert {run["status"] for run in dev.runs()} == {"SUCCESS"}


def _side_by_side(dev: Watched) -> bool:
    return len([run for run in dev.runs() if run["status"] in ("STARTING", "STARTED")]) == 2

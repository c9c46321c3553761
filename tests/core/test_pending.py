"""Pending notes: what a job has begun elsewhere is known after any crash, until its result is recorded."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_assets.core.digest import digest_of
from movie_assets.core.errors import Damaged, Transient
from movie_assets.core.pending import Pending, Unkept
from movie_assets.core.ports import Result
from movie_assets.core.store.driver import Driver
from movie_assets.core.store.keys import Keys
from movie_assets.core.store.local import LocalDriver
from movie_assets.core.store.memory import MemoryDriver
from movie_assets.core.store.pending import PendingFiles
from movie_assets.core.task import Task
from movie_assets.core.toy import Toy
from resources.clock import SystemClock

NewToy = Callable[..., Toy]
DIGEST = digest_of("what it is made from")
NOTES = st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=9) | st.none(), max_size=3)
STEPS = st.lists(
    st.tuples(st.sampled_from(["write", "forget", "settle", "again"]), st.sampled_from("ab"), NOTES),
    max_size=12,
)


def notes(driver: Driver) -> Pending:
    return PendingFiles(driver, Keys("toy")).of("motion", DIGEST)


def kept(driver: Driver) -> list[str]:
    return list(driver.list("toy/pending/"))


@given(STEPS)
def test_notes_are_what_was_written_last_whoever_looks(steps: list[tuple[str, str, dict[str, Any]]]) -> None:
    """In the store and without one alike; `again` is the look of another process."""
    driver, model = MemoryDriver(), Unkept()
    mine = notes(driver)
    for step, provider, note in steps:
        if step == "again":
            mine = notes(driver)
        elif step == "settle":
            mine.read("a")
            mine.settle()
            model.settle()
        elif step == "write":
            mine.write(provider, note)
            model.write(provider, note)
        else:
            mine.forget(provider)
            model.forget(provider)
        assert [mine.read(each) for each in "ab"] == [model.read(each) for each in "ab"]
    assert bool(kept(driver)) == any(model.read(each) is not None for each in "ab")


def test_a_job_that_notes_nothing_costs_nothing() -> None:
    """Not one request to the store."""

    class Unreachable(MemoryDriver):
        def delete(self, key: str) -> None:
            raise AssertionError(key)

        get = delete  # type: ignore[assignment]

    notes(Unreachable()).settle()


def test_a_damaged_note_is_not_taken_for_none(tmp_path: Path) -> None:
    """It may tell of something paid for: what to do about it is said."""
    driver = LocalDriver(tmp_path)
    driver.put(Keys("toy").pending("motion", DIGEST), b"{torn")
    with pytest.raises(Damaged, match="cannot be read") as caught:
        notes(driver).read("mysora")
    assert "delete that file" in caught.value.next_step


# --- runs ---------------------------------------------------------------------------------------------------------


def submit_once(counts: list[str]) -> Callable[[Task, dict[str, Result]], dict[str, Result]]:
    """A provider whose work is begun once and, the first time, is not finished when the run ends."""

    def act(task: Task, made: dict[str, Result]) -> dict[str, Result]:
        if task.at.pending.read("painter") is None:
            counts.append("submitted")
            task.at.pending.write("painter", {"id": "job-1"})
            raise Transient("not finished yet")
        return made

    return act


def test_the_next_run_finds_the_note_and_removes_it_with_the_result(new_toy: NewToy) -> None:
    """A run that gave up left it; the run that records the result takes it away."""
    toy, counts = new_toy("one"), []
    toy.stage.acts = {"picture": submit_once(counts)}
    assert toy.make().manifest is None
    assert len(kept(toy.driver)) == 1
    assert toy.make().manifest is not None
    assert counts == ["submitted"]
    assert kept(toy.driver) == []


def test_an_edit_begins_something_else_and_going_back_goes_on(new_toy: NewToy) -> None:
    """A note belongs to what the job is made from."""
    toy, counts = new_toy("one"), []
    toy.stage.acts = {"picture": submit_once(counts)}
    toy.make()
    toy.texts = ["two"]
    toy.make()
    assert counts == ["submitted", "submitted"]
    toy.texts = ["one"]
    assert toy.make().manifest is not None
    assert len(counts) == 2


def test_a_note_that_outlived_its_result_is_cleared_away(new_toy: NewToy) -> None:
    """A run was killed between the record and the removal; the next one removes it, and no other."""
    toy = new_toy("one")
    toy.make()
    made = next(event for event in toy.store.events.artefacts() if event.kind == "picture")
    toy.store.pending.of("picture", made.inputs_digest).write("painter", {"id": "job-1"})
    toy.store.pending.of("picture", DIGEST).write("painter", {"id": "job-2"})
    toy.texts = ["one", "two"]
    toy.make()
    assert kept(toy.driver) == [toy.store.keys.pending("picture", DIGEST)]


PROGRAM = """
import sys, time
from pathlib import Path
from movie_assets.core.store.local import LocalDriver
from movie_assets.core.toy import Toy
from resources.clock import SystemClock
folder = Path(sys.argv[1])
def act(task, made):
    if task.at.pending.read("painter") is None:
        task.at.pending.write("painter", {"id": "job-1"})
        print("submitted", flush=True)
        time.sleep(600)
    return made
toy = Toy(folder / "scratch", ["one"], driver=LocalDriver(folder / "builds"), clock=SystemClock(), lease_seconds=1)
toy.stage.acts = {"picture": act}
toy.make()
"""


def test_a_note_survives_kill_minus_nine(new_toy: NewToy, tmp_path: Path) -> None:
    """Killed right after it was written, its claim taken over: the next run goes on with it."""
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": ":".join(sys.path)}
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "submitted\n"
        child.send_signal(signal.SIGKILL)
    counts: list[str] = []
    toy = new_toy("one", driver=LocalDriver(tmp_path / "builds"), clock=SystemClock(), lease_seconds=1)
    toy.stage.acts = {"picture": submit_once(counts)}
    assert toy.make().manifest is not None
    assert counts == []
    assert kept(toy.driver) == []

"""Requests to one account take turns: so many at once, so many a minute, over all threads and processes of a machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from movie_assets.core.errors import Stopped, Throttled, Unready
from resources.connection import Connection, Limits
from resources.pacing import Pace, pace_of
from resources.slots import Slots, slots_of

GOING = threading.Event()  # never set


class Gauge:
    """How many are under way, and how many ever were at once."""

    def __init__(self) -> None:
        self.now = self.most = self.total = 0
        self._lock = threading.Lock()

    @contextmanager
    def one(self) -> Iterator[None]:
        with self._lock:
            self.now, self.total = self.now + 1, self.total + 1
            self.most = max(self.most, self.now)
        try:
            yield
        finally:
            with self._lock:
                self.now -= 1


def until(holds: Callable[[], bool]) -> None:
    """Waits for a condition."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.005)


def begun(*works: Callable[[], object]) -> list[threading.Thread]:
    """Threads at work."""
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    return threads


def joined(threads: list[threading.Thread]) -> None:
    """Every thread has ended."""
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def waiting(folder: Path) -> int:
    """How many tickets wait for a slot."""
    return len(list((folder / "queue").iterdir()))


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 5), st.lists(st.sampled_from(["fine", "put off", "broken"]), min_size=1, max_size=20))
def test_never_more_than_the_limit_are_under_way(at_once: int, fates: list[str]) -> None:
    """Whatever comes of each request, everyone gets a turn, and never more than the limit at once."""
    with TemporaryDirectory() as folder:
        limits = Limits(at_once)
        pace, gauge = Pace(limits, Slots(Path(folder), limits)), Gauge()

        def ask(fate: str) -> None:
            try:
                with pace.turn(GOING), gauge.one():
                    time.sleep(0.001)
                    if fate == "put off":
                        raise Throttled("too many", retry_after=0.001)
                    if fate == "broken":
                        raise ValueError
            except (Throttled, ValueError):
                pass

        joined(begun(*(lambda fate=fate: ask(fate) for fate in fates)))
        assert gauge.most <= at_once and gauge.total == len(fates) and 1 <= pace.at_once <= at_once


def test_a_burst_of_refusals_halves_the_limit_once_and_successes_restore_it(tmp_path: Path) -> None:
    """Eight put off together are one hint, not eight."""
    limits = Limits(8)
    pace = Pace(limits, Slots(tmp_path, limits))
    together = threading.Barrier(8)

    def put_off() -> None:
        with pytest.raises(Throttled), pace.turn(GOING):
            together.wait(60)
            raise Throttled("too many")

    joined(begun(*[put_off] * 8))
    assert pace.at_once == 4
    with pytest.raises(Throttled), pace.turn(GOING):
        raise Throttled("too many")
    assert pace.at_once == 2
    for _ in range(40):
        with pace.turn(GOING):
            pass
    assert pace.at_once == 8


def test_the_limit_never_falls_below_one(tmp_path: Path) -> None:
    """However often a provider refuses."""
    pace = Pace(Limits(2), Slots(tmp_path, Limits(2)))
    for _ in range(5):
        with pytest.raises(Throttled), pace.turn(GOING):
            raise Throttled("too many")
    assert pace.at_once == 1


def test_a_pause_that_is_asked_for_holds_everyone(tmp_path: Path) -> None:
    """While it lasts no other request begins; afterwards one does."""
    now = [0.0]
    pace = Pace(Limits(4), Slots(tmp_path, Limits(4)), lambda: now[0])
    with pytest.raises(Throttled), pace.turn(GOING):
        raise Throttled("too many", retry_after=30)
    stop = threading.Event()
    now[0] = 29
    threading.Timer(0.3, stop.set).start()
    with pytest.raises(Stopped), pace.turn(stop):
        pytest.fail("it began within the pause")
    now[0] = 31
    with pace.turn(GOING):
        pass


def test_a_stop_ends_every_wait(tmp_path: Path) -> None:
    """For a place in this process, and for a slot that another one holds."""
    limits = Limits(1)
    ours, theirs = Pace(limits, Slots(tmp_path, limits)), Pace(limits, Slots(tmp_path, limits))
    stop, ended = threading.Event(), []

    def ask(pace: Pace) -> None:
        try:
            with pace.turn(stop):
                pytest.fail("there was no place")
        except Stopped:
            ended.append(pace)

    with ours.turn(GOING):
        threads = begun(lambda: ask(ours), lambda: ask(theirs))
        until(lambda: waiting(tmp_path) == 1)
        stop.set()
        joined(threads)
    assert sorted(map(id, ended)) == sorted(map(id, (ours, theirs)))
    assert waiting(tmp_path) == 0
    with ours.turn(GOING):
        pass


def test_who_waited_goes_before_who_comes_back(tmp_path: Path) -> None:
    """A process that lets go of a slot does not get it again before another that has waited."""
    ours, theirs = Slots(tmp_path, Limits(1)), Slots(tmp_path, Limits(1))
    order: list[str] = []

    def ask(slots: Slots, name: str) -> None:
        with slots.one(GOING):
            order.append(name)

    with ours.one(GOING):
        threads = begun(lambda: ask(theirs, "theirs"))
        until(lambda: waiting(tmp_path) == 1)
        threads += begun(lambda: ask(ours, "ours"))
        until(lambda: waiting(tmp_path) == 2)
    joined(threads)
    assert order == ["theirs", "ours"]


def test_a_suspended_process_holds_nobody_up(tmp_path: Path) -> None:
    """Its ticket, not looked after for a while, is passed over; it keeps its place for when it goes on."""
    slots = Slots(tmp_path, Limits(1))
    with slots._ticket() as asleep:
        os.utime(asleep, (0, 0))
        with slots.one(GOING):
            pass
        assert asleep.exists()


def test_so_many_begin_within_a_minute(tmp_path: Path) -> None:
    """Of two processes together; the next begins when the first is a minute old."""
    now, limits = [1000.0], Limits(4, per_minute=2)
    ours, theirs = (Slots(tmp_path, limits, lambda: now[0]) for _ in range(2))
    with ours.one(GOING), theirs.one(GOING):
        pass
    began = threading.Event()

    def ask() -> None:
        with ours.one(GOING):
            began.set()

    threads = begun(ask)
    until(lambda: waiting(tmp_path) == 1)
    now[0] += 59
    assert not began.wait(0.3)
    now[0] += 2
    joined(threads)
    assert began.is_set()


def test_a_clock_that_began_anew_keeps_nobody_waiting(tmp_path: Path) -> None:
    """After the machine was started again its clock is behind what was noted before."""
    limits = Limits(1, per_minute=1)
    with Slots(tmp_path, limits, lambda: 5000.0).one(GOING):
        pass
    with Slots(tmp_path, limits, lambda: 10.0).one(GOING):
        pass


OTHER = """
import os, sys, threading, time
from pathlib import Path
from resources.connection import Limits
from resources.slots import Slots
folder, log, count = Path(sys.argv[1]), os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND), int(sys.argv[3])
slots = Slots(folder, Limits(2))
def ask():
    with slots.one(threading.Event()):
        os.write(log, b"+")
        time.sleep(0.01 if count > 1 else 600)
        os.write(log, b"-")
threads = [threading.Thread(target=ask) for _ in range(count)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def other(folder: Path, log: Path, count: int) -> subprocess.Popen[bytes]:
    """Another process that asks so many times; one that asks once never lets go by itself."""
    return subprocess.Popen(
        [sys.executable, "-c", OTHER, str(folder), str(log), str(count)],
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )


def test_processes_share_the_slots_and_a_killed_one_leaves_its_own(tmp_path: Path) -> None:
    """Two slots, one held by a process that is killed: never more than two at once, and nobody waits for ever."""
    log = tmp_path / "log"
    log.touch()
    holder = other(tmp_path / "slots", log, 1)
    until(lambda: log.read_bytes() == b"+")
    others = [other(tmp_path / "slots", log, 10) for _ in range(2)]
    until(lambda: len(log.read_bytes()) > 5)
    holder.send_signal(signal.SIGKILL)
    for each in (holder, *others):
        each.wait(60)
    marks = log.read_bytes()
    dead = marks.index(b"+")
    under_way = most = 0
    for mark in marks[dead + 1 :]:
        under_way += 1 if mark == ord("+") else -1
        most = max(most, under_way)
    assert [each.returncode for each in others] == [0, 0]
    assert marks.count(b"+") == 21 and marks.count(b"-") == 20
    assert most <= 2 and waiting(tmp_path / "slots") == 0


def test_a_folder_that_cannot_be_written_is_unready(tmp_path: Path) -> None:
    """As where another user made it first."""
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(Unready, match="cannot write into the folder"),
        Slots(tmp_path / "file", Limits()).one(GOING),
    ):
        pass


def test_an_account_has_one_pace_and_its_folder_tells_no_key() -> None:
    """Whatever the connection is called."""
    one = Connection("one", "openai", "http://localhost:1/v1", key="very-secret-key")
    two = Connection("two", "openai", "http://localhost:1/v1", key="very-secret-key")
    three = Connection("two", "openai", "http://localhost:1/v1", key="another-secret-key")
    assert pace_of(one) is pace_of(two) and pace_of(one) is not pace_of(three)
    assert "secret" not in repr(vars(slots_of(one))) + repr(one) + one.account

"""The crew: so many hands per lane, the most urgent work first, and an end."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_assets.core.crew import Crew


class Bench:
    """Work that waits until it is let go, and what was seen of it."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ended = threading.Semaphore(0)
        self.started = threading.Semaphore(0)
        self.go = threading.Semaphore(0)

    def work(self, name: str) -> None:
        self.begun.append(name)
        self.started.release()
        self.go.acquire(timeout=5)
        self.ended.release()

    def wait(self, flag: threading.Semaphore, times: int) -> None:
        assert all(flag.acquire(timeout=5) for _ in range(times))


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.go.release(100)


def workers() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "movie-worker"}


def test_a_lane_holds_as_many_as_it_has_places(bench: Bench) -> None:
    """The rest waits until one of its own lane ends; other lanes go on."""
    crew = Crew({"painter": 2, "speaker": 1}, default=1)
    for number in range(4):
        crew.give("painter", 0.0, lambda number=number: bench.work(f"painter {number}"))
        crew.give("speaker", 0.0, lambda number=number: bench.work(f"speaker {number}"))
    bench.wait(bench.started, 3)
    assert sorted(bench.begun) == ["painter 0", "painter 1", "speaker 0"]
    bench.go.release(8)
    bench.wait(bench.ended, 8)
    assert crew.dismiss(1.0)


def test_a_lane_nobody_told_of_has_the_default_places(bench: Bench) -> None:
    """A provider without a limit of its own is not without limit."""
    crew = Crew({}, default=2)
    for number in range(3):
        crew.give("new", 0.0, lambda number=number: bench.work(str(number)))
    bench.wait(bench.started, 2)
    assert not bench.started.acquire(timeout=0.05)
    bench.go.release(3)
    bench.wait(bench.ended, 3)
    assert crew.dismiss(1.0)


@given(st.lists(st.floats(0, 9), min_size=1, max_size=8))
def test_the_most_urgent_work_goes_first(urgencies: list[float]) -> None:
    """And among equals the one given first."""
    crew, done, gate = Crew({"one": 1}, default=1), [], threading.Event()
    crew.give("one", 0.0, lambda: gate.wait(5))
    last = threading.Event()
    for number, urgency in enumerate(urgencies):
        crew.give("one", urgency, lambda number=number: done.append(number))
    crew.give("one", -1.0, last.set)
    gate.set()
    assert last.wait(5)
    assert done == sorted(range(len(urgencies)), key=lambda number: (-urgencies[number], number))
    crew.dismiss(1.0)


def test_dismissed_hands_finish_what_they_hold_and_take_no_more(bench: Bench) -> None:
    """What waited is dropped; whether all ended within the grace is told, and then no thread is left."""
    before = workers()
    crew = Crew({"one": 1}, default=1)
    for number in range(3):
        crew.give("one", 0.0, lambda number=number: bench.work(str(number)))
    bench.wait(bench.started, 1)
    assert not crew.dismiss(0.02)
    bench.go.release(3)
    bench.wait(bench.ended, 1)
    assert crew.dismiss(1.0)
    assert bench.begun == ["0"]
    for hand in workers() - before:
        hand.join(5)
    assert workers() <= before


def test_an_idle_hand_is_used_before_a_new_one_is_hired() -> None:
    """A hundred pieces of work one after another are done by one thread."""
    crew, hands, done = Crew({"one": 1}, default=1), set(), threading.Semaphore(0)

    def work() -> None:
        hands.add(threading.get_ident())
        done.release()

    for _ in range(100):
        crew.give("one", 0.0, work)
        assert done.acquire(timeout=5)
    assert crew.dismiss(1.0)
    assert len(hands) == 1

"""A request is tried again where that may help, within bounds, and a person sees it."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from movie_assets.core.errors import Exhausted, MovieError, Refused, Stopped, Throttled, Transient, Unreached
from movie_assets.core.ports import Workspace
from resources.connection import Connection, Limits
from resources.line import PacedLine
from resources.pacing import pace_of

ACCOUNTS = itertools.count()  # each line has an account, and so a pace, of its own
QUICK = Limits(at_once=2, attempts=3, pause=0.0001, patience=5)


def line(limits: Limits = QUICK) -> PacedLine:
    """A line to a server that does not exist."""
    connection = Connection("paint", "openai", f"http://localhost/{next(ACCOUNTS)}", key="", limits=limits)
    return PacedLine(connection, pace_of(connection))


def workspace(said: list[str] | None = None) -> Workspace:
    """Where a call works; what it tells goes into the list."""
    return Workspace(Path("unused"), tell=(said if said is not None else []).append)


def failing(*errors: MovieError) -> Callable[[], str]:
    """A request that fails so before it is answered."""
    left = list(errors)

    def ask() -> str:
        if left:
            raise left.pop(0)
        return "answer"

    return ask


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 6), st.integers(1, 5))
def test_a_request_is_tried_so_often_and_no_more(failures: int, attempts: int) -> None:
    """It succeeds at the attempt it says, or fails with the provider's own error after all attempts."""
    paint = line(Limits(at_once=2, attempts=attempts, pause=0.0001))
    ask = failing(*[Transient("broken line")] * failures)
    if failures < attempts:
        answer = paint.call(ask, workspace())
        assert (answer.value, answer.attempts) == ("answer", failures + 1)
    else:
        with pytest.raises(Transient, match="broken line") as raised:
            paint.call(ask, workspace())
        assert raised.value.labels == {"provider": "paint", "attempts": attempts}


@pytest.mark.parametrize("error", [Refused("no"), Exhausted("quota"), ValueError("bug")])
def test_what_would_fail_again_is_not_tried_again(error: Exception) -> None:
    """Only what is transient is."""
    calls = []

    def ask() -> None:
        calls.append(1)
        raise error

    with pytest.raises(type(error)) as raised:
        line().call(ask, workspace())
    assert raised.value is error and calls == [1]


def test_what_is_put_off_queues_beyond_the_attempts() -> None:
    """Too many at once is no failure of the request."""
    said: list[str] = []
    answer = line().call(failing(*[Throttled("too many at once")] * 9), workspace(said))
    assert answer.attempts == 10
    assert said[0] == "paint: retry 1 in 0 s: too many at once" and len(said) == 9


def test_a_longer_pause_than_there_is_patience_for_ends_it_at_once() -> None:
    """Nobody waits an hour for a picture; the error says what the provider asked."""
    paint = line()
    with pytest.raises(Throttled) as raised:
        paint.call(failing(Throttled("come back in an hour", retry_after=3600)), workspace())
    assert raised.value.retry_after == 3600 and raised.value.labels["attempts"] == 1
    with pytest.raises(Throttled, match=r"a pause of 3[56].. s more"):
        paint.call(lambda: pytest.fail("asked"), workspace())


def test_the_pause_a_provider_asks_for_is_waited_out() -> None:
    """Retry-After is a least, and others on the same connection wait, too."""
    said: list[str] = []
    limits = Limits(at_once=2, attempts=3, pause=0.0001, patience=9)
    paint = line(limits)
    begin = paint.pace._seconds()
    paint.call(failing(Throttled("slow down", retry_after=0.7)), workspace(said))
    assert paint.pace._seconds() - begin >= 0.7
    assert said == ["paint: retry 1 in 1 s: slow down"]


def test_a_stop_ends_a_wait_between_attempts() -> None:
    """At once, though the provider asked for minutes."""
    paint = line(Limits(pause=60, patience=3600))
    at = workspace()
    stopping = threading.Timer(0.1, at.stop.set)
    stopping.start()
    with pytest.raises(Stopped):
        paint.call(failing(Transient("broken line")), at)


def test_after_a_stop_nothing_is_asked() -> None:
    """Not even where a place is free."""
    at = workspace()
    at.stop.set()
    with pytest.raises(Stopped):
        line().call(lambda: pytest.fail("asked"), at)


@given(st.lists(st.booleans(), min_size=3, max_size=3))
@settings(deadline=None, max_examples=8)
def test_only_a_call_that_reached_nobody_owes_nothing(reached: list[bool]) -> None:
    """One attempt that may have been taken is enough to owe."""
    errors = [Transient("cut") if each else Unreached("nobody there") for each in reached]
    with pytest.raises(Transient) as raised:
        line().call(failing(*errors), workspace())
    assert isinstance(raised.value, Unreached) != any(reached)


def test_what_was_asked_before_is_owed_though_nobody_is_there_now() -> None:
    """A call may be of several requests."""
    at = workspace()
    assert line().call(failing(), at).value == "answer"
    with pytest.raises(Transient) as raised:
        line().call(failing(*[Unreached("nobody there")] * 9), at)
    assert not isinstance(raised.value, Unreached)

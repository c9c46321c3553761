"""A line to a provider: every request goes through one, which paces it and tries it again where that may help."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from movie_assets.core.errors import Stopped, Throttled, Transient, Unreached
from movie_assets.core.ports import Workspace
from resources.connection import Connection
from resources.pacing import Pace

if TYPE_CHECKING:
    from tenacity import RetryCallState

__all__ = ["Answer", "DirectLine", "Line", "PacedLine"]

T = TypeVar("T")

_LONGEST_PAUSE = 60.0


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What a provider gave, and at which attempt."""

    value: T
    attempts: int


class Line(Protocol):
    """A provider at the other end."""

    @property
    def connection(self) -> Connection: ...

    def call(self, ask: Callable[[], T], at: Workspace) -> Answer[T]:
        """What `ask` returns: one request to the provider, whose errors it raises as those of core.errors.

        `Transient` ones are tried again, within bounds; `Stopped` at once when `at.stop` is set.
        """


@dataclass(frozen=True)
class PacedLine:
    """A line that waits for each request's turn, and between attempts as long as the provider asks or longer.

    A request that fails has so many attempts; one that is only put off (`Throttled`) queues for as long as the
    connection has patience.
    """

    connection: Connection
    pace: Pace

    def call(self, ask: Callable[[], T], at: Workspace) -> Answer[T]:
        from tenacity import Retrying, retry_if_exception_type

        limits, attempts = self.connection.limits, 0

        def attempt() -> T:
            nonlocal attempts
            with self.pace.turn(at.stop):
                attempts += 1
                return _noted(ask, at)

        retrying = Retrying(
            retry=retry_if_exception_type(Transient),
            wait=_Pause(limits.pause),
            stop=self._is_enough,
            sleep=lambda seconds: _sleep(seconds, at.stop),
            before_sleep=lambda state: at.tell(f"{self.connection.name}: {_notice(state)}"),
            reraise=True,
        )
        try:
            return Answer(retrying(attempt), attempts)
        except Transient as error:
            told = _owed(error) if at.reached.is_set() else error
            raise told.with_labels(provider=self.connection.name, attempts=attempts) from error.__cause__

    def _is_enough(self, state: RetryCallState) -> bool:
        limits = self.connection.limits
        if state.idle_for + state.upcoming_sleep > limits.patience:
            return True
        return state.attempt_number >= limits.attempts and not isinstance(_error(state), Throttled)


@dataclass(frozen=True)
class DirectLine:
    """A line that asks once and does not wait: for what is looked at, not made."""

    connection: Connection

    def call(self, ask: Callable[[], T], at: Workspace) -> Answer[T]:
        return Answer(ask(), 1)


def _noted(ask: Callable[[], T], at: Workspace) -> T:
    """Notes whether the provider was reached by an attempt, whatever came of it."""
    try:
        answer = ask()
    except Unreached:
        raise
    except BaseException:
        at.reached.set()
        raise
    at.reached.set()
    return answer


def _owed(error: Transient) -> Transient:
    """Of a call that reached its provider before: something may be owed for that."""
    if not isinstance(error, Unreached):
        return error
    return Transient(error.fact, next_step=error.next_step, **error.labels)


class _Pause:
    """How long to wait before the next attempt: twice as long each time, somewhat by chance, never less than asked."""

    def __init__(self, first: float) -> None:
        from tenacity import wait_exponential, wait_random

        self._own = wait_exponential(multiplier=first, max=_LONGEST_PAUSE)
        self._chance = wait_random(0, first)

    def __call__(self, state: RetryCallState) -> float:
        asked = getattr(_error(state), "retry_after", None) or 0.0
        return max(float(asked), self._own(state)) + self._chance(state)


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _notice(state: RetryCallState) -> str:
    error = _error(state)
    fact = error.fact if isinstance(error, Transient) else ""
    return f"retry {state.attempt_number} in {state.upcoming_sleep:.0f} s: {fact}"


def _sleep(seconds: float, stop: threading.Event) -> None:
    if stop.wait(seconds):
        raise Stopped("stopped on request", next_step="run the same command again to go on")

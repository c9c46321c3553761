"""Pacing: how many requests one account at a provider gets at once and per minute, from all that runs on this machine."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from movie_assets.core.errors import Stopped, Throttled
from resources.connection import Connection, Limits
from resources.slots import Slots, slots_of

__all__ = ["Pace", "pace_of"]

_GLANCE_SECONDS = 0.1


class Pace:
    """Lets requests begin, in the order they came, while fewer than the limit are under way.

    The limit is halved when the provider puts a request off, at most once for all that were under way then, and
    creeps up again with each success. A pause the provider asks for holds all of them, and ends those that have not
    the patience. All of a process's requests go by one pace; other processes share the slots.
    """

    def __init__(self, limits: Limits, slots: Slots, seconds: Callable[[], float] = time.monotonic) -> None:
        self._limits, self._slots, self._seconds = limits, slots, seconds
        self._limit = float(limits.at_once)
        self._busy = 0
        self._waiting: deque[object] = deque()
        self._slowed = self._not_before = seconds()
        self._changed = threading.Condition()

    @property
    def at_once(self) -> int:
        """How many may be under way as things are."""
        return int(self._limit)

    @contextmanager
    def turn(self, stop: threading.Event) -> Iterator[None]:
        """Waits for a request's turn; `Stopped` as soon as `stop` is set. What is raised inside is learnt from."""
        with self._place(stop), self._slots.one(stop):
            begun = self._seconds()
            try:
                yield
            except Throttled as error:
                self._slow_down(begun, error.retry_after)
                raise
            self._speed_up()

    @contextmanager
    def _place(self, stop: threading.Event) -> Iterator[None]:
        self._queue_up(stop)
        try:
            yield
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def _queue_up(self, stop: threading.Event) -> None:
        mine = object()
        with self._changed:
            self._waiting.append(mine)
            try:
                while self._must_wait(mine, stop):
                    self._changed.wait(_GLANCE_SECONDS)  # a stop wakes nobody who waits here
                self._busy += 1
            finally:
                self._waiting.remove(mine)
                self._changed.notify_all()

    def _must_wait(self, mine: object, stop: threading.Event) -> bool:
        if stop.is_set():
            raise Stopped("stopped on request", next_step="run the same command again to go on")
        pause = self._not_before - self._seconds()
        if pause > self._limits.patience:
            raise Throttled(
                f"the provider asks for a pause of {pause:.0f} s more",
                retry_after=pause,
                next_step="run the same command again after that",
            )
        return pause > 0 or self._waiting[0] is not mine or self._busy >= self.at_once

    def _slow_down(self, begun: float, pause: float | None) -> None:
        with self._changed:
            now = self._seconds()
            if begun >= self._slowed:
                self._limit, self._slowed = max(1.0, self._limit / 2), now
            self._not_before = max(self._not_before, now + (pause or 0))

    def _speed_up(self) -> None:
        with self._changed:
            self._limit = min(float(self._limits.at_once), self._limit + 1 / self._limit)
            self._changed.notify_all()


_paces: dict[tuple[str, Limits], Pace] = {}
_paces_lock = threading.Lock()


def pace_of(connection: Connection) -> Pace:
    """The one pace of an account in this process, whatever movie asks."""
    key = (connection.account, connection.limits)
    with _paces_lock:
        if key not in _paces:
            _paces[key] = Pace(connection.limits, slots_of(connection))
        return _paces[key]

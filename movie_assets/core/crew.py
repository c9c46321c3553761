"""A crew of worker threads, a few per lane, that leaves the most urgent work to the next free hand."""

from __future__ import annotations

import heapq
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

__all__ = ["Crew"]

Work = Callable[[], None]


@dataclass
class _Lane:
    places: int
    busy: int = 0
    waiting: list[tuple[float, int, Work]] = field(default_factory=list)


class Crew:
    """Runs work in daemon threads: at most `lanes[name]` at once per lane, the most urgent first.

    Daemons, because a call that cannot be interrupted must not keep the process from ending.
    """

    def __init__(self, lanes: Mapping[str, int], default: int) -> None:
        self._lanes = {name: _Lane(max(1, places)) for name, places in lanes.items()}
        self._default = max(1, default)
        self._lock = threading.Condition()
        self._number = 0
        self._hands: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._idle = 0
        self._threads: list[threading.Thread] = []

    def give(self, lane: str, urgency: float, work: Work) -> None:
        """Queues work; it must not raise."""
        with self._lock:
            place = self._lanes.setdefault(lane, _Lane(self._default))
            self._number += 1
            heapq.heappush(place.waiting, (-urgency, self._number, work))
            self._start_waiting(place)

    def dismiss(self, grace: float) -> bool:
        """Drops what has not begun, and waits up to `grace` seconds for what has; whether all of it has ended."""
        with self._lock:
            for lane in self._lanes.values():
                lane.waiting.clear()
            for _ in self._threads:
                self._hands.put(None)
            return self._lock.wait_for(lambda: not any(lane.busy for lane in self._lanes.values()), grace)

    def _start_waiting(self, lane: _Lane) -> None:
        while lane.waiting and lane.busy < lane.places:
            lane.busy += 1
            _, _, work = heapq.heappop(lane.waiting)
            self._hands.put(lambda work=work, lane=lane: self._do(work, lane))  # type: ignore[misc]
            if self._idle:
                self._idle -= 1
            else:
                thread = threading.Thread(target=self._serve, daemon=True, name="movie-worker")
                self._threads.append(thread)
                thread.start()

    def _serve(self) -> None:
        while (work := self._hands.get()) is not None:
            work()

    def _do(self, work: Work, lane: _Lane) -> None:
        try:
            work()
        finally:
            with self._lock:
                lane.busy -= 1
                self._idle += 1
                self._start_waiting(lane)
                self._lock.notify_all()

"""One flush to disk serves every thread that waits for one."""

from __future__ import annotations

import threading
from collections.abc import Callable

__all__ = ["SharedSync"]


class SharedSync:
    """Called by many threads, flushes as seldom as it can; what a thread did before its call is durable after it.

    A flush that fails fails all who wait, and every later call: a second fsync of the same descriptor may report
    success although the pages of the first are lost.
    """

    def __init__(self, flush: Callable[[], None]) -> None:
        self._flush = flush
        self._turn = threading.Condition()
        self._begun = 0
        self._ended = 0
        self._busy = False
        self._error: OSError | None = None

    def __call__(self) -> None:
        if self._awaits_leader():
            self._lead()

    def _awaits_leader(self) -> bool:
        with self._turn:
            wanted = self._begun + 1
            self._turn.wait_for(lambda: self._error or self._ended >= wanted or not self._busy)
            if self._error is not None:
                raise OSError(self._error.errno, self._error.strerror)
            if self._ended >= wanted:
                return False
            self._busy = True
            self._begun += 1
            return True

    def _lead(self) -> None:
        error: OSError | None = None
        ended = self._ended
        try:
            self._flush()
            ended = self._begun
        except OSError as raised:
            error = raised
            raise
        finally:
            with self._turn:
                self._busy, self._ended, self._error = False, ended, error
                self._turn.notify_all()

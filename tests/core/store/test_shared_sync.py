"""One flush serves all who wait."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from movie_assets.core.store.shared_sync import SharedSync


def test_a_call_returns_after_a_flush_that_began_after_it() -> None:
    """A flush under way when a thread arrives does not cover what that thread did."""
    under_way, go = threading.Event(), threading.Event()
    flushes = list[str]()

    def flush() -> None:
        flushes.append(threading.current_thread().name)
        under_way.set()
        go.wait(10)

    sync = SharedSync(flush)
    with ThreadPoolExecutor(9) as threads:
        first = threads.submit(sync)
        under_way.wait(10)
        late = [threads.submit(sync) for _ in range(8)]
        time.sleep(0.05)
        go.set()
        for call in [first, *late]:
            call.result(10)
    assert 2 <= len(flushes) <= 9


def test_one_after_another_each_is_flushed() -> None:
    """Without company every call flushes."""
    flushes = list[int]()
    sync = SharedSync(lambda: flushes.append(1))
    for _ in range(3):
        sync()
    assert len(flushes) == 3


def test_after_a_failure_nobody_is_told_it_went_well() -> None:
    """The error reaches every later call: the pages it lost may look clean to the next fsync."""
    faults = [OSError(5, "Input/output error")]

    def flush() -> None:
        if faults:
            raise faults.pop()

    sync = SharedSync(flush)
    for _ in range(3):
        with pytest.raises(OSError, match="Input/output"):
            sync()


def test_an_interrupt_leaves_the_next_call_to_flush() -> None:
    """Ctrl-C during a flush neither locks others out nor counts as a flush."""
    flushes = list[int]()

    def flush() -> None:
        flushes.append(1)
        if len(flushes) == 1:
            raise KeyboardInterrupt

    sync = SharedSync(flush)
    with pytest.raises(KeyboardInterrupt):
        sync()
    sync()
    assert len(flushes) == 2

"""The log: what was acknowledged is there, whatever happened to whoever wrote beside it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from movie_assets.core.errors import Damaged, Refused, Unready
from movie_assets.core.store.disk import Disk
from movie_assets.core.store.driver import Driver
from movie_assets.core.store.framed import Torn, frame
from movie_assets.core.store.local import LocalDriver
from movie_assets.core.store.log import AppendLog
from movie_assets.core.store.memory import MemoryDriver

KEY = "movie/events/artefacts.log"


@pytest.fixture
def driver(new_driver: Callable[[], Driver]) -> Driver:
    """One that appends; for the others there is test_object_log."""
    driver = new_driver()
    if not driver.capabilities.append:
        pytest.skip("does not append")
    return driver


def test_what_is_appended_is_read_in_order(driver: Driver) -> None:
    """Several entries may be added at once; an empty log is empty, not an error."""
    log = AppendLog(driver, KEY)
    assert log.tail(0) == ([], 0, Torn())
    log.append(b'{"n":1}')
    log.append(b'{"n":2}', b'{"n":3}')
    log.append()
    payloads, offset, torn = log.tail(0)
    assert (payloads, torn) == ([b'{"n":1}', b'{"n":2}', b'{"n":3}'], Torn())
    log.append(b"{}")
    assert log.tail(offset)[0] == [b"{}"]


def test_a_log_cut_at_any_byte_keeps_what_was_whole_and_goes_on(driver: Driver) -> None:
    """Every whole line before the cut is read, and an append after it loses neither them nor itself."""
    payloads = [b'{"n":%d,"text":"%s"}' % (n, b"x" * n) for n in range(5)]
    frames = [frame(payload) for payload in payloads]
    whole = b"".join(frames)
    log = AppendLog(driver, KEY)
    for cut in range(len(whole) + 1):
        driver.put(KEY, whole[:cut])
        kept = [payload for n, payload in enumerate(payloads) if sum(map(len, frames[: n + 1])) <= cut]
        assert log.tail(0)[0] == kept
        log.append(b"{}")
        read, end, _ = log.tail(0)
        all_but_its_end = [payloads[len(kept)]] if cut + 1 == sum(map(len, frames[: len(kept) + 1])) else []
        assert read == [*kept, *all_but_its_end, b"{}"]
        assert log.tail(end) == ([], end, Torn())


@given(payloads=st.lists(st.sampled_from([b"", b"{}", b'{"a":1}', b"x" * 30]), max_size=6), data=st.data())
@settings(deadline=None)
def test_following_a_growing_log_gives_every_entry_once(payloads: list[bytes], data: st.DataObject) -> None:
    """A reader that looks at any moment, also in the middle of a write, misses and repeats nothing."""
    driver = MemoryDriver()
    log = AppendLog(driver, KEY)
    whole = b"".join(map(frame, payloads))
    seen, offset = list[bytes](), 0
    for cut in [*sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8))), len(whole)]:
        driver.put(KEY, whole[:cut])
        new, offset, torn = log.tail(offset)
        seen += new
        assert torn.damaged == ()
    assert seen == payloads
    assert offset == len(whole)


def test_a_log_that_shrank_is_said_to(driver: Driver) -> None:
    """A reader that has gone further than the log reaches must not read on from the middle of a line."""
    log = AppendLog(driver, KEY)
    log.append(b"{}")
    _, offset, _ = log.tail(0)
    driver.put(KEY, b"")
    with pytest.raises(Damaged, match="shorter"):
        log.tail(offset)


def test_an_entry_too_large_leaves_the_log_as_it_was(driver: Driver) -> None:
    """All entries of one append are checked before any is written."""
    log = AppendLog(driver, KEY)
    with pytest.raises(Refused):
        log.append(b"{}", b"x" * 70_000)
    assert driver.stat(KEY) is None


def test_threads_and_processes_lose_nothing(
    tmp_path: Path, in_children: Callable[[int, Callable[[int], Any]], list[Any]]
) -> None:
    """8 threads in each of 4 processes append at once; every entry is there once, in its writer's order."""

    def child(process: int) -> None:
        log = AppendLog(LocalDriver(tmp_path), KEY)

        def write(thread: int) -> None:
            for n in range(25):
                log.append(b"%d %d %d " % (process, thread, n) + b"x" * (n * 40))

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(write, range(8)))

    in_children(4, child)
    payloads, _, torn = AppendLog(LocalDriver(tmp_path), KEY).tail(0)
    assert not torn
    written = [tuple(map(int, payload.split()[:3])) for payload in payloads]
    for process in range(4):
        for thread in range(8):
            assert [n for p, t, n in written if (p, t) == (process, thread)] == list(range(25))


def test_threads_share_a_sync(tmp_path: Path) -> None:
    """Sixteen waiting appends cost far fewer than sixteen syncs, and none returns before its own."""
    syncs = list[int]()

    def slow_sync(descriptor: int) -> None:
        time.sleep(0.02)
        syncs.append(os.fstat(descriptor).st_size)

    driver = LocalDriver(tmp_path, Disk(sync_data=slow_sync))
    log = AppendLog(driver, KEY)
    log.append(b"first")

    def write(n: int) -> bool:
        log.append(b"%d" % n)
        return any(b" %d\n" % n in driver.get(KEY, 0, size) for size in list(syncs))

    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(write, range(16)))
    assert len(syncs) <= 5


def test_no_acknowledged_entry_is_lost_to_kill_9(tmp_path: Path) -> None:
    """30 writers are killed at random moments; all they acknowledged is in the log, in order."""
    acknowledged = list[bytes]()
    for life in range(30):
        acknowledged += _killed_writer(tmp_path, life, after=0.002 + 0.0007 * life)
    payloads, _, _ = AppendLog(LocalDriver(tmp_path), KEY).tail(0)
    names = [payload.split()[0] for payload in payloads]
    assert len(acknowledged) > 100
    assert [name for name in names if name in set(acknowledged)] == acknowledged


def _killed_writer(root: Path, life: int, after: float) -> list[bytes]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _write_for_ever(root, life, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        first = pipe.readline()
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return [line.strip() for line in (first, *pipe) if line.endswith(b"\n")]


def _write_for_ever(root: Path, life: int, writing: int) -> None:
    try:
        log = AppendLog(LocalDriver(root), KEY)
        for n in range(1_000_000):
            name = b"%d.%d" % (life, n)
            log.append(name + b" " + b"x" * (n * 997 % 60_000))
            os.write(writing, name + b"\n")
    finally:
        os._exit(1)


def short(descriptor: int, data: bytes | memoryview) -> int:
    return os.write(descriptor, data[: len(data) // 2])


def full(_: int, __: bytes | memoryview) -> int:
    raise OSError(28, "No space left on device")


def broken(_: int) -> None:
    raise OSError(5, "Input/output error")


@pytest.mark.parametrize("fault", [{"write": short}, {"write": full}, {"sync_data": broken}])
def test_a_failed_append_is_not_acknowledged_and_may_be_repeated(
    tmp_path: Path, fault: dict[str, Any]
) -> None:
    """A sentence tells what to do; afterwards the same driver appends the entry whole, and nothing else is harmed."""
    sound, faulty = Disk(), replace(Disk(), **fault)
    using = [sound]

    def write(descriptor: int, data: bytes | memoryview) -> int:
        return using[0].write(descriptor, data)

    def sync_data(descriptor: int) -> None:
        using[0].sync_data(descriptor)

    disk = Disk(write=write, sync_data=sync_data)
    log = AppendLog(LocalDriver(tmp_path, disk), KEY)
    log.append(b"before")
    using[0] = faulty
    with pytest.raises(Unready) as told:
        log.append(b"entry")
    assert told.value.next_step
    assert told.value.labels["folder"] == str(tmp_path.resolve())
    using[0] = sound
    log.append(b"entry")
    payloads, _, _ = log.tail(0)
    assert payloads[0] == b"before"
    assert payloads[-1] == b"entry"
    assert set(payloads) == {b"before", b"entry"}


def test_a_failed_sync_fails_all_who_wait_for_it(tmp_path: Path) -> None:
    """Of many threads none is told its entry is durable when the disk lost it."""
    failing = [False]

    def sync_data(_: int) -> None:
        time.sleep(0.02)
        if failing[0]:
            raise OSError(5, "Input/output error")

    log = AppendLog(LocalDriver(tmp_path, Disk(sync_data=sync_data)), KEY)
    log.append(b"opened")
    failing[0] = True

    def write(n: int) -> bool:
        try:
            log.append(b"%d" % n)
        except Unready:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert not any(threads.map(write, range(8)))
    failing[0] = False
    log.append(b"again")
    assert log.tail(0)[0][-1] == b"again"


def test_a_log_that_was_replaced_is_found_again(tmp_path: Path) -> None:
    """An open log follows its name: a restored backup gets the next entry, not the file that is gone."""
    log = AppendLog(LocalDriver(tmp_path), KEY)
    log.append(b"old")
    place = tmp_path / KEY
    other = tmp_path / "restored"
    other.write_bytes(frame(b"restored"))
    other.rename(place)
    log.append(b"new")
    assert log.tail(0)[0] == [b"restored", b"new"]
    place.unlink()
    log.append(b"newer")
    assert log.tail(0)[0] == [b"newer"]

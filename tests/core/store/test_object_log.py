"""The log of stores that cannot append: nothing acknowledged is missed, whoever writes beside it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from movie_assets.core.errors import Refused, Transient
from movie_assets.core.store.driver import Driver, Stat
from movie_assets.core.store.framed import Torn, frame
from movie_assets.core.store.keys import Keys
from movie_assets.core.store.memory import MemoryDriver
from movie_assets.core.store.object_log import ObjectLog

KEYS = Keys("movie")
ENTRIES = KEYS.artefacts_entries


def log_on(driver: Driver, writer: str = "") -> ObjectLog:
    return ObjectLog(driver, KEYS, ENTRIES, (lambda: writer)) if writer else ObjectLog(driver, KEYS, ENTRIES)


def test_what_is_appended_is_read_in_order(driver: Driver) -> None:
    """Several entries may be added at once; an empty log is empty, and the position goes on."""
    log, reader = log_on(driver), log_on(driver)
    assert reader.tail() == ([], {}, Torn())
    log.append(b'{"n":1}')
    log.append(b'{"n":2}', b'{"n":3}')
    log.append()
    payloads, at, torn = reader.tail()
    assert (payloads, torn) == ([b'{"n":1}', b'{"n":2}', b'{"n":3}'], Torn())
    log.append(b"{}")
    assert reader.tail(at)[0] == [b"{}"]
    assert reader.tail(reader.tail(at)[1])[0] == []


class Lagging(MemoryDriver):
    """A store whose listings may leave out what was written while they were made, and whose clock anyone may set."""

    def __init__(self) -> None:
        self.now = 0.0
        super().__init__(lambda: self.now)
        self.hidden: set[str] = set()

    def scan(self, prefix: str) -> Iterator[tuple[str, Stat]]:
        return (found for found in super().scan(prefix) if found[0] not in self.hidden)


@given(data=st.data())
@settings(deadline=None)
def test_a_reader_misses_and_repeats_nothing(data: st.DataObject) -> None:
    """Three writers and a reader take turns in any order; clocks jump, listings lag, and every entry is read once."""
    driver = Lagging()
    writers = [log_on(driver, f"writer{n}") for n in range(3)]
    reader, at, seen, written = log_on(driver), 0, list[bytes](), 0
    for turn in data.draw(st.lists(st.integers(0, 3), max_size=14)):
        driver.now = data.draw(st.floats(0, 5))
        if turn < 3:
            writers[turn].append(b"%d %d" % (turn, written))
            written += 1
        else:
            keys = list(driver.list(ENTRIES))
            driver.hidden = set(data.draw(st.lists(st.sampled_from(keys)))) if keys else set()
            new, at, torn = reader.tail(at)
            seen += new
            assert not torn
    driver.hidden = set()
    seen += reader.tail(at)[0]
    assert sorted(int(each.split()[1]) for each in seen) == list(range(written))
    for turn in range(3):
        own = [int(each.split()[1]) for each in seen if each.startswith(b"%d " % turn)]
        assert own == sorted(own)


def test_threads_and_processes_lose_nothing(
    driver: Driver, in_children: Callable[[int, Callable[[int], Any]], list[Any]]
) -> None:
    """4 threads in each of 4 processes append at once; every entry is there once, in its writer's order."""
    if isinstance(driver, MemoryDriver):
        pytest.skip("lives in one process")

    def child(process: int) -> None:
        log = log_on(driver)

        def write(thread: int) -> None:
            for n in range(5):
                log.append(b"%d %d %d" % (process, thread, n))

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(write, range(4)))

    in_children(4, child)
    payloads, _, torn = log_on(driver).tail()
    assert not torn
    written = [tuple(map(int, payload.split())) for payload in payloads]
    for process in range(4):
        for thread in range(4):
            assert [n for p, t, n in written if (p, t) == (process, thread)] == list(range(5))


def test_a_forked_child_writes_beside_its_parent(
    driver: Driver, in_children: Callable[[int, Callable[[int], Any]], list[Any]]
) -> None:
    """A writer that was forked finds its number taken and takes the next; both read all of it."""
    if isinstance(driver, MemoryDriver):
        pytest.skip("lives in one process")
    log = log_on(driver)
    log.append(b"before")
    in_children(2, lambda index: log.append(b"child %d" % index))
    log.append(b"after")
    assert sorted(log.tail()[0]) == [b"after", b"before", b"child 0", b"child 1"]
    assert sorted(log_on(driver).tail()[0]) == sorted(log.tail()[0])


class Failing(MemoryDriver):
    """Fails when told to, after it has done what was asked or instead of it."""

    fails = after = False

    def create(self, key: str, data: bytes, *, durable: bool = True) -> bool:
        created = super().create(key, data) if self.after or not self.fails else False
        if self.fails:
            raise Transient("busy")
        return created


@pytest.mark.parametrize("after", [False, True])
def test_a_failed_append_is_told_and_may_be_repeated(after: bool) -> None:
    """Whether or not the store had done it: the same log goes on, and readers get the entry."""
    driver = Failing()
    log = log_on(driver)
    log.append(b"before")
    driver.fails, driver.after = True, after
    with pytest.raises(Transient):
        log.append(b"entry")
    driver.fails = False
    log.append(b"entry")
    payloads = log_on(driver).tail()[0]
    assert payloads == [b"before", *[b"entry"] * (1 + after)]


class Gated(MemoryDriver):
    """Creates nothing before its gate is open."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.gate = threading.Event(), threading.Event()

    def create(self, key: str, data: bytes, *, durable: bool = True) -> bool:
        self.begun.set()
        assert self.gate.wait(60)
        return super().create(key, data)


def test_what_waits_goes_into_one_object() -> None:
    """Sixteen threads that append while one write is under way share the next."""
    driver = Gated()
    log = log_on(driver)
    with ThreadPoolExecutor(17) as threads:
        first = threads.submit(log.append, b"first")
        assert driver.begun.wait(60)
        rest = [threads.submit(log.append, b"%d" % n) for n in range(16)]
        while len(log._waiting) < 16:
            time.sleep(0.001)
        driver.gate.set()
        for each in (first, *rest):
            each.result()
    assert len(list(driver.list(ENTRIES))) == 2
    assert sorted(log_on(driver).tail()[0]) == sorted([b"first", *(b"%d" % n for n in range(16))])


def test_what_is_at_hand_costs_no_request() -> None:
    """One's own entries are read from memory, at once; others' wait for `tail`, which does not fetch one's own."""
    driver = MemoryDriver()
    log, other = log_on(driver, "me"), log_on(driver, "other")
    other.append(b"theirs")
    log.append(b"mine")
    payloads, at, _ = log.at_hand()
    assert payloads == [b"mine"]
    assert log.at_hand(at)[0] == []
    driver.delete(KEYS.entry(ENTRIES, "me", 1))
    assert log.tail(at)[0] == [b"theirs"]


def test_damage_is_told_and_the_rest_is_read(driver: Driver) -> None:
    """An object with flipped bits, or one that is gone, is named by its number; what else there is stays readable."""
    log = log_on(driver, "writer")
    for n in range(4):
        log.append(b"%d" % n, b"again")
    driver.put(KEYS.entry(ENTRIES, "writer", 2), frame(b"1")[:-3] + b"x" + frame(b"again"))
    driver.delete(KEYS.entry(ENTRIES, "writer", 3))
    payloads, _, torn = log_on(driver).tail()
    assert payloads == [b"0", b"again", b"again", b"3", b"again"]
    assert torn.damaged == (2, 3)


def test_foreign_objects_are_no_entries(driver: Driver) -> None:
    """What someone else put below the prefix is not read."""
    log = log_on(driver)
    log.append(b"entry")
    for name in ("notes.txt", "writer/1.jsonl", "writer/deeper/00000001.jsonl", "writer/00000001.json"):
        driver.put(ENTRIES + name, frame(b"no"))
    assert log.tail()[0] == [b"entry"]


def test_an_entry_too_large_leaves_the_log_as_it_was(driver: Driver) -> None:
    """All entries of one append are checked before any is written."""
    with pytest.raises(Refused):
        log_on(driver).append(b"{}", b"x" * 70_000)
    assert list(driver.list("")) == []

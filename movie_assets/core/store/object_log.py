"""A log for stores that write an object only whole: each append is an object of its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from movie_assets.core.errors import MovieError
from movie_assets.core.store.driver import Absent, Driver
from movie_assets.core.store.framed import Torn, frame, read_frames
from movie_assets.core.store.keys import Keys
from movie_assets.core.store.log import Position

__all__ = ["ObjectLog", "new_writer"]

_READERS = 16


def new_writer() -> str:
    """The name of a writer that no other has."""
    return os.urandom(8).hex()


@dataclass(frozen=True, slots=True)
class _Entry:
    """One object: whose it is, which of theirs, and when it was written by the store's clock."""

    writer: str
    number: int
    time: float


@dataclass(slots=True, eq=False)
class _Batch:
    """What one append adds, until it is there or has failed."""

    payloads: tuple[bytes, ...]
    frames: bytes
    ended: bool = False
    error: MovieError | None = None


class ObjectLog:
    """The log below one prefix.

    Each writer counts its objects from 1 and begins one only when the one before is there, so one number per writer
    says what a reader has seen, whatever anyone's clock says. What threads append meanwhile goes into one object.
    """

    def __init__(
        self, driver: Driver, keys: Keys, prefix: str, nonce: Callable[[], str] = new_writer
    ) -> None:
        self._driver, self._keys, self._prefix = driver, keys, prefix
        self._writer = nonce()
        self._last = 0
        self._own: dict[int, list[bytes]] = {}
        self._waiting: list[_Batch] = []
        self._queue, self._turn = threading.Lock(), threading.Lock()

    # --- writing ----------------------------------------------------------------------------------------------

    def append(self, *payloads: bytes) -> None:
        """Adds entries of one line each, durable on return; after an error some may be there: append all again."""
        if not payloads:
            return
        batch = _Batch(payloads, b"".join(map(frame, payloads)))
        with self._queue:
            self._waiting.append(batch)
        with self._turn:
            if not batch.ended:
                self._write_waiting()
        if batch.error is not None:
            raise batch.error

    def _write_waiting(self) -> None:
        with self._queue:
            batches, self._waiting = self._waiting, []
        try:
            self._write(batches)
        except MovieError as error:
            for batch in batches:
                batch.error = error
        except BaseException:
            with self._queue:
                self._waiting = batches + self._waiting
            raise
        for batch in batches:
            batch.ended = True

    def _write(self, batches: list[_Batch]) -> None:
        """A number may be taken: by an append that was thought to have failed, or by a forked child."""
        data, number = b"".join(batch.frames for batch in batches), self._last + 1
        while not self._driver.create(self._keys.entry(self._prefix, self._writer, number), data):
            number += 1
        self._own[number] = [payload for batch in batches for payload in batch.payloads]
        self._last = number

    # --- reading ----------------------------------------------------------------------------------------------

    def tail(self, at: Position = 0) -> tuple[list[bytes], Position, Torn]:
        """The entries behind a position, writers' side by side by the store's clock; the position to go on from.

        `Torn.damaged` holds the numbers of objects that are not whole.
        """
        seen = _seen(at)
        return self._read_all(self._new_entries(seen), seen)

    def at_hand(self, at: Position = 0) -> tuple[list[bytes], Position, Torn]:
        """What of the tail was appended here; asks the store nothing."""
        seen = _seen(at)
        return self._read_all(self._own_entries(seen.get(self._writer, 0)), seen)

    def mark(self, at: Position) -> str | None:
        """The name of an object that a reader had seen: no other log has it, and none is ever changed."""
        seen = _seen(at)
        if not seen:
            return ""
        key = self._keys.entry(self._prefix, *max(seen.items()))
        return key if self._driver.stat(key) else None

    def _own_entries(self, number: int) -> Iterator[_Entry]:
        while (number := number + 1) in self._own:
            yield _Entry(self._writer, number, 0.0)

    def _new_entries(self, seen: dict[str, int]) -> list[_Entry]:
        found = groupby(self._entries(), attrgetter("writer"))
        new = [entry for writer, its in found for entry in _behind(list(its), seen.get(writer, 0))]
        return sorted(new, key=lambda entry: (entry.time, entry.writer, entry.number))

    def _entries(self) -> Iterator[_Entry]:
        for key, stat in self._driver.scan(self._prefix):
            place = self._keys.place_of(self._prefix, key)
            if place is not None:
                yield _Entry(*place, stat.modified)

    def _read_all(
        self, entries: Iterable[_Entry], seen: dict[str, int]
    ) -> tuple[list[bytes], Position, Torn]:
        lines, damaged = list[bytes](), list[int]()
        for entry, (payloads, torn) in self._together(list(entries)):
            lines += payloads
            damaged += [entry.number] if torn else []
            seen[entry.writer] = max(entry.number, seen.get(entry.writer, 0))
        return lines, seen, Torn(tuple(damaged))

    def _together(self, entries: list[_Entry]) -> Iterable[tuple[_Entry, tuple[list[bytes], Torn]]]:
        if all(self._is_own(entry) for entry in entries):
            return [(entry, self._read(entry)) for entry in entries]
        with ThreadPoolExecutor(min(_READERS, len(entries))) as readers:
            return list(zip(entries, readers.map(self._read, entries), strict=True))

    def _is_own(self, entry: _Entry) -> bool:
        return entry.writer == self._writer and entry.number in self._own

    def _read(self, entry: _Entry) -> tuple[list[bytes], Torn]:
        if self._is_own(entry):
            return self._own[entry.number], Torn()
        key = self._keys.entry(self._prefix, entry.writer, entry.number)
        try:
            found = read_frames(self._driver.get(key))
            return read_frames(self._driver.get(key)) if found[1] else found  # wires flip bits, too
        except Absent:
            return [], Torn(damaged=(entry.number,))


def _seen(at: Position) -> dict[str, int]:
    return {} if isinstance(at, int) else dict(at)


def _behind(its: list[_Entry], last: int) -> Iterator[_Entry]:
    """A writer's entries behind a number. One that a listing in the making left out is there: a later one is."""
    time, listed = 0.0, {entry.number: entry.time for entry in its}
    for number in range(last + 1, its[-1].number + 1):
        time = max(time, listed.get(number, 0.0))
        yield _Entry(its[0].writer, number, time)

"""A log that many threads and processes append to, and whose readers follow its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from movie_assets.core.digest import digest_of_bytes
from movie_assets.core.errors import Damaged
from movie_assets.core.store.driver import Driver
from movie_assets.core.store.framed import Torn, frame, read_frames

__all__ = ["AppendLog", "Log", "Position"]

_MARKED = 4096
_LOOKS = 3  # a wire may flip bits, too: what is wrong each time is wrong on disk

Position = int | Mapping[str, int]
"""How far a log was read: a byte offset, or a number per writer. 0 is the beginning of any."""


class Log(Protocol):
    """What is appended to it stays, and is read in order."""

    def append(self, *payloads: bytes) -> None:
        """Adds entries of one line each, durable on return; after an error some may be there: append all again."""

    def tail(self, at: Position = 0) -> tuple[list[bytes], Position, Torn]:
        """The whole entries behind a position, the position to go on from, and what could not be read."""

    def at_hand(self, at: Position = 0) -> tuple[list[bytes], Position, Torn]:
        """What of the tail costs next to nothing to read: at least what was appended here."""

    def mark(self, at: Position) -> str | None:
        """What lies before a position, to tell this log from another; None if it does not reach so far."""


class AppendLog:
    """The log under one key, for drivers with capability `append`."""

    def __init__(self, driver: Driver, key: str) -> None:
        self._driver = driver
        self._key = key

    def append(self, *payloads: bytes) -> None:
        """Adds entries of one line each, durable on return; after an error some may be there: append all again."""
        if payloads:
            self._driver.append(self._key, b"".join(map(frame, payloads)))

    def tail(self, at: Position = 0) -> tuple[list[bytes], int, Torn]:
        """The whole entries behind a byte offset, the offset to go on from, and what could not be read.

        An unfinished last line lies behind the new offset, so that it is looked at again.
        """
        offset = at if isinstance(at, int) else 0
        found = self._driver.stat(self._key)
        size = 0 if found is None else found.size
        if size < offset:
            raise Damaged(
                "a log is shorter than it was",
                key=self._key,
                size=size,
                was=offset,
                next_step="read it from 0 again",
            )
        payloads, torn, end = self._read(offset, size)
        for _ in range(_LOOKS - 1):
            if torn.damaged:
                again = self._read(offset, end)
                payloads, torn, end = max((payloads, torn, end), again, key=lambda read: len(read[0]))
        return payloads, end - torn.unfinished, torn

    def at_hand(self, at: Position = 0) -> tuple[list[bytes], int, Torn]:
        """All of the tail: it is a look at a file."""
        return self.tail(at)

    def mark(self, at: Position) -> str | None:
        """The digest of the last bytes before an offset."""
        found = self._driver.stat(self._key)
        if not isinstance(at, int) or (0 if found is None else found.size) < at:
            return None
        return digest_of_bytes(self._driver.get(self._key, max(0, at - _MARKED), at) if at else b"")

    def _read(self, offset: int, size: int) -> tuple[list[bytes], Torn, int]:
        data = self._driver.get(self._key, offset, size) if size > offset else b""
        return *read_frames(data, offset), offset + len(data)

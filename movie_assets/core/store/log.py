"""A log that many threads and processes append to, and whose readers follow its end."""

from __future__ import annotations

from movie_assets.core.errors import Damaged
from movie_assets.core.store.driver import Driver
from movie_assets.core.store.framed import Torn, frame, read_frames

__all__ = ["AppendLog"]


class AppendLog:
    """The log under one key, for drivers with capability `append`."""

    def __init__(self, driver: Driver, key: str) -> None:
        self._driver = driver
        self._key = key

    def append(self, *payloads: bytes) -> None:
        """Adds entries of one line each, durable on return; after an error some may be there: append all again."""
        if payloads:
            self._driver.append(self._key, b"".join(map(frame, payloads)))

    def tail(self, offset: int = 0) -> tuple[list[bytes], int, Torn]:
        """The whole entries behind a byte offset, the offset to go on from, and what could not be read.

        An unfinished last line lies behind the new offset, so that it is looked at again.
        """
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
        data = self._driver.get(self._key, offset, size) if size > offset else b""
        payloads, torn = read_frames(data, offset)
        return payloads, offset + len(data) - torn.unfinished, torn

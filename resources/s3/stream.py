"""An object's bytes as they come."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from movie_assets.core.errors import MovieError
from resources.s3.errors import SDK_ERRORS

__all__ = ["ObjectStream"]

_CHUNK = 1 << 20


class Body(Protocol):
    """The rest of an object, being received."""

    def read(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


class ObjectStream(io.RawIOBase):
    """Where the connection breaks it goes on from there, as often as `pauses` allows between two bytes."""

    def __init__(
        self,
        body: Body,
        fetch: Callable[[int], Body],
        pauses: Callable[[], Iterator[None]],
        meaning: Callable[[Exception], MovieError],
    ) -> None:
        self._body, self._fetch, self._pauses, self._meaning = body, fetch, pauses, meaning
        self._at = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        data = self._next(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def readall(self) -> bytes:
        return b"".join(iter(lambda: self._next(_CHUNK), b""))

    def close(self) -> None:
        self._body.close()
        super().close()

    def _next(self, size: int) -> bytes:
        broken: Exception | None = None
        for _ in self._pauses():
            try:
                if broken is not None:
                    self._body = self._fetch(self._at)
                data = self._body.read(size)
            except SDK_ERRORS as error:
                self._body.close()
                broken = error
                continue
            self._at += len(data)
            return data
        assert broken is not None
        raise self._meaning(broken) from broken

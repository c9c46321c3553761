"""A driver that tries again what may work the next time, and finds out what became of a write whose answer was lost."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

from movie_assets.core.errors import Throttled, Transient
from movie_assets.core.store.driver import Absent, Capabilities, Driver, Stat

__all__ = ["PatientDriver"]

_T = TypeVar("_T")
_FIRST_SECONDS = 0.1
_LONGEST_SECONDS = 10.0


class PatientDriver:
    """Another driver's verbs, each tried up to `attempts` times; `pause` waits for so many seconds in between.

    What is created must be told apart from what others create (by a nonce in it): a lost answer is resolved by reading
    back. An append may be there twice.
    """

    def __init__(self, driver: Driver, pause: Callable[[float], object], attempts: int = 5) -> None:
        self._driver, self._pause, self._attempts = driver, pause, attempts

    @property
    def capabilities(self) -> Capabilities:
        return self._driver.capabilities

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        return self._again(partial(self._driver.get, key, start, end))

    def open(self, key: str) -> BinaryIO:
        return io.BufferedReader(_Resumed(self, self._again(partial(self._driver.open, key)), key))

    def list(self, prefix: str, after: str = "") -> Iterator[str]:
        return iter(self._again(lambda: [*self._driver.list(prefix, after)]))

    def scan(self, prefix: str) -> Iterator[tuple[str, Stat]]:
        return iter(self._again(lambda: [*self._driver.scan(prefix)]))

    def stat(self, key: str) -> Stat | None:
        return self._again(partial(self._driver.stat, key))

    def path(self, key: str) -> Path | None:
        return self._driver.path(key)

    def create(self, key: str, data: bytes, *, durable: bool = True) -> bool:
        doubtful = False

        def attempt() -> bool:
            nonlocal doubtful
            try:
                return self._driver.create(key, data, durable=durable)
            except Transient:
                doubtful = True
                raise

        return self._again(attempt) or (doubtful and self._is_there(key, data))

    def put(self, key: str, data: bytes) -> None:
        self._again(partial(self._driver.put, key, data))

    def put_file(self, key: str, path: Path) -> None:
        self._again(partial(self._driver.put_file, key, path))

    def append(self, key: str, frame: bytes) -> None:
        self._again(partial(self._driver.append, key, frame))

    def freshen(self, key: str) -> bool:
        return self._again(partial(self._driver.freshen, key))

    def delete(self, key: str) -> None:
        self._again(partial(self._driver.delete, key))

    def _is_there(self, key: str, data: bytes) -> bool:
        with suppress(Absent):
            return self.get(key) == data
        return False

    def _again(self, attempt: Callable[[], _T]) -> _T:
        for failed in range(1, self._attempts):
            try:
                return attempt()
            except Transient as error:
                self._pause(_seconds(error, failed))
        return attempt()


def _seconds(error: Transient, failed: int) -> float:
    asked = error.retry_after if isinstance(error, Throttled) else None
    return min(_LONGEST_SECONDS, asked or _FIRST_SECONDS * 2.0 ** (failed - 1))


class _Resumed(io.RawIOBase):
    """A stream that goes on where another broke off."""

    def __init__(self, driver: PatientDriver, stream: BinaryIO, key: str) -> None:
        self._patient, self._stream, self._key = driver, stream, key
        self._at, self._broken = 0, False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._read(len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()

    def _read(self, size: int) -> bytes:
        if not self._broken:
            try:
                return self._stream.read(size)
            except Transient:
                self._broken = True
        return self._patient.get(self._key, self._at, self._at + size)

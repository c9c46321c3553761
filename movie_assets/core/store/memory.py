"""The driver in a dict, for tests and dry runs."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from movie_assets.core.errors import Refused
from movie_assets.core.store.driver import Absent, Capabilities, Stat, check_key, check_prefix

__all__ = ["MemoryDriver"]


class MemoryDriver:
    """Keeps bytes as long as it lives; `clock` is the store's clock, in seconds."""

    capabilities = Capabilities(append=True, paths=False, conditional=True)

    def __init__(self, clock: Callable[[], float] = lambda: 0.0) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[bytes, float]] = {}

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        kept = self._kept.get(check_key(key))
        if kept is None:
            raise Absent("nothing is stored there", key=key)
        return kept[0][start:end]

    def open(self, key: str) -> BinaryIO:
        return io.BytesIO(self.get(key))

    def create(self, key: str, data: bytes, *, durable: bool = True) -> bool:
        with self._lock:
            if check_key(key) in self._kept:
                return False
            self._keep(key, data)
            return True

    def put(self, key: str, data: bytes) -> None:
        with self._lock:
            self._keep(check_key(key), data)

    def put_file(self, key: str, path: Path) -> None:
        if not path.is_file():
            raise Refused("there is no such file to store", path=path, key=key)
        self.put(key, path.read_bytes())

    def append(self, key: str, frame: bytes) -> None:
        with self._lock:
            before, _ = self._kept.get(check_key(key), (b"", 0.0))
            self._keep(key, before + frame)

    def list(self, prefix: str, after: str = "") -> Iterator[str]:
        check_prefix(prefix)
        with self._lock:
            keys = sorted(key for key in self._kept if key.startswith(prefix) and key > after)
        return iter(keys)

    def scan(self, prefix: str) -> Iterator[tuple[str, Stat]]:
        for key in self.list(prefix):
            if found := self.stat(key):
                yield key, found

    def stat(self, key: str) -> Stat | None:
        kept = self._kept.get(check_key(key))
        return None if kept is None else Stat(len(kept[0]), kept[1])

    def freshen(self, key: str) -> bool:
        with self._lock:
            kept = self._kept.get(check_key(key))
            if kept is not None:
                self._keep(key, kept[0])
            return kept is not None

    def delete(self, key: str) -> None:
        with self._lock:
            self._kept.pop(check_key(key), None)

    def path(self, key: str) -> None:
        check_key(key)

    def address(self, key: str) -> str:
        return f"memory:{check_key(key)}"

    def _keep(self, key: str, data: bytes) -> None:
        self._kept[key] = (bytes(data), self._clock())

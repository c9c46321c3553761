"""A driver that goes wrong as stores do, as often as it is told, and counts it: for rehearsing what must be survived."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import BinaryIO

from movie_assets.core.errors import Damaged, MovieError, Transient, Unready
from movie_assets.core.store.driver import Capabilities, Driver, Stat

__all__ = ["Fault", "FaultyDriver"]


class Fault(Enum):
    """What goes wrong with a call."""

    ERROR = "the server fails before it does anything"
    LOST = "the server did it, and its answer is lost"
    TORN = "an append writes a part and fails; what is written whole is not written"
    FLIP = "one bit of what is read is wrong, this once"
    DELAY = "the answer comes late"
    EIO = "the disk reports an error"
    ENOSPC = "the disk is full"
    READ_ONLY = "the file system is read-only"


_READS = frozenset({"get", "open", "list", "scan", "stat"})


class FaultyDriver:
    """Another driver's verbs, of which each fault happens at its rate, 0 to 1, by a `chance` of numbers below 1.

    `counts` says how often each fault met each verb; `pause` is called for a delay.
    """

    def __init__(
        self,
        driver: Driver,
        rates: Mapping[Fault, float],
        chance: Callable[[], float],
        pause: Callable[[], None] = lambda: None,
    ) -> None:
        self.rates = dict(rates)
        self.counts: Counter[tuple[Fault, str]] = Counter()
        self._driver, self._chance, self._pause = driver, chance, pause

    @property
    def capabilities(self) -> Capabilities:
        return self._driver.capabilities

    # --- reading ----------------------------------------------------------------------------------------------

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        self._before("get", key)
        return self._flipped("get", self._driver.get(key, start, end))

    def open(self, key: str) -> BinaryIO:
        self._before("open", key)
        stream = self._driver.open(key)
        if not self._hits(Fault.FLIP, "open"):
            return stream
        with stream:
            return io.BytesIO(self._flip(stream.read()))

    def list(self, prefix: str, after: str = "") -> Iterator[str]:
        self._before("list", prefix)
        return self._driver.list(prefix, after)

    def scan(self, prefix: str) -> Iterator[tuple[str, Stat]]:
        self._before("scan", prefix)
        return self._driver.scan(prefix)

    def stat(self, key: str) -> Stat | None:
        self._before("stat", key)
        return self._driver.stat(key)

    def path(self, key: str) -> Path | None:
        return self._driver.path(key)

    # --- writing ----------------------------------------------------------------------------------------------

    def create(self, key: str, data: bytes, *, durable: bool = True) -> bool:
        self._before("create", key)
        won = self._driver.create(key, data, durable=durable)
        self._after("create", key)
        return won

    def put(self, key: str, data: bytes) -> None:
        self._before("put", key)
        self._driver.put(key, data)
        self._after("put", key)

    def put_file(self, key: str, path: Path) -> None:
        self._before("put_file", key)
        self._driver.put_file(key, path)
        self._after("put_file", key)

    def append(self, key: str, frame: bytes) -> None:
        self._before("append", key)
        if self._hits(Fault.TORN, "append"):
            self._driver.append(key, frame[: int(len(frame) * self._chance())])
            raise _error(Fault.TORN, "append", key)
        self._driver.append(key, frame)
        self._after("append", key)

    def freshen(self, key: str) -> bool:
        self._before("freshen", key)
        return self._driver.freshen(key)

    def delete(self, key: str) -> None:
        self._before("delete", key)
        self._driver.delete(key)
        self._after("delete", key)

    # --- what goes wrong --------------------------------------------------------------------------------------

    def _before(self, verb: str, key: str) -> None:
        if self._hits(Fault.DELAY, verb):
            self._pause()
        faults = [Fault.ERROR, Fault.EIO]
        faults += [] if verb in _READS else [Fault.ENOSPC, Fault.READ_ONLY]
        faults += [Fault.TORN] if verb in ("create", "put", "put_file") else []
        for fault in faults:
            if self._hits(fault, verb):
                raise _error(fault, verb, key)

    def _after(self, verb: str, key: str) -> None:
        if self._hits(Fault.LOST, verb):
            raise _error(Fault.LOST, verb, key)

    def _hits(self, fault: Fault, verb: str) -> bool:
        rate = self.rates.get(fault, 0.0)
        if not rate or self._chance() >= rate:
            return False
        self.counts[fault, verb] += 1
        return True

    def _flipped(self, verb: str, data: bytes) -> bytes:
        return self._flip(data) if data and self._hits(Fault.FLIP, verb) else data

    def _flip(self, data: bytes) -> bytes:
        if not data:
            return data
        wrong = bytearray(data)
        wrong[int(self._chance() * len(data))] ^= 1 << int(self._chance() * 8)
        return bytes(wrong)


def _error(fault: Fault, verb: str, key: str) -> MovieError:
    fact = f"cannot {verb} {key}: {fault.value}"
    if fault in (Fault.ENOSPC, Fault.READ_ONLY) or (fault is Fault.EIO and verb not in _READS):
        return Unready(fact, next_step="free some space, or choose another place with --root")
    if fault is Fault.EIO:
        return Damaged(fact, next_step="movies verify")
    return Transient(fact, next_step="try again later; what was finished is kept")

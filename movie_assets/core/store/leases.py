"""Leases: the signs of life of runs, judged by the store's own clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
from msgspec import Struct

from movie_assets.core.errors import Damaged
from movie_assets.core.seal import seal, unseal
from movie_assets.core.store.driver import Absent, Driver
from movie_assets.core.store.keys import Keys

__all__ = ["LeaseRecord", "Leases", "read_lease"]

_UNREADABLE_SECONDS = 60.0
"""How long a lease counts that cannot be read: it may be a live one's."""


class LeaseRecord(Struct, frozen=True, rename="camel", tag_field="format", tag=1):
    """Whose lease it is, and for how many seconds it is good after each renewal."""

    run_id: str
    seconds: float


def _written(record: LeaseRecord) -> bytes:
    """The bytes of a lease's file, and of the sweep's flag."""
    return seal(msgspec.json.encode(record))


def read_lease(data: bytes) -> LeaseRecord:
    """Reads a lease's file; one that was cut short or changed is `Damaged`."""
    try:
        return msgspec.json.decode(unseal(data), type=LeaseRecord)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Damaged("a lease cannot be read", because=error, next_step="delete it") from error


class Leases:
    """The leases of one movie, each under an id that is not used twice. Times are in seconds by the store's clock."""

    def __init__(self, driver: Driver, keys: Keys) -> None:
        self._driver, self._keys = driver, keys

    def renew(self, lease: str, record: LeaseRecord) -> float:
        """Begins a lease or renews it; the time of that."""
        key = self._keys.lease(lease)
        self._driver.put(key, _written(record))
        found = self._driver.stat(key)
        return found.modified if found else 0.0

    def end(self, lease: str) -> None:
        """Removes a lease: its run is over, or was seen to be."""
        self._driver.delete(self._keys.lease(lease))

    def is_over(self, lease: str, now: float) -> bool:
        """Whether a lease has ended, or was not renewed for as long as it is good."""
        return self._is_over(self._keys.lease(lease), now)

    def begin_sweep(self, record: LeaseRecord, now: Callable[[], float]) -> bool:
        """Raises the sweep's flag; False while another sweep's stands."""
        data = _written(record)
        if self._driver.create(self._keys.sweep, data):
            return True
        if not self.is_sweeping(now()):
            self._driver.delete(self._keys.sweep)
            return self._driver.create(self._keys.sweep, data)
        return False

    def renew_sweep(self, record: LeaseRecord) -> float | None:
        """Keeps the sweep's flag up; the time of that, None if another's took its place after it had run out."""
        if not self._is_up(record):
            return None
        self._driver.put(self._keys.sweep, _written(record))
        found = self._driver.stat(self._keys.sweep)
        return found.modified if found else None

    def end_sweep(self, record: LeaseRecord) -> None:
        """Takes the sweep's flag down, not another's."""
        if self._is_up(record):
            self._driver.delete(self._keys.sweep)

    def _is_up(self, record: LeaseRecord) -> bool:
        try:
            return self._read(self._keys.sweep) == record
        except Absent:
            return False

    def is_sweeping(self, now: float) -> bool:
        """Whether a sweep is under way."""
        return not self._is_over(self._keys.sweep, now)

    def _is_over(self, key: str, now: float) -> bool:
        found = self._driver.stat(key)
        try:
            return found is None or now - found.modified > self._read(key).seconds
        except Absent:
            return True

    def over(self, now: float) -> list[str]:
        """The leases left by runs that ended without a word."""
        return [lease for lease in self._ids() if self.is_over(lease, now)]

    def runs(self, now: float) -> set[str]:
        """The runs that are alive."""
        return set(self._runs(now))

    def _runs(self, now: float) -> Iterator[str]:
        for lease in self._ids():
            if not self.is_over(lease, now):
                try:
                    yield self._read(self._keys.lease(lease)).run_id
                except Absent:
                    continue

    def _ids(self) -> list[str]:
        found = (self._keys.id_of(key) for key in self._driver.list(self._keys.leases))
        return [lease for lease in found if lease is not None]

    def _read(self, key: str) -> LeaseRecord:
        data = self._driver.get(key)
        try:
            return read_lease(data)
        except Damaged:
            return LeaseRecord("unreadable", _UNREADABLE_SECONDS)

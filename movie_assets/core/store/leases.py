"""Leases: the signs of life of runs, judged by the store's own clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
from msgspec import Struct

from movie_assets.core.store.driver import Absent, Driver
from movie_assets.core.store.keys import Keys

__all__ = ["LeaseRecord", "Leases"]


_UNREADABLE_SECONDS = 60.0
"""How long a lease counts that cannot be read: it may be a live one's."""


class LeaseRecord(Struct, frozen=True, rename="camel", tag_field="format", tag=1):
    """Whose lease it is, and for how many seconds it is good after each renewal."""

    run_id: str
    seconds: float


class Leases:
    """The leases of one movie, each under an id that is not used twice. Times are in seconds by the store's clock."""

    def __init__(self, driver: Driver, keys: Keys) -> None:
        self._driver, self._keys = driver, keys

    def renew(self, lease: str, record: LeaseRecord) -> float:
        """Begins a lease or renews it; the time of that."""
        key = self._keys.lease(lease)
        self._driver.put(key, msgspec.json.encode(record))
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
        data = msgspec.json.encode(record)
        if self._driver.create(self._keys.sweep, data):
            return True
        if not self.is_sweeping(now()):
            self._driver.delete(self._keys.sweep)
            return self._driver.create(self._keys.sweep, data)
        return False

    def renew_sweep(self, record: LeaseRecord) -> float:
        """Keeps the sweep's flag up; the time of that."""
        self._driver.put(self._keys.sweep, msgspec.json.encode(record))
        found = self._driver.stat(self._keys.sweep)
        return found.modified if found else 0.0

    def end_sweep(self) -> None:
        """Takes the sweep's flag down."""
        self._driver.delete(self._keys.sweep)

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
            return msgspec.json.decode(data, type=LeaseRecord)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return LeaseRecord("unreadable", _UNREADABLE_SECONDS)

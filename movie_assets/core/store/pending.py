"""Pending notes in the store: one small file per job that has begun something at a provider."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from movie_assets.core.errors import Damaged
from movie_assets.core.seal import seal, unseal
from movie_assets.core.store.driver import Absent, Driver
from movie_assets.core.store.keys import Keys

__all__ = ["KeptNotes", "PendingFiles", "read_notes"]


class _Notes(Struct, frozen=True, rename="camel", tag_field="format", tag=1):
    """The note of each provider, as its adapter wrote it."""

    notes: dict[str, dict[str, Any]]


def read_notes(data: bytes) -> dict[str, dict[str, Any]]:
    """Reads the notes of a job by provider; what cannot be read is `Damaged`."""
    try:
        return msgspec.json.decode(unseal(data), type=_Notes).notes
    except (Damaged, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Damaged(
            "the note of what was begun at a provider cannot be read",
            said=error,
            next_step="see at the provider what became of it, then delete that file",
        ) from error


class KeptNotes:
    """`core.pending.Pending` over a driver; a job that notes nothing costs the store nothing."""

    def __init__(self, driver: Driver, key: str) -> None:
        self._driver, self._key = driver, key
        self._notes: dict[str, dict[str, Any]] | None = None

    def read(self, provider: str) -> dict[str, Any] | None:
        return self._all().get(provider)

    def write(self, provider: str, note: Mapping[str, Any]) -> None:
        self._keep({**self._all(), provider: dict(note)})

    def forget(self, provider: str) -> None:
        self._keep({name: note for name, note in self._all().items() if name != provider})

    def settle(self) -> None:
        if self._notes:
            self._keep({})

    def _all(self) -> dict[str, dict[str, Any]]:
        if self._notes is None:
            self._notes = self._stored()
        return self._notes

    def _stored(self) -> dict[str, dict[str, Any]]:
        try:
            return read_notes(self._driver.get(self._key))
        except Absent:
            return {}
        except Damaged as error:
            raise error.with_labels(key=self._key) from error

    def _keep(self, notes: dict[str, dict[str, Any]]) -> None:
        if notes:
            self._driver.put(self._key, seal(msgspec.json.encode(_Notes(notes))))
        else:
            self._driver.delete(self._key)
        self._notes = notes


class PendingFiles:
    """The notes of one movie's jobs, each under the kind and the inputs digest that its claim is for."""

    def __init__(self, driver: Driver, keys: Keys) -> None:
        self._driver, self._keys = driver, keys

    def of(self, kind: str, inputs_digest: str) -> KeptNotes:
        """The notes of one job."""
        return KeptNotes(self._driver, self._keys.pending(kind, inputs_digest))

    def clear(self, is_made: Callable[[str, str], bool]) -> None:
        """Removes the notes of jobs that were recorded by runs that ended before they could remove them."""
        for key in self._driver.list(self._keys.all_pending):
            kind, inputs_digest = self._keys.job_of(key)
            if is_made(kind, inputs_digest):
                self._driver.delete(key)

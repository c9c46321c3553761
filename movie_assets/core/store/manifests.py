"""Manifests in the store: publishing one is creating the next number, which only one can."""

from __future__ import annotations

from contextlib import suppress

import msgspec
from msgspec import Struct

from movie_assets.core.errors import Conflict, MovieError, Refused
from movie_assets.core.manifest import Manifest, Pruned, Tombstone, read_manifest, write_manifest
from movie_assets.core.revision import revision_name
from movie_assets.core.store.driver import Absent, Driver
from movie_assets.core.store.keys import Keys

__all__ = ["Hint", "Manifests"]


class Hint(Struct, frozen=True, tag_field="format", tag=1):
    """`current.json`: where the live manifest was last seen. A hint, never the truth."""

    revision: str
    manifest: str
    digest: str


class Manifests:
    """The revisions of one movie. The live one is the highest-numbered."""

    def __init__(self, driver: Driver, keys: Keys) -> None:
        self._driver, self._keys = driver, keys
        self._live: Manifest | None = None

    def numbers(self) -> list[int]:
        """All revision numbers, ascending, also of pruned revisions."""
        return self._numbers("")

    def read(self, number: int) -> Manifest:
        """One revision; `Refused` if there is none, `Pruned` if it is no longer kept, `Damaged` if its file is."""
        try:
            return read_manifest(self._driver.get(self._keys.manifest(number)))
        except Absent:
            raise Refused(
                f"there is no {revision_name(number)}",
                movie=self._keys.movie,
                next_step=f"movies show {self._keys.movie}",
            ) from None

    def all(self) -> list[Manifest]:
        """Every revision that is kept, oldest first."""
        kept = []
        for number in self.numbers():
            with suppress(Pruned):
                kept.append(self.read(number))
        return kept

    def live(self) -> Manifest | None:
        """The highest-numbered manifest, None before the first."""
        hint = self._hint()
        newer = self._numbers(hint.manifest if hint else "")
        if hint and not newer and self._live and self._live.digest == hint.digest:
            return self._live
        number = newer[-1] if newer else self._keys.revision_of(hint.manifest) if hint else None
        self._live = self.read(number) if number else None
        return self._live

    def publish(self, manifest: Manifest) -> None:
        """Makes a manifest the live one; `Conflict` if its number is taken by another."""
        data = write_manifest(manifest)
        key = self._keys.manifest(manifest.number)
        if not self._driver.create(key, data) and self._driver.get(key) != data:
            raise Conflict(
                f"{manifest.revision} was published by someone else meanwhile",
                movie=manifest.movie,
                next_step="run the same command again: it plans on theirs",
            )
        self.write_hint(manifest)

    def bury(self, number: int, digest: str | None, when: str, because: str) -> None:
        """Puts a tombstone in a manifest's place: its key is never deleted, or its number could be won again."""
        tombstone = Tombstone(
            movie=self._keys.movie,
            revision=revision_name(number),
            digest=digest,
            pruned_at=when,
            because=because,
        )
        self._driver.put(self._keys.manifest(number), write_manifest(tombstone))

    def write_hint(self, live: Manifest) -> None:
        """Rewrites `current.json`, where it does not say this already; to fail at it is no failure."""
        key = self._keys.manifest(live.number)
        hint = Hint(live.revision, key, live.digest)
        with suppress(MovieError):
            if self._hint() != hint:
                self._driver.put(self._keys.current, msgspec.json.encode(hint))

    def _numbers(self, after: str) -> list[int]:
        found = (self._keys.revision_of(key) for key in self._driver.list(self._keys.manifests, after=after))
        return [number for number in found if number is not None]

    def _hint(self) -> Hint | None:
        try:
            hint = msgspec.json.decode(self._driver.get(self._keys.current), type=Hint)
        except (Absent, msgspec.MsgspecError, UnicodeDecodeError):
            return None
        known = self._keys.revision_of(hint.manifest) is not None and self._driver.stat(hint.manifest)
        return hint if known else None

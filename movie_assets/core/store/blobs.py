"""Bytes named by their sha256, each kept once."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from shutil import copyfileobj

from movie_assets.core.artefact import BlobRef
from movie_assets.core.digest import digest_of_bytes, digest_of_stream
from movie_assets.core.errors import Damaged
from movie_assets.core.store.blob_cache import BlobCache
from movie_assets.core.store.driver import Absent, Driver, Stat
from movie_assets.core.store.keys import Keys

__all__ = ["YOUNG_SECONDS", "Blobs"]

YOUNG_SECONDS = 6 * 3600.0
"""A blob that was written or freshened within this time need not be freshened: no sweep takes what is under a day."""

_FEW = 16
_LOOKS = 3  # wires and memory flip bits, too: what is wrong each time is wrong on disk


class Blobs:
    """The blobs of one movie. What is read from it is what was added, or `Damaged`."""

    def __init__(self, driver: Driver, keys: Keys, cache: BlobCache | None = None) -> None:
        self._driver = driver
        self._keys = keys
        self._cache = cache
        self._sound: set[str] = set()

    def add(self, data: bytes, media_type: str) -> BlobRef:
        """Stores bytes; those that are there already, in the right size, are not written again."""
        ref = BlobRef(digest_of_bytes(data), len(data), media_type)
        if not self.freshen(ref):
            self._driver.put(self._keys.blob(ref.digest), data)
        return ref

    def add_file(self, path: Path, media_type: str) -> BlobRef:
        """Stores a finished file of our own without holding it in memory; it may only be read from now on.

        It may become read-only, for the store shares it: a person's file is `add`ed, or copied first.
        """
        with path.open("rb") as stream:
            ref = BlobRef(digest_of_stream(stream), os.fstat(stream.fileno()).st_size, media_type)
        if not self.freshen(ref):
            self._driver.put_file(self._keys.blob(ref.digest), path)
        self._remember(ref, path)
        return ref

    def has(self, ref: BlobRef) -> bool:
        """Whether the blob is there in its full size; its bytes are not looked at."""
        found = self._driver.stat(self._keys.blob(ref.digest))
        return found is not None and found.size == ref.size

    def freshen(self, ref: BlobRef) -> bool:
        """Makes a blob that is there in its full size too young to be swept; False if it is not there."""
        return self.has(ref) and self._driver.freshen(self._keys.blob(ref.digest))

    def freshen_all(self, refs: Collection[BlobRef], now: float) -> list[BlobRef]:
        """Makes blobs too young to be swept, and tells which are not there; `now` is by the store's clock."""
        refs = {ref.digest: ref for ref in refs if ref.inline is None}.values()
        stats = self._stats() if len(refs) > _FEW else {}
        gone = []
        for ref in refs:
            found = stats.get(ref.digest) or self._driver.stat(self._keys.blob(ref.digest))
            if (
                found is None
                or found.size != ref.size
                or (now - found.modified > YOUNG_SECONDS and not self.freshen(ref))
            ):
                gone.append(ref)
        return gone

    def _stats(self) -> dict[str, Stat]:
        found = ((self._keys.digest_of(key), stat) for key, stat in self._driver.scan(self._keys.blobs))
        return {digest: stat for digest, stat in found if digest is not None}

    def sizes(self) -> dict[str, int]:
        """The size of every blob that is there, by digest."""
        return {digest: stat.size for digest, stat in self._stats().items()}

    def read(self, ref: BlobRef) -> bytes:
        """The bytes, checked."""
        for _ in range(_LOOKS):
            try:
                data = self._driver.get(self._keys.blob(ref.digest))
            except Absent:
                raise self._damaged(ref, "is missing") from None
            if digest_of_bytes(data) == ref.digest:
                return data
        raise self._damaged(ref, "does not match its digest")

    def file(self, ref: BlobRef, scratch: Path) -> Path:
        """A file to read, never to change: the store's own, checked once, or a checked copy in `scratch`."""
        if not self.has(ref):
            raise self._damaged(ref, "is missing or cut short")
        path = self._driver.path(self._keys.blob(ref.digest))
        if path is not None and ref.digest in self._sound:
            return path
        for _ in range(_LOOKS):
            found = path or self._copy(ref, scratch)
            if self._is_sound(ref, found):
                return found
        raise self._damaged(ref, "does not match its digest")

    def discard(self, digest: str) -> None:
        """Removes a damaged blob, so that the next `add` writes it anew."""
        self._sound.discard(digest)
        if self._cache is not None:
            self._cache.forget(digest)
        self._driver.delete(self._keys.blob(digest))

    def _copy(self, ref: BlobRef, scratch: Path) -> Path:
        copy = scratch / ref.digest
        if self._cache is not None and self._cache.give(ref.digest, copy):
            return copy
        with self._driver.open(self._keys.blob(ref.digest)) as source, copy.open("wb") as target:
            copyfileobj(source, target)
        self._remember(ref, copy)
        return copy

    def _remember(self, ref: BlobRef, path: Path) -> None:
        """A store whose files can be read in place needs no cache."""
        if self._cache is not None and not self._driver.capabilities.paths:
            self._cache.keep(ref.digest, path)

    def _is_sound(self, ref: BlobRef, path: Path) -> bool:
        with path.open("rb") as stream:
            sound = digest_of_stream(stream) == ref.digest
        if sound:
            self._sound.add(ref.digest)
        elif self._cache is not None:
            self._cache.forget(ref.digest)
        return sound

    def _damaged(self, ref: BlobRef, what: str) -> Damaged:
        return Damaged(
            f"a stored blob {what}",
            movie=self._keys.movie,
            digest=ref.digest,
            media_type=ref.media_type,
            next_step=f"movies verify {self._keys.movie} --repair",
        )

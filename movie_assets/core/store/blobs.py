"""Bytes named by their sha256, each kept once."""

from __future__ import annotations

import os
from pathlib import Path
from shutil import copyfileobj

from movie_assets.core.artefact import BlobRef
from movie_assets.core.digest import digest_of_bytes, digest_of_stream
from movie_assets.core.errors import Damaged
from movie_assets.core.store.driver import Absent, Driver
from movie_assets.core.store.keys import Keys

__all__ = ["Blobs"]


class Blobs:
    """The blobs of one movie. What is read from it is what was added, or `Damaged`."""

    def __init__(self, driver: Driver, keys: Keys) -> None:
        self._driver = driver
        self._keys = keys
        self._sound: set[str] = set()

    def add(self, data: bytes, media_type: str) -> BlobRef:
        """Stores bytes; those that are there already, in the right size, are not written again."""
        ref = BlobRef(digest_of_bytes(data), len(data), media_type)
        if not self.has(ref):
            self._driver.put(self._keys.blob(ref.digest), data)
        return ref

    def add_file(self, path: Path, media_type: str) -> BlobRef:
        """Stores a finished file of our own without holding it in memory; it may only be read from now on.

        It may become read-only, for the store shares it: a person's file is `add`ed, or copied first.
        """
        with path.open("rb") as stream:
            ref = BlobRef(digest_of_stream(stream), os.fstat(stream.fileno()).st_size, media_type)
        if not self.has(ref):
            self._driver.put_file(self._keys.blob(ref.digest), path)
        return ref

    def has(self, ref: BlobRef) -> bool:
        """Whether the blob is there in its full size; its bytes are not looked at."""
        found = self._driver.stat(self._keys.blob(ref.digest))
        return found is not None and found.size == ref.size

    def sizes(self) -> dict[str, int]:
        """The size of every blob that is there, by digest."""
        found = ((self._keys.digest_of(key), stat.size) for key, stat in self._driver.scan(self._keys.blobs))
        return {digest: size for digest, size in found if digest is not None}

    def read(self, ref: BlobRef) -> bytes:
        """The bytes, checked."""
        try:
            data = self._driver.get(self._keys.blob(ref.digest))
        except Absent:
            raise self._damaged(ref, "is missing") from None
        if digest_of_bytes(data) != ref.digest:
            raise self._damaged(ref, "does not match its digest")
        return data

    def file(self, ref: BlobRef, scratch: Path) -> Path:
        """A file to read, never to change: the store's own, checked once, or a checked copy in `scratch`."""
        if not self.has(ref):
            raise self._damaged(ref, "is missing or cut short")
        path = self._driver.path(self._keys.blob(ref.digest))
        if path is not None and ref.digest in self._sound:
            return path
        return self._check(ref, path or self._copy(ref, scratch))

    def discard(self, digest: str) -> None:
        """Removes a damaged blob, so that the next `add` writes it anew."""
        self._sound.discard(digest)
        self._driver.delete(self._keys.blob(digest))

    def _copy(self, ref: BlobRef, scratch: Path) -> Path:
        copy = scratch / ref.digest
        with self._driver.open(self._keys.blob(ref.digest)) as source, copy.open("wb") as target:
            copyfileobj(source, target)
        return copy

    def _check(self, ref: BlobRef, path: Path) -> Path:
        with path.open("rb") as stream:
            found = digest_of_stream(stream)
        if found != ref.digest:
            raise self._damaged(ref, "does not match its digest")
        self._sound.add(ref.digest)
        return path

    def _damaged(self, ref: BlobRef, what: str) -> Damaged:
        return Damaged(
            f"a stored blob {what}",
            movie=self._keys.movie,
            digest=ref.digest,
            media_type=ref.media_type,
            next_step=f"movies verify {self._keys.movie}",
        )

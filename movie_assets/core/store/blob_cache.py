"""Copies of blobs of a distant store, so that one process fetches none twice."""

from __future__ import annotations

import os
import shutil
import threading
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

__all__ = ["BlobCache"]

_LARGEST = 4 << 30


class BlobCache:
    """Files by digest in a folder of this process's own, the longest unused removed beyond `largest` bytes in all.

    What is given is a name of its own for the same bytes, which stays when the cache's is removed. Nothing here is
    trusted: whoever is given a file checks its digest. A full disk makes it useless, never a failure.
    """

    def __init__(self, folder: Path, largest: int = _LARGEST) -> None:
        self._folder, self._largest = folder, largest
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, digest: str, path: Path) -> None:
        """Takes a finished file, which may only be read from now on."""
        with self._lock, suppress(OSError):
            size = path.stat().st_size
            if digest in self._sizes or size > self._largest:
                return
            self._folder.mkdir(parents=True, exist_ok=True)
            self._make_room(size)
            _link(path, self._folder / digest)
            self._sizes[digest] = size

    def give(self, digest: str, to: Path) -> bool:
        """Puts the bytes of a digest at a path; False if they are not here."""
        with self._lock:
            if digest not in self._sizes:
                return False
            self._sizes.move_to_end(digest)
            try:
                _link(self._folder / digest, to)
            except OSError:
                del self._sizes[digest]
                return False
            return True

    def forget(self, digest: str) -> None:
        """Drops what may be damaged."""
        with self._lock:
            if self._sizes.pop(digest, None) is not None:
                (self._folder / digest).unlink(missing_ok=True)

    def _make_room(self, size: int) -> None:
        while sum(self._sizes.values()) + size > self._largest:
            oldest, _ = self._sizes.popitem(last=False)
            (self._folder / oldest).unlink(missing_ok=True)


def _link(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)

"""The folders of a local store: made durably, synced together, never left through a symbolic link."""

from __future__ import annotations

import errno
import os
from functools import partial
from pathlib import Path

from movie_assets.core.errors import Refused
from movie_assets.core.store.disk import Disk
from movie_assets.core.store.shared_sync import SharedSync

__all__ = ["Folders"]

_NO_FOLDER_SYNC = (
    errno.EINVAL,
    errno.ENOTSUP,
)  # some network file systems; their servers keep names by themselves


class Folders:
    """Remembers what it has made and checked, so that each folder costs something only once."""

    def __init__(self, root: str, disk: Disk) -> None:
        self._root = root
        self._disk = disk
        self._inside: set[str] = set()
        self._made: set[str] = set()
        self._durable: set[str] = set()
        self._syncs: dict[str, SharedSync] = {}

    def check(self, folder: str) -> None:
        """Refuses a folder that a symbolic link leads out of the root."""
        if folder in self._inside:
            return
        try:
            real = Path(folder).resolve()
        except RuntimeError:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from None
        if not real.is_relative_to(self._root):
            raise Refused("a symbolic link leads out of the store", folder=folder, leads_to=real)
        if real.exists():
            self._inside.add(folder)

    def make(self, folder: str) -> None:
        """Makes a folder; its name is durable after `sync`."""
        if folder in self._made:
            return
        if folder == self._root:
            self._make_root()
        else:
            self.make(_above(folder))
            Path(folder).mkdir(exist_ok=True)
        self._made.add(folder)

    def sync(self, folder: str) -> None:
        """Makes the names in a folder durable, and its own, which another process may have made an instant ago."""
        self._flush_shared(folder)
        if folder not in self._durable:
            self._sync_above(folder)

    def forget(self) -> None:
        """Looks at everything afresh, for somebody has removed a folder."""
        self._inside.clear()
        self._made.clear()
        self._durable.clear()

    def _make_root(self) -> None:
        root = Path(self._root)
        missing = [folder for folder in (root, *root.parents) if not folder.exists()]
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
            self._flush(str(folder.parent))

    def _sync_above(self, folder: str) -> None:
        """One sync of the folder above serves all that are in it by now."""
        if folder == self._root:
            self._durable.add(folder)
            return
        beside = _folders_in(_above(folder))
        self.sync(_above(folder))
        self._durable.update(beside)

    def _flush_shared(self, folder: str) -> None:
        shared = self._syncs.get(folder)
        if shared is None:
            shared = self._syncs.setdefault(folder, SharedSync(partial(self._flush, folder)))
        try:
            shared()
        except OSError:
            self._syncs.pop(folder, None)
            raise

    def _flush(self, folder: str) -> None:
        descriptor = self._disk.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, 0)
        try:
            self._disk.sync(descriptor)
        except OSError as error:
            if error.errno not in _NO_FOLDER_SYNC:
                raise
        finally:
            os.close(descriptor)


def _above(folder: str) -> str:
    return folder.rpartition("/")[0]


def _folders_in(folder: str) -> list[str]:
    with os.scandir(folder) as found:
        return [entry.path for entry in found if entry.is_dir()]

"""A log file held open for appending."""

from __future__ import annotations

import errno
import os

from movie_assets.core.store.disk import Disk
from movie_assets.core.store.shared_sync import SharedSync

__all__ = ["Appender"]

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class Appender:
    """Adds to the end of one file, durably; threads share its flushes. After an error, open another.

    The descriptor closes when the last thread lets go of the object, so none writes to a number that was given away.
    """

    def __init__(self, place: str, disk: Disk) -> None:
        self._disk = disk
        self._file = descriptor = disk.open(place, _FLAGS, 0o666)
        opened = os.fstat(descriptor)
        self._identity = (opened.st_dev, opened.st_ino)
        self._sync = SharedSync(lambda: disk.sync_data(descriptor))

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            os.close(self._file)

    def append(self, frame: bytes) -> None:
        """One write, whole or an error; durable on return."""
        written = self._disk.write(self._file, frame)
        if written != len(frame):
            raise OSError(errno.ENOSPC, f"{written} of {len(frame)} bytes written")
        self._sync()

    def is_at(self, place: str) -> bool:
        """Whether the file is still the one under that path."""
        try:
            found = os.lstat(place)
        except FileNotFoundError:
            return False
        return (found.st_dev, found.st_ino) == self._identity

"""The calls to the operating system that can fail half way, and what their failures mean to a person."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from movie_assets.core.errors import Damaged, MovieError, Refused, Unready

__all__ = ["Disk", "told"]

_SENTENCES = {
    errno.ENOSPC: ("the disk is full", "free some space, or choose another place with --root"),
    errno.EDQUOT: ("the disk quota is used up", "free some space, or choose another place with --root"),
    errno.EROFS: ("the file system is read-only", "mount it writable, or choose another place with --root"),
    errno.EACCES: (
        "the folder may not be used by this user",
        "change its owner or mode, or choose another --root",
    ),
    errno.EPERM: (
        "the file system does not allow it",
        "a store needs hard links and a folder of its own: choose another place with --root",
    ),
    errno.EMFILE: ("too many files are open", "raise the limit (ulimit -n), or run fewer jobs at once"),
    errno.EIO: ("the disk reports an error", "look at the system's log, and move the store to a sound disk"),
}


@dataclass(frozen=True, slots=True)
class Disk:
    """What the local driver asks of the operating system; a test passes one that fails."""

    open: Callable[[str, int, int], int] = os.open
    write: Callable[[int, bytes | memoryview], int] = os.write
    sync: Callable[[int], None] = os.fsync
    sync_data: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)  # noqa: RUF009
    link: Callable[[str, str], None] = os.link
    rename: Callable[[str, str], None] = os.rename
    unlink: Callable[[str], None] = os.unlink
    nonce: Callable[[], str] = lambda: os.urandom(8).hex()


@contextmanager
def told(verb: str, key: str, folder: str) -> Iterator[None]:
    """Turns errors of the operating system into ours."""
    try:
        yield
    except OSError as error:
        raise _meaning(error, verb, key, folder) from error


def _meaning(error: OSError, verb: str, key: str, folder: str) -> MovieError:
    if error.errno in (errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG):
        return Refused(f"{key} cannot be a key here: {error.strerror}", folder=folder)
    if error.errno == errno.ELOOP:
        return Refused(f"{key} is a symbolic link, which a store does not follow", folder=folder)
    if error.errno == errno.EIO and verb == "read":
        return Damaged(
            f"{key} cannot be read: the disk reports an error", folder=folder, next_step="movies verify"
        )
    fact, next_step = _SENTENCES.get(error.errno or 0, (error.strerror or str(error), "look at the folder"))
    return Unready(f"cannot {verb} {key}: {fact}", folder=folder, next_step=next_step)

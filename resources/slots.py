"""Slots: how many requests all processes of a machine make at once, held as locked files.

The system lets go of a lock when its process dies, however it dies, so no slot is ever lost.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from movie_assets.core.errors import Stopped, Unready
from resources.connection import Connection, Limits

__all__ = ["Slots", "slots_of"]

_GLANCE_SECONDS = 0.05
_ASLEEP_SECONDS = 10.0
_WINDOW_SECONDS = 60.0


class Slots:
    """At most `at_once` at a time, and `per_minute` begun within any minute, first come first served.

    `folder` is the same for all that share them. Whoever waits leaves a locked ticket in it, named by the time: a
    process that just let go of a slot may not take it again before one that has waited.
    """

    def __init__(self, folder: Path, limits: Limits, seconds: Callable[[], float] = time.monotonic) -> None:
        self._folder, self._limits, self._seconds = folder, limits, seconds
        self._number = itertools.count()

    @contextmanager
    def one(self, stop: threading.Event) -> Iterator[None]:
        """Waits for a slot and holds it; `Stopped` as soon as `stop` is set."""
        slot = self._wait(stop)
        try:
            yield
        finally:
            os.close(slot)

    def _wait(self, stop: threading.Event) -> int:
        with self._ticket() as ticket:
            while True:
                if self._is_first(ticket) and (slot := self._free()) is not None:
                    return slot
                os.utime(ticket)
                if stop.wait(_GLANCE_SECONDS):
                    raise Stopped("stopped on request", next_step="run the same command again to go on")

    @contextmanager
    def _ticket(self) -> Iterator[Path]:
        queue = self._made(self._folder / "queue")
        path = queue / f"{time.time_ns():020d}-{os.getpid()}-{next(self._number)}"
        held = _locked(path)
        # Others take a file that is not locked yet for one whose process died, and remove it.
        while held is None or os.fstat(held).st_nlink == 0:
            if held is not None:
                os.close(held)
            held = _locked(path)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)
            os.close(held)

    def _is_first(self, ticket: Path) -> bool:
        for other in sorted(ticket.parent.iterdir()):
            if other == ticket:
                return True
            if not _is_over(other):
                return False
        return False

    def _free(self) -> int | None:
        """A slot that nobody holds, now held by us, if another request may begin."""
        for number in range(self._limits.at_once):
            slot = _locked(self._folder / f"slot-{number}")
            if slot is not None:
                if self._may_begin():
                    return slot
                os.close(slot)
                return None
        return None

    def _may_begin(self) -> bool:
        """Whether fewer than `per_minute` began within the last minute; if so, notes that one does now."""
        most = self._limits.per_minute
        if most is None:
            return True
        with (self._folder / "begun").open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            now = self._seconds()
            # The clock counts from the machine's start: what lies ahead of it was noted before that.
            recent = [at for at in map(float, file.read().split()) if now - _WINDOW_SECONDS < at <= now]
            if len(recent) < most:
                recent.append(now)
            else:
                return False
            file.truncate(0)
            file.write("\n".join(map(repr, recent)) + "\n")
            file.flush()
            return True

    def _made(self, folder: Path) -> Path:
        with suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise Unready(
                f"cannot write into the folder {folder}",
                next_step="remove it or make it writable, or set TMPDIR to a folder that is",
            )
        return folder


def slots_of(connection: Connection) -> Slots:
    """The slots of an account on this machine, one user's; nothing in the folder tells the key."""
    base = Path(tempfile.gettempdir()) / f"movie-assets-lines-{os.getuid()}"
    return Slots(base / connection.account, connection.limits)


def _locked(path: Path) -> int | None:
    """An open file that we alone have locked, None if another has."""
    held = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        return None
    return held


def _is_over(ticket: Path) -> bool:
    """Whether nobody waits by a ticket; that of a dead process is removed, that of a suspended one passed over."""
    with suppress(FileNotFoundError):
        left = os.open(ticket, os.O_RDWR)
        try:
            fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
            ticket.unlink()
        except BlockingIOError:
            return time.time() - ticket.stat().st_mtime > _ASLEEP_SECONDS
        finally:
            os.close(left)
    return True

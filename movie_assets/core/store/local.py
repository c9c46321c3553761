"""The driver on a local file system, on plain `os`.

Whatever is stored is first a temporary: temporary → write → fsync → link (create) or rename (put) → fsync the folder.
"""

from __future__ import annotations

import io
import os
import stat
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO, TypeVar

from movie_assets.core.errors import Refused
from movie_assets.core.store.appender import Appender
from movie_assets.core.store.disk import Disk, told
from movie_assets.core.store.driver import Absent, Capabilities, Stat, check_key, check_prefix, is_key
from movie_assets.core.store.folders import Folders

__all__ = ["LocalDriver"]

_T = TypeVar("_T")
_DISK = Disk()
_READ = os.O_RDONLY | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_CHUNK = 1 << 20
_STALE_SECONDS = 24 * 3600.0
_NOTHING_THERE = (FileNotFoundError, NotADirectoryError, IsADirectoryError)


class LocalDriver:
    """Keeps each key in a file below `root`, which is made when the first is written."""

    capabilities = Capabilities(append=True, paths=True, conditional=True)

    def __init__(self, root: Path, disk: Disk = _DISK) -> None:
        self._root = str(root.resolve())
        self._temporaries = f"{self._root}/.tmp"
        self._disk = disk
        self._tidy = False
        self._process = _Process(self._root, disk)

    # --- reading ----------------------------------------------------------------------------------------------

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        with told("read", key, self._root), self.open(key) as stream:
            stream.seek(start)
            return stream.read() if end is None else stream.read(max(0, end - start))

    def open(self, key: str) -> BinaryIO:
        place = self._place(key)
        with told("read", key, self._root):
            try:
                return io.BufferedReader(io.FileIO(place, opener=_open_no_link))
            except _NOTHING_THERE:
                raise Absent("nothing is stored there", key=key, folder=self._root) from None

    def list(self, prefix: str, after: str = "") -> Iterator[str]:
        return (key for key, _ in self._below(prefix, after))

    def scan(self, prefix: str) -> Iterator[tuple[str, Stat]]:
        with told("list", prefix, self._root):
            for key, entry in self._below(prefix, ""):
                try:
                    found = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                yield key, _stat(found)

    def stat(self, key: str) -> Stat | None:
        place = self._place(key)
        with told("read", key, self._root), suppress(*_NOTHING_THERE):
            found = os.lstat(place)
            return _stat(found) if stat.S_ISREG(found.st_mode) else None
        return None

    def path(self, key: str) -> Path:
        return Path(self._place(key))

    def address(self, key: str) -> str:
        return self._place(key)

    # --- writing ----------------------------------------------------------------------------------------------

    def create(self, key: str, data: bytes, *, durable: bool = True) -> bool:
        return self._store(key, partial(self._write, (data,), _mode(key), durable), self._name_new, durable)

    def put(self, key: str, data: bytes) -> None:
        self._store(key, partial(self._write, (data,), _mode(key), True), self._name_anew)

    def put_file(self, key: str, path: Path) -> None:
        if not path.is_file():
            raise Refused("there is no such file to store", path=path, key=key)
        self._store(key, partial(self._take, path), self._name_anew)

    def append(self, key: str, frame: bytes) -> None:
        place = self._place(key)
        with told("append to", key, self._root):
            try:
                self._log(place).append(frame)
            except OSError:
                self._here().logs.pop(place, None)
                raise

    def freshen(self, key: str) -> bool:
        place = self._place(key)
        with told("freshen", key, self._root), suppress(*_NOTHING_THERE):
            try:
                os.utime(place, follow_symlinks=False)
            except PermissionError:  # another user's file: their time cannot be changed, but a copy is ours
                self.put_file(key, Path(place))
            return True
        return False

    def delete(self, key: str) -> None:
        place = self._place(key)
        with told("delete", key, self._root), suppress(*_NOTHING_THERE):
            self._disk.unlink(place)

    # --- the recipe -------------------------------------------------------------------------------------------

    def _store(
        self, key: str, fill: Callable[[str], None], name: Callable[[str, str], bool], durable: bool = True
    ) -> bool:
        """Also a `create` that lost waits for the sync: what it reads of the winner is durable."""
        place = self._place(key)
        temporary = f"{self._temporaries}/{self._disk.nonce()}"
        with told("write", key, self._root):
            try:
                self._in_folder(self._temporaries, partial(fill, temporary))
                named = self._in_folder(_above(place), partial(name, temporary, place))
                if durable:
                    self._here().folders.sync(_above(place))
                return named
            finally:
                self._remove(temporary)

    def _write(self, chunks: Iterable[bytes], mode: int, durable: bool, temporary: str) -> None:
        descriptor = self._disk.open(temporary, _NEW, mode)
        try:
            for chunk in chunks:
                self._write_all(descriptor, chunk)
            if durable:
                self._disk.sync(descriptor)
        finally:
            os.close(descriptor)

    def _write_all(self, descriptor: int, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self._disk.write(descriptor, rest) :]

    def _take(self, path: Path, temporary: str) -> None:
        try:
            self._share(path, temporary)
        except OSError:  # another file system or owner, too many links, or a file system without them
            self._remove(temporary)
            with path.open("rb") as source:
                self._write(iter(partial(source.read, _CHUNK), b""), 0o444, True, temporary)

    def _share(self, path: Path, temporary: str) -> None:
        self._disk.link(str(path.resolve()), temporary)
        descriptor = self._disk.open(temporary, _READ, 0)
        try:
            os.utime(descriptor)  # stored now, whenever it was made
            os.fchmod(descriptor, os.fstat(descriptor).st_mode & 0o555)
            self._disk.sync(descriptor)
        finally:
            os.close(descriptor)

    def _name_new(self, temporary: str, place: str) -> bool:
        try:
            self._disk.link(temporary, place)
        except FileExistsError:
            if Path(place).is_dir():
                raise
            return False
        return True

    def _name_anew(self, temporary: str, place: str) -> bool:
        self._disk.rename(temporary, place)
        return True

    def _remove(self, temporary: str) -> None:
        with suppress(FileNotFoundError):
            self._disk.unlink(temporary)
        if not self._tidy:
            self._tidy = True
            self._remove_stale()

    def _remove_stale(self) -> None:
        """What killed processes left, by the file system's clock: the folder has just been changed."""
        with suppress(OSError), os.scandir(self._temporaries) as found:
            now = Path(self._temporaries).stat().st_mtime
            for entry in found:
                if now - entry.stat(follow_symlinks=False).st_ctime > _STALE_SECONDS:
                    self._disk.unlink(entry.path)

    # --- places -----------------------------------------------------------------------------------------------

    def _place(self, key: str) -> str:
        place = f"{self._root}/{check_key(key)}"
        with told("reach", key, self._root):
            self._here().folders.check(_above(place))
        return place

    def _in_folder(self, folder: str, act: Callable[[], _T]) -> _T:
        folders = self._here().folders
        folders.make(folder)
        try:
            return act()
        except FileNotFoundError:
            folders.forget()
            folders.make(folder)
            return act()

    def _below(self, prefix: str, after: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
        above, slash, _ = check_prefix(prefix).rpartition("/")
        with told("list", prefix, self._root):
            self._here().folders.check(f"{self._root}/{above}".rstrip("/"))
        return self._walk(above + slash, prefix, after)

    def _walk(self, above: str, prefix: str, after: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
        """The keys below a folder as the whole keys sort: `a-b` before `a/b`."""
        for key, entry in sorted(self._entries(above, after), key=itemgetter(0)):
            if not key.startswith(prefix):
                continue
            if not key.endswith("/"):
                if key > after:
                    yield key, entry
            elif key > after or after.startswith(key):
                yield from self._walk(key, prefix, after)

    def _entries(self, above: str, after: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
        """What is in a folder, as far as any of it may sort behind `after`."""
        folder = f"{self._root}/{above}"
        with told("list", above, folder), suppress(*_NOTHING_THERE), os.scandir(folder) as found:
            for entry in found:
                whole = f"{above}{entry.name}/"
                if (whole <= after and not after.startswith(whole)) or not is_key(entry.name):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    yield f"{above}{entry.name}/", entry
                elif entry.is_file(follow_symlinks=False):
                    yield above + entry.name, entry

    # --- logs -------------------------------------------------------------------------------------------------

    def _log(self, place: str) -> Appender:
        here = self._here()
        with here.opening:
            log = here.logs.get(place)
            if log is None or not log.is_at(place):
                log = here.logs[place] = self._in_folder(_above(place), partial(Appender, place, self._disk))
                here.folders.sync(_above(place))
            return log

    def _here(self) -> _Process:
        """After a fork everything with a lock is new: the old may be held by a thread that is not here."""
        if self._process.number != os.getpid():
            self._process = _Process(self._root, self._disk)
        return self._process


class _Process:
    """What one process has open and remembers."""

    def __init__(self, root: str, disk: Disk) -> None:
        self.number = os.getpid()
        self.folders = Folders(root, disk)
        self.logs: dict[str, Appender] = {}
        self.opening = threading.Lock()


def _above(place: str) -> str:
    return place.rpartition("/")[0]


def _open_no_link(path: str, _: int) -> int:
    return os.open(path, _READ | os.O_NOFOLLOW)


def _stat(found: os.stat_result) -> Stat:
    return Stat(found.st_size, found.st_mtime)


def _mode(key: str) -> int:
    return 0o444 if "blobs" in key.split("/") else 0o666

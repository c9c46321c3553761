"""The shelf: a folder of exported files that knows what each was made of, so that nothing is written twice."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

__all__ = ["Shelf"]

_CORNER = ".export"
_RECORD = f"{_CORNER}/record.json"


class _Entry(Struct, frozen=True):
    """What a file was made of (`key`), and how it looked when it was written."""

    key: str
    size: int
    modified: int


class _Record(Struct, frozen=True, tag_field="format", tag=1):
    """`.export/record.json`."""

    files: dict[str, _Entry]


class Shelf:
    """Puts files into a folder. What an earlier export put there and this one does not is taken away by `tidy`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._before = _read(folder / _RECORD)
        self._now: dict[str, _Entry] = {}

    @property
    def is_used(self) -> bool:
        """Whether an earlier export put anything here."""
        return bool(self._before)

    def has(self, name: str) -> bool:
        """Whether an earlier export put a file of this name here."""
        return name in self._before

    def stands(self, name: str, key: str) -> bool:
        """Whether a file is there, made of the same and untouched since; it stays."""
        entry = self._before.get(name)
        if entry is None or entry.key != key or _entry(self.folder / name, key) != entry:
            return False
        self._now[name] = entry
        return True

    def keeps(self, folders: tuple[str, ...]) -> bool:
        """Whether all that was put into these folders stands; it stays."""
        names = [name for name in self._before if name.startswith(folders)]
        return all(self.stands(name, self._before[name].key) for name in names)

    def put(self, name: str, key: str, write: Callable[[Path], object]) -> Path:
        """The file of this name, written whole by `write` unless it stands."""
        path = self.folder / name
        if not self.stands(name, key):
            path.parent.mkdir(parents=True, exist_ok=True)
            # The same folder, so that the last step is a rename; the process's number, so that two exports do not meet.
            temporary = path.with_name(f".{os.getpid()}.{path.name}")
            try:
                write(temporary)
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)
            written = _entry(path, key)
            assert written is not None, f"{path} was just written"
            self._now[name] = written
        return path

    def tidy(self) -> None:
        """Takes away what was put here earlier and is no longer part of it, and remembers what is."""
        if self._now == self._before:
            return
        for name in self._before.keys() - self._now.keys():
            path = self.folder / name
            path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                path.parent.rmdir()  # only if it is empty
        self._before = dict(self._now)
        record = msgspec.json.encode(_Record(self._before))
        path = self.folder / _RECORD
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{os.getpid()}.{path.name}")
        temporary.write_bytes(record)
        temporary.replace(path)


def _read(path: Path) -> dict[str, _Entry]:
    """What is remembered; nothing where that cannot be read, and everything is written again."""
    try:
        files = msgspec.json.decode(path.read_bytes(), type=_Record).files
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return {}
    # What is remembered may be taken away, so it must be below this folder.
    return {name: entry for name, entry in files.items() if _is_below(Path(name))}


def _is_below(name: Path) -> bool:
    return not name.is_absolute() and ".." not in name.parts


def _entry(path: Path, key: str) -> _Entry | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return _Entry(key, found.st_size, found.st_mtime_ns)

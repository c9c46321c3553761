"""The predecessor's folder, read by someone who does not trust it: bounded, whole lines only, nothing outside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from movie_assets.core.errors import Refused

__all__ = ["LARGEST_ASSET", "Tree"]

LARGEST_ASSET = 8 << 30
_LARGEST_DOCUMENT = 16 << 20
_LARGEST_LOG = 64 << 20
_LARGEST_LINE = 1 << 20
_MOST_FILES = 20_000
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,200}\Z")


class Tree:
    """Reads below one folder and writes nowhere. `problems` are what could not be read, by its path, and why."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise Refused(f"{folder} is not a folder", next_step="name the predecessor's builds/<movieId>")
        self.root = folder.resolve()
        self.problems: dict[str, str] = {}

    def document(self, name: str) -> dict[str, Any]:
        """A JSON file's mapping; empty if it is missing, torn, too large or something else."""
        data = self._bytes(name, _LARGEST_DOCUMENT)
        if data is None:
            return {}
        found = self._decoded(name, data)
        if found is not None and not isinstance(found, dict):
            self.problems[name] = "it is not a JSON object"
        return found if isinstance(found, dict) else {}

    def lines(self, name: str) -> list[dict[str, Any]]:
        """The whole entries of a log, in order; also of the oldest form, one object with `lines`."""
        data = self._bytes(name, _LARGEST_LOG)
        if data is None:
            return []
        stub = _stub(data)
        rows = data.split(b"\n") if stub is None else stub
        return [
            entry for number, row in enumerate(rows, start=1) if (entry := self._entry(name, number, row))
        ]

    def names(self, folder: str) -> list[str]:
        """What lies in a folder, sorted; names that no program of ours or theirs writes are passed over."""
        place = self.root / folder
        if not place.is_dir() or not place.resolve().is_relative_to(self.root):
            return []
        found = sorted(path.name for path in place.iterdir() if _NAME.match(path.name))
        if len(found) > _MOST_FILES:
            self.problems[folder] = f"it holds {len(found)} files; the first {_MOST_FILES} are looked at"
        return found[:_MOST_FILES]

    def file(self, name: str) -> Path | None:
        """A file below the folder that is neither empty nor too large; None also for one that a link leads out to."""
        try:
            path = (self.root / name).resolve()
            if not path.is_relative_to(self.root) or not path.is_file():
                return None
            size = path.stat().st_size
        except (OSError, ValueError, RuntimeError):  # too long, a null byte, links in a circle, no permission
            return None
        if not 0 < size <= LARGEST_ASSET:
            self.problems[name] = "it is empty" if not size else f"it is larger than {LARGEST_ASSET} bytes"
            return None
        return path

    def _bytes(self, name: str, largest: int) -> bytes | None:
        path = self.file(name)
        if path is None:
            return None
        with path.open("rb") as stream:
            data = stream.read(largest + 1)
        if len(data) > largest:
            self.problems[name] = f"it is larger than {largest} bytes"
            return None
        return data

    def _entry(self, name: str, number: int, row: Any) -> dict[str, Any] | None:
        if isinstance(row, dict):
            return row
        data = row.encode() if isinstance(row, str) else row
        if not isinstance(data, bytes) or not data.strip():
            return None
        where = f"{name}, line {number}"
        if len(data) > _LARGEST_LINE:
            self.problems[where] = f"it is larger than {_LARGEST_LINE} bytes"
            return None
        found = self._decoded(where, data)
        return found if isinstance(found, dict) else None

    def _decoded(self, where: str, data: bytes) -> Any:
        try:
            return msgspec.json.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self.problems[where] = "it is torn or no JSON"
            return None


def _stub(data: bytes) -> list[Any] | None:
    if not data.lstrip().startswith(b"{"):
        return None
    try:
        found = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    rows = found.get("lines") if isinstance(found, dict) else None
    return list(_rows(rows)) if isinstance(rows, list) else None


def _rows(rows: list[Any]) -> Iterator[Any]:
    return (row for row in rows if isinstance(row, (dict, str)))

"""The driver interface: a handful of verbs over keys and bytes, and what a driver can do as data.

A key is a relative path of parts joined by `/`. No key lies below another key: where `a` is stored, `a/b` is not.
Names become durable before a verb returns, except for `delete`, which may be forgotten by a power cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from movie_assets.core.errors import MovieError, Refused

__all__ = ["Absent", "Capabilities", "Driver", "Stat", "check_key", "check_prefix", "is_key"]

_PART = r"[A-Za-z0-9_\[\]=.-]{1,255}"
_KEY = re.compile(rf"{_PART}(?:/{_PART})*\Z")
_NO_PART = frozenset({".", "..", ".tmp"})  # drivers keep unfinished files below .tmp
_LONGEST = 1024


class Absent(MovieError):
    """Nothing is stored under a key."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a driver can do. `conditional`: of many `create` calls for one key exactly one wins."""

    append: bool
    paths: bool
    conditional: bool


@dataclass(frozen=True, slots=True)
class Stat:
    """Size in bytes, and when last written, in seconds by the store's own clock."""

    size: int
    modified: float


class Driver(Protocol):
    """Keeps bytes under keys."""

    @property
    def capabilities(self) -> Capabilities: ...

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        """The bytes from `start` up to, not including, `end`, cut as a slice cuts; `Absent` if there are none."""

    def open(self, key: str) -> BinaryIO:
        """A stream of the bytes, for the caller to close; `Absent` if there are none."""

    def create(self, key: str, data: bytes, *, durable: bool = True) -> bool:
        """Stores bytes under a key that has none, whole or not at all; False if another was first.

        What is not `durable` may be forgotten by a power cut, and costs less.
        """

    def put(self, key: str, data: bytes) -> None:
        """Stores bytes under a key in place of any it had; readers see the old or the new, whole."""

    def put_file(self, key: str, path: Path) -> None:
        """`put` of a finished file, which may come to share its bytes with the store: only read it from now on."""

    def append(self, key: str, frame: bytes) -> None:
        """Adds bytes at the end of a key, in one piece (only with capability `append`).

        After an error a part of the frame may be there: append the whole frame again.
        """

    def list(self, prefix: str, after: str = "") -> Iterator[str]:
        """The keys that begin with `prefix` and sort behind `after`, in order."""

    def scan(self, prefix: str) -> Iterator[tuple[str, Stat]]:
        """`list`, with the `stat` of each key."""

    def stat(self, key: str) -> Stat | None:
        """Size and time of a key, None if nothing is stored."""

    def freshen(self, key: str) -> bool:
        """Makes a key as young as if it were written now; False if nothing is stored. It may be forgotten by a power cut."""

    def delete(self, key: str) -> None:
        """Removes a key; nothing happens if it is not there."""

    def path(self, key: str) -> Path | None:
        """Where the bytes of a key can be read in place, None for a driver without such places."""

    def address(self, key: str) -> str:
        """Where a person finds the bytes of a key: a path, or s3://bucket/…"""


def is_key(text: str) -> bool:
    """Whether a text may be a key."""
    if len(text) > _LONGEST or _KEY.match(text) is None:
        return False
    return _NO_PART.isdisjoint(text.split("/"))


def check_key(key: str) -> str:
    """Refuses a key that may not become part of a path."""
    if not is_key(key):
        raise Refused(
            f"{key!r} is not a key",
            next_step="join parts of letters, digits and [ ] = . _ - by /, none of them '.', '..' or '.tmp'",
        )
    return key


def check_prefix(prefix: str) -> str:
    """Refuses a prefix that no key can begin with."""
    check_key(prefix + "x")
    return prefix

"""Pending: what a job has begun at a provider, noted so that whoever goes on after a crash need not pay again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

__all__ = ["Pending", "Unkept"]


class Pending(Protocol):
    """The notes of one job, one per provider; only who holds the job's claim reads and writes them."""

    def read(self, provider: str) -> dict[str, Any] | None:
        """What that provider's adapter noted last, in this run or an earlier one."""

    def write(self, provider: str, note: Mapping[str, Any]) -> None:
        """Notes a small JSON object in place of the last; durable when it returns."""

    def forget(self, provider: str) -> None:
        """Removes that provider's note: what it told of is over, and nothing came of it."""

    def settle(self) -> None:
        """Removes all notes: the job's result is recorded."""


class Unkept:
    """Notes that last as long as the object, where there is no store."""

    def __init__(self) -> None:
        self._notes: dict[str, dict[str, Any]] = {}

    def read(self, provider: str) -> dict[str, Any] | None:
        return self._notes.get(provider)

    def write(self, provider: str, note: Mapping[str, Any]) -> None:
        self._notes[provider] = dict(note)

    def forget(self, provider: str) -> None:
        self._notes.pop(provider, None)

    def settle(self) -> None:
        self._notes.clear()

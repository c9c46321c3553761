"""Time and ids, passed in so that the core needs neither a clock nor chance."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Clock"]


class Clock(Protocol):
    """Tells the time and makes up names that are not used twice."""

    def now(self) -> str:
        """The time of day, ISO 8601 in UTC."""

    def seconds(self) -> float:
        """Seconds of a clock that only goes forward, for measuring."""

    def new_id(self) -> str:
        """A new unique id."""

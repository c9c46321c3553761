"""A line to a provider: every request goes through one, which paces it and tries it again where that may help."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from movie_assets.core.ports import Workspace
from resources.connection import Connection

__all__ = ["Answer", "Line"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What a provider gave, and at which attempt."""

    value: T
    attempts: int


class Line(Protocol):
    """A provider at the other end."""

    @property
    def connection(self) -> Connection: ...

    def call(self, ask: Callable[[], T], at: Workspace) -> Answer[T]:
        """What `ask` returns: one request to the provider, whose errors it raises as those of core.errors.

        `Transient` ones are tried again, within bounds; `Stopped` at once when `at.stop` is set.
        """

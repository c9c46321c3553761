"""A request: what is wanted now, as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from movie_assets.core.artefact import ArtefactId

__all__ = ["Request"]


@dataclass(frozen=True, slots=True)
class Request:
    """`targets` None means the whole movie; `takes` ask for another result; a pinned artefact keeps its blob."""

    targets: frozenset[ArtefactId] | None = None
    takes: Mapping[ArtefactId, int] = field(default_factory=dict)
    pins: frozenset[ArtefactId] = frozenset()

    def take(self, makes: Iterable[ArtefactId]) -> int:
        """Which result is wanted of a job: artefacts made together are taken together."""
        return max((self.takes.get(name, 1) for name in makes), default=1) if self.takes else 1

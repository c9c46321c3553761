"""Outcomes: what came of a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from movie_assets.core.artefact import ArtefactId, BlobRef
from movie_assets.core.errors import MovieError
from movie_assets.core.graph import Job
from movie_assets.core.ports import Result
from movie_assets.core.reuse import Signature

__all__ = ["Outcome", "OutcomeStatus"]

OutcomeStatus = Literal["produced", "reused", "failed", "blocked"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A job's end. `results` are what a provider gave; `outputs` are what the store made of them."""

    job: Job
    status: OutcomeStatus
    signature: Signature | None = None
    reasons: tuple[str, ...] = ()
    provider: str = ""
    results: Mapping[ArtefactId, Result] = field(default_factory=dict)
    outputs: Mapping[ArtefactId, BlobRef] = field(default_factory=dict)
    seconds: float = 0.0
    error: MovieError | None = None
    blocked_by: tuple[ArtefactId, ...] = ()

    def stored(self, outputs: Mapping[ArtefactId, BlobRef]) -> Outcome:
        """The same outcome once its results are in the store."""
        return replace(self, outputs=outputs, results={})

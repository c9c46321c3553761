"""Fallback: who else may do a job, and when; only by a person's own list, and told wherever the result is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from movie_assets.core.errors import Exhausted, MovieError, Transient, Unready
from movie_assets.core.event import ArtefactEvent
from movie_assets.core.graph import Job
from movie_assets.core.reason import LOCAL, provider_of
from movie_assets.core.section import OTHERWISE

__all__ = ["FALLBACK", "Choice", "choice_of", "fallback_of"]

FALLBACK = "fallback"
"""In the diagnostics of an event: `{from, because}`."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Who is to do a job, by what settings, who else may if that one cannot, and why those before could not."""

    provider: str
    settings: Any
    others: tuple[Choice, ...] = ()
    before: tuple[tuple[str, str], ...] = ()

    def after(self, error: MovieError | None) -> Choice | None:
        """Who is tried next; None where no other is, or where it is no matter of who does it."""
        if not self.others or not isinstance(error, (Unready, Exhausted, Transient)):
            return None
        following, *rest = self.others
        before = (*self.before, (self.provider, error.fact))
        return replace(following, others=tuple(rest), before=before)

    @property
    def tried(self) -> str | None:
        """Who could not do it before, and why."""
        return "; ".join(f"{provider}: {fact}" for provider, fact in self.before) or None

    @property
    def notes(self) -> Mapping[str, Any]:
        """What a result says of having come about by a fallback."""
        if not self.before:
            return {}
        (wanted, why), *rest = self.before
        because = "; ".join([why, *(f"{provider}: {fact}" for provider, fact in rest)])
        return {FALLBACK: {"from": wanted, "because": because}}


def choice_of(job: Job, payload: Any) -> Choice:
    """Who is to do a job by the input that names its provider."""
    provider = provider_of(job, payload)
    if provider == LOCAL or OTHERWISE not in payload:
        return Choice(provider, payload)
    own = {name: value for name, value in payload.items() if name != OTHERWISE}
    return Choice(provider, own, tuple(Choice(each["provider"], each) for each in payload[OTHERWISE]))


def fallback_of(event: ArtefactEvent | None) -> Mapping[str, str] | None:
    """From whom the making of a result fell back on another, and why: `{from, because}`."""
    return event.diagnostics.get(FALLBACK) if event else None

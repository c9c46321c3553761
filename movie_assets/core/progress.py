"""Progress: who is told what begins and ends while a movie is made."""

from __future__ import annotations

from typing import Protocol

from movie_assets.core.graph import Job
from movie_assets.core.outcome import Outcome

__all__ = ["Progress", "Silence"]


class Progress(Protocol):
    """Is told of every job. `ended` comes from the thread that reads outcomes, the others from the worker's.

    `told` is what a provider's adapter says meanwhile: that it waits, tries again, uses another.
    """

    def started(self, job: Job, provider: str) -> None: ...

    def told(self, job: Job, what: str) -> None: ...

    def ended(self, outcome: Outcome) -> None: ...


class Silence:
    """Tells nobody."""

    def started(self, job: Job, provider: str) -> None:
        pass

    def told(self, job: Job, what: str) -> None:
        pass

    def ended(self, outcome: Outcome) -> None:
        pass

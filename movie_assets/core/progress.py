"""Progress: who is told what begins and ends while a movie is made."""

from __future__ import annotations

from typing import Protocol

from movie_assets.core.graph import Job
from movie_assets.core.outcome import Outcome

__all__ = ["Progress", "Silence"]


class Progress(Protocol):
    """Is told of every job. `started` comes from the worker's thread, `ended` from the one that reads outcomes."""

    def started(self, job: Job, provider: str) -> None: ...

    def ended(self, outcome: Outcome) -> None: ...


class Silence:
    """Tells nobody."""

    def started(self, job: Job, provider: str) -> None:
        pass

    def ended(self, outcome: Outcome) -> None:
        pass

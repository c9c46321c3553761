"""Spending: what a movie's runs have paid by its event log, and what their calls under way may cost."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from movie_assets.core.event import ArtefactEvent

__all__ = ["Spending"]

_RUNS = 128
_TOLD = 512  # an event that is appended twice, after an error, is not appended long after


@dataclass(slots=True)
class Spending:
    """Added up event by event, in USD. A call whose end or cost nobody told counts as what was estimated for it.

    `paid` is by run, of those that paid last, and `before` is what all others had paid; `told` are the latest events
    that had a cost.
    """

    paid: dict[str, float] = field(default_factory=dict)
    before: float = 0.0
    reserved: dict[tuple[str, str], float] = field(default_factory=dict)
    told: dict[str, None] = field(default_factory=dict)

    def add(self, event: ArtefactEvent) -> None:
        """Takes in the next event; one that was appended twice counts once."""
        call = event.run_id, event.inputs_digest
        if event.status == "started":
            self.reserved[call] = event.cost or 0.0
        elif event.status in ("succeeded", "failed"):
            estimate = self.reserved.pop(call, 0.0)
            cost = estimate if event.cost is None else event.cost
            if cost and event.event_id not in self.told:
                self._pay(event, cost)

    def _pay(self, event: ArtefactEvent, cost: float) -> None:
        self.told[event.event_id] = None
        self.paid[event.run_id] = self.paid.pop(event.run_id, 0.0) + cost
        if len(self.told) > _TOLD:
            del self.told[next(iter(self.told))]
        if len(self.paid) > _RUNS:
            self.before += self.paid.pop(next(iter(self.paid)))

    def of(self, run_id: str | None = None) -> tuple[float, float]:
        """What is spent, and what is reserved for calls under way: by one run, or by all."""
        spent = [self.before, *self.paid.values()] if run_id is None else [self.paid.get(run_id, 0.0)]
        reserved = (usd for (run, _), usd in self.reserved.items() if run_id in (None, run))
        return math.fsum(spent), math.fsum(reserved)

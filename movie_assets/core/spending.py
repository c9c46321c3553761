"""Spending: what a movie's runs have paid by its event log, and what their calls under way may cost."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field

from movie_assets.core.event import ArtefactEvent

__all__ = ["Spending"]


@dataclass(slots=True)
class Spending:
    """Added up event by event, in USD. A call whose end or cost nobody told counts as what was estimated for it.

    `told` are the events that had a cost.
    """

    paid: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    reserved: dict[tuple[str, str], float] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)

    def add(self, event: ArtefactEvent) -> None:
        """Takes in the next event; one that was appended twice counts once."""
        call = event.run_id, event.inputs_digest
        if event.status == "started":
            self.reserved[call] = event.cost or 0.0
        elif event.status in ("succeeded", "failed"):
            estimate = self.reserved.pop(call, 0.0)
            cost = estimate if event.cost is None else event.cost
            if cost and event.event_id not in self.told:
                self.told.add(event.event_id)
                self.paid[event.run_id] += cost

    def of(self, run_id: str | None = None) -> tuple[float, float]:
        """What is spent, and what is reserved for calls under way: by one run, or by all."""
        spent = (usd for run, usd in self.paid.items() if run_id in (None, run))
        reserved = (usd for (run, _), usd in self.reserved.items() if run_id in (None, run))
        return math.fsum(spent), math.fsum(reserved)

"""Costs in USD, in which unknown is never zero."""

from __future__ import annotations

import math
from collections.abc import Iterable

from msgspec import Struct

__all__ = ["Cost"]


class Cost(Struct, frozen=True):
    """What is known, and how many jobs it says nothing about."""

    usd: float = 0.0
    unknown: int = 0

    @classmethod
    def of(cls, prices: Iterable[float | None]) -> Cost:
        """Adds up prices; None counts as unknown."""
        listed = list(prices)
        return cls(
            math.fsum(price for price in listed if price is not None), sum(price is None for price in listed)
        )

    @classmethod
    def total(cls, costs: Iterable[Cost]) -> Cost:
        """Adds up costs."""
        listed = list(costs)
        return cls(math.fsum(cost.usd for cost in listed), sum(cost.unknown for cost in listed))

    def exceeds(self, other: Cost) -> bool:
        """Whether it is more, or may be."""
        return self.usd > other.usd or self.unknown > other.unknown

    def __str__(self) -> str:
        usd = f"{self.usd:.4f} USD" if self.usd >= 0.00005 else "less than 0.0001 USD"
        unknown = f"{self.unknown} of unknown price"
        return " and ".join([usd] * (self.usd > 0) + [unknown] * (self.unknown > 0)) or "nothing"

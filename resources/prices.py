"""Prices: what a provider asks for, dated and with its source; what is not listed is unknown, never free."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

__all__ = ["Prices"]


class Prices(Protocol):
    """What amounts of a model's units cost."""

    def cost(self, provider: str, model: str | None, amounts: Mapping[str, float]) -> float | None:
        """USD for amounts by unit (`input_tokens`, `image_output_tokens`, `characters`, `seconds` …).

        None where an amount above zero has no price, or one is below zero or no number.
        """

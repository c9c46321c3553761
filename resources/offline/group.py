"""Several of one kind: where each stands beside the first, and how far away."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PERCHES", "Spot", "standing"]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place beside the first: `across` in its widths (on a perch in its heights), `up` in heights, and the size."""

    across: float
    up: float = 0.0
    size: float = 1.0


def standing(count: int) -> list[Spot]:
    """By turns to the one side and the other, each further away than the one before."""
    spots = [Spot(0.0)]
    for number in range(1, count):
        size = 1 / (1 + 0.3 * number)
        side = 1 if number % 2 else -1
        spots.append(Spot(side * (0.75 + 0.3 * (number - 1)) * (size + 0.15), 0.0, size))
    return spots


# Where else birds find a hold, on the pads of a prickly pear and on a branch.
PERCHES = {
    "pads": (Spot(0.0), Spot(1.85, -0.47, 0.85), Spot(-0.85, -0.46, 0.7), Spot(-1.5, -0.94, 0.7)),
    "branch": (Spot(0.0), Spot(1.12, 0.0, 0.75), Spot(-1.25, -0.16, 0.85), Spot(-2.2, -0.4, 0.8)),
}

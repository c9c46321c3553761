"""The painter's view: pixels as directions, and the canvas that fills up from the back to the front."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from resources.offline.noise import Plane, lerp

__all__ = ["FAR", "Canvas", "View"]

FAR = 1e6


@dataclass(frozen=True)
class View:
    """A canvas of width × height pixels whose horizon lies at a fraction of its height.

    Directions are in units of the shorter side: u to the right from the middle, v down from the horizon.
    """

    width: int
    height: int
    horizon: float
    lens: float = 1.35
    eye: float = 1.0

    @property
    def unit(self) -> int:
        return min(self.width, self.height)

    @property
    def shape(self) -> tuple[int, int]:
        return self.height, self.width

    @property
    def wide(self) -> float:
        """Half of the canvas's width in units."""
        return self.width / self.unit / 2

    @property
    def top(self) -> float:
        """The height of sky above the horizon in units."""
        return self.horizon * self.height / self.unit

    @property
    def bottom(self) -> float:
        """The height of ground below the horizon in units."""
        return (1 - self.horizon) * self.height / self.unit

    def pixel(self, u: float, v: float) -> tuple[int, int]:
        """The row and column of a direction."""
        return round((v + self.top) * self.unit), round((u + self.wide) * self.unit)

    @cached_property
    def u(self) -> Plane:
        return ((np.arange(self.width, dtype=np.float32) + 0.5 - self.width / 2) / self.unit)[None, :]

    @cached_property
    def v(self) -> Plane:
        return ((np.arange(self.height, dtype=np.float32) + 0.5) / self.unit - np.float32(self.top))[:, None]


@dataclass(slots=True)
class Canvas:
    """Colours (height, width, 3) from 0 to about 1, and how far away each pixel's thing is."""

    rgb: Plane
    distance: Plane

    def lay(
        self, colours: Plane, share: Plane, corner: tuple[int, int], distance: float | None = None
    ) -> None:
        """Lays a sheet over the canvas, its upper left at (row, column); what hangs over the edge is cut off."""
        row, column = corner
        height, width = self.distance.shape
        top, bottom = max(row, 0), min(row + share.shape[0], height)
        left, right = max(column, 0), min(column + share.shape[1], width)
        if top >= bottom or left >= right:
            return
        here = np.s_[top:bottom, left:right]
        sheet = np.s_[top - row : bottom - row, left - column : right - column]
        self.rgb[here] = lerp(self.rgb[here], colours[sheet], share[sheet][..., None])
        if distance is not None:
            self.distance[here] = np.where(share[sheet] > 0.5, distance, self.distance[here])

"""Drawing figures: smooth outlines and tapering lines, each in a tone, on a sheet that is cut out afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from PIL import Image, ImageDraw

from resources.offline.noise import Plane

__all__ = ["Pen", "Point"]

Point = tuple[float, float]

_FINE = 3
_SHEET = 1800


class Pen:
    """A sheet whose origin is the figure's foot: x to the right, y up, a height of `tall` pixels for y = 1.

    Tones are 0 (black) to 1 (white); what is never drawn on is transparent.
    """

    def __init__(self, tall: float, left: float, right: float, top: float, bottom: float = -0.1) -> None:
        self._fine = _FINE if tall * _FINE < _SHEET else 1
        self._scale = tall * self._fine
        self._left, self._top = left, top
        self.tall = tall
        columns = max(round((right - left) * tall), 4) * self._fine
        rows = max(round((top - bottom) * tall), 4) * self._fine
        self._tone = Image.new("L", (columns, rows), 128)
        self._shape = Image.new("L", (columns, rows), 0)
        self._draw = ImageDraw.Draw(self._tone), ImageDraw.Draw(self._shape)

    def fill(self, points: Iterable[Point], tone: float, smooth: bool = True) -> None:
        """A closed outline, filled; smooth through its points or straight between them."""
        outline = list(points)
        self._polygon(_curve(outline, closed=True) if smooth else outline, tone)

    def disc(self, x: float, y: float, rx: float, ry: float, tone: float, lean: float = 0.0) -> None:
        """An ellipse, leaning by an angle in radians."""
        turn = np.linspace(0, 2 * np.pi, 28, endpoint=False)
        a, b = rx * np.cos(turn), ry * np.sin(turn)
        xs, ys = x + a * np.cos(lean) - b * np.sin(lean), y + a * np.sin(lean) + b * np.cos(lean)
        self._polygon(list(zip(xs.tolist(), ys.tolist(), strict=True)), tone)

    def line(self, points: Sequence[Point], width: float, tone: float, end: float | None = None) -> None:
        """A smooth stroke through points, `width` at its start and `end` at its end."""
        path = np.array(_curve(list(points), closed=False) if len(points) > 2 else points, np.float64)
        ahead = np.gradient(path, axis=0)
        aside = np.stack([-ahead[:, 1], ahead[:, 0]], 1) / np.maximum(np.hypot(*ahead.T), 1e-9)[:, None]
        thinnest = 0.8 / self._scale * self._fine
        half = np.maximum(np.linspace(width, width if end is None else end, len(path)), thinnest)[:, None] / 2
        outline = np.concatenate([path + aside * half, (path - aside * half)[::-1]])
        self._polygon([(float(x), float(y)) for x, y in outline], tone)

    def cut(self) -> tuple[Plane, Plane]:
        """The sheet's tones and coverage, 0 to 1; row 0 is the top."""
        tone, shape = (
            np.asarray(image.reduce(self._fine), np.float32) / 255 for image in (self._tone, self._shape)
        )
        return tone, shape

    def _polygon(self, outline: list[Point], tone: float) -> None:
        pixels = [((x - self._left) * self._scale, (self._top - y) * self._scale) for x, y in outline]
        self._draw[0].polygon(pixels, fill=round(255 * min(max(tone, 0), 1)))
        self._draw[1].polygon(pixels, fill=255)


def _curve(points: list[Point], closed: bool, steps: int = 8) -> list[Point]:
    """A Catmull-Rom spline through the points."""
    through = np.array(points, np.float64)
    ends = (through[-1:], through[:2]) if closed else (through[:1], through[-1:])
    padded = np.concatenate([ends[0], through, ends[1]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        bend = (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
        pieces.append(b + ((c - a) * t + bend) / 2)
    curve = np.concatenate(pieces if closed else [*pieces, through[-1:]])
    return [(float(x), float(y)) for x, y in curve]

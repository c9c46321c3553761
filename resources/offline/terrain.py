"""Ground in true perspective: a height field seen row by row, lit from the side, fading into the air."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from resources.offline.noise import Noise, Plane, lerp, ramp
from resources.offline.palette import Colour, Light
from resources.offline.view import Canvas, View

__all__ = ["Ground", "Heights", "Strip", "ground"]

Steps = NDArray[np.int64]

_NEAR, _LAST, _STEPS = 1.0, 420.0, 920


@dataclass(frozen=True)
class Strip:
    """The ground's sampling grid: distances × columns, in eye heights; finer towards the viewer."""

    view: View

    @cached_property
    def z(self) -> Plane:
        return np.geomspace(_NEAR, _LAST, _STEPS, dtype=np.float32)[:, None]

    @cached_property
    def x(self) -> Plane:
        columns = np.linspace(-self.view.wide, self.view.wide, self.view.width // 2, dtype=np.float32)
        return columns[None, :] * self.z / np.float32(self.view.lens)

    @cached_property
    def deep(self) -> Plane:
        """The distances, spread over all columns."""
        return np.broadcast_to(self.z, self.x.shape)

    @property
    def pitch(self) -> Plane:
        """The width of one column at each distance."""
        return self.z * np.float32(2 / (self.view.lens * self.view.unit))


Heights = Callable[[Strip], Plane]


@dataclass(frozen=True, slots=True)
class Ground:
    """What the ground is made of: colours on the flat and on the steep, snow from a height on, and the air's depth."""

    flat: Colour
    steep: Colour
    sight: float
    crown: Colour | None = None
    crown_from: float = 0.0
    roughness: float = 0.35
    mist: float = 0.0
    water: bool = False


@dataclass(frozen=True, slots=True)
class _Grid:
    """Steps × columns: the row up to which the steps so far reach, their colours, whether they are above water."""

    z: Plane
    crest: Plane
    colours: Plane
    covered: Plane


def ground(
    view: View, canvas: Canvas, heights: Heights, kind: Ground, light: Light, side: float, noise: Noise
) -> None:
    """Paints the terrain over what is behind it; `side` is where the light comes from, -1 left to 1 right."""
    strip = Strip(view)
    height = heights(strip)
    rows = (-(height - view.eye) * view.lens / strip.z + view.top) * view.unit
    crest = _widen(np.minimum.accumulate(rows, axis=0), view.width)
    colours = _lit(strip, height, kind, light, side, noise)
    _air(strip, height, colours, kind, light, canvas.rgb, view)
    dry = (height >= 0 if kind.water else np.ones_like(height)).astype(np.float32)
    grid = _Grid(strip.z[:, 0], crest, _widen(colours, view.width), _widen(dry, view.width))
    _project(canvas, grid, _first_visible(crest, view), view, noise)


def _widen(grid: Plane, width: int) -> Plane:
    place = np.linspace(0, grid.shape[1] - 1, width, dtype=np.float32)
    left = np.minimum(place.astype(np.int32), grid.shape[1] - 2)
    part = (place - left)[None, :] if grid.ndim == 2 else (place - left)[None, :, None]
    return lerp(grid[:, left], grid[:, left + 1], part)


def _first_visible(crest: Plane, view: View) -> Steps:
    """For each pixel the index of the nearest step that covers it; the number of steps where none does."""
    top = np.clip(np.ceil(crest), 0, view.height).astype(np.int32)
    column = np.arange(view.width, dtype=np.int32)[None, :]
    cells = np.bincount((top * view.width + column).ravel(), minlength=(view.height + 1) * view.width)
    covering = np.cumsum(cells.reshape(view.height + 1, view.width)[:-1], axis=0)
    return np.asarray(len(crest) - covering)


def _lit(strip: Strip, height: Plane, kind: Ground, light: Light, side: float, noise: Noise) -> Plane:
    slope_x = np.gradient(height, axis=1) / strip.pitch
    slope_z = np.gradient(height, axis=0) / np.gradient(strip.z, axis=0)
    grain = noise.fine(strip.x * 0.21, strip.deep * 0.21) / (1 + strip.z * 0.07)
    grain += noise.fine(strip.x * 0.013, strip.deep * 0.013)
    drift = noise.soft(strip.x * 0.008, strip.deep * 0.008)
    steepness = np.hypot(slope_x, slope_z)
    slant = 1 / np.sqrt(1 + steepness**2)
    facing = (side * -slope_x * 0.85 + 0.42 + 0.22 * -slope_z) * slant
    sun = np.clip(facing, 0, None) * _in_sun(strip, height, side) * (0.72 + 0.4 * ramp(-0.7, 0.7, drift))
    tone = 1 + np.float32(kind.roughness) * 0.32 * grain
    rock = ramp(0.35, 0.95, steepness + 0.12 * grain)[..., None]
    albedo = lerp(np.broadcast_to(kind.flat, (*height.shape, 3)), kind.steep, rock)
    if kind.crown is not None:
        above = ramp(kind.crown_from * 0.8, kind.crown_from * 1.25, height + 0.09 * kind.crown_from * grain)
        albedo = lerp(albedo, kind.crown, (above * ramp(1.9, 1.0, steepness))[..., None])
    beam = (sun * tone)[..., None] * light.key * np.float32(1.2 * light.strength)
    fill = (0.42 + 0.58 * slant)[..., None] * light.fill * tone[..., None]
    lit: Plane = albedo * (beam + fill)
    return lit


def _in_sun(strip: Strip, height: Plane, side: float) -> Plane:
    """Long shadows across the columns: a point is in the sun when nothing towards the light rises above its ray."""
    step = -1 if side > 0 else 1
    ray = (height + np.abs(strip.x - strip.x[:, ::step][:, :1]) * np.float32(0.36))[:, ::step]
    over = np.maximum.accumulate(ray, axis=1) - ray
    softness = 0.02 * strip.z + 0.03
    return ramp(1.0, 0.0, (over / softness)[:, ::step]) * np.float32(0.86) + np.float32(0.14)


def _air(
    strip: Strip, height: Plane, colours: Plane, kind: Ground, light: Light, sky: Plane, view: View
) -> None:
    """Fades the colours in place: with the distance, and sooner where mist lies in the hollows."""
    row = max(int((view.horizon - 0.05) * view.height), 1)
    glow = _blurred(np.minimum(sky[max(row - 8, 0) : row].mean(axis=0), 0.95), view.width // 3)[::2][
        : strip.x.shape[1]
    ]
    haze = lerp(glow, light.haze, 0.45)
    depth = strip.z / np.float32(kind.sight)
    low = np.exp(-np.clip(height, 0, None) / (0.035 * strip.z + 0.4))
    veil = 1 - np.exp(-depth * (0.75 + 0.5 * low) - np.float32(kind.mist) * depth**0.7 * low * 3)
    colours[:] = lerp(colours, haze[None], veil[..., None])


def _blurred(line: Plane, reach: int) -> Plane:
    padded = np.pad(line, ((reach, reach), (0, 0)), mode="edge")
    total = np.cumsum(padded, axis=0, dtype=np.float64)
    mean = (total[2 * reach :] - total[: -2 * reach]) / (2 * reach)
    return mean.astype(np.float32)


def _project(canvas: Canvas, grid: _Grid, first: Steps, view: View, noise: Noise) -> None:
    """Paints each pixel with what its step of the grid shows, crests blended over what is behind them."""
    top = int(np.argmax((first < len(grid.crest)).any(axis=1)))
    first, rgb, distance = first[top:], canvas.rgb[top:], canvas.distance[top:]
    row = np.arange(top, top + len(first), dtype=np.float32)[:, None]
    column = np.arange(first.shape[1])[None, :]
    seen = np.minimum(first, len(grid.crest) - 1)
    here = grid.crest[seen, column]
    painted = _sampled(grid, seen, column, row - here)
    painted *= (1 + 0.045 * noise.fine(column / np.float32(view.unit), row / np.float32(view.unit)))[
        ..., None
    ]
    share = (first < len(grid.crest)) * ramp(0.3, 0.7, grid.covered[seen, column])
    # A crest's own pixel is covered by a fraction only: ridges without stairs.
    above = np.vstack([np.full((1, first.shape[1]), len(grid.crest)), first[:-1]])
    edge = (above > first + 3) & (share > 0)
    further = np.where((above < len(grid.crest))[1:, :, None], painted[:-1], rgb[:-1])
    behind = np.where(edge[..., None], np.vstack([rgb[:1], further]), rgb)
    share = np.where(edge, share * np.clip(row + 1 - here, 0, 1), share)
    rgb[:] = lerp(behind, painted, share[..., None])
    distance[:] = np.where(share > 0.5, grid.z[seen], distance)


def _sampled(grid: _Grid, seen: Steps, column: Steps, below: Plane) -> Plane:
    """Colours between the step a pixel lies on and the one before it, which is nearer."""
    before = np.maximum(seen - 1, 0)
    gap = np.maximum(grid.crest[before, column] - grid.crest[seen, column], 1e-3)
    part = np.clip(below / gap, 0, 1)[..., None]
    return lerp(grid.colours[seen, column], grid.colours[before, column], part)

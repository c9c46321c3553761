"""Random fields without seams: fractal clouds, eroded ridges, and where to read them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Noise", "Plane", "lerp", "ramp"]

Plane: TypeAlias = NDArray[np.floating[Any]]
"""An image-sized field of numbers; float32 wherever size matters."""

_SIZE = 1024


def ramp(low: float, high: float, x: Plane) -> Plane:
    """0 below `low`, 1 above `high`, an S curve between; `low` may exceed `high` to fall instead of rise."""
    t = np.clip((x - np.float32(low)) / np.float32(high - low), 0, 1)
    smooth: Plane = t * t * (3 - 2 * t)
    return smooth


def lerp(a: Plane, b: Plane, t: Plane | float) -> Plane:
    """From `a` at 0 to `b` at 1."""
    mixed: Plane = a + (b - a) * t
    return mixed


class Noise:
    """Fractal textures of one seed; a period is 1 in both directions, values have mean 0 and deviation 1."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def cloud(self, x: Plane, y: Plane) -> Plane:
        """Billows: every scale from the period to its thousandth."""
        return _read(_spectral(self._seed, 1.75), x, y)

    def soft(self, x: Plane, y: Plane) -> Plane:
        """Slow swells without detail."""
        return _read(_spectral(self._seed + 1, 2.6), x, y)

    def fine(self, x: Plane, y: Plane) -> Plane:
        """Gravel, foliage, grain: most of it small."""
        return _read(_spectral(self._seed + 2, 0.9), x, y)

    def ridge(self, x: Plane, y: Plane) -> Plane:
        """Mountain crests with gullies, 0 in the valleys to 1 on the peaks."""
        return _read(_eroded(self._seed + 3), x, y)


@lru_cache(maxsize=6)
def _spectral(seed: int, slope: float) -> Plane:
    rng = np.random.default_rng(seed)
    white = np.fft.rfft2(rng.standard_normal((_SIZE, _SIZE), np.float32))
    across = np.fft.rfftfreq(_SIZE)[None, :]
    down = np.fft.fftfreq(_SIZE)[:, None]
    frequency = np.hypot(across, down) * _SIZE
    frequency[0, 0] = np.inf
    # Nothing below two waves a period: one huge wave would decide the whole picture.
    white *= np.where(frequency < 2, 0, frequency**-slope).astype(np.float32)
    field = np.fft.irfft2(white, (_SIZE, _SIZE))
    scaled: Plane = ((field - field.mean()) / field.std()).astype(np.float32)
    return scaled


@lru_cache(maxsize=2)
def _eroded(seed: int) -> Plane:
    rng = np.random.default_rng(seed)
    total = np.zeros((_SIZE, _SIZE), np.float32)
    weight = np.ones((_SIZE, _SIZE), np.float32)
    for octave in range(6):
        crest = 1 - np.abs(_lattice(rng, 4 << octave))
        crest = np.clip(crest, 0, 1) ** 2
        total += crest * weight * np.float32(0.43**octave)
        weight = np.clip(crest * weight * 1.9, 0, 1)
    low, high = np.percentile(total, [1, 99.7])
    return np.asarray((total - low) / (high - low), np.float32)


def _lattice(rng: np.random.Generator, cells: int) -> Plane:
    spectrum = np.fft.rfft2(rng.standard_normal((_SIZE, _SIZE), np.float32))
    frequency = np.hypot(np.fft.rfftfreq(_SIZE)[None, :], np.fft.fftfreq(_SIZE)[:, None]) * _SIZE
    spectrum *= np.exp(-((np.log2(np.maximum(frequency, 0.5) / cells) / 0.55) ** 2)).astype(np.float32)
    band = np.fft.irfft2(spectrum, (_SIZE, _SIZE))
    return np.asarray(band / band.std() * 0.75, np.float32)


def _read(texture: Plane, x: Plane, y: Plane) -> Plane:
    column, row = x * np.float32(_SIZE), y * np.float32(_SIZE)
    left, top = np.floor(column), np.floor(row)
    right, down = column - left, row - top
    right, down = right * right * (3 - 2 * right), down * down * (3 - 2 * down)
    i, j = left.astype(np.int32) & (_SIZE - 1), top.astype(np.int32) & (_SIZE - 1)
    next_i, next_j = (i + 1) & (_SIZE - 1), (j + 1) & (_SIZE - 1)
    flat = texture.ravel()
    j, next_j = j * _SIZE, next_j * _SIZE
    above = lerp(flat[j + i], flat[j + next_i], right)
    below = lerp(flat[next_j + i], flat[next_j + next_i], right)
    return lerp(above, below, down)

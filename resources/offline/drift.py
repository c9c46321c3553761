"""What drifts between scene and lens: banks of mist in the distance, motes of dust close by."""

from __future__ import annotations

import numpy as np
from PIL import Image

from resources.offline.noise import Noise, Plane, ramp

__all__ = ["Drift"]

_WHITE, _COARSE, _MOTES = 235.0, 8, 26


class Drift:
    """Laid over a frame's luma in place; the same second always brings the same mist."""

    def __init__(self, near: Plane, seed: int, amount: float) -> None:
        self._shape = near.shape
        height, width = near.shape
        self._noise = Noise(seed)
        self._where = np.exp(-(((near - 0.32) / 0.24) ** 2)) * np.float32(0.16 * amount)
        y, x = np.mgrid[0 : -(-height // _COARSE), 0 : -(-width // _COARSE)].astype(np.float32)
        self._x, self._y = x * np.float32(0.16 * _COARSE / width), y * np.float32(0.34 * _COARSE / height)
        rng = np.random.default_rng([seed, 1])
        self._place = rng.random((_MOTES, 2))
        self._speed = rng.normal((0.012, -0.008), 0.012, (_MOTES, 2))
        self._size = rng.uniform(0.0009, 0.0024, _MOTES) * max(width, height)
        self._shine = rng.uniform(14, 46, _MOTES) * amount
        self._beat = rng.uniform(0.3, 1.0, (_MOTES, 2))

    def over(self, luma: Plane, second: float) -> None:
        """Veils and speckles a frame's luma, 16 to 235."""
        luma += (np.float32(_WHITE * 0.86) - luma) * (self._mist(second) * self._where)
        for mote in range(_MOTES):
            self._speck(luma, mote, second)
        np.clip(luma, 16, _WHITE, out=luma)

    def _mist(self, second: float) -> Plane:
        bank = self._noise.cloud(self._x + np.float32(0.006 * second), self._y + np.float32(0.0015 * second))
        veil = self._noise.soft(self._x - np.float32(0.004 * second), self._y)
        height, width = self._shape
        thick = Image.fromarray(ramp(-1.2, 2.0, bank + 0.6 * veil))
        return np.asarray(thick.resize((width, height), Image.Resampling.BICUBIC), np.float32)

    def _speck(self, luma: Plane, mote: int, second: float) -> None:
        height, width = luma.shape
        size = self._size[mote]
        reach = int(3 * size) + 1
        wander = 0.006 * np.sin(2 * np.pi * self._beat[mote] * second / 3)
        across, down = (self._place[mote] + self._speed[mote] * second + wander) % 1.0
        x, y = across * (width + 4 * reach) - 2 * reach, down * (height + 4 * reach) - 2 * reach
        left, right = max(int(x) - reach, 0), min(int(x) + reach + 1, width)
        top, bottom = max(int(y) - reach, 0), min(int(y) + reach + 1, height)
        if left >= right or top >= bottom:
            return
        rows, columns = np.ogrid[top:bottom, left:right]
        glow = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * size**2))
        pulse = 0.55 + 0.45 * np.sin(2 * np.pi * self._beat[mote, 0] * second + mote)
        luma[top:bottom, left:right] += (glow * self._shine[mote] * pulse).astype(np.float32)

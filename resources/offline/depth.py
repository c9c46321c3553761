"""How far away things in a picture look: low and dark is near, high and hazy is far, and edges are kept."""

from __future__ import annotations

import numpy as np
from PIL import Image

from resources.offline.noise import Plane, ramp

__all__ = ["nearness"]

_LONGEST = 240


def nearness(picture: Image.Image, width: int, height: int) -> Plane:
    """For each of width × height pixels 0 (far) to 1 (near), smooth but for the picture's own contours."""
    small = picture.convert("L").resize(_size(width, height), Image.Resampling.BOX)
    grey = np.asarray(small, np.float32) / 255
    down = np.linspace(0, 1, grey.shape[0], dtype=np.float32)[:, None]
    low = ramp(0.3, 1.05, np.broadcast_to(down, grey.shape))
    dark = ramp(0.75, 0.1, _blur(grey, 1.5))
    busy = ramp(0.0, 0.12, _blur(np.abs(grey - _blur(grey, 3)), 4))
    guess = 0.56 * low + 0.28 * dark * ramp(0.05, 0.5, down) + 0.16 * busy * ramp(0.1, 0.6, down)
    kept = _guided(guess, _blur(grey, 1), reach=max(grey.shape) / 18, sharp=0.012)
    spread = (kept - kept.min()) / max(float(np.ptp(kept)), 1e-6)
    image = Image.fromarray(spread.astype(np.float32)).resize((width, height), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(image, np.float32), 0, 1)


def _size(width: int, height: int) -> tuple[int, int]:
    scale = min(1.0, _LONGEST / max(width, height))
    return max(round(width * scale), 8), max(round(height * scale), 8)


def _guided(guess: Plane, guide: Plane, reach: float, sharp: float) -> Plane:
    """He's guided filter: smooths a guess except where the guide has an edge."""
    mean_guide, mean_guess = _blur(guide, reach), _blur(guess, reach)
    along = _blur(guide * guess, reach) - mean_guide * mean_guess
    spread = _blur(guide * guide, reach) - mean_guide**2
    slope = along / (spread + np.float32(sharp))
    kept: Plane = _blur(slope, reach / 2) * guide + _blur(mean_guess - slope * mean_guide, reach / 2)
    return kept


def _blur(plane: Plane, reach: float) -> Plane:
    side = max(round(reach), 1)
    for _ in range(2):
        for axis in (0, 1):
            width = [(0, 0), (0, 0)]
            width[axis] = (side + 1, side)
            total = np.pad(plane, width, mode="edge").cumsum(axis, dtype=np.float64)
            high = np.take(total, range(2 * side + 1, total.shape[axis]), axis)
            low = np.take(total, range(total.shape[axis] - 2 * side - 1), axis)
            plane = ((high - low) / (2 * side + 1)).astype(np.float32)
    return plane

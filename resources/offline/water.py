"""Water to the horizon: the mirrored scene broken by waves, deep colour between, and glitter under the sun."""

from __future__ import annotations

import numpy as np

from resources.offline.noise import Noise, Plane, lerp, ramp
from resources.offline.palette import Light, Palette, mix
from resources.offline.sky import Sun
from resources.offline.view import FAR, Canvas, View

__all__ = ["water"]


def water(
    view: View, canvas: Canvas, palette: Palette, light: Light, sun: Sun, noise: Noise, swell: float
) -> None:
    """Fills what is still open below the horizon; `swell` 0 is a pond, 1 a storm."""
    top = max(round(view.horizon * view.height), 0)
    v = np.maximum(view.v[top:], np.float32(0.5 / view.unit))
    z = view.lens * view.eye / v
    x = view.u * z / np.float32(view.lens)
    slope = _waves(noise, x, np.broadcast_to(z, x.shape), swell)
    mirrored = _mirror(canvas.rgb, top, v, slope, view, swell)
    deep = mix(palette.deep, light.middle, 0.35) * np.float32(0.35 + 0.4 * light.strength)
    share = np.clip(0.30 + 0.62 * np.exp(-v / 0.16) + 0.22 * slope, 0.06, 0.95)
    body = lerp(np.broadcast_to(deep, mirrored.shape), mirrored * 0.96, share[..., None])
    body = body + _glitter(view, sun, light, noise, x, z, v, slope)[..., None] * light.key
    body = lerp(body, light.haze, (np.exp(-v / 0.018) * 0.55)[..., None])
    open_water = (canvas.distance[top:] >= FAR)[..., None]
    canvas.rgb[top:] = np.where(open_water, body, canvas.rgb[top:])
    canvas.distance[top:] = np.where(open_water[..., 0], z, canvas.distance[top:])


def _waves(noise: Noise, x: Plane, z: Plane, swell: float) -> Plane:
    """How far the surface leans towards the viewer, about -1 to 1; small waves drown in the distance."""
    long = noise.soft(x * 0.012, z * 0.05) * np.float32(0.35 + 0.5 * swell)
    middle = noise.cloud(x * 0.035, z * 0.13) / (1 + z * np.float32(0.012))
    small = noise.cloud(x * 0.17, z * 0.62) / (1 + z * np.float32(0.05))
    leaning: Plane = (long + 0.55 * middle + 0.5 * small) * np.float32(0.45 + 0.55 * swell)
    return leaning


def _mirror(rgb: Plane, top: int, v: Plane, slope: Plane, view: View, swell: float) -> Plane:
    reach = (0.35 + 0.9 * swell) * np.sqrt(v) * 0.16
    row = (
        top
        - 1
        - (v * np.float32(0.92) + np.abs(slope) * reach * np.float32(0.55) + slope * reach * 0.45) * view.unit
    )
    column = np.arange(view.width)[None, :] + slope * reach * np.float32(0.25 * view.unit)
    row = np.clip(row, 0, top - 1).astype(np.int32)
    column = np.clip(column, 0, view.width - 1).astype(np.int32)
    mirrored: Plane = np.clip(rgb[row, column], 0, 1.2)
    return mirrored


def _glitter(
    view: View, sun: Sun, light: Light, noise: Noise, x: Plane, z: Plane, v: Plane, slope: Plane
) -> Plane:
    off = (view.u - sun.u * (1 - 0.1 * v)) / (0.035 + 0.34 * v)
    path = np.exp(-(off**2))
    facets = noise.cloud(x * 0.6 + 0.3, np.broadcast_to(z, x.shape) * 2.1) + 0.6 * slope
    spark = ramp(0.75, 1.7, facets) + 0.35 * ramp(-0.2, 1.2, slope)
    calm = 0.45 * np.exp(-v / 0.05)
    height = 1.15 if -sun.v < 0.9 else 0.35
    shine: Plane = path * (spark * ramp(0, 0.03, v) + calm) * np.float32(height * light.strength)
    return shine

"""The sky: scattering towards the sun or moon, clouds lit from its side, stars, plumes and shafts of light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from resources.offline.noise import Noise, Plane, lerp, ramp
from resources.offline.palette import Light
from resources.offline.view import View

__all__ = ["Sun", "clouds", "gradient", "luminary", "place_sun", "plume", "shafts", "stars"]


@dataclass(frozen=True, slots=True)
class Sun:
    """Where the sun or moon stands, in the view's units."""

    u: float
    v: float
    radius: float


def place_sun(view: View, light: Light, rng: np.random.Generator) -> Sun:
    """Off the middle, and as high as the hour has it."""
    side = rng.choice([-1, 1])
    u = float(side * rng.uniform(0.16, 0.42) * min(view.wide, 1.0))
    height = light.height * rng.uniform(0.85, 1.15)
    return Sun(u, -float(height * view.top), 0.045 if light.moon else 0.034)


def gradient(view: View, light: Light, sun: Sun) -> Plane:
    """The clear sky over the whole canvas; below the horizon it goes on as haze."""
    rise = np.clip(-view.v[:, 0], 0, None) / np.float32(max(view.top, 0.55))
    stops = np.array([0, 0.1, 0.38, 1], np.float32)
    colours = np.stack([light.horizon, light.low, light.middle, light.zenith])
    eased = rise**0.85
    rows = np.stack([np.interp(eased, stops, colours[:, channel]) for channel in range(3)], -1).astype(
        np.float32
    )
    away = np.hypot(view.u - sun.u, (view.v - sun.v) * 1.25)
    low_sun = 1 - min(-sun.v / 0.5, 1)
    band = np.exp(-np.abs(view.v) / 0.14) * np.exp(-np.abs(view.u - sun.u) / 0.55) * np.float32(low_sun)
    glow = 0.28 * np.exp(-away / 0.42) + 0.4 * np.exp(-away / 0.11) + 0.28 * band
    glow *= np.float32(light.strength)
    shade = 1 - 0.16 * ramp(0.3, 1.6, away)
    sky: Plane = rows[:, None, :] * shade[..., None]
    return _screen(sky, glow[..., None] * light.key)


def luminary(view: View, rgb: Plane, light: Light, sun: Sun, noise: Noise) -> None:
    """Draws the disc of the sun, or of a moon with its seas."""
    away = np.hypot(view.u - sun.u, view.v - sun.v) / np.float32(sun.radius)
    soft = 2.0 / (sun.radius * view.unit)
    disc = ramp(1 + soft, 1 - soft, away)
    if light.moon:
        seas = noise.cloud((view.u - sun.u) * 2.2, (view.v - sun.v) * 2.2)
        face = 1.15 - 0.16 * ramp(-0.2, 1.2, seas) - 0.1 * away
        halo = 0.5 * np.exp(-np.maximum(away - 1, 0) / 1.7) + 0.18 * np.exp(-away / 9)
        rgb += (halo * (1 - disc))[..., None] * light.key * 0.55
        rgb[:] = lerp(rgb, face[..., None] * (light.key + 0.12), disc[..., None])
        return
    halo = 0.3 * np.exp(-np.maximum(away - 1, 0) / 0.9)
    rgb += (np.maximum(disc, halo) * np.float32(light.strength))[..., None] * (0.35 + 0.65 * light.key)


def stars(view: View, rgb: Plane, rng: np.random.Generator, count: int = 900) -> None:
    """Sprinkles stars of unequal brightness over the sky, with a faint milky way."""
    place = rng.random((count, 2))
    bright = (0.2 + 1.3 * rng.random(count) ** 5).astype(np.float32)
    tint = rng.normal(0, 0.06, (count, 3)).astype(np.float32)
    rows = (place[:, 1] ** 1.25 * view.horizon * view.height * 0.98).astype(int)
    columns = (place[:, 0] * (view.width - 2)).astype(int)
    for near, share in (((0, 0), 1.0), ((0, 1), 0.35), ((1, 0), 0.35)):
        rgb[rows + near[0], columns + near[1]] += (bright * np.float32(share))[:, None] * (1 + tint)


@dataclass(frozen=True, slots=True)
class _Deck:
    """One layer of clouds: how much of the sky it covers, and how it lies there."""

    cover: float
    scale: float
    flatten: float
    thick: float


def clouds(view: View, rgb: Plane, light: Light, sun: Sun, noise: Noise, cover: float) -> None:
    """Lays high streaks and a deck of billows over the sky; `cover` 0 to 1."""
    rows = int(np.ceil(view.horizon * view.height)) + 2
    v, sky = view.v[:rows], rgb[:rows]
    rise = np.maximum(-v, 0)
    streaks = _Deck(cover=cover * 0.6, scale=0.05, flatten=0.05, thick=0.45)
    billows = _Deck(cover=cover, scale=0.115, flatten=0.22, thick=1.0)
    for number, deck in enumerate((streaks, billows)):
        depth = 1 / (rise + np.float32(deck.flatten))
        x = view.u * depth * np.float32(deck.scale) + np.float32(number * 0.37)
        y = np.broadcast_to(depth * np.float32(deck.scale * (2.6 if number == 0 else 1.3)), x.shape)
        field = _field(noise, x, y)
        towards = np.clip((sun.u - view.u) * 0.03, -0.007, 0.007)
        lit = field - _field(noise, x + towards, y + np.float32(0.009))
        start = np.float32(1.2 - 2.4 * deck.cover)
        density = ramp(0, 1.3, field - start) * ramp(0.0, 0.05, rise) * np.float32(deck.thick)
        _lay(sky, density, lit, light, _nearness(view.u, v, sun))


def _field(noise: Noise, x: Plane, y: Plane) -> Plane:
    warp = noise.soft(x * np.float32(0.7), y * np.float32(0.7)) * np.float32(0.02)
    field: Plane = noise.cloud(x + warp, y - warp) + np.float32(0.12) * noise.cloud(x * 7.3, y * 7.3)
    return field


def _nearness(u: Plane, v: Plane, sun: Sun) -> Plane:
    return np.asarray(np.exp(-np.hypot(u - sun.u, (v - sun.v) * 1.2) / 0.36), np.float32)


def _lay(sky: Plane, density: Plane, lit: Plane, light: Light, near: Plane) -> None:
    thin = ramp(0.0, 0.5, density)
    core = ramp(0.25, 1.0, density)
    edge = np.clip(0.5 + 1.1 * lit, 0, 1)
    bright = lerp(light.low * 0.65 + light.key * 0.35, light.key, near[..., None] * 0.8) * np.float32(0.98)
    shade = light.middle * 0.45 + light.fill * 0.35 + light.horizon * 0.12
    # A thin edge before the sun lets it shine through: the silver lining.
    lining = (near * (1 - core))[..., None]
    body = lerp(shade, bright, (edge * (1 - 0.45 * core))[..., None])
    body = lerp(body, light.key * 1.08, np.clip(lining * 0.85, 0, 1))
    sky[:] = lerp(sky, body, (thin * np.float32(0.9))[..., None])


def plume(view: View, rgb: Plane, light: Light, sun: Sun, noise: Noise, vent: tuple[float, float]) -> None:
    """Smoke that rises from a vent at (u, v), billows and leans with the wind."""
    up = np.maximum(vent[1] - view.v, 0)
    wind = -0.9 if sun.u > vent[0] else 0.9
    aside = view.u - np.float32(vent[0]) - wind * up**1.7
    wide = 0.03 + 0.42 * up**0.9
    x, y = np.broadcast_arrays(aside * 0.55 / (0.4 + up), up**0.8 * 0.42)
    puffs = noise.cloud(x, y) * 0.9 + 0.3 * noise.soft(x * 2, y * 2)
    lit = puffs - noise.cloud(x + np.sign(sun.u - vent[0]) * np.float32(-0.012), y + np.float32(0.008)) * 0.9
    body = np.exp(-((aside / wide) ** 2) * 1.6) * ramp(0, 0.03, up) * np.exp(-up / 0.75)
    density = ramp(0.13, 0.6, body * (1 + 0.36 * puffs))
    _lay(rgb, density * np.float32(0.9), lit, light, _nearness(view.u, view.v, sun) * np.float32(0.6))


def shafts(view: View, rgb: Plane, sun: Sun, strength: float) -> None:
    """Light streaming from the sun past whatever stands before it: a radial blur of the highlights."""
    small = Image.fromarray((np.clip(rgb, 0, 1) * 255).astype(np.uint8)).reduce(4)
    field = np.asarray(small, np.float32).max(axis=-1) / 255
    beam = np.clip((field - 0.72) / 0.28, 0, 1) ** 1.5
    centre = ((sun.u + view.wide) * view.unit / 4, (sun.v + view.top) * view.unit / 4)
    for power in range(5):
        shrink = np.float32(1 - 0.028 * 2**power)
        beam = (beam + _towards(beam, centre, float(shrink)) * 0.96) / 2
    image = Image.fromarray(beam.astype(np.float32)).resize(
        (view.width, view.height), Image.Resampling.BICUBIC
    )
    glow = np.clip(np.asarray(image, np.float32), 0, 1) * np.float32(strength)
    tint = np.asarray([1.0, 0.93, 0.8], np.float32)
    rgb[:] = _screen(rgb, glow[..., None] * tint)


def _towards(field: Plane, centre: tuple[float, float], shrink: float) -> Plane:
    x, y = centre
    matrix = (shrink, 0, x * (1 - shrink), 0, shrink, y * (1 - shrink))
    image = Image.fromarray(field.astype(np.float32))
    return np.asarray(
        image.transform(image.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR), np.float32
    )


def _screen(below: Plane, above: Plane) -> Plane:
    lit: Plane = 1 - (1 - np.clip(below, 0, 1)) * (1 - np.clip(above, 0, 1))
    return lit

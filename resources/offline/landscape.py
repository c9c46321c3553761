"""One picture from the back to the front: sky, land, water, mist, figures."""

from __future__ import annotations

import numpy as np

from resources.offline import sky
from resources.offline.cast import enter, foreground
from resources.offline.noise import Plane, lerp, ramp
from resources.offline.places import country
from resources.offline.stage import Stage
from resources.offline.terrain import ground
from resources.offline.view import FAR, Canvas
from resources.offline.water import water

__all__ = ["landscape"]


def landscape(stage: Stage) -> Canvas:
    """Paints open country in any weather."""
    place = country(stage)
    canvas = backdrop(stage, place.cover)
    if place.vent and ("smoke" in stage.scene.weather or not stage.scene.subjects):
        sky.plume(stage.view, canvas.rgb, stage.light, stage.sun, stage.noise, place.vent)
    if place.land and place.ground:
        ground(stage.view, canvas, place.land, place.ground, stage.light, stage.side, stage.noise)
    if place.swell is not None:
        water(stage.view, canvas, stage.palette, stage.light, stage.sun, stage.noise, place.swell)
    mist(stage, canvas)
    enter(stage, canvas)
    foreground(stage, canvas)
    weather(stage, canvas)
    return canvas


def backdrop(stage: Stage, cover: float) -> Canvas:
    """The sky alone."""
    view, light = stage.view, stage.light
    rgb = sky.gradient(view, light, stage.sun)
    if light.moon:
        sky.stars(view, rgb, stage.dice("stars"))
    sky.luminary(view, rgb, light, stage.sun, stage.noise)
    sky.clouds(view, rgb, light, stage.sun, stage.noise, cover)
    return Canvas(rgb, np.full(view.shape, FAR, np.float32))


def mist(stage: Stage, canvas: Canvas) -> None:
    """Banks of mist that drift between near and far."""
    asked = "mist" in stage.scene.weather
    view = stage.view
    strength = 0.75 if asked else 0.22
    bank = stage.noise.cloud(*np.broadcast_arrays(view.u * 0.09, view.v * 0.42))
    level = np.exp(-(((view.v + 0.015) / np.float32(0.16 if asked else 0.05)) ** 2))
    behind = ramp(4, 30, np.minimum(canvas.distance, 1e4)) * (canvas.distance < FAR)
    veil = np.clip(level * (0.55 + 0.4 * bank), 0, 1) * behind * np.float32(strength)
    canvas.rgb[:] = lerp(canvas.rgb, stage.light.haze, veil[..., None])


def weather(stage: Stage, canvas: Canvas) -> None:
    """Shafts of light, rain, snowflakes, lightning's afterglow: what is between the scene and the lens."""
    asked = stage.scene.weather
    if stage.scene.hour in ("dawn", "golden", "dusk") or "shafts" in asked:
        sky.shafts(stage.view, canvas.rgb, stage.sun, 0.8 if "shafts" in asked else 0.4)
    if "rain" in asked:
        canvas.rgb += _streaks(stage, 0.055, lean=0.24, long=34)[..., None] * stage.light.haze
    if "snowfall" in asked:
        canvas.rgb += _streaks(stage, 0.5, lean=0.3, long=3)[..., None]


def _streaks(stage: Stage, strength: float, lean: float, long: int) -> Plane:
    """Falling drops: sparse dots smeared along their path."""
    height, width = stage.view.shape
    dots = stage.dice("drops").random((height, width), np.float32) > 0.9975
    total = np.zeros((height, width), np.float32)
    for step in range(long):
        total += np.roll(dots, (step, round(-step * lean)), (0, 1))
    patchy = 0.6 + 0.4 * ramp(
        -1, 1, stage.noise.soft(*np.broadcast_arrays(stage.view.u * 0.3, stage.view.v * 0.3))
    )
    return np.minimum(total, 1.5) * np.float32(strength) * patchy

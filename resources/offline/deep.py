"""Two places without a horizon: under water, and in space."""

from __future__ import annotations

import numpy as np

from resources.offline import sky
from resources.offline.cast import enter
from resources.offline.noise import Plane, lerp, ramp
from resources.offline.palette import mix
from resources.offline.pen import Pen
from resources.offline.stage import Stage
from resources.offline.view import FAR, Canvas, View

__all__ = ["space", "underwater"]


def underwater(stage: Stage) -> Canvas:
    """Blue depth with beams from above, weed swaying on a dim seabed."""
    view, p, noise = stage.view, stage.palette, stage.noise
    sea = lerp(
        mix(p.cool, p.light, 0.08), mix(p.deep, p.ink, 0.3), ramp(-view.top, view.bottom, view.v)[..., None]
    )
    rgb = np.ascontiguousarray(np.broadcast_to(sea, (*view.shape, 3)))
    slant = view.u + (view.v + view.top) * 0.22 * stage.side
    beams = noise.cloud(*np.broadcast_arrays(slant * 0.22, np.zeros_like(slant) + 0.3))
    fade = np.exp(-(view.v + view.top) / 0.55) * np.exp(-np.abs(slant - stage.sun.u) / 0.55)
    rgb += (ramp(-0.2, 1.6, beams) * fade * 0.5)[..., None] * mix(p.light, p.cool, 0.3)
    surface = ramp(
        -0.3, 2.0, noise.cloud(view.u * 0.25, np.broadcast_to(0.05 / (view.v + view.top + 0.06), view.shape))
    )
    rgb += (surface * np.exp(-(view.v + view.top) / 0.06) * 0.4)[..., None] * p.light
    canvas = Canvas(rgb, np.full(view.shape, FAR, np.float32))
    for row in range(4):
        _seabed(stage, canvas, row)
    enter(stage, canvas)
    _bubbles(stage, canvas)
    return canvas


def _seabed(stage: Stage, canvas: Canvas, row: int) -> None:
    view, p = stage.view, stage.palette
    near = row / 3
    rng = stage.dice(f"weed {row}")
    line = stage.noise.cloud(view.u * 0.12, np.full_like(view.u, 0.2 * row)) * (0.03 + 0.03 * near)
    crest = 0.06 + 0.1 * row + line
    bottom = ramp(-0.002, 0.002, view.v - crest)
    pen = Pen(view.unit, -view.wide, view.wide, view.top, -view.bottom)
    for u in rng.uniform(-view.wide, view.wide, 5 + 2 * row):
        _weed(pen, rng, float(u), -0.1 - 0.1 * row, 0.14 + 0.14 * near)
    tone, shape = (np.pad(plane, ((0, 2), (0, 2)))[: view.height, : view.width] for plane in pen.cut())
    light = mix(p.cool, p.deep, 0.25 + 0.3 * near)
    weed = lerp(np.broadcast_to(p.leaf * np.float32(0.6), (*view.shape, 3)), light, (1 - near) * 0.8)
    sand = lerp(mix(p.stone, p.deep, 0.4), light, 0.85 - 0.5 * near)
    canvas.rgb[:] = lerp(canvas.rgb, weed * (0.5 + tone)[..., None], shape[..., None])
    grain = 1 + 0.05 * stage.noise.fine(*np.broadcast_arrays(view.u * 0.8, view.v * 1.6))
    caustic = ramp(0.6, 0.0, np.abs(stage.noise.cloud(*np.broadcast_arrays(view.u * 0.5, view.v * 1.4)))) ** 3
    canvas.rgb[:] = lerp(canvas.rgb, sand * (grain + 0.4 * caustic)[..., None], bottom[..., None])
    canvas.distance[(shape > 0.5) | (bottom > 0.5)] = np.float32(40 / (1 + 8 * near))


def _weed(pen: Pen, rng: np.random.Generator, u: float, foot: float, tall: float) -> None:
    sway = float(rng.normal(0.02, 0.03))
    for _ in range(5):
        reach = tall * float(rng.uniform(0.5, 1.3))
        side = float(rng.normal(0, 0.02))
        path = [
            (u + side, foot - 0.1),
            (u + side - sway, foot + reach * 0.35),
            (u + side + sway, foot + reach * 0.7),
        ]
        pen.line([*path, (u + side * 2 - sway, foot + reach)], 0.012, float(rng.uniform(0.3, 0.6)), 0.002)


def _bubbles(stage: Stage, canvas: Canvas) -> None:
    rng, view = stage.dice("bubbles"), stage.view
    motes = np.zeros(view.shape, np.float32)
    rows, columns = rng.integers(0, view.height - 2, 420), rng.integers(0, view.width - 2, 420)
    motes[rows, columns] = rng.random(420) ** 3
    motes[rows + 1, columns] = motes[rows, columns + 1] = motes[rows, columns] * 0.6
    canvas.rgb += (motes * 0.6)[..., None] * stage.palette.light


def space(stage: Stage) -> Canvas:
    """Stars, a nebula and a planet lit from one side."""
    view, p, noise = stage.view, stage.palette, stage.noise
    u, v = np.broadcast_arrays(view.u, view.v + np.float32(view.top / 2))
    rgb = np.ascontiguousarray(np.broadcast_to(p.ink * np.float32(0.35), (*view.shape, 3)))
    gas = noise.cloud(u * 0.16 + 0.04 * noise.soft(u * 0.3, v * 0.3), v * 0.16)
    dust = noise.cloud(u * 0.23 + 0.4, v * 0.23 + 0.2)
    band = np.exp(-(((v + 0.35 * u * stage.side) / 0.4) ** 2))
    rgb += (ramp(-0.8, 2.2, gas) * (0.25 + band) * 1.1)[..., None] * mix(p.cool, p.deep, 0.35)
    rgb += (ramp(0.2, 2.6, gas) * band * 1.0)[..., None] * p.warm
    rgb *= (1 - 0.6 * ramp(0.3, 1.6, dust) * band)[..., None]
    sky.stars(_whole(stage), rgb, stage.dice("stars"), 2600)
    canvas = Canvas(rgb, np.full(view.shape, FAR, np.float32))
    _planet(stage, canvas, u, v)
    enter(stage, canvas)
    return canvas


def _whole(stage: Stage) -> View:
    return View(stage.view.width, stage.view.height, 0.99)


def _planet(stage: Stage, canvas: Canvas, u: Plane, v: Plane) -> None:
    p, noise = stage.palette, stage.noise
    radius = 0.34
    x, y = (u - np.float32(stage.hero * 1.3)) / radius, (v - np.float32(0.2)) / radius
    away = np.hypot(x, y)
    ball = np.sqrt(np.clip(1 - away**2, 0, 1))
    lit = np.clip(0.78 * x * stage.side - 0.45 * y + 0.42 * ball, 0, 1)
    turn = np.arcsin(np.clip(x / np.sqrt(np.clip(1 - y * y, 0.01, 1)), -1, 1))
    land = noise.cloud(turn * 0.16, y * 0.16)
    clouds = ramp(0.3, 1.6, noise.cloud(turn * 0.1 + 0.5, y * 0.3 + 0.1 * land))
    ground = lerp(mix(p.deep, p.cool, 0.4), mix(p.leaf, p.stone, 0.5), ramp(0.0, 0.25, land)[..., None])
    face = lerp(ground, p.haze, (clouds * 0.8)[..., None]) * (0.02 + 1.25 * lit)[..., None]
    face += (np.clip(1 - ball, 0, 1) ** 3 * lit)[..., None] * mix(p.cool, p.light, 0.4)
    disc = ramp(1 + 1.5 / (radius * stage.view.unit), 1 - 1.5 / (radius * stage.view.unit), away)
    air = (
        np.exp(-np.maximum(away - 1, 0) / 0.035) * np.clip(0.3 + x * stage.side - 0.4 * y, 0, 1) * (1 - disc)
    )
    canvas.rgb[:] = lerp(canvas.rgb, face, disc[..., None]) + (air * 0.7)[..., None] * mix(
        p.cool, p.light, 0.5
    )
    canvas.distance[disc > 0.5] = 90.0

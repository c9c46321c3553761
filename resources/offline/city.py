"""Towns: rows of houses or towers behind one another, their windows lit in the evening."""

from __future__ import annotations

import numpy as np

from resources.offline.cast import enter
from resources.offline.landscape import backdrop, weather
from resources.offline.noise import Plane, lerp, ramp
from resources.offline.palette import mix
from resources.offline.pen import Pen
from resources.offline.stage import Stage
from resources.offline.view import Canvas

__all__ = ["city", "roofs"]

_LAMPLIGHT = np.array([1.0, 0.76, 0.4], np.float32)


def _town(stage: Stage, canvas: Canvas) -> None:
    """A skyline down to the lower edge: five rows, the nearest a row of dark roofs."""
    tall = {0: (0.12, 0.44), 1: (0.08, 0.36), 2: (0.04, 0.25), 3: (0.04, 0.14)}
    old = any(
        word in stage.scene.style.lower() for word in ("wood", "engrav", "vintage", "victorian", "etch")
    )
    for row, (low, high) in tall.items():
        tower = row < 3 and not old
        scale = 0.6 if old else 1.0
        _row(stage, canvas, row, (low * scale, high * scale), 0.08 * row - 0.02, tower)
    _row(stage, canvas, 4, (0.1, 0.2), 0.3, tower=False)


def city(stage: Stage) -> Canvas:
    """A skyline under its sky, with the prompt's figures before it."""
    canvas = backdrop(stage, 0.5)
    _town(stage, canvas)
    enter(stage, canvas)
    weather(stage, canvas)
    return canvas


def roofs(stage: Stage, canvas: Canvas) -> None:
    """Distant roofs and chimneys, as seen through a window."""
    for row, base in ((2, 0.0), (3, 0.06)):
        _row(stage, canvas, row, (0.12, 0.24), base, tower=False)


def _row(stage: Stage, canvas: Canvas, row: int, tall: tuple[float, float], base: float, tower: bool) -> None:
    view = stage.view
    rng = stage.dice(f"row {row}")
    pen = Pen(view.unit, -view.wide, view.wide, 1.0, -view.bottom - 0.05)
    u, middle = -view.wide - 0.1, stage.hero
    while u < view.wide:
        wide = float(rng.uniform(0.05, 0.12) * (0.7 + 0.22 * row))
        peak = float(np.exp(-(((u - middle) / 0.4) ** 2)))
        top = tall[0] + (tall[1] - tall[0]) * float(rng.random() ** 1.6) * (0.45 + 0.75 * peak) - base
        (_tower if tower else _house)(pen, rng, u, wide, top, -view.bottom - 0.05)
        u += wide * float(rng.uniform(0.9, 1.25))
    _lay(stage, canvas, pen, row)


def _lay(stage: Stage, canvas: Canvas, pen: Pen, row: int) -> None:
    light, near = stage.light, row / 4
    tone, shape = (_fit(stage, plane) for plane in pen.cut())
    wall = mix(stage.palette.stone, stage.palette.deep, 0.35)
    lit: Plane = (0.25 + 1.3 * tone)[..., None] * wall * (light.fill + light.key * (0.3 * light.strength))
    fog = ramp(-0.4, 0.12, stage.view.v) * (1 - near * 0.8)
    veil = np.clip(0.66 * (1 - near) ** 1.2 + 0.05 + 0.36 * fog, 0, 0.92)
    lit = lerp(lit, light.haze, veil[..., None])
    if stage.scene.hour in ("night", "dusk", "storm"):
        lit = np.where((tone > 0.93)[..., None], _LAMPLIGHT * np.float32(0.55 + 0.4 * near), lit)
    canvas.lay(lit, shape, (0, 0), 120 / (1 + 9 * near))


def _fit(stage: Stage, plane: Plane) -> Plane:
    """The sheet, cropped or padded at its top to the canvas."""
    view = stage.view
    start = round((1.0 - view.top) * view.unit)
    rows = plane[max(start, 0) :][: view.height]
    missing = (max(-start, 0), max(view.height - len(rows) - max(-start, 0), 0))
    return np.pad(rows, (missing, (0, 2)))[: view.height, : view.width]


def _tower(pen: Pen, rng: np.random.Generator, u: float, wide: float, top: float, foot: float) -> None:
    tone = float(rng.uniform(0.25, 0.5))
    pen.fill([(u, foot), (u, top), (u + wide, top), (u + wide, foot)], tone, False)
    pen.fill([(u, foot), (u, top), (u + wide * 0.3, top), (u + wide * 0.3, foot)], tone * 0.8, False)
    if rng.random() < 0.5:
        pen.fill(
            [
                (u + wide * 0.2, top),
                (u + wide * 0.2, top + 0.03),
                (u + wide * 0.8, top + 0.03),
                (u + wide * 0.8, top),
            ],
            tone,
            False,
        )
    if rng.random() < 0.25:
        pen.line([(u + wide / 2, top), (u + wide / 2, top + rng.uniform(0.05, 0.12))], 0.006, tone, 0.002)
    for y in np.arange(top - 0.025, foot, -0.024):
        for x in np.arange(u + wide * 0.1, u + wide * 0.9, 0.016):
            lit = 1.0 if rng.random() < 0.3 else tone * 0.72
            pen.fill([(x, y), (x, y + 0.011), (x + 0.008, y + 0.011), (x + 0.008, y)], lit, False)


def _house(pen: Pen, rng: np.random.Generator, u: float, wide: float, top: float, foot: float) -> None:
    tone = float(rng.uniform(0.2, 0.4))
    eaves = top - wide * float(rng.uniform(0.25, 0.5))
    pen.fill([(u, foot), (u, eaves), (u + wide, eaves), (u + wide, foot)], tone, False)
    ridge = [(u + wide / 2, top)] if rng.random() < 0.5 else [(u + wide * 0.2, top), (u + wide * 0.9, top)]
    pen.fill([(u - 0.006, eaves), *ridge, (u + wide + 0.006, eaves)], tone * 0.6, False)
    for at in rng.uniform(0.15, 0.8, 2):
        x = u + wide * float(at)
        pen.fill(
            [(x, eaves), (x, top + 0.025), (x + 0.016, top + 0.025), (x + 0.016, eaves)], tone * 0.8, False
        )
        for pot in (0.002, 0.01):
            pen.line([(x + pot, top + 0.025), (x + pot, top + 0.038)], 0.005, tone)
    for y in np.arange(eaves - 0.045, foot, -0.06):
        for x in np.arange(u + wide * 0.15, u + wide * 0.85, 0.034):
            lit = 1.0 if rng.random() < 0.28 else tone * 0.5
            pen.fill([(x, y), (x, y + 0.028), (x + 0.016, y + 0.028), (x + 0.016, y)], lit, False)
    if rng.random() < 0.06:
        pen.fill([(u, top), (u + wide / 2, top + 0.25), (u + wide, top)], tone * 0.7, False)

"""A desk by a window at night: what the lamp shows of notebooks and books, and the town outside."""

from __future__ import annotations

import numpy as np

from resources.offline.city import roofs
from resources.offline.landscape import backdrop
from resources.offline.noise import Plane, lerp, ramp
from resources.offline.palette import Colour, mix
from resources.offline.pen import Pen
from resources.offline.stage import Stage
from resources.offline.view import Canvas

__all__ = ["study"]

_DESK = 0.12


def study(stage: Stage) -> Canvas:
    """Paints the room and lights it."""
    view = stage.view
    outside = backdrop(stage, 0.4)
    roofs(stage, outside)
    room = Canvas(_wall(stage), np.full(view.shape, 9.0, np.float32))
    _window(stage, room, outside)
    _desk(stage, room)
    glow = np.zeros((*view.shape, 3), np.float32)
    for draw, u, v, tall, paint in _things(stage):
        _set(stage, room, draw, (u, v), tall, paint)
    room.rgb *= _lamplight(stage)
    _flame(stage, glow)
    room.rgb = room.rgb + glow
    return room


def _lamp(stage: Stage) -> tuple[float, float]:
    """Where the flame is."""
    return stage.hero * 0.9, _DESK - 0.235


def _wall(stage: Stage) -> Plane:
    view, p = stage.view, stage.palette
    board = np.abs(((view.u * 3.2) % 1) - 0.5)
    panel = 1 - 0.25 * ramp(0.47, 0.5, board)
    stain = 1 + 0.06 * stage.noise.cloud(*np.broadcast_arrays(view.u * 0.3, view.v * 0.3))
    paint = mix(p.stone, p.warm, 0.22)
    return (panel * stain)[..., None] * paint


def _window(stage: Stage, room: Canvas, outside: Canvas) -> None:
    """A sash window away from the lamp, its frame and a curtain."""
    view = stage.view
    middle, half = -stage.hero * 1.1, 0.25
    across, down = np.abs(view.u - middle), view.v
    top, sill = -0.78 * view.top, 0.02
    inside = (across < half) & (down > top) & (down < sill)
    bars = (np.abs((view.u - middle + half) % (half * 2 / 3)) < 0.008) | (
        np.abs((down - top) % ((sill - top) / 4)) < 0.007
    )
    frame = (across < half + 0.035) & (down > top - 0.035) & (down < sill + 0.03)
    wood = mix(stage.palette.ink, stage.palette.stone, 0.6)
    room.rgb[:] = np.where(frame[..., None], wood, room.rgb)
    pane = inside & ~bars
    # Panes shine by themselves: what lights the room is taken out of them beforehand.
    room.rgb[:] = np.where(pane[..., None], outside.rgb / np.maximum(_lamplight(stage), 0.05), room.rgb)
    room.distance[pane] = 60.0
    _curtain(stage, room, middle, half, top)


def _curtain(stage: Stage, room: Canvas, middle: float, half: float, top: float) -> None:
    view, p = stage.view, stage.palette
    for side in (-1, 1):
        drawn = (view.u - middle) * side
        sway = 0.02 * np.sin(view.v * 5 + side) + 0.06 * ramp(-0.3, 0.1, view.v) * ramp(0.2, -0.1, view.v)
        cloth = ramp(half - 0.075, half - 0.068, drawn + sway) * ramp(
            half + 0.16, half + 0.15, drawn - sway * 0.5
        )
        cloth = cloth * (view.v > top - 0.07)
        folds = 0.62 + 0.38 * np.sin(drawn * 95 + 3 * np.sin(view.v * 2.2 + side))
        colour = (folds * 0.9)[..., None] * mix(p.warm, p.deep, 0.5)
        room.rgb[:] = lerp(room.rgb, colour, cloth[..., None])


def _desk(stage: Stage, room: Canvas) -> None:
    view, p = stage.view, stage.palette
    on = ramp(_DESK - 0.001, _DESK + 0.002, view.v)
    depth = 0.22 / np.maximum(view.v - _DESK + 0.12, 0.02)
    grain = stage.noise.cloud(*np.broadcast_arrays(view.u * depth * 0.35, depth * 2.6))
    fine = stage.noise.fine(*np.broadcast_arrays(view.u * depth * 0.08, depth * 1.7))
    tone = 0.8 + 0.13 * grain + 0.07 * fine
    board = tone[..., None] * mix(p.warm, p.stone, 0.5)
    room.rgb[:] = lerp(room.rgb, board * np.float32(0.82), on[..., None])
    room.distance[:] = np.where(on > 0.5, 1.0 / np.maximum(view.v - _DESK + 0.2, 0.05), room.distance)


def _things(stage: Stage) -> list[tuple[str, float, float, float, Colour]]:
    p, h = stage.palette, np.sign(stage.hero)
    u = stage.hero * 0.9
    pale = mix(p.haze, p.light, 0.5)
    return [
        ("books", float(u + h * 0.36), _DESK + 0.03, 0.2, p.warm),
        ("globe", float(u - h * 0.62), _DESK + 0.035, 0.26, mix(p.cool, p.haze, 0.3)),
        ("lamp", u, _DESK + 0.06, 0.36, p.warm),
        ("paper", float(u + h * 0.25), _DESK + 0.19, 0.16, pale),
        ("notebook", float(u - h * 0.2), _DESK + 0.22, 0.24, pale),
        ("quill", float(u - h * 0.47), _DESK + 0.13, 0.24, pale),
    ]


def _set(
    stage: Stage, room: Canvas, name: str, foot: tuple[float, float], tall: float, paint: Colour
) -> None:
    """Puts a thing on the desk, with its shadow away from the lamp."""
    pen = Pen(tall * stage.view.unit, -1.3, 1.3, 1.25, -0.3)
    _DRAW[name](pen, stage.dice(name))
    tone, shape = pen.cut()
    row, column = stage.view.pixel(foot[0] - 1.3 * tall, foot[1] - 1.25 * tall)
    size = tall * stage.view.unit
    away = round(0.05 * size * float(np.sign(foot[0] - _lamp(stage)[0])))
    room.lay(np.zeros((*shape.shape, 3), np.float32), shape * 0.5, (row + round(0.02 * size), column + away))
    room.lay((2.0 * tone)[..., None] * paint, shape, (row, column), 2.5)


def _lamplight(stage: Stage) -> Plane:
    u, v = _lamp(stage)
    view, light = stage.view, stage.light
    away = np.hypot(view.u - u, (view.v - v) * 1.1)
    fall = 1 / (1 + (away / 0.24) ** 2.1)
    flicker = np.array([1.0, 0.74, 0.42], np.float32) * 0.6 + stage.palette.light * 0.55
    dim = light.fill * np.float32(0.34) + 0.035
    lit: Plane = dim + (fall * 1.75)[..., None] * flicker
    return lit


def _flame(stage: Stage, glow: Plane) -> None:
    u, v = _lamp(stage)
    view = stage.view
    away = np.hypot(view.u - u, view.v - v)
    halo = 0.34 * np.exp(-away / 0.07) + 0.14 * np.exp(-away / 0.3)
    tall = np.hypot((view.u - u) / 0.013, (view.v - v) / 0.032)
    flame = 1.5 * np.exp(-(tall**2))
    glow += halo[..., None] * np.array([1.0, 0.7, 0.36], np.float32) + flame[..., None] * np.array(
        [1.0, 0.9, 0.7], np.float32
    )


def _draw_lamp(pen: Pen, rng: np.random.Generator) -> None:
    pen.fill(
        [(-0.26, 0.0), (-0.2, 0.06), (-0.06, 0.1), (0.06, 0.1), (0.2, 0.06), (0.26, 0.0), (0, -0.04)], 0.3
    )
    pen.fill([(-0.06, 0.08), (-0.04, 0.2), (-0.05, 0.26), (0.05, 0.26), (0.04, 0.2), (0.06, 0.08)], 0.42)
    pen.disc(0, 0.36, 0.19, 0.13, 0.34)
    pen.disc(-0.05, 0.4, 0.07, 0.04, 0.62)
    pen.fill([(-0.1, 0.48), (-0.1, 0.55), (0.1, 0.55), (0.1, 0.48)], 0.5, False)
    glass = [(-0.085, 0.56), (-0.15, 0.72), (-0.11, 0.9), (-0.07, 1.02), (-0.07, 1.22)]
    pen.line(glass, 0.014, 0.62)
    pen.line([(-x, y) for x, y in glass], 0.014, 0.62)


def _draw_notebook(pen: Pen, rng: np.random.Generator) -> None:
    pen.fill(
        [(-1.18, -0.12), (-0.86, 0.5), (0.0, 0.52), (0.86, 0.5), (1.18, -0.12), (0.0, -0.17)], 0.14, False
    )
    for side in (-1, 1):
        page = [
            (0.0, -0.1),
            (0.45 * side, 0.0),
            (1.1 * side, -0.08),
            (0.82 * side, 0.5),
            (0.4 * side, 0.57),
            (0, 0.5),
        ]
        pen.fill(page, 0.47 if side < 0 else 0.43, False)
    for row in np.linspace(0.44, 0.02, 9):
        spread = 0.92 - 0.32 * row
        ends = np.sort(rng.uniform(0.0, 0.12, 2))
        xs = np.linspace(-spread + ends[0], -0.12 - ends[1], 14)
        pen.line([(float(x), float(row + rng.normal(0, 0.008))) for x in xs], 0.016, 0.2)
    _tree_of_life(pen, 0.42, 0.06, np.pi / 2, 0.15, 0)


def _tree_of_life(pen: Pen, x: float, y: float, angle: float, reach: float, age: int) -> None:
    tip = x + np.cos(angle) * reach * 1.3, y + np.sin(angle) * reach * 0.75
    pen.line([(x, y), tip], 0.018, 0.14)
    if age < 3:
        for turn in (-0.62, 0.1, 0.6) if age == 1 else (-0.5, 0.55):
            _tree_of_life(pen, *tip, angle + turn, reach * 0.78, age + 1)


def _draw_books(pen: Pen, rng: np.random.Generator) -> None:
    y = 0.0
    for _ in range(5):
        thick, half, shift = rng.uniform(0.14, 0.24), rng.uniform(0.55, 0.8), rng.normal(0, 0.06)
        tone = rng.uniform(0.16, 0.5)
        pen.fill(
            [(shift - half, y), (shift - half, y + thick), (shift + half, y + thick), (shift + half, y)],
            tone,
            False,
        )
        pen.fill(
            [
                (shift - half, y + thick),
                (shift - half + 0.1, y + thick + 0.03),
                (shift + half - 0.1, y + thick + 0.03),
                (shift + half, y + thick),
            ],
            tone * 1.3,
            False,
        )
        for at in (-0.6, -0.45, 0.5):
            pen.line(
                [(shift + at * half, y + 0.02), (shift + at * half, y + thick - 0.02)],
                0.03,
                min(tone * 1.8, 0.8),
            )
        y += thick


def _draw_globe(pen: Pen, rng: np.random.Generator) -> None:
    pen.fill([(-0.28, 0.0), (-0.2, 0.05), (0.2, 0.05), (0.28, 0.0)], 0.2)
    pen.line([(0, 0.04), (0, 0.2)], 0.07, 0.22)
    pen.disc(0, 0.62, 0.4, 0.4, 0.34)
    for x, y, rx, ry in (
        (-0.12, 0.75, 0.16, 0.1),
        (0.02, 0.52, 0.1, 0.16),
        (0.22, 0.7, 0.1, 0.12),
        (-0.24, 0.5, 0.07, 0.1),
    ):
        pen.disc(x, y, rx, ry, 0.46, float(rng.normal(0, 0.5)))
    arc = np.linspace(-1.3, 1.9, 14)
    pen.line([(0.45 * float(np.sin(a)), 0.62 - 0.45 * float(np.cos(a))) for a in arc], 0.03, 0.5)


def _draw_paper(pen: Pen, rng: np.random.Generator) -> None:
    pen.fill([(-0.9, 0.1), (-0.4, 0.62), (0.75, 0.5), (0.4, -0.06)], 0.4, False)
    pen.fill([(-0.8, 0.0), (-0.5, 0.5), (0.6, 0.56), (0.55, 0.02)], 0.46, False)
    for row in np.linspace(0.44, 0.1, 6):
        xs = np.linspace(-0.55, 0.4, 9)
        pen.line([(float(x), float(row + rng.normal(0, 0.012))) for x in xs], 0.02, 0.24)


def _draw_quill(pen: Pen, rng: np.random.Generator) -> None:
    pen.fill(
        [
            (-0.17, 0.0),
            (-0.19, 0.2),
            (-0.09, 0.28),
            (-0.09, 0.34),
            (0.09, 0.34),
            (0.09, 0.28),
            (0.19, 0.2),
            (0.17, 0),
        ],
        0.08,
    )
    pen.line([(-0.1, 0.1), (-0.12, 0.2)], 0.03, 0.4)
    pen.line([(0.0, 0.3), (0.22, 0.7), (0.5, 1.1)], 0.03, 0.45, 0.01)
    pen.fill(
        [(0.14, 0.58), (0.18, 0.85), (0.36, 1.1), (0.56, 1.2), (0.5, 1.0), (0.38, 0.8), (0.22, 0.62)], 0.48
    )


_DRAW = {
    "lamp": _draw_lamp,
    "notebook": _draw_notebook,
    "books": _draw_books,
    "globe": _draw_globe,
    "paper": _draw_paper,
    "quill": _draw_quill,
}

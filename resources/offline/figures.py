"""Figures of plants, ships and buildings; each stands on y = 0."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from resources.offline.pen import Pen, Point

__all__ = [
    "boat",
    "branch",
    "cactus",
    "grass",
    "house",
    "lighthouse",
    "pads",
    "palm",
    "rocket",
    "ship",
    "tree",
]

Rng = np.random.Generator


def ship(pen: Pen, rng: Rng) -> None:
    """A three-masted barque under sail, its waterline at y = 0."""
    pen.line([(0.5, 0.14), (0.74, 0.24)], 0.016, 0.2, 0.006)
    masts = ((-0.34, 0.78), (-0.02, 0.98), (0.28, 0.9))
    for x, tall in masts:
        pen.line([(x, 0.08), (x + 0.01, tall)], 0.018, 0.22, 0.006)
    _rigging(pen, masts)
    for x, tall in masts[1:]:
        _square_sails(pen, x, tall)
    _square_sails(pen, masts[0][0], masts[0][1], lowest=0.42)
    pen.fill([(-0.36, 0.16), (-0.6, 0.2), (-0.55, 0.4), (-0.36, 0.48)], 0.72, False)
    for number, (foot, head) in enumerate((((0.71, 0.235), 0.86), ((0.61, 0.2), 0.66), ((0.51, 0.16), 0.47))):
        sag = 0.44 - 0.02 * number, 0.3 - 0.05 * number
        pen.fill([foot, (0.3, head), (0.33 - 0.01 * number, head * 0.6), sag], 0.84 - 0.09 * number, False)
    hull = [
        (-0.53, 0.19),
        (-0.5, 0.08),
        (-0.46, 0.02),
        (-0.42, -0.03),
        (0.42, -0.03),
        (0.47, 0.04),
        (0.54, 0.17),
    ]
    pen.fill([*hull, (0.3, 0.125), (0.0, 0.11), (-0.3, 0.13)], 0.14, False)
    pen.line([(-0.51, 0.125), (-0.3, 0.09), (0.0, 0.075), (0.3, 0.09), (0.51, 0.13)], 0.026, 0.6)
    for x in np.linspace(-0.42, 0.42, 11):
        pen.disc(x, 0.078 + 0.2 * x * x, 0.009, 0.009, 0.1)


def _square_sails(pen: Pen, x: float, tall: float, lowest: float = 0.17) -> None:
    edges = np.linspace(lowest, tall - 0.06, 5 if lowest < 0.3 else 4)
    for number, (low, high) in enumerate(pairwise(edges)):
        wide, narrow = 0.15 - 0.022 * number, 0.135 - 0.024 * number
        belly = 0.035
        outline = [(x - wide, low + 0.015), (x - narrow, high - 0.01), (x + narrow, high - 0.01)]
        outline += [(x + wide + belly, low + 0.015), (x + belly, low + 0.035)]
        pen.fill(outline, 0.86 - 0.05 * number, False)
        pen.fill(
            [(x + wide * 0.3, low + 0.03), (x + narrow * 0.5, high - 0.012), outline[2], outline[3]],
            0.7,
            False,
        )
        pen.line([(x - narrow - 0.015, high - 0.008), (x + narrow + 0.015, high - 0.008)], 0.009, 0.2)


def _rigging(pen: Pen, masts: tuple[Point, ...]) -> None:
    for x, tall in masts:
        for foot in (-0.1, -0.06, 0.06, 0.1):
            pen.line([(x + foot, 0.13), (x + 0.01, tall * 0.72)], 0.003, 0.3)
    tops = [(x + 0.01, tall) for x, tall in masts]
    for a, b in zip([(-0.55, 0.18), *tops], [*tops, (0.74, 0.24)], strict=True):
        pen.line([a, b], 0.003, 0.3)


def boat(pen: Pen, rng: Rng) -> None:
    """An open boat with a small sail."""
    pen.line([(0.02, 0.1), (0.04, 0.98)], 0.022, 0.24, 0.01)
    pen.fill([(0.0, 0.2), (0.03, 0.94), (-0.12, 0.6), (-0.42, 0.24)], 0.82, False)
    pen.fill([(0.08, 0.24), (0.05, 0.86), (0.3, 0.24)], 0.72, False)
    pen.fill(
        [(-0.5, 0.2), (-0.4, 0.0), (-0.3, -0.03), (0.36, -0.03), (0.48, 0.06), (0.56, 0.22), (0.2, 0.14)], 0.2
    )


def cactus(pen: Pen, rng: Rng) -> None:
    """A prickly pear grown to a tree, as in the Galápagos."""
    pen.line([(0, -0.04), (0.02, 0.2), (-0.01, 0.46)], 0.13, 0.26, 0.1)
    for y in np.linspace(0.03, 0.42, 8):
        pen.line([(-0.05, y), (0.05, y + 0.015)], 0.01, 0.18)
    pads: list[tuple[float, float, float, float, int]] = [
        (0.0, 0.44, lean, 0.135, 0) for lean in (-0.75, 0.0, 0.7)
    ]
    while pads:
        x, y, lean, size, age = pads.pop(0)
        tip = x + np.sin(lean) * size * 1.8, y + np.cos(lean) * size * 1.8
        _pad(pen, ((x + tip[0]) / 2, (y + tip[1]) / 2), size, lean, rng)
        if age < 2:
            spread = rng.uniform(0.45, 0.75)
            leans = (lean - spread, lean + spread) if rng.random() < 0.8 or age == 0 else (lean + 0.2,)
            pads += [
                (*tip, float(each + rng.normal(0, 0.1)), size * rng.uniform(0.74, 0.9), age + 1)
                for each in leans
            ]


def _pad(pen: Pen, middle: Point, size: float, lean: float, rng: Rng) -> None:
    tone = rng.uniform(0.4, 0.54)
    pen.disc(*middle, size * 0.62, size * 0.95, tone, -lean)
    pen.disc(middle[0] - size * 0.1, middle[1] + size * 0.1, size * 0.4, size * 0.68, tone + 0.05, -lean)
    for _ in range(13):
        angle, reach = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 1.0)
        a, b = size * 0.58 * reach * np.cos(angle), size * 0.9 * reach * np.sin(angle)
        x = middle[0] + a * np.cos(-lean) - b * np.sin(-lean)
        y = middle[1] + a * np.sin(-lean) + b * np.cos(-lean)
        pen.line([(x, y), (x + rng.normal(0, 0.012), y + rng.normal(0.008, 0.012))], 0.004, 0.75)


def palm(pen: Pen, rng: Rng) -> None:
    """A coconut palm leaning over."""
    lean = float(rng.uniform(0.1, 0.3))
    top = lean, 0.8
    pen.line([(0, -0.04), (lean * 0.25, 0.3), (lean * 0.65, 0.58), top], 0.055, 0.26, 0.03)
    for y in np.linspace(0.04, 0.7, 16):
        x = lean * (0.85 * y + 0.25 * y * y)
        pen.line([(x - 0.02, y), (x + 0.02, y + 0.006)], 0.006, 0.16)
    for angle in np.linspace(-0.5, np.pi + 0.5, 11) + rng.normal(0, 0.1, 11):
        _frond(pen, top, float(angle), float(rng.uniform(0.32, 0.44)), rng)
    for x in (-0.02, 0.015, 0.03):
        pen.disc(top[0] + x, top[1] - 0.02, 0.018, 0.02, 0.2)


def _frond(pen: Pen, root: Point, angle: float, reach: float, rng: Rng) -> None:
    t = np.linspace(0, 1, 18)
    xs = root[0] + np.cos(angle) * reach * t
    ys = root[1] + np.sin(angle) * reach * t * 0.95 - 0.5 * reach * t**2
    spine = list(zip(xs.tolist(), ys.tolist(), strict=True))
    pen.line(spine, 0.014, 0.34, 0.004)
    for number, (x, y) in enumerate(spine[2:]):
        blade = reach * (0.26 - 0.011 * number)
        for side in (-1, 1):
            droop = x + side * blade * 0.45 + np.cos(angle) * 0.03, y - blade * rng.uniform(0.75, 1.0)
            pen.line(
                [(x, y), ((x + droop[0]) / 2, y - blade * 0.32), droop], 0.016, rng.uniform(0.3, 0.5), 0.003
            )


def tree(pen: Pen, rng: Rng) -> None:
    """A broad old tree with many branches."""
    tips: list[Point] = []
    for root in (-0.17, -0.08, 0.07, 0.16):
        pen.line([(0, 0.2), (root * 0.35, 0.07), (root * 0.8, 0.005), (root * 1.3, -0.03)], 0.075, 0.2, 0.012)
    _branch(pen, rng, (0.0, 0.08), np.pi / 2, 0.23, 0.095, 0, tips)
    for x, y in tips:
        for _ in range(3):
            spot = x + rng.normal(0, 0.03), y + rng.normal(0.005, 0.025)
            _tuft(pen, rng, spot)


def _branch(
    pen: Pen, rng: Rng, foot: Point, angle: float, reach: float, width: float, age: int, tips: list[Point]
) -> None:
    tip = foot[0] + np.cos(angle) * reach, foot[1] + np.sin(angle) * reach * 0.9
    middle = (foot[0] + tip[0]) / 2 + rng.normal(0, 0.06) * reach, (foot[1] + tip[1]) / 2
    pen.line([foot, middle, tip], width, 0.22, width * 0.62)
    if age >= 6:
        tips.append(tip)
        return
    spread = rng.uniform(0.38, 0.7)
    for turn in (-spread, spread * rng.uniform(0.6, 1.1)):
        bow = (np.pi / 2 - angle) * 0.08
        _branch(
            pen, rng, tip, angle + turn + bow, reach * rng.uniform(0.7, 0.86), width * 0.62, age + 1, tips
        )


def _tuft(pen: Pen, rng: Rng, middle: Point) -> None:
    x, y = middle
    for _ in range(7):
        a, b = rng.normal(0, 0.022), rng.normal(0, 0.016)
        tone = 0.36 + 3.5 * b + rng.uniform(-0.06, 0.1)
        pen.disc(x + a, y + b, rng.uniform(0.007, 0.015), rng.uniform(0.004, 0.008), tone, rng.uniform(0, 3))


def house(pen: Pen, rng: Rng) -> None:
    """A cottage with a lit window, its gable towards the viewer."""
    pen.fill([(0.42, 0.62), (0.42, 0.98), (0.52, 0.98), (0.52, 0.56)], 0.3, False)
    pen.fill([(0.0, 0.0), (0.0, 0.46), (0.95, 0.44), (0.95, 0.02)], 0.46, False)
    pen.fill([(-0.32, 0.86), (0.6, 0.8), (1.02, 0.42), (0.06, 0.44)], 0.26, False)
    for share in np.linspace(0.1, 0.9, 6):
        pen.line(
            [(-0.32 + 0.38 * share, 0.86 - 0.42 * share), (0.6 + 0.42 * share, 0.8 - 0.38 * share)],
            0.008,
            0.18,
        )
    pen.fill([(-0.68, 0.0), (-0.68, 0.45), (-0.33, 0.85), (0.04, 0.45), (0.04, 0.0)], 0.62, False)
    pen.line([(-0.73, 0.42), (-0.33, 0.88)], 0.03, 0.2)
    pen.line([(-0.33, 0.88), (0.07, 0.42)], 0.03, 0.2)
    pen.fill([(-0.5, 0.0), (-0.5, 0.3), (-0.34, 0.3), (-0.34, 0.0)], 0.2, False)
    for x, y in ((-0.2, 0.16), (0.3, 0.17), (0.62, 0.17), (-0.4, 0.48)):
        pen.fill([(x, y), (x, y + 0.16), (x + 0.14, y + 0.16), (x + 0.14, y)], 1.0, False)
        pen.line([(x + 0.07, y), (x + 0.07, y + 0.16)], 0.01, 0.3)
        pen.line([(x, y + 0.08), (x + 0.14, y + 0.08)], 0.01, 0.3)


def lighthouse(pen: Pen, rng: Rng) -> None:
    """A banded lighthouse with its lamp lit and the keeper's house beside it, on a rock."""
    _rock(pen)
    for number, (low, high) in enumerate(pairwise(np.linspace(0.1, 0.76, 6))):
        wide, narrow = 0.125 - 0.075 * low, 0.125 - 0.075 * high
        tone = 0.16 if number % 2 else 0.8
        pen.fill([(-wide, low), (-narrow, high), (narrow, high), (wide, low)], tone, False)
    for y, tone in ((0.3, 0.62), (0.43, 0.1), (0.56, 0.62)):
        pen.fill([(-0.012, y), (-0.012, y + 0.04), (0.012, y + 0.04), (0.012, y)], tone, False)
    pen.fill([(-0.03, 0.1), (-0.03, 0.17), (0.0, 0.195), (0.03, 0.17), (0.03, 0.1)], 0.1, False)
    _lantern(pen)
    pen.fill([(0.16, 0.06), (0.16, 0.17), (0.37, 0.17), (0.37, 0.05)], 0.55, False)
    pen.fill([(0.14, 0.165), (0.2, 0.235), (0.33, 0.235), (0.39, 0.165)], 0.16, False)
    for x in (0.2, 0.29):
        pen.fill([(x, 0.09), (x, 0.14), (x + 0.035, 0.14), (x + 0.035, 0.09)], 1.0, False)


def _rock(pen: Pen) -> None:
    outline = [(-0.55, -0.06), (-0.44, 0.02), (-0.36, 0.03), (-0.26, 0.09), (-0.14, 0.115), (0.16, 0.1)]
    pen.fill([*outline, (0.36, 0.06), (0.42, 0.01), (0.55, -0.06)], 0.2, False)
    for x, y in ((-0.36, 0.03), (-0.16, 0.11), (0.1, 0.1), (0.32, 0.07)):
        pen.line([(x, y - 0.01), (x - 0.04, y - 0.06), (x - 0.02, -0.05)], 0.014, 0.12, 0.006)
        pen.line([(x + 0.03, y - 0.015), (x + 0.07, y - 0.06)], 0.018, 0.34, 0.006)


def _lantern(pen: Pen) -> None:
    pen.fill([(-0.105, 0.76), (-0.085, 0.735), (0.085, 0.735), (0.105, 0.76)], 0.2, False)
    pen.line([(-0.1, 0.8), (0.1, 0.8)], 0.008, 0.18)
    for x in np.linspace(-0.1, 0.1, 7):
        pen.line([(x, 0.76), (x, 0.8)], 0.007, 0.18)
    pen.fill([(-0.055, 0.76), (-0.055, 0.885), (0.055, 0.885), (0.055, 0.76)], 1.0, False)
    for x in (-0.055, 0.0, 0.055):
        pen.line([(x, 0.76), (x, 0.885)], 0.007, 0.2)
    pen.fill([(-0.075, 0.88), (-0.05, 0.925), (0.0, 0.96), (0.05, 0.925), (0.075, 0.88)], 0.2)
    pen.line([(0.0, 0.94), (0.0, 1.03)], 0.01, 0.2)


def rocket(pen: Pen, rng: Rng) -> None:
    """A rocket on its column of fire."""
    for _ in range(30):
        x, y = rng.normal(0, 0.09), rng.uniform(-0.08, 0.06)
        pen.disc(x, y, rng.uniform(0.04, 0.08), rng.uniform(0.03, 0.06), rng.uniform(0.6, 0.8))
    pen.fill([(-0.05, 0.31), (-0.075, 0.18), (-0.02, -0.06), (0.02, -0.06), (0.075, 0.18), (0.05, 0.31)], 1.0)
    for side in (-1, 1):
        pen.fill(
            [(side * 0.06, 0.34), (side * 0.15, 0.26), (side * 0.14, 0.36), (side * 0.06, 0.5)], 0.35, False
        )
    pen.fill(
        [(-0.07, 0.3), (-0.08, 0.6), (-0.06, 0.82), (0.0, 1.0), (0.06, 0.82), (0.08, 0.6), (0.07, 0.3)], 0.8
    )
    pen.disc(0, 0.7, 0.028, 0.028, 0.25)


def grass(pen: Pen, rng: Rng) -> None:
    """A fringe of blades and seed heads for the foreground."""
    for _ in range(150):
        x, tall, bend = rng.uniform(-1.6, 1.6), rng.uniform(0.25, 1.0) ** 1.4, rng.normal(0.05, 0.16)
        path = [(x, -0.1), (x + bend * 0.3, tall * 0.5), (x + bend, tall)]
        pen.line(path, 0.022, rng.uniform(0.08, 0.22), 0.004)
        if tall > 0.6 and rng.random() < 0.5:
            pen.disc(x + bend, tall, 0.012, 0.05, 0.2, -bend)


def pads(pen: Pen, rng: Rng) -> None:
    """The top of a prickly pear close by; something may perch at (0, 0)."""
    for x, y, size, lean in (
        (1.15, -2.1, 1.0, 0.75),
        (-0.7, -2.2, 0.95, -0.3),
        (0.1, -2.35, 1.05, 0.1),
        (1.75, -1.05, 0.62, 0.5),
        (-1.25, -1.5, 0.6, -0.75),
        (-0.62, -0.95, 0.52, 0.25),
        (0.02, -0.74, 0.8, 0.08),
    ):
        _great_pad(pen, rng, x, y, size, lean)


def _great_pad(pen: Pen, rng: Rng, x: float, y: float, size: float, lean: float) -> None:
    pen.disc(x, y, size * 0.66, size * 0.98, 0.3, -lean)
    pen.disc(x - 0.02, y + 0.02, size * 0.62, size * 0.93, 0.44, -lean)
    for row in np.arange(-0.85, 0.9, 0.2):
        for column in np.arange(-0.6, 0.65, 0.2):
            a, b = column + 0.1 * (round(row * 5) % 2), row
            if (a / 0.6) ** 2 + (b / 0.92) ** 2 < 0.95:
                px = x + size * (a * np.cos(lean) + b * np.sin(lean))
                py = y + size * (-a * np.sin(lean) + b * np.cos(lean))
                pen.disc(px, py, 0.022, 0.022, 0.24)
                for _ in range(4):
                    pen.line(
                        [(px, py), (px + rng.normal(0, 0.06), py + rng.normal(0.02, 0.06))],
                        0.012,
                        0.85,
                        0.004,
                    )
    for angle in np.linspace(-0.75, 0.75, 3) + rng.normal(0, 0.08, 3) if size < 0.65 else ():
        fx = x + size * (0.66 * np.sin(angle + lean))
        fy = y + size * (0.96 * np.cos(angle + lean * 0.5))
        pen.disc(fx, fy + 0.05, 0.07, 0.11, 0.62, -angle - lean)


def branch(pen: Pen, rng: Rng) -> None:
    """A twig close by, coming in from one side; something may perch at (0, 0)."""
    pen.line([(-3.3, -0.75), (-1.8, -0.3), (-0.6, -0.08), (0.4, -0.07), (1.5, 0.05)], 0.2, 0.22, 0.05)
    for x, y, dx, dy in (
        (-1.7, -0.28, 0.5, 0.7),
        (-0.9, -0.14, 0.55, -0.6),
        (0.6, -0.06, 0.6, -0.4),
        (0.9, 0, 0.5, 0.4),
    ):
        pen.line([(x, y), (x + dx * 0.5, y + dy * 0.6), (x + dx, y + dy)], 0.07, 0.22, 0.02)
        for share in (0.5, 0.75, 1.0):
            _leaf(pen, rng, x + dx * share, y + dy * share)
    for x in (1.1, 1.35, 1.5):
        _leaf(pen, rng, x, 0.02)


def _leaf(pen: Pen, rng: Rng, x: float, y: float) -> None:
    angle, reach = rng.uniform(-0.9, 0.9), rng.uniform(0.26, 0.4)
    dx, dy = np.cos(angle) * reach, np.sin(angle) * reach
    side = -dy * 0.26, dx * 0.26
    tone = rng.uniform(0.36, 0.55)
    pen.fill(
        [(x, y), (x + dx / 2 + side[0], y + dy / 2 + side[1]), (x + dx, y + dy), (x + dx / 2, y + dy / 2)],
        tone,
    )
    pen.fill(
        [(x, y), (x + dx / 2 - side[0], y + dy / 2 - side[1]), (x + dx, y + dy), (x + dx / 2, y + dy / 2)],
        tone * 0.8,
    )

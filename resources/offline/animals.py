"""Figures of animals and people, drawn from the side; each faces right and stands on y = 0."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from resources.offline.pen import Pen

__all__ = ["finch", "fish", "flock", "horse", "iguana", "person", "tortoise", "whale"]

Rng = np.random.Generator


def tortoise(pen: Pen, rng: Rng) -> None:
    """A giant tortoise with its neck raised."""
    for x, tone in ((-0.3, 0.2), (0.22, 0.2), (-0.47, 0.34), (0.36, 0.34)):
        _leg(pen, x, tone)
    pen.line([(-0.6, 0.26), (-0.7, 0.2), (-0.74, 0.12)], 0.08, 0.3, 0.02)
    pen.line([(0.40, 0.34), (0.56, 0.44), (0.66, 0.6), (0.74, 0.74)], 0.2, 0.38, 0.12)
    pen.line([(0.46, 0.36), (0.6, 0.46), (0.69, 0.6)], 0.05, 0.28, 0.02)
    pen.fill(
        [(0.66, 0.72), (0.7, 0.83), (0.8, 0.86), (0.9, 0.81), (0.93, 0.75), (0.86, 0.71), (0.74, 0.68)], 0.42
    )
    pen.line([(0.93, 0.745), (0.86, 0.735), (0.79, 0.75)], 0.012, 0.15)
    _eye(pen, 0.815, 0.79, 0.03, 0.52)
    dome = [
        (-0.66, 0.26),
        (-0.7, 0.36),
        (-0.62, 0.6),
        (-0.4, 0.82),
        (-0.08, 0.92),
        (0.22, 0.86),
        (0.43, 0.66),
    ]
    pen.fill([*dome, (0.54, 0.46), (0.53, 0.34), (0.3, 0.24), (-0.1, 0.21), (-0.45, 0.22)], 0.4)
    _scutes(pen)


def _leg(pen: Pen, x: float, tone: float) -> None:
    pen.fill(
        [
            (x - 0.1, 0.34),
            (x - 0.105, 0.12),
            (x - 0.12, 0.0),
            (x + 0.11, 0.0),
            (x + 0.09, 0.14),
            (x + 0.1, 0.34),
        ],
        tone,
    )
    for toe in (-0.08, -0.02, 0.04, 0.09):
        pen.disc(x + toe, 0.012, 0.016, 0.02, tone + 0.12)


_SEAMS = (
    (
        (-0.66, 0.48),
        (-0.52, 0.5),
        (-0.4, 0.58),
        (-0.27, 0.5),
        (-0.12, 0.6),
        (0.02, 0.5),
        (0.16, 0.58),
        (0.27, 0.49),
    ),
    ((0.27, 0.49), (0.38, 0.54), (0.5, 0.47)),
    ((-0.68, 0.36), (-0.3, 0.3), (0.1, 0.3), (0.52, 0.4)),
    ((-0.44, 0.74), (-0.495, 0.63), (-0.52, 0.52)),
    ((-0.2, 0.87), (-0.25, 0.695), (-0.27, 0.52)),
    ((0.06, 0.88), (0.025, 0.7), (0.02, 0.52)),
    ((0.29, 0.78), (0.265, 0.64), (0.27, 0.5)),
)
_PLATES = ((-0.53, 0.59), (-0.34, 0.7), (-0.1, 0.74), (0.15, 0.72), (0.36, 0.6), (-0.46, 0.42), (-0.26, 0.4))


def _scutes(pen: Pen) -> None:
    for x, y in _PLATES:
        pen.disc(x, y, 0.075, 0.06, 0.52, 0.2)
        pen.disc(x + 0.01, y + 0.01, 0.04, 0.032, 0.6, 0.2)
    for x in (-0.05, 0.15, 0.35):
        pen.disc(x, 0.41, 0.065, 0.045, 0.5)
    for seam in _SEAMS:
        pen.line(seam, 0.02, 0.2)
    for x in np.linspace(-0.56, 0.44, 9):
        pen.line([(x, 0.33 - 0.06 * (0.5 - abs(x)) + 0.03), (x - 0.02, 0.23)], 0.014, 0.2)


def finch(pen: Pen, rng: Rng) -> None:
    """A ground finch with its heavy beak, its perch at y = 0."""
    pen.line([(-0.02, 0.22), (-0.05, 0.08), (-0.04, -0.01)], 0.03, 0.2)
    pen.line([(0.1, 0.2), (0.1, 0.08), (0.12, -0.01)], 0.03, 0.2)
    for x in (-0.04, 0.12):
        pen.line([(x - 0.06, 0.0), (x + 0.08, 0.0)], 0.03, 0.18)
    pen.fill(
        [(-0.3, 0.42), (-0.48, 0.24), (-0.68, 0.04), (-0.6, -0.03), (-0.42, 0.1), (-0.2, 0.22)], 0.2, False
    )
    body = [(-0.38, 0.34), (-0.28, 0.54), (-0.06, 0.74), (0.08, 0.9), (0.22, 1.0), (0.38, 0.98), (0.47, 0.86)]
    pen.fill([*body, (0.44, 0.68), (0.42, 0.5), (0.32, 0.28), (0.12, 0.15), (-0.14, 0.17)], 0.34)
    pen.fill([(0.42, 0.62), (0.42, 0.46), (0.3, 0.27), (0.1, 0.18), (0.1, 0.4), (0.26, 0.56)], 0.55)
    for x, y in ((0.3, 0.5), (0.22, 0.4), (0.34, 0.4), (0.14, 0.32), (0.27, 0.32), (0.18, 0.25)):
        pen.line([(x, y), (x - 0.015, y - 0.06)], 0.025, 0.3, 0.008)
    pen.fill(
        [(0.12, 0.66), (-0.04, 0.62), (-0.3, 0.42), (-0.5, 0.18), (-0.4, 0.2), (-0.06, 0.28), (0.12, 0.46)],
        0.22,
    )
    for step in range(5):
        drop = 0.055 * step
        pen.line(
            [(0.08 - 0.03 * step, 0.52 - drop), (-0.2, 0.42 - drop), (-0.42, 0.24 - 0.3 * drop)], 0.014, 0.42
        )
    pen.fill([(0.4, 0.93), (0.53, 0.9), (0.63, 0.8), (0.65, 0.755), (0.56, 0.72), (0.42, 0.67)], 0.24)
    pen.line([(0.64, 0.765), (0.55, 0.785), (0.44, 0.78)], 0.014, 0.08)
    _eye(pen, 0.35, 0.85, 0.048, 0.46)


def iguana(pen: Pen, rng: Rng) -> None:
    """A marine iguana with raised head and a comb of spines."""
    back = [(-1.5, 0.04), (-1.1, 0.1), (-0.7, 0.22), (-0.35, 0.42), (0.0, 0.56), (0.3, 0.66), (0.5, 0.82)]
    for x, y in ((-0.4, 0.2), (0.37, 0.33)):
        _sprawling_leg(pen, x, y, 0.2)
    for (x, y), (nx, ny) in pairwise(back[1:]):
        for share in np.linspace(0, 1, 7, endpoint=False):
            px, py = x + (nx - x) * share, y + (ny - y) * share
            tall = 0.04 + 0.09 * (px + 1.1) / 1.6
            pen.line([(px - 0.02, py - 0.03), (px - 0.03, py + tall)], 0.035, 0.24, 0.006)
    head = [(0.6, 0.95), (0.75, 0.97), (0.9, 0.88), (0.94, 0.78), (0.8, 0.72), (0.66, 0.66), (0.58, 0.5)]
    pen.fill([*back, *head, (0.5, 0.32), (0.2, 0.2), (-0.3, 0.14), (-0.8, 0.07), (-1.2, 0.0)], 0.32)
    for x, y in ((-0.62, 0.2), (0.26, 0.34)):
        _sprawling_leg(pen, x, y, 0.37)
    pen.line([(0.93, 0.775), (0.82, 0.765), (0.7, 0.785)], 0.014, 0.14)
    _eye(pen, 0.75, 0.87, 0.046, 0.5)


def _sprawling_leg(pen: Pen, x: float, y: float, tone: float) -> None:
    """A lizard's leg from its hip: the thigh out and back, the shank down and forward, five long toes."""
    knee, ankle = (x - 0.13, y - 0.1), (x - 0.01, 0.04)
    pen.disc(x + 0.02, y + 0.03, 0.15, 0.115, tone, 0.35)
    pen.line([(x + 0.04, y + 0.03), (x - 0.07, y - 0.02), knee], 0.19, tone, 0.13)
    pen.disc(*knee, 0.068, 0.068, tone)
    pen.line([(knee[0] - 0.015, knee[1] + 0.03), (knee[0] + 0.04, knee[1] * 0.6), ankle], 0.13, tone, 0.085)
    pen.line([(ankle[0] - 0.05, 0.03), (ankle[0] + 0.11, 0.01)], 0.075, tone, 0.05)
    for reach, rise in ((0.22, 0.035), (0.28, 0.012), (0.29, -0.016), (0.25, -0.042), (0.16, -0.06)):
        middle = ankle[0] + 0.06 + reach / 2, rise + 0.025
        pen.line([(ankle[0] + 0.03, 0.015), middle, (ankle[0] + reach, rise)], 0.034, tone, 0.014)


def _eye(pen: Pen, x: float, y: float, size: float, lid: float) -> None:
    """An eye that looks: dark, in a paler ring of skin, under a lid, with the light in it."""
    pen.disc(x, y, size * 1.35, size * 1.25, lid)
    pen.disc(x, y, size, size, 0.02)
    pen.disc(x + size * 0.34, y + size * 0.38, size * 0.4, size * 0.4, 0.96)
    brow = [(x - size * 1.5, y + size * 0.35), (x, y + size * 1.35), (x + size * 1.5, y + size * 0.5)]
    pen.line(brow, size * 0.5, lid * 0.5, size * 0.3)


def person(pen: Pen, rng: Rng) -> None:
    """A traveller in a long coat and hat, seen from behind, with a staff."""
    pen.line([(0.26, 0.02), (0.23, 0.78)], 0.018, 0.16)
    for x in (-0.07, 0.06):
        pen.line([(x * 0.8, 0.34), (x, 0.16), (x * 1.1, 0.01)], 0.1, 0.18, 0.075)
        pen.disc(x * 1.1 + 0.01, 0.012, 0.06, 0.018, 0.14)
    coat = [
        (-0.15, 0.2),
        (-0.16, 0.42),
        (-0.12, 0.56),
        (-0.17, 0.76),
        (-0.1, 0.83),
        (0.1, 0.83),
        (0.17, 0.76),
    ]
    pen.fill([*coat, (0.13, 0.56), (0.17, 0.42), (0.19, 0.2), (0.02, 0.22)], 0.28)
    pen.line([(0.0, 0.52), (0.01, 0.36), (0.02, 0.22)], 0.012, 0.12)
    pen.line([(-0.15, 0.78), (-0.21, 0.6), (-0.16, 0.44)], 0.075, 0.24, 0.055)
    pen.line([(0.15, 0.78), (0.21, 0.64), (0.235, 0.56)], 0.075, 0.24, 0.055)
    pen.disc(0, 0.895, 0.062, 0.075, 0.36)
    pen.fill([(-0.13, 0.925), (-0.02, 0.935), (0.13, 0.925), (0.06, 0.945), (-0.06, 0.945)], 0.16)
    pen.fill([(-0.068, 0.93), (-0.062, 1.0), (0.0, 1.015), (0.062, 1.0), (0.068, 0.93)], 0.18)


def horse(pen: Pen, rng: Rng) -> None:
    """A standing horse."""
    for x, y, tone in ((-0.3, 0.5, 0.2), (0.22, 0.46, 0.2), (-0.42, 0.52, 0.32), (0.31, 0.48, 0.32)):
        _hoofed_leg(pen, x, y, tone, hind=x < 0)
    pen.line([(-0.49, 0.66), (-0.6, 0.6), (-0.64, 0.42), (-0.6, 0.22)], 0.07, 0.13, 0.03)
    back = [
        (-0.53, 0.58),
        (-0.48, 0.69),
        (-0.34, 0.73),
        (-0.08, 0.67),
        (0.14, 0.69),
        (0.3, 0.82),
        (0.42, 0.98),
    ]
    head = [(0.5, 1.03), (0.58, 0.99), (0.68, 0.87), (0.76, 0.76), (0.74, 0.7), (0.67, 0.71), (0.57, 0.8)]
    pen.fill(
        [*back, *head, (0.5, 0.79), (0.44, 0.62), (0.37, 0.47), (0.1, 0.4), (-0.2, 0.42), (-0.44, 0.46)], 0.34
    )
    for number, x in enumerate(np.linspace(0.2, 0.46, 7)):
        y = 0.74 + 1.1 * (x - 0.2)
        pen.line(
            [(x + 0.02, y + 0.02), (x + 0.05, y - 0.07), (x + 0.02, y - 0.15)],
            0.05,
            0.13 + 0.01 * number,
            0.01,
        )
    pen.fill([(0.45, 1.0), (0.45, 1.1), (0.52, 1.02)], 0.3, False)
    pen.line([(0.52, 1.02), (0.58, 0.95), (0.58, 0.9)], 0.03, 0.13, 0.01)
    pen.line([(0.75, 0.73), (0.7, 0.745)], 0.012, 0.16)
    _eye(pen, 0.595, 0.915, 0.018, 0.42)


def _hoofed_leg(pen: Pen, x: float, y: float, tone: float, hind: bool) -> None:
    """Thigh, cannon and hoof; a hind leg's hock points back."""
    joint = (x - 0.07 if hind else x + 0.01, 0.28)
    foot = x - 0.03 if hind else x + 0.01
    pen.line([(x + 0.01, y + 0.03), ((x + joint[0]) / 2 + 0.01, (y + joint[1]) / 2), joint], 0.2, tone, 0.075)
    pen.line([joint, (foot, 0.07)], 0.065, tone, 0.05)
    pen.fill([(foot - 0.045, 0.0), (foot - 0.03, 0.07), (foot + 0.03, 0.07), (foot + 0.06, 0.0)], 0.12, False)


def whale(pen: Pen, rng: Rng) -> None:
    """A whale's fluke going down."""
    pen.fill([(-0.16, -0.02), (-0.08, 0.3), (-0.05, 0.55), (0.05, 0.55), (0.1, 0.3), (0.22, -0.02)], 0.26)
    left = [(0.0, 0.5), (-0.2, 0.56), (-0.45, 0.76), (-0.72, 0.84), (-0.5, 0.9), (-0.22, 0.82), (-0.04, 0.7)]
    pen.fill(left, 0.3)
    pen.fill([(-x, y) for x, y in left], 0.24)


def fish(pen: Pen, rng: Rng) -> None:
    """A loose shoal of fish."""
    for _ in range(34):
        x, y = rng.normal(0, 0.55), 0.5 + rng.normal(0, 0.2)
        size, lean = rng.uniform(0.04, 0.085), rng.normal(0.05, 0.16)
        pen.disc(x, y, size, size * 0.36, rng.uniform(0.3, 0.6), lean)
        tail = x - size * 0.8, y - size * 0.8 * np.sin(lean)
        pen.fill([tail, (x - size * 1.6, y + size * 0.4), (x - size * 1.6, y - size * 0.4)], 0.35, False)


def flock(pen: Pen, rng: Rng) -> None:
    """Birds on the wing, some near, some far."""
    for _ in range(int(rng.integers(7, 14))):
        x, y = rng.uniform(-1.1, 1.1), 0.5 + rng.normal(0, 0.2)
        span, lift, lean = rng.uniform(0.05, 0.15), rng.uniform(0.15, 0.6), rng.normal(0, 0.12)
        for side in (-1, 1):
            elbow = x + side * span * 0.5, y + span * (lift + side * lean * 0.5)
            tip = x + side * span, y + span * (lift * 0.55 + side * lean)
            pen.line([(x, y), elbow, tip], span * 0.16, 0.15, span * 0.02)
        pen.disc(x, y, span * 0.08, span * 0.1, 0.15)

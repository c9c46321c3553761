"""Camera moves over a still picture, fixed at their end so that a clip's length moves nothing else."""

from __future__ import annotations

import functools
import math

from msgspec import Struct

from movie_assets.core.errors import Refused

__all__ = ["MOVES", "Box", "CameraMove", "box_at", "move_for"]

_PACE = 20.0  # seconds a move takes from the first to the second box of its row in _paths
_AHEAD = 3.0  # seconds of those that are kept for what is seen after the segment's end
_HORIZON = 3600.0  # seconds
_NARROWING = 0.7  # how far a move may close in beyond its end, as a share of the end's width


class Box(Struct, frozen=True):
    """What the camera sees: centre and width as fractions of the picture's cropped width and height."""

    x: float
    y: float
    width: float


class CameraMove(Struct, frozen=True):
    """A move of constant velocity that ends at `end`; the artefact `motion[i]` of a still segment.

    `drift` is in picture widths (heights) per second, `zoom` in e-folds of the width per second
    (negative: moving in). Seconds are counted from the end of the segment, so at -3 s the camera is where it was
    three seconds before the end, and at +0.5 s where a crossfade into the next segment still sees it.
    """

    end: Box
    drift_x: float = 0.0
    drift_y: float = 0.0
    zoom: float = 0.0
    name: str = "still"
    format: int = 1


MOVES = ("push-in", "pull-out", "pan-left", "pan-right", "pan-up", "pan-down", "drift", "still")


def move_for(seed: str, name: str | None = None) -> CameraMove:
    """A gentle move chosen by a digest, or the named one of `MOVES` with its details chosen by the digest."""
    if name is not None and name not in MOVES:
        raise Refused(f"{name!r} is not a camera move", next_step=f"use one of {', '.join(MOVES)}")
    chosen = name or MOVES[int(_chance(seed, 0) * (len(MOVES) - 1))]
    return _along(*_paths(seed)[chosen], chosen)


def box_at(move: CameraMove, seconds_from_end: float) -> Box:
    """Where the camera is, always inside the picture: constant velocity near the end, softly slower far from it."""
    forward = seconds_from_end > 0
    travelled = _soft(abs(seconds_from_end), _room(move, 1.0 if forward else -1.0))
    return _linear(move, travelled if forward else -travelled)


def _chance(seed: str, place: int) -> float:
    return int(seed[place * 8 : place * 8 + 8], 16) / 2**32


def _paths(seed: str) -> dict[str, tuple[Box, Box]]:
    """For each move the boxes it leads from and to, in `_PACE` seconds."""
    near = 0.78 + 0.05 * _chance(seed, 1)
    low, high = near / 2, 1 - near / 2
    aim_x, aim_y = (low + (high - low) * (0.2 + 0.6 * _chance(seed, place)) for place in (2, 3))
    wide, close = Box(0.5, 0.5, 1.0), Box(aim_x, aim_y, near)
    left, right = Box(low, aim_y, near), Box(high, aim_y, near)
    top, bottom = Box(aim_x, low, near), Box(aim_x, high, near)
    far = Box(1 - aim_x, 1 - aim_y, near + 0.1)
    return {
        "push-in": (wide, close),
        "pull-out": (close, wide),
        "pan-left": (right, left),
        "pan-right": (left, right),
        "pan-up": (bottom, top),
        "pan-down": (top, bottom),
        "drift": (_inside(far), close),
        "still": (wide, wide),
    }


def _along(start: Box, stop: Box, name: str) -> CameraMove:
    # The width is convex in time and the centre linear, so every box between two inside ones is inside.
    zoom = _steady(math.log(stop.width / start.width) / _PACE)
    drift_x, drift_y = _steady((stop.x - start.x) / _PACE), _steady((stop.y - start.y) / _PACE)
    width = _steady(stop.width * math.exp(-zoom * _AHEAD))
    end = Box(_steady(stop.x - drift_x * _AHEAD), _steady(stop.y - drift_y * _AHEAD), width)
    return CameraMove(end, drift_x, drift_y, zoom, name)


def _steady(number: float) -> float:
    # The last bits of exp and log differ between machines, and the move's digest must not.
    return round(number, 9)


def _linear(move: CameraMove, seconds: float) -> Box:
    end = _inside(move.end)
    width = end.width * math.exp(min(move.zoom * seconds, 9.0))
    return Box(end.x + move.drift_x * seconds, end.y + move.drift_y * seconds, width)


def _inside(box: Box) -> Box:
    width = min(max(box.width, 0.01), 1.0)
    low, high = width / 2, 1 - width / 2
    return Box(min(max(box.x, low), high), min(max(box.y, low), high), width)


def _soft(seconds: float, room: float) -> float:
    """Seconds, up to half the room as they are, then ever slower towards all of it; the speed has no step."""
    knee = room / 2
    if seconds <= knee:
        return seconds
    beyond = seconds - knee
    return knee + knee * beyond / (knee + beyond)


@functools.lru_cache(maxsize=64)
def _room(move: CameraMove, direction: float) -> float:
    """For how many seconds the move can go on, backward or forward, without leaving the picture."""
    low, high = 0.0, _HORIZON
    if _fits(move, direction * high):
        return high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _fits(move, direction * middle) else (low, middle)
    return low


def _fits(move: CameraMove, seconds: float) -> bool:
    box = _linear(move, seconds)
    half = box.width / 2
    wide_enough = box.width >= _NARROWING * _inside(move.end).width
    return wide_enough and half <= min(box.x, 1 - box.x) and half <= min(box.y, 1 - box.y)

"""Camera moves over a still picture, fixed at their end so that a clip's length moves nothing else."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["Box", "CameraMove"]


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

"""Shots as frames: a picture under its camera move, or a generated video."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from movie_assets.core.camera import CameraMove, box_at
from movie_assets.core.ports import Frame, Shot
from resources.planes import Pixels, open_picture, planes_of, seen

__all__ = ["shown"]


def shown(shot: Shot, times: Sequence[float], frame: Frame) -> Iterator[Pixels]:
    """The frames of a shot at ascending times, in seconds from the end of its segment.

    After the end a camera goes on moving, and a video stands on its last frame. A video longer than its clip loses
    its beginning; a shorter one is slowed by up to a quarter, then stands on its first frame before it moves.
    """
    if isinstance(shot.motion, CameraMove):
        return _still(shot.picture, shot.motion, times, frame)
    # PyAV takes a tenth of a second to load, and most films need none of it.
    from resources.footage import footage

    return footage(shot.motion, times, frame)


def _still(picture: Path, move: CameraMove, times: Sequence[float], frame: Frame) -> Iterator[Pixels]:
    planes = planes_of(open_picture(picture), frame)
    view, last = None, None
    for box in (box_at(move, time) for time in times):
        if view is None or box != last:
            view, last = seen(planes, box, frame), box
        yield view

"""The poster: one good frame of a film or clip as a JPEG."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av

from movie_assets.core.errors import Refused
from movie_assets.core.ports import Encoded, Workspace

__all__ = ["poster"]

_WHERE = 1 / 3  # of the film: after fades and titles, before the end gives itself away
_FILE = "poster.jpg"


def poster(film: Path, at: Workspace) -> Encoded:
    """Leaves the frame a third into a film in the workspace; `Refused` if it cannot be read."""
    try:
        with av.open(str(film)) as container:
            frame = _frame(container, container.streams.video[0])
    except (av.error.FFmpegError, OSError, IndexError, StopIteration) as error:
        raise Refused(f"{film.name} has no frame for a poster", said=str(error).split("\n", 1)[0]) from error
    at.scratch.mkdir(parents=True, exist_ok=True)
    picture = frame.reformat(format="rgb24", src_colorspace="itu709").to_image()
    picture.save(at.scratch / _FILE, quality=90, optimize=True)
    return Encoded(at.scratch / _FILE, "image/jpeg", {"seconds": round(frame.time, 3)})


def _frame(container: Any, stream: Any) -> Any:
    """The frame that is seen there."""
    wanted = int((stream.duration or 0) * _WHERE)
    container.seek(wanted, stream=stream)
    frame = next(frames := container.decode(stream))
    while (following := next(frames, None)) is not None and following.pts <= wanted:
        frame = following
    return frame

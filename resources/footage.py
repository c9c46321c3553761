"""Generated video as frames of the film: conformed in rate, shape and length, so that it ends on its last frame."""

from __future__ import annotations

import subprocess
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from movie_assets.core.errors import Failed
from movie_assets.core.ports import Frame
from resources.ffmpeg import binary
from resources.still import Planes, blend

__all__ = ["conformed", "last_frame"]

_SLOWEST = 1.25


def conformed(video: Path, frame: Frame, frames: int) -> Iterator[Planes]:
    """Exactly `frames` frames that end with the video's last one.

    A longer video loses its beginning; a shorter one is slowed down to 1.25 times its length, and where that is not
    enough its first frame is held. The end is what a crossfade into the next clip goes on showing.
    """
    there = _count(video, frame)
    pace = min(max(frames / there, 1.0), _SLOWEST)
    positions = [max(0.0, there - 1 - (frames - 1 - number) / pace) for number in range(frames)]
    yield from _at(_decoded(video, frame), positions)


def last_frame(video: Path, frame: Frame) -> Planes:
    """The frame a video ends on."""
    newest = deque(_decoded(video, frame), maxlen=1)
    if not newest:
        raise _empty(video)
    return newest[0]


def _at(source: Iterator[Planes], positions: list[float]) -> Iterator[Planes]:
    """The frames at ascending positions; between two frames a mixture of both."""
    number, before = 0, next(source)
    after = next(source, before)
    for position in positions:
        while position >= number + 1:
            number, before, after = number + 1, after, next(source, after)
        share = position - number
        yield before if share < 1e-6 else blend(before, after, share)


def _count(video: Path, frame: Frame) -> int:
    count = sum(1 for _ in _decoded(video, frame))
    if not count:
        raise _empty(video)
    return count


def _decoded(video: Path, frame: Frame) -> Iterator[Planes]:
    size = f"{frame.width}:{frame.height}"
    shape = f"fps={frame.fps},scale={size}:force_original_aspect_ratio=increase:flags=bicubic+accurate_rnd+bitexact"
    filters = f"{shape}:out_color_matrix=bt709:out_range=tv,crop={size},setsar=1,format=yuv420p"
    command = [
        binary(),
        "-v",
        "error",
        "-nostdin",
        "-i",
        str(video),
        "-an",
        "-vf",
        filters,
        "-f",
        "rawvideo",
        "-",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as decoder:
        assert decoder.stdout is not None
        pixels = frame.width * frame.height
        while len(raw := decoder.stdout.read(pixels * 3 // 2)) == pixels * 3 // 2:
            yield _planes(raw, frame)


def _planes(raw: bytes, frame: Frame) -> Planes:
    pixels, half = frame.width * frame.height, (frame.width // 2, frame.height // 2)
    cuts = (0, pixels, pixels * 5 // 4, pixels * 3 // 2)
    y, u, v = (
        Image.frombytes("L", size, raw[begin:end])
        for size, begin, end in zip(((frame.width, frame.height), half, half), cuts, cuts[1:], strict=False)
    )
    return y, u, v


def _empty(video: Path) -> Failed:
    return Failed("a generated video has no frames", file=video.name, next_step="ask for another take of it")

"""Video as frames of the film: in our colours and shape, cut and paced so that it ends on its last frame."""

from __future__ import annotations

import contextlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from PIL import Image

from movie_assets.core.errors import Refused
from movie_assets.core.ports import Frame
from resources.planes import Pixels, Planes, covering

__all__ = ["footage"]

_SLOWEST = 0.8  # a video shorter than its clip is slowed to this pace, and no further
_UNTAGGED = 2
_ROUNDING = 0.002  # seconds; Matroska and WebM keep milliseconds only


def footage(path: Path, times: Sequence[float], frame: Frame) -> Iterator[Pixels]:
    """The frames of a video at ascending times, in seconds from the end of its segment; `Refused` if it is none."""
    with _opened(path) as container:
        stream = container.streams.video[0]
        stamps, length = _stamps(container, stream)
        wanted = _wanted(stamps, length, times, frame.fps)
        pixel_shape = float(stream.sample_aspect_ratio or 1)
        last, view = None, None
        for picture in _at(container, stream, wanted):
            if view is None or picture is not last:
                view, last = _pixels(picture, pixel_shape, frame), picture
            yield view


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with av.open(str(path), options={"protocol_whitelist": "file"}) as container:
            if not container.streams.video:
                raise ValueError("no video in it")
            yield container
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise Refused(
            f"{path.name} cannot be read as a video",
            said=str(error).split("\n", 1)[0],
            next_step="use mp4, mov, webm or mkv",
        ) from error


def _stamps(container: Any, stream: Any) -> tuple[list[Fraction], Fraction]:
    """When each frame of a video is shown, in seconds, and how long the video is."""
    packets = [packet for packet in container.demux(stream) if packet.size and packet.pts is not None]
    if not packets:
        raise ValueError("no frames in it")
    stamps = sorted(packet.pts * stream.time_base for packet in packets if not packet.is_discard)
    usual = 1 / Fraction(stream.average_rate or stream.guessed_rate or 30)
    return stamps, stamps[-1] - stamps[0] + usual


def _wanted(stamps: list[Fraction], length: Fraction, times: Sequence[float], fps: int) -> list[Fraction]:
    """For each time the stamp of the frame to show; the last stamp belongs to the segment's last frame."""
    pace = min(max(float(length) * fps / max(1, round(-times[0] * fps)), _SLOWEST), 1.0)
    moments = (float(stamps[-1]) + min(0.0, time + 1 / fps) * pace for time in times)
    return [stamps[max(0, bisect_right(stamps, moment + _ROUNDING) - 1)] for moment in moments]


def _at(container: Any, stream: Any, wanted: list[Fraction]) -> Iterator[Any]:
    """The decoded frame at each of the ascending stamps."""
    container.seek(int(wanted[0] / stream.time_base), stream=stream)
    frames = container.decode(stream)
    current = next(frames)
    for stamp in wanted:
        while current.pts * stream.time_base < stamp:
            # What was demuxed need not decode: the last frame that did stands in for what is missing.
            following = next(frames, None)
            if following is None:
                break
            current = following
        yield current


def _pixels(picture: Any, pixel_shape: float, frame: Frame) -> Pixels:
    """A video's frame in our colours, cut to the frame's shape."""
    rows = _in_our_colours(picture).to_ndarray()
    height, width = picture.height // 2 * 2, picture.width // 2 * 2
    chroma = rows[height:].reshape(2, height // 2, width // 2)
    planes = Planes(*(Image.fromarray(plane) for plane in (rows[:height], *chroma)))
    return covering(planes, pixel_shape, frame)


def _in_our_colours(picture: Any) -> Any:
    # Who leaves the matrix out means bt709 from HD on and bt601 below, as players take it.
    large = picture.width >= 1280 or picture.height > 576
    untagged = Colorspace.ITU709 if large else Colorspace.ITU601
    return picture.reformat(
        width=picture.width // 2 * 2,
        height=picture.height // 2 * 2,
        format="yuv420p",
        src_colorspace=untagged if picture.colorspace == _UNTAGGED else None,
        dst_colorspace=Colorspace.ITU709,
        dst_color_range=ColorRange.MPEG,
        interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.BITEXACT,
        threads=1,
    )

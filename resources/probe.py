"""What a file holds: pictures, video and sound are opened and read to their end before anything relies on them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from movie_assets.core.errors import Refused

__all__ = [
    "Colours",
    "Media",
    "Samples",
    "Sound",
    "Video",
    "check_decodes",
    "decode_sound",
    "picture_size",
    "probe",
    "sound_blocks",
]

Samples: TypeAlias = NDArray[np.float32]

_PICTURES = ("PNG", "JPEG", "WEBP")
_MOST_PIXELS = 100_000_000
_MEANT = {"video": "video", "audio": "sound"}
# Formats that only point to other files (playlists, concat scripts) are not opened.
_FORMATS = "mov,mp4,m4a,3gp,matroska,webm,avi,mpegts,wav,w64,aiff,mp3,aac,flac,ogg,gif"


@dataclass(frozen=True, slots=True)
class Colours:
    """How colours are coded, in the numbers of H.273; 1 is bt709, 2 unknown. `range`: 1 limited, 2 full, 0 unknown."""

    primaries: int
    transfer: int
    matrix: int
    range: int


@dataclass(frozen=True, slots=True)
class Video:
    """A video stream; `extradata` must be equal in clips that are to be joined."""

    width: int
    height: int
    fps: Fraction
    frames: int
    codec: str
    pix_fmt: str
    colours: Colours
    extradata: bytes


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound stream; `seconds` as its container tells them."""

    codec: str
    rate: int
    channels: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Media:
    """A file of video, sound or both; `seconds` is the longer of the two."""

    seconds: float
    video: Video | None
    sound: Sound | None


def probe(path: Path) -> Media:
    """Reads a file's streams packet by packet; `Refused` if it is no video or sound, or damaged."""
    with _opened(path) as container:
        video = next((s for s in container.streams.video if not _is_cover(s)), None)
        sound = next(iter(container.streams.audio), None)
        wanted = [stream for stream in (video, sound) if stream is not None]
        if not wanted:
            raise _unreadable(path, "no video and no sound in it")
        packets, seconds = _demux(container, wanted)
        return Media(
            seconds=max(seconds.values()),
            video=None if video is None else _video(video, packets[video.index]),
            sound=None if sound is None else _sound(sound, seconds[sound.index]),
        )


def check_decodes(path: Path, kind: str) -> None:
    """`Refused` if a file has no `video` or `audio`, whichever is meant, or its first moment cannot be decoded."""
    with _opened(path) as container:
        streams = [each for each in getattr(container.streams, kind) if not _is_cover(each)]
        if not streams:
            raise _without(path, kind)
        if next(container.decode(streams[0]), None) is None:
            raise _without(path, kind)


def decode_sound(path: Path) -> tuple[Samples, int]:
    """All samples of a file's sound, shape (n, channels), -1 to 1, and their rate in Hz."""
    with _opened(path) as container:
        stream = _sound_stream(path, container)
        rate, channels = stream.codec_context.sample_rate, stream.codec_context.channels
    blocks = list(sound_blocks(path))
    return (np.concatenate(blocks) if blocks else np.zeros((0, channels), np.float32)), rate


def sound_blocks(path: Path, rate: int | None = None, layout: str | None = None) -> Iterator[Samples]:
    """A file's sound in blocks of shape (n, channels), resampled to `rate` and `layout` if they are given."""
    with _opened(path) as container:
        stream = _sound_stream(path, container)
        resampler = av.AudioResampler(
            "flt", layout or stream.codec_context.layout, rate or stream.codec_context.sample_rate
        )
        for frame in chain(container.decode(stream), [None]):
            for block in resampler.resample(frame):
                yield block.to_ndarray().reshape(-1, block.layout.nb_channels).astype(np.float32, copy=False)


def picture_size(path: Path) -> tuple[int, int]:
    """Width and height of a picture as it is seen (turned as its camera noted); `Refused` if it cannot be read."""
    try:
        with Image.open(path, formats=_PICTURES) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                raise ValueError(f"{picture.width} x {picture.height} are too many pixels")
            picture.load()
            return ImageOps.exif_transpose(picture).size
    # Pillow answers damage with errors of many kinds, SyntaxError among them.
    except (
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        raise Refused(
            f"{path.name} cannot be read as a picture",
            said=_first_line(error),
            next_step="use a PNG, JPEG or WebP of at most 100 million pixels",
        ) from error


# --- reading with PyAV ------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with av.open(
            str(path), options={"format_whitelist": _FORMATS, "protocol_whitelist": "file"}
        ) as container:
            yield container
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise _unreadable(path, _first_line(error)) from error


def _unreadable(path: Path, said: str) -> Refused:
    return Refused(
        f"{path.name} cannot be read as video or sound",
        said=said,
        next_step="use mp4, mov, webm or mkv for video; wav, mp3, m4a, flac or ogg for sound",
    )


def _without(path: Path, kind: str) -> Refused:
    return Refused(
        f"{path.name} has no {_MEANT[kind]} that can be decoded",
        next_step=f"use a file that has {_MEANT[kind]}",
    )


def _first_line(error: BaseException) -> str:
    return str(error).split("\n", 1)[0]


def _sound_stream(path: Path, container: Any) -> Any:
    if not container.streams.audio:
        raise _unreadable(path, "no sound in it")
    return container.streams.audio[0]


def _is_cover(stream: Any) -> bool:
    """A picture of an album's cover poses as a video stream."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _demux(container: Any, streams: list[Any]) -> tuple[dict[int, int], dict[int, float]]:
    """By stream index: how many packets there are, and when the last one is over, in seconds."""
    packets = {stream.index: 0 for stream in streams}
    ends = {stream.index: Fraction(0) for stream in streams}
    for packet in container.demux(streams):
        if packet.size:
            over = Fraction((packet.pts or 0) + (packet.duration or 0)) * packet.time_base
            packets[packet.stream.index] += 1
            ends[packet.stream.index] = max(ends[packet.stream.index], over)
    return packets, {stream.index: float(min(ends[stream.index], _stated(stream))) for stream in streams}


def _stated(stream: Any) -> Fraction:
    """A stream's own length, which unlike its packets' knows what an edit list cuts off, or no limit."""
    return Fraction(10**9) if stream.duration is None else Fraction(stream.duration * stream.time_base)


def _video(stream: Any, frames: int) -> Video:
    context = stream.codec_context
    return Video(
        width=context.width,
        height=context.height,
        fps=Fraction(stream.average_rate or stream.guessed_rate or 0),
        frames=frames,
        codec=context.codec.canonical_name,
        pix_fmt=context.pix_fmt or "",
        colours=Colours(context.color_primaries, context.color_trc, context.colorspace, context.color_range),
        extradata=bytes(context.extradata or b""),
    )


def _sound(stream: Any, seconds: float) -> Sound:
    context = stream.codec_context
    return Sound(
        codec=context.codec.canonical_name,
        rate=context.sample_rate,
        channels=context.layout.nb_channels,
        seconds=seconds,
    )

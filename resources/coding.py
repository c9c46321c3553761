"""How clips are coded: one row of ffmpeg's options per encoder, so alike that clips of one encoder can be joined."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from movie_assets.core.encoder import X264
from movie_assets.core.ports import Frame
from resources.connection import Limits
from resources.slots import Slots

__all__ = ["DRAFT", "FINAL", "HARDWARE", "Quality", "coding", "session", "sessions_folder"]

_TICKS = 1000  # per frame, so that any frame rate is exact
_KEYFRAME_SECONDS = 4
_COLOURS = "range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"


@dataclass(frozen=True, slots=True)
class Quality:
    """How much time x264 takes for how good a picture; of `every` so many frames one is drawn, and shown as long."""

    preset: str
    crf: int
    every: int = 1


FINAL = Quality("veryfast", 20)
DRAFT = Quality("ultrafast", 28, every=2)


@dataclass(frozen=True, slots=True)
class _Coder:
    """An encoder as ffmpeg is asked for it; `sessions` is how many there may be at once, None for any number.

    `upload` are filters that bring pictures to the `device`.
    """

    options: str
    device: str = ""
    upload: str = ""
    sessions: int | None = None


# Hardware gets no B-frames, which not all of it knows, and whose delay drivers tell in different ways. Without them a
# GOP is closed, and an encoder that finds no scene cuts makes each of its keyframes one to begin with.
_ALIKE = "-profile:v high -bf 0 -color_range tv -colorspace bt709 -color_primaries bt709 -color_trc bt709"
_CODERS: Mapping[str, _Coder] = {
    X264: _Coder(
        "-c:v libx264 -preset {preset} -crf {crf} -profile:v high -pix_fmt yuv420p -threads 1"
        " -x264-params scenecut=0:open-gop=0"
    ),
    # Without -b:v 0 the 2 Mbit/s that ffmpeg asks nvenc for by default stand above the quality. NVIDIA's drivers for
    # GeForce cards refuse more than 8 sessions on a machine (since 2024; before that 5, or 3).
    "nvenc": _Coder(
        f"-c:v h264_nvenc -preset p5 -tune hq -rc vbr -cq {{crf}} -b:v 0 -pix_fmt yuv420p {_ALIKE}",
        sessions=8,
    ),
    # global_quality without a bit rate and without look-ahead is ICQ, whose scale is x264's.
    "qsv": _Coder(f"-c:v h264_qsv -preset medium -global_quality {{crf}} {_ALIKE}", upload=",format=nv12"),
    # Constant quality, on a scale of its own from 1 to 100, is there on Apple's own processors only: on others the trial fails.
    "videotoolbox": _Coder(f"-c:v h264_videotoolbox -q:v 65 -pix_fmt yuv420p {_ALIKE}"),
    # Constant quantisers are the one mode that all drivers have.
    "vaapi": _Coder(
        f"-c:v h264_vaapi -rc_mode CQP -qp {{crf}} {_ALIKE}",
        device="-init_hw_device vaapi=gpu -filter_hw_device gpu",
        upload=",format=nv12,hwupload",
    ),
}

HARDWARE = tuple(name for name in _CODERS if name != X264)
"""The encoders that `gpu` may mean, in the order they are tried.

A card of NVIDIA's own is the quickest where there is one. Intel's chips answer to qsv and to vaapi, of which qsv knows a constant
quality; vaapi is what is left to AMD's. There is videotoolbox on Macs only, where none of the others is.
"""


def coding(frame: Frame, filters: str, quality: Quality, encoder: str = X264) -> list[str]:
    """How every clip is coded, so that they can be joined; `filters` begin with a comma."""
    coder = _CODERS[encoder]
    return [
        *coder.device.split(),
        "-filter_threads", "1", "-vf", f"setparams={_COLOURS}{filters}{coder.upload}",
        *coder.options.format(preset=quality.preset, crf=quality.crf).split(),
        "-g", str(_KEYFRAME_SECONDS * frame.fps), "-fps_mode", "passthrough",
        "-flags:v", "+bitexact", "-fflags", "+bitexact", "-map_metadata", "-1",
        "-video_track_timescale", str(frame.fps * _TICKS),
    ]  # fmt: skip


def session(encoder: str, stop: threading.Event) -> AbstractContextManager[None]:
    """One of the sessions that an encoder has on this machine; waits for it, `Stopped` as soon as `stop` is set."""
    most = _CODERS[encoder].sessions
    if most is None:
        return nullcontext()
    return Slots(sessions_folder(encoder), Limits(at_once=most)).one(stop)


def sessions_folder(encoder: str) -> Path:
    """What the processes of a user share to count the sessions of an encoder."""
    return Path(tempfile.gettempdir()) / f"movie-assets-encoders-{os.getuid()}" / encoder

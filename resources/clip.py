"""One segment as a silent mp4: frames made here, captions drawn and pictures coded by ffmpeg, in a child process."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from movie_assets.core import captions
from movie_assets.core.camera import CameraMove
from movie_assets.core.errors import Failed
from movie_assets.core.ports import Captions, ClipRequest, Encoded, Frame, Shot, Transition, Workspace
from movie_assets.core.words import Words
from resources import worker
from resources.ffmpeg import binary
from resources.fonts import caption_fonts
from resources.planes import Pixels, black, mix
from resources.shots import shown

__all__ = ["clip"]

_FILE = "clip.mp4"
_SCRIPT = "captions.ass"
_NO_FONTS = "fonts.conf"
_TICKS = 1000  # per frame, so that any frame rate is exact
_KEYFRAME_SECONDS = 4
_BT709 = ("-color_range", "tv", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709")


def clip(request: ClipRequest, at: Workspace) -> Encoded:
    """Renders one segment exactly as many frames long as asked for; equal requests give equal bytes."""
    said = msgspec.to_builtins(request, enc_hook=_spell)
    measured = worker.call("resources.clip", said, at, timeout=60 + 5 * request.frames)
    return Encoded(at.scratch / _FILE, "video/mp4", measured)


def _spell(value: object) -> str:
    if isinstance(value, Path):
        return str(value.absolute())
    raise NotImplementedError(type(value).__name__)


# --- in the child -----------------------------------------------------------------------------------------------


def _answer(said: dict[str, Any]) -> dict[str, Any]:
    request = _read(said)
    _encode(_frames(request), _arguments(request, _captioned(request)))
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    spent = sum(usage.ru_utime + usage.ru_stime for usage in (own, children))
    return {
        "frames": request.frames,
        "seconds": request.frames / request.frame.fps,
        "cpu_seconds": round(spent, 3),
    }


def _read(said: Mapping[str, Any]) -> ClipRequest:
    return ClipRequest(
        shot=_shot(said["shot"]),
        previous=_shot(said["previous"]) if said["previous"] else None,
        words=msgspec.convert(said["words"], Words),
        lead=said["lead"],
        frames=said["frames"],
        frame=Frame(**said["frame"]),
        captions=Captions(**said["captions"]),
        transition=Transition(**said["transition"]),
    )


def _shot(said: Mapping[str, Any]) -> Shot:
    motion = said["motion"]
    return Shot(
        Path(said["picture"]),
        Path(motion) if isinstance(motion, str) else msgspec.convert(motion, CameraMove),
    )


# --- frames -----------------------------------------------------------------------------------------------------


def _frames(request: ClipRequest) -> Iterator[Pixels]:
    """The segment's frames with the transition at its head."""
    fps, frame = request.frame.fps, request.frame
    own = shown(request.shot, [(number - request.frames) / fps for number in range(request.frames)], frame)
    style, length = request.transition.style, min(request.frames, round(request.transition.seconds * fps))
    if style == "cut" or length == 0:
        yield from own
        return
    for number, before in enumerate(_before(request, length)):
        yield _blend(style if request.previous else "crossfade", before, next(own), (number + 0.5) / length)
    yield from own


def _before(request: ClipRequest, length: int) -> Iterator[Pixels]:
    """What the transition comes from: the previous shot going on, or black at the film's beginning."""
    if request.previous is None:
        yield from [black(request.frame)] * length
    else:
        yield from shown(request.previous, [number / request.frame.fps for number in range(length)], request.frame)


def _blend(style: str, before: Pixels, after: Pixels, share: float) -> Pixels:
    if style == "crossfade":
        return mix(before, after, _smooth(share))
    dark = np.resize
    return dark

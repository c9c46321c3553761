"""One segment as a silent mp4: frames made here, captions drawn and pictures coded by ffmpeg, in a child process."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import chain, islice, repeat
from pathlib import Path
from typing import Any

import msgspec

from movie_assets.core.camera import CameraMove
from movie_assets.core.captions import ass_script, shown_text
from movie_assets.core.errors import Failed
from movie_assets.core.ports import Captions, ClipRequest, Encoded, Frame, Shot, Transition, Workspace
from movie_assets.core.words import Words
from resources import worker
from resources.coding import FINAL, Quality, coding, session
from resources.ffmpeg import binary
from resources.planes import Pixels, black, mix
from resources.shots import shown

__all__ = [
    "CLIP",
    "clip",
    "drawn",
    "encode",
    "measured",
    "shot_of",
    "smooth",
    "spelt",
    "turn",
]

CLIP = "clip.mp4"
_SCRIPT = "captions.ass"
_NO_FONTS = "fonts.conf"


def clip(request: ClipRequest, at: Workspace, quality: Quality = FINAL) -> Encoded:
    """Renders one segment exactly as many frames long as asked for; equal requests give equal bytes."""
    said = msgspec.to_builtins(request, enc_hook=spelt)
    order = {**said, "quality": asdict(quality)}
    with session(request.encoder, at.stop):
        notes = worker.call("resources.clip", order, at, timeout=60 + 5 * request.frames)
    return Encoded(at.scratch / CLIP, "video/mp4", {**notes, "encoder": request.encoder})


def spelt(value: object) -> str:
    """A path as the child is told it."""
    if isinstance(value, Path):
        return str(value.absolute())
    raise NotImplementedError(type(value).__name__)


# --- in the child -----------------------------------------------------------------------------------------------


def _answer(said: dict[str, Any]) -> dict[str, Any]:
    request, quality = _read(said), Quality(**said["quality"])
    encode(_frames(request, quality.every), request.frame, _captioned(request), quality, request.encoder)
    return measured(request.frames, request.frame)


def measured(frames: int, frame: Frame) -> dict[str, Any]:
    """What is noted of a clip by the child that made it."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    spent = sum(usage.ru_utime + usage.ru_stime for usage in (own, children))
    return {"frames": frames, "seconds": frames / frame.fps, "cpu_seconds": round(spent, 3)}


def _read(said: Mapping[str, Any]) -> ClipRequest:
    return ClipRequest(
        shot=shot_of(said["shot"]),
        previous=shot_of(said["previous"]) if said["previous"] else None,
        words=msgspec.convert(said["words"], Words),
        lead=said["lead"],
        frames=said["frames"],
        frame=Frame(**said["frame"]),
        captions=Captions(**said["captions"]),
        transition=Transition(**said["transition"]),
        encoder=said["encoder"],
    )


def shot_of(said: Mapping[str, Any]) -> Shot:
    """A shot as the child is told it."""
    motion = said["motion"]
    return Shot(
        Path(said["picture"]),
        Path(motion) if isinstance(motion, str) else msgspec.convert(motion, CameraMove),
    )


# --- frames -----------------------------------------------------------------------------------------------------


def _frames(request: ClipRequest, every: int) -> Iterator[Pixels]:
    """The segment's frames with the transition at its head."""
    fps, count = request.frame.fps, request.frames
    own = _drawn(request.shot, [(number - count) / fps for number in range(count)], request.frame, every)
    if request.transition.style != "cut":
        style = request.transition.style if request.previous else "crossfade"
        before = list(range(min(count, round(request.transition.seconds * fps))))
        going = _going(request, [number / fps for number in before])
        for number, old in zip(before, going, strict=True):
            yield turn(style, old, next(own), (number + 0.5) / len(before), request.frame)
    yield from own


def _drawn(shot: Shot, times: Sequence[float], frame: Frame, every: int) -> Iterator[Pixels]:
    """A frame for each time; only one of `every` so many is really drawn."""
    drawn = shown(shot, times[::every], frame)
    return islice(chain.from_iterable(repeat(pixels, every) for pixels in drawn), len(times))


def _going(request: ClipRequest, times: Sequence[float]) -> Iterator[Pixels]:
    """What the transition comes from: the previous shot going on, or black at the film's beginning."""
    if request.previous is None or not times:
        return repeat(black(request.frame), len(times))
    return shown(request.previous, times, request.frame)


def turn(style: str, old: Pixels, new: Pixels, share: float, frame: Frame) -> Pixels:
    """One frame of a transition, `share` of the way through it."""
    if style == "crossfade":
        return mix(old, new, smooth(share))
    if share < 0.5:
        return mix(old, black(frame), smooth(2 * share))
    return mix(black(frame), new, smooth(2 * share - 1))


def smooth(share: float) -> float:
    """A share that begins and ends gently."""
    return share * share * (3 - 2 * share)


# --- encoding ---------------------------------------------------------------------------------------------------


def _captioned(request: ClipRequest) -> str:
    """The filter that draws the captions, its files left in the folder; empty where there are none."""
    text = shown_text(request.words, request.captions)
    if not text:
        return ""
    # fontTools takes as long to load as all the rest: only who needs it waits for it.
    from resources.fonts import caption_fonts

    here = Path()
    look = request.captions
    fonts = caption_fonts(text, Workspace(here), look.font, look.language)
    seconds = request.frames / request.frame.fps
    return drawn(
        ass_script(request.words, request.lead, seconds, request.frame, look, fonts.family), fonts.folder
    )


def drawn(script: str, fonts: Path) -> str:
    """The filter that draws an ASS script with some fonts and no others."""
    Path(_SCRIPT).write_text(script, encoding="utf-8")
    Path(_NO_FONTS).write_text("<fontconfig/>")
    return f",ass={_SCRIPT}:fontsdir={fonts}"


def encode(frames: Iterator[Pixels], frame: Frame, captioned: str, quality: Quality, encoder: str) -> None:
    """Writes the clip into the folder."""
    # Without a system font to fall back on, every machine draws the same glyphs.
    environment = {**os.environ, "FONTCONFIGCLIP": str(Path(_NO_FONTS).absolute())}
    with (
        Path("encoder.log").open("w+b") as log,
        subprocess.Popen(
            _command(frame, captioned, quality, encoder),
            stdin=subprocess.PIPE,
            stderr=log,
            env=environment,
            pipesize=1 << 20,
        ) as child,
    ):
        assert child.stdin is not None
        with contextlib.suppress(BrokenPipeError), child.stdin:
            for pixels in frames:
                child.stdin.write(pixels.data)
        if child.wait() != 0:
            log.seek(0)
            raise Failed(
                "the clip could not be encoded",
                encoder=encoder,
                said=log.read()[-400:].decode(errors="replace").strip(),
                next_step="see ffmpeg's message above",
            )


def _command(frame: Frame, captioned: str, quality: Quality, encoder: str) -> list[str]:
    return [
        binary(), "-hide_banner", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p",
        "-s", f"{frame.width}x{frame.height}", "-r", str(frame.fps), "-i", "pipe:0",
        *coding(frame, captioned, quality, encoder), CLIP,
    ]  # fmt: skip


if __name__ == "__main__":
    worker.serve(_answer)

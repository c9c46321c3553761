"""Cards: lines of text over a picture out of focus, as a silent mp4 that is joined like any clip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import repeat
from pathlib import Path
from typing import Any

import msgspec
from PIL import Image, ImageFilter

from movie_assets.core.camera import Box, CameraMove, box_at
from movie_assets.core.cards import card_script
from movie_assets.core.ports import CardLine, CardRequest, Encoded, Frame, Workspace
from resources import worker
from resources.clip import CLIP, drawn, encode, measured, shot_of, smooth, spelt, turn
from resources.coding import FINAL, Quality, session
from resources.planes import Pixels, black, mix, open_picture, planes_of, seen
from resources.shots import shown

__all__ = ["card"]

_SMALL = 160  # pixels: what is that small and made large again is out of focus
_BLUR = 2.5
_LIGHT = 0.42
_MOVE = CameraMove(Box(0.5, 0.5, 0.92), zoom=-0.015)
_COMING, _GOING = 0.8, 0.6  # seconds


def card(request: CardRequest, at: Workspace, quality: Quality = FINAL) -> Encoded:
    """Renders a card exactly as many frames long as asked for; equal requests give equal bytes."""
    order = {**msgspec.to_builtins(request, enc_hook=spelt), "quality": asdict(quality)}
    with session(request.encoder, at.stop):
        notes = worker.call("resources.cards", order, at, timeout=60 + 5 * request.frames)
    return Encoded(at.scratch / CLIP, "video/mp4", {**notes, "encoder": request.encoder})


# --- in the child -----------------------------------------------------------------------------------------------


def _answer(said: dict[str, Any]) -> dict[str, Any]:
    request = _read(said)
    quality = Quality(**said["quality"])
    encode(_frames(request), request.frame, _written(request), quality, request.encoder)
    return measured(request.frames, request.frame)


def _read(said: Mapping[str, Any]) -> CardRequest:
    return CardRequest(
        lines=tuple(CardLine(**line) for line in said["lines"]),
        picture=Path(said["picture"]) if said["picture"] else None,
        previous=shot_of(said["previous"]) if said["previous"] else None,
        frames=said["frames"],
        frame=Frame(**said["frame"]),
        language=said["language"],
        encoder=said["encoder"],
    )


def _written(request: CardRequest) -> str:
    from resources.fonts import caption_fonts

    fonts = caption_fonts(
        " ".join(line.text for line in request.lines), Workspace(Path()), None, request.language
    )
    return drawn(
        card_script(request.lines, request.frames / request.frame.fps, request.frame, fonts.family),
        fonts.folder,
    )


def _frames(request: CardRequest) -> Iterator[Pixels]:
    fps, count, frame = request.frame.fps, request.frames, request.frame
    coming, going = (min(count, max(1, round(seconds * fps))) for seconds in (_COMING, _GOING))
    before = _before(request, coming)
    for number, ground in enumerate(_ground(request)):
        pixels = ground
        if number < coming:
            pixels = turn("crossfade", next(before), pixels, (number + 0.5) / coming, frame)
        if count - number <= going:
            pixels = mix(pixels, black(frame), smooth(1 - (count - number - 0.5) / going))
        yield pixels


def _before(request: CardRequest, frames: int) -> Iterator[Pixels]:
    if request.previous is None:
        return repeat(black(request.frame), frames)
    return shown(request.previous, [number / request.frame.fps for number in range(frames)], request.frame)


def _ground(request: CardRequest) -> Iterator[Pixels]:
    if request.picture is None:
        yield from repeat(black(request.frame), request.frames)
        return
    planes = planes_of(_out_of_focus(open_picture(request.picture)), request.frame)
    for number in range(request.frames):
        yield seen(planes, box_at(_MOVE, (number - request.frames) / request.frame.fps), request.frame)


def _out_of_focus(picture: Image.Image) -> Image.Image:
    scale = _SMALL / min(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    small = picture.resize(size, Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(_BLUR))
    return small.point(lambda level: round(level * _LIGHT))


if __name__ == "__main__":
    worker.serve(_answer)

"""What is seen and heard in a file. A stranger's file is looked at by way of `resources.inspection`, not here."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from movie_assets.core.ports import Look
from resources.probe import picture_size, probe, sound_blocks

__all__ = ["look"]

_SIDE = 256
_MOMENTS = 6
_LONG = 30.0


def look(file: Path, media_type: str) -> Look:
    """Looks at a picture or a video, or listens to a sound; `Refused` where it cannot be read."""
    return {"image": _picture, "video": _video, "audio": _sound}[media_type.partition("/")[0]](file)


def _picture(file: Path) -> Look:
    width, height = picture_size(file)
    with Image.open(file) as picture:
        small = picture.convert("RGB").convert("L")
        small.thumbnail((_SIDE, _SIDE))
    light = np.asarray(small, np.float32) / 255
    return Look(width=width, height=height, **_light(light))


def _light(light: Any) -> dict[str, float]:
    # The lightest hundredth, so that one hot pixel does not pass for a picture.
    return {"brightest": float(np.quantile(light, 0.99)), "spread": float(light.std())}


def _sound(file: Path) -> Look:
    peak = max((float(abs(block).max(initial=0.0)) for block in sound_blocks(file)), default=0.0)
    seconds = probe(file).seconds
    return Look(seconds=seconds, sound_seconds=seconds, peak=peak)


def _video(file: Path) -> Look:
    media = probe(file)
    assert media.video is not None, "a file whose type says video"
    moments = _moments(file, media.seconds)
    seen = [_light(moment) for moment in moments]
    changes = [float(abs(after - before).mean()) for before, after in pairwise(moments)]
    return Look(
        width=media.video.width,
        height=media.video.height,
        seconds=media.video.frames / float(media.video.fps or 1),
        sound_seconds=media.sound.seconds if media.sound else 0.0,
        brightest=max((each["brightest"] for each in seen), default=0.0),
        spread=max((each["spread"] for each in seen), default=0.0),
        moves=max(changes, default=0.0),
    )


def _moments(file: Path, seconds: float) -> list[Any]:
    """Some frames spread over a video, small and grey."""
    found = []
    with av.open(str(file), options={"protocol_whitelist": "file"}) as container:
        stream = container.streams.video[0]
        if seconds > _LONG:
            stream.codec_context.skip_frame = "NONKEY"  # in a long film there are keyframes enough
        for number in range(_MOMENTS):
            wanted = seconds * (number + 0.5) / _MOMENTS
            container.seek(int(wanted / (stream.time_base or 1)), stream=stream)
            frame = next((f for f in container.decode(stream) if (f.time or 0.0) >= wanted - 0.5), None)
            if frame is not None:
                grey = frame.reformat(_SIDE, _SIDE * frame.height // frame.width, format="gray")
                found.append(grey.to_ndarray().astype(np.float32) / 255)
    return found

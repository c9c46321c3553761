"""The offline painter: a picture like a film's frame for every prompt, without key or network.

It paints a quarter more than asked in each direction, so that a camera move has room. A movie's pictures share a
palette, which the style alone decides; the seed is the digest of prompt, settings and take.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from PIL import Image

from movie_assets.core.digest import digest_of
from movie_assets.core.errors import Refused
from movie_assets.core.ports import Meta, PaintRequest, Result, Workspace
from resources import worker
from resources.offline.city import city
from resources.offline.deep import space, underwater
from resources.offline.landscape import landscape
from resources.offline.stage import set_up
from resources.offline.study import study
from resources.offline.treatment import finish

__all__ = ["OfflinePainter", "picture"]

_MARGIN = 1.25
_LARGEST = 3_400_000
_SIDES = range(16, 8193)
_PLACES = {"study": study, "city": city, "underwater": underwater, "space": space}


class OfflinePainter:
    """Paints landscapes, seas, towns and a study by lamplight, with the prompt's figures, in the style's manner."""

    def paint(self, request: PaintRequest, at: Workspace) -> Result:
        """A PNG of 1.25 × width by 1.25 × height; a size beyond 8192 is `Refused`."""
        if request.width not in _SIDES or request.height not in _SIDES:
            raise Refused(
                "a picture's sides must be 16 to 8192 pixels", width=request.width, height=request.height
            )
        seed = digest_of({"prompt": request.prompt, "settings": dict(request.settings), "take": request.take})
        size = {"width": request.width, "height": request.height}
        started = time.monotonic()
        worker.call(__name__, {"prompt": request.prompt, "seed": seed, "file": "picture.png", **size}, at)
        file = at.scratch / "picture.png"
        body = file.read_bytes()
        file.unlink()
        meta = Meta(provider="offline", model="landscape", cost=0.0, seconds=time.monotonic() - started)
        return Result(body, "image/png", meta)


def picture(prompt: str, width: int, height: int, seed: int) -> Image.Image:
    """Paints width × height pixels; beyond 3.4 million it paints smaller and enlarges, to bound time and memory."""
    shrink = min(1.0, (_LARGEST / (width * height)) ** 0.5)
    stage = set_up(prompt, round(width * shrink), round(height * shrink), seed)
    canvas = _PLACES.get(stage.scene.place, landscape)(stage)
    image = Image.fromarray((finish(stage, canvas) * 255 + 0.5).astype(np.uint8))
    return image if shrink == 1.0 else image.resize((width, height), Image.Resampling.LANCZOS)


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    width, height = (2 * round(request[side] * _MARGIN / 2) for side in ("width", "height"))
    seed = int(request["seed"][:12], 16)
    picture(request["prompt"], width, height, seed).save(request["file"], compress_level=3)
    return {}


if __name__ == "__main__":
    worker.serve(_answer)

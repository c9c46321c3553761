"""Pictures made smaller for posters and pages, in a child process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from movie_assets.core.ports import Workspace
from resources import worker
from resources.planes import open_picture

__all__ = ["Small", "shrink"]

_QUALITY = {".jpg": 90, ".webp": 72}


@dataclass(frozen=True, slots=True)
class Small:
    """A picture wanted `width` pixels wide at `to`; with a `height` it is cut to that shape, as the film cuts it."""

    picture: str
    to: str
    width: int
    height: int | None = None


def shrink(wanted: Sequence[Small], at: Workspace) -> None:
    """Writes each; the suffix of `to` says as what. `Refused` if one cannot be read."""
    worker.call("resources.exports.shrink", {"wanted": [asdict(each) for each in wanted]}, at)


def _answer(said: dict[str, Any]) -> dict[str, Any]:
    for each in said["wanted"]:
        _write(Small(**each))
    return {}


def _write(small: Small) -> None:
    picture, to = open_picture(Path(small.picture)), Path(small.to)
    height = small.height or max(1, round(picture.height * small.width / picture.width))
    if small.height is None and small.width >= picture.width:
        made = picture
    else:
        made = ImageOps.fit(picture, (small.width, height), Image.Resampling.LANCZOS)
    made.save(to, quality=_QUALITY[to.suffix], method=4, optimize=True)


if __name__ == "__main__":
    worker.serve(_answer)

"""Paints pictures by an images API, from a prompt alone or with reference pictures for a consistent look."""

from __future__ import annotations

import base64
import binascii
import io
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openai import OpenAI
from PIL import Image, UnidentifiedImageError

from movie_assets.core.errors import Failed, Transient
from movie_assets.core.ports import Meta, PaintRequest, Result, Workspace
from resources.line import Line
from resources.openai.answer import inside, json_of
from resources.openai.connect import asked
from resources.openai.refusals import LATER
from resources.openai.settings import parameters
from resources.prices import Prices
from resources.prompts import filled

__all__ = ["OpenAIPainter"]

_MODEL = "gpt-image-2.5-flare"
_QUALITY = "medium"
_SIZES = (
    (1536, 864),
    (864, 1536),
    (1024, 1024),
    (1536, 1024),
    (1024, 1536),
    (1280, 960),
    (960, 1280),
    (1536, 640),
)
_MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}


@dataclass(frozen=True, slots=True)
class _Painted:
    """A picture that can be read, and what it took by the units of prices."""

    body: bytes
    media_type: str
    size: tuple[int, int]
    request_id: str | None
    amounts: Mapping[str, float]


class OpenAIPainter:
    """A `Painter` by `images.generate`, or by `images.edit` where there are reference pictures."""

    def __init__(self, line: Line, prices: Prices) -> None:
        self._line = line
        self._prices = prices

    def paint(self, request: PaintRequest, at: Workspace) -> Result:
        """A picture in the shape asked for, or of `size` where the settings name one."""
        begun = time.monotonic()
        model = request.settings.get("model") or _MODEL
        order = _order(request, model)
        references = [_attachment(path) for path in request.references]
        answer = asked(self._line, model, at, lambda sdk: _painted(sdk, order, references))
        painted, name = answer.value, self._line.connection.name
        meta = Meta(
            name,
            model,
            painted.request_id,
            usage=dict(painted.amounts),
            cost=self._prices.cost(name, model, painted.amounts),
            seconds=time.monotonic() - begun,
            attempts=answer.attempts,
            notes={"size": "{}x{}".format(*painted.size)},
        )
        return Result(painted.body, painted.media_type, meta)


def _order(request: PaintRequest, model: str) -> dict[str, Any]:
    """What the API is asked for."""
    settings = request.settings
    return {
        "model": model,
        "prompt": filled(request.template, prompt=request.prompt) if request.template else request.prompt,
        "size": settings.get("size") or "{}x{}".format(*_size(request.width / request.height)),
        "quality": settings.get("quality") or _QUALITY,
        "output_format": "png",
        "extra_body": parameters("picture", settings),
    }


def _size(shape: float) -> tuple[int, int]:
    """The size whose shape is nearest to width / height; the camera crops what is left over."""
    return min(_SIZES, key=lambda size: abs(math.log(size[0] / size[1] / shape)))


def _attachment(path: Path) -> tuple[str, bytes, str]:
    with Image.open(path) as image:
        media_type = _MEDIA_TYPES.get(str(image.format), "image/png")
    return f"{path.name}.{media_type.rpartition('/')[2]}", path.read_bytes(), media_type


def _painted(sdk: OpenAI, order: Mapping[str, Any], references: list[tuple[str, bytes, str]]) -> _Painted:
    if references:
        raw = sdk.images.with_raw_response.edit(image=references, **order)
    else:
        raw = sdk.images.with_raw_response.generate(**order)
    answer = json_of(raw)
    body = _bytes(answer, raw.request_id)
    media_type, size = _looked_at(body, raw.request_id)
    return _Painted(body, media_type, size, raw.request_id, _amounts(answer, order["quality"], size))


def _bytes(answer: Mapping[str, Any], request_id: str | None) -> bytes:
    encoded, link = inside(answer, "data", 0, "b64_json"), inside(answer, "data", 0, "url")
    if isinstance(encoded, str) and encoded:
        try:
            return base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raise _damaged("the picture's base64 is broken", request_id) from None
    if link:
        raise Failed(
            "the server answers with a link instead of a picture",
            request_id=request_id,
            next_step="write picture.settings: {response_format: b64_json} in movie.yaml",
        )
    raise _damaged("the answer holds no picture", request_id)


def _looked_at(body: bytes, request_id: str | None) -> tuple[str, tuple[int, int]]:
    """The type and size of a picture that can be read to its last byte."""
    try:
        with Image.open(io.BytesIO(body), formats=list(_MEDIA_TYPES)) as image:
            image.verify()
        with Image.open(io.BytesIO(body)) as image:
            image.load()
            return _MEDIA_TYPES[str(image.format)], image.size
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise _damaged("the picture cannot be read as PNG, JPEG or WebP", request_id) from None


def _damaged(fact: str, request_id: str | None) -> Transient:
    return Transient(fact, request_id=request_id, next_step=LATER)


def _amounts(answer: Mapping[str, Any], quality: str, size: tuple[int, int]) -> dict[str, float]:
    """What the answer says it took, by the units of prices; one picture's area, where it says nothing."""
    counted = {
        "input_tokens": inside(answer, "usage", "input_tokens_details", "text_tokens"),
        "image_input_tokens": inside(answer, "usage", "input_tokens_details", "image_tokens"),
        "image_output_tokens": inside(answer, "usage", "output_tokens"),
    }
    told: dict[str, float] = {unit: amount for unit, amount in counted.items() if isinstance(amount, int)}
    return told if len(told) == len(counted) else {f"image_{quality}": size[0] * size[1] / 1024**2}

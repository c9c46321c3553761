"""Plain Python values as bytes with a media type, and back."""

from __future__ import annotations

import io
import json
from typing import Any

from PIL import Image

from movie_assets.core.errors import Refused

__all__ = ["read_value", "write_value"]

_TEXT = "text/plain; charset=utf-8"


def write_value(value: Any) -> tuple[bytes, str]:
    """Bytes, text, a picture or a JSON value as bytes and their media type; anything else is `Refused`."""
    if isinstance(value, bytes):
        return value, "application/octet-stream"
    if isinstance(value, str):
        return value.encode(), _TEXT
    if isinstance(value, Image.Image):
        stream = io.BytesIO()
        value.save(stream, "PNG")
        return stream.getvalue(), "image/png"
    try:
        return json.dumps(
            value, sort_keys=True, ensure_ascii=False, allow_nan=False
        ).encode(), "application/json"
    except (TypeError, ValueError):
        raise Refused(
            f"an asset returned {type(value).__name__}, which has no bytes of its own",
            next_step="return bytes, str, a PIL image, or what json.dumps accepts",
        ) from None


def read_value(data: bytes, media_type: str, wanted: Any) -> Any:
    """What was stored, as the reader's annotation asks; without one, as what it was written from."""
    if wanted is bytes:
        return data
    if wanted is str:
        return data.decode()
    if media_type.startswith("image/") or _is_picture(wanted):
        picture = Image.open(io.BytesIO(data))
        picture.load()
        return picture
    if media_type == "application/json":
        return json.loads(data)
    return data.decode() if media_type.startswith(("text/", "application/x-subrip")) else data


def _is_picture(wanted: Any) -> bool:
    return isinstance(wanted, type) and issubclass(wanted, Image.Image)

"""What Dagster's pages show of an artefact."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import dagster as dg
from PIL import Image

from movie_assets.core.artefact import BlobRef
from movie_assets.core.event import ArtefactEvent
from movie_assets.core.fallback import fallback_of
from movie_assets.core.store.movie_store import MovieStore

__all__ = ["describe"]

# Dagster renders markdown inline only while the whole of it is under 1000 characters (DESIGN.md section 9).
_INLINE_MARKDOWN = 1000
_THUMBNAILS = ((96, 54, 40), (80, 45, 30), (64, 36, 20))
_SHOWN_TEXT = 4000


def describe(store: MovieStore, event: ArtefactEvent, made: bool) -> dict[str, Any]:
    """The metadata of an artefact: what it is, who made it, why, and for how much."""
    ref = event.output
    assert ref is not None
    facts = _shown(store, ref) | {
        "digest": ref.digest,
        "media_type": ref.media_type,
        "bytes": dg.MetadataValue.int(ref.size),
        "provider": event.provider,
        "model": event.model,
        "cost_usd": "unknown" if event.cost is None else dg.MetadataValue.float(event.cost),
        "seconds_to_make": dg.MetadataValue.float(event.seconds) if event.seconds else None,
        "outcome": "made" if made else "reused",
        "reasons": ", ".join(event.reasons),
        "inputs_digest": event.inputs_digest,
    }
    facts |= {
        name: value for name, value in event.diagnostics.items() if isinstance(value, (str, int, float))
    }
    fallback = fallback_of(event)
    if fallback is not None:
        facts["fallback"] = f"instead of {fallback['from']}: {fallback['because']}"
    return {name: value for name, value in facts.items() if value not in (None, "")}


def _shown(store: MovieStore, ref: BlobRef) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if ref.inline is None:
        facts["file"] = dg.MetadataValue.path(store.driver.address(store.keys.blob(ref.digest)))
    if ref.media_type.startswith("image/"):
        facts["picture"] = _picture(store.read(ref))
    elif ref.media_type == "application/json" and ref.size <= _SHOWN_TEXT:
        facts["content"] = _json(store.read(ref))
    elif ref.media_type.startswith(("text/", "application/x-subrip")) and ref.size <= _SHOWN_TEXT:
        facts["content"] = dg.MetadataValue.md(store.read(ref).decode(errors="replace"))
    return facts


def _json(data: bytes) -> Any:
    value = json.loads(data)
    return dg.MetadataValue.json(value) if isinstance(value, (dict, list)) else str(value)


def _picture(data: bytes) -> Any:
    with Image.open(io.BytesIO(data)) as whole:
        picture = whole.convert("RGB")
    for width, height, quality in _THUMBNAILS:
        markdown = _thumbnail(picture, width, height, quality)
        if len(markdown) < _INLINE_MARKDOWN:
            return dg.MetadataValue.md(markdown)
    return f"{picture.width} × {picture.height}"


def _thumbnail(picture: Image.Image, width: int, height: int, quality: int) -> str:
    small = picture.copy()
    small.thumbnail((width, height), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    small.save(stream, "WEBP", quality=quality, method=6)
    return f"![{picture.width} × {picture.height}](data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode()})"

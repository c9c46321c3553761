"""Media: what lies beside a film for its page and for editors, under names a person can read."""

from __future__ import annotations

from collections.abc import Iterator

from movie_assets.core.artefact import BlobRef, Name
from movie_assets.core.manifest import ArtefactRecord, Manifest
from movie_assets.core.storyboard import Piece

__all__ = ["EARLIER", "KINDS", "SMALL", "earlier_name", "is_media", "media_name", "media_of"]

KINDS = ("picture", "narration", "description", "music")
EARLIER, SMALL = "media/earlier/", ".export/small/"
"""Folders of what a page shows: voices that only earlier revisions have, and pictures as they lie in the page."""

_SUFFIXES = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "audio/wav": "wav",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/aac": "aac",
    "audio/flac": "flac",
    "audio/ogg": "ogg",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/quicktime": "mov",
}


def media_of(manifest: Manifest) -> Iterator[tuple[str, BlobRef]]:
    """The pictures, voices, descriptions and music of a revision, by the file each goes to."""
    for text, record in manifest.artefacts.items():
        name = Name.parse(text)
        if name.kind in KINDS and is_media(record):
            yield media_name(name, record.blob), record.blob


def is_media(made: ArtefactRecord | Piece) -> bool:
    """Whether there is anything to see or hear: the music of a movie without is JSON."""
    return made.blob.media_type.startswith(("image/", "audio/", "video/"))


def media_name(name: Name, blob: BlobRef) -> str:
    """`media/picture-003.png`."""
    number = "" if name.segment is None else f"-{name.segment:03}"
    return f"media/{name.kind}{number}{_suffix(blob)}"


def earlier_name(blob: BlobRef) -> str:
    """Where a sound lies that only earlier revisions have."""
    return f"{EARLIER}{blob.digest[:16]}{_suffix(blob)}"


def _suffix(blob: BlobRef) -> str:
    known = _SUFFIXES.get(blob.media_type.partition(";")[0])
    return f".{known}" if known else ""

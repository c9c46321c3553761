"""References: the stored bytes that a revision needs, those of a person's own files among them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from movie_assets.core.artefact import BlobRef
from movie_assets.core.manifest import Manifest

__all__ = ["files_in", "references"]


def references(manifest: Manifest) -> Iterator[tuple[str, BlobRef]]:
    """What a revision refers to, by the name of the artefact or, as `inputs/picture[3]`, of the input."""
    for name, record in manifest.artefacts.items():
        if record.blob.inline is None:
            yield name, record.blob
    for name, given in manifest.inputs.items():
        for ref in files_in(given.payload):
            yield f"inputs/{name}", ref


def files_in(payload: Any) -> Iterator[BlobRef]:
    """The files that an input's payload refers to, however deep they lie in it."""
    if isinstance(payload, dict):
        if payload.keys() >= {"digest", "size", "mediaType"}:
            yield msgspec.convert(payload, BlobRef)
        else:
            for member in payload.values():
                yield from files_in(member)
    elif isinstance(payload, list):
        for member in payload:
            yield from files_in(member)

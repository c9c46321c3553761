"""Digests: sha256 of bytes, or of canonical JSON."""

from __future__ import annotations

import hashlib
import math
import re
from io import BufferedReader
from typing import Any

import msgspec

from movie_assets.core.errors import Refused

__all__ = ["canonical", "digest_of", "digest_of_bytes", "digest_of_stream", "is_digest"]

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_ENCODER = msgspec.json.Encoder(order="sorted")


def canonical(value: Any) -> bytes:
    """The one JSON spelling of a value: keys sorted by code point, no spaces, UTF-8, no NaN."""
    if _has_no_spelling(value):
        raise Refused("a number that is not finite has no digest", value=repr(value))
    return _ENCODER.encode(value)


def _has_no_spelling(value: Any) -> bool:
    if isinstance(value, (dict, list, tuple)):
        members = value.values() if isinstance(value, dict) else value
        return any(_has_no_spelling(each) for each in members if not isinstance(each, str))
    return isinstance(value, float) and not math.isfinite(value)


def digest_of(value: Any) -> str:
    """The digest of a JSON value: change any byte of its meaning and it changes."""
    return hashlib.sha256(canonical(value)).hexdigest()


def digest_of_bytes(data: bytes) -> str:
    """The digest of bytes, 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def digest_of_stream(stream: BufferedReader) -> str:
    """The digest of a file without holding it in memory."""
    return hashlib.file_digest(stream, "sha256").hexdigest()


def is_digest(text: str) -> bool:
    """Whether a text may be used as a digest, and so as part of a key."""
    return _DIGEST.match(text) is not None

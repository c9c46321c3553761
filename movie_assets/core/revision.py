"""Revision numbers and how they print."""

from __future__ import annotations

import re

from movie_assets.core.errors import Refused

__all__ = ["parse_revision", "revision_name"]

_REVISION = re.compile(r"(?:rev-)?(\d{1,9})\Z")


def revision_name(number: int) -> str:
    """3 prints `rev-0003`."""
    return f"rev-{number:04d}"


def parse_revision(text: str) -> int:
    """Reads `rev-0003` or `3`; anything else is `Refused`."""
    match = _REVISION.match(text)
    if match is None or int(match.group(1)) < 1:
        raise Refused(f"{text!r} is not a revision", next_step="write it like rev-0003 or 3")
    return int(match.group(1))

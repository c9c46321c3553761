"""Names of artefacts and inputs, and references to bytes."""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

from msgspec import Struct

from movie_assets.core.errors import Refused

__all__ = ["ArtefactId", "BlobRef", "Name", "Scope", "check_movie_id"]

_NAME = re.compile(r"([a-z][a-z0-9_]{0,63})(?:\[(0|[1-9][0-9]{0,5})\])?\Z")
_MOVIE_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")


class Scope(Enum):
    """Whether a thing exists once per movie or once per segment."""

    MOVIE = "movie"
    SEGMENT = "segment"


class Name(NamedTuple):
    """The name of an artefact or an input: `script`, `picture[3]`.

    A tuple, because planning hashes names by the ten thousand.
    """

    kind: str
    segment: int | None = None

    def __str__(self) -> str:
        return self.kind if self.segment is None else f"{self.kind}[{self.segment}]"

    @classmethod
    def parse(cls, text: str) -> Name:
        """Reads what `str` writes; anything else is `Refused`."""
        match = _NAME.match(text)
        if match is None:
            raise Refused(
                f"{text!r} is not a name such as script or picture[3]",
                next_step="movies show ID lists those there are, movies plan ID those to come",
            )
        kind, segment = match.groups()
        return cls(kind, None if segment is None else int(segment))


ArtefactId = Name


class BlobRef(Struct, frozen=True, rename="camel", omit_defaults=True):
    """Bytes named by their sha256; a small text may lie `inline` instead of in a blob of its own."""

    digest: str
    size: int
    media_type: str
    inline: str | None = None


def check_movie_id(movie: str) -> str:
    """Refuses a movie id that may not become part of a path."""
    if _MOVIE_ID.match(movie) is None:
        raise Refused(
            f"{movie!r} is not a movie id",
            next_step="use 1 to 64 of a-z, 0-9, _ and -, beginning with a letter or digit",
        )
    return movie

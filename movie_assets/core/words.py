"""Word times: when each word of a narration is heard."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["Word", "Words"]


class Word(Struct, frozen=True):
    """One spoken word; `start` and `end` in seconds from the start of the narration's audio."""

    text: str
    start: float
    end: float


class Words(Struct, frozen=True):
    """The artefact `words[i]`: the narration's length in seconds and the time of each word.

    Joining the words' texts with single spaces gives the narration's text with its punctuation,
    white space folded.
    """

    duration: float
    words: tuple[Word, ...]
    format: int = 1

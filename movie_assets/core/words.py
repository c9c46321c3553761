"""Word times: when each word of a narration is heard."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["Word", "Words", "spread"]


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


def spread(text: str, begin: float, end: float) -> tuple[Word, ...]:
    """Word times by share of characters from one moment to another, where nothing better is known."""
    words = text.split()
    total = sum(len(word) + 1 for word in words) or 1
    times, at = [], begin
    for word in words:
        until = at + (end - begin) * (len(word) + 1) / total
        times.append(Word(word, round(at, 3), round(until, 3)))
        at = until
    return tuple(times)

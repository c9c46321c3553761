"""Word times from the times of characters, whatever the provider made of numbers and punctuation."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any, TypeAlias

from movie_assets.core.words import Word

__all__ = ["Span", "spans_of", "words_of"]

Span: TypeAlias = tuple[float, float]
"""When a character is heard, in seconds."""


def spans_of(text: str, alignment: Any) -> list[Span | None] | None:
    """When each character of a text but white space is heard, by the provider's `alignment`; None where it has none.

    A character that the provider left out or said otherwise has no time of its own.
    """
    timed = list(_timed(alignment))
    letters = "".join(text.split())
    if not timed or not letters:
        return None
    told = "".join(letter for letter, _ in timed)
    if told == letters:
        return [span for _, span in timed]
    spans: list[Span | None] = [None] * len(letters)
    for own, other, length in SequenceMatcher(None, letters, told, autojunk=False).get_matching_blocks():
        for offset in range(length):
            spans[own + offset] = timed[other + offset][1]
    return spans


def _timed(alignment: Any) -> Iterator[tuple[str, Span]]:
    """The characters of an answer with their times, as far as they make sense."""
    lists = [
        getattr(alignment, name, None) or ()
        for name in ("characters", "character_start_times_seconds", "character_end_times_seconds")
    ]
    for letters, start, end in zip(*lists, strict=False):
        if isinstance(letters, str) and _is_time(start) and _is_time(end):
            for letter in "".join(letters.split()):
                yield letter, (float(start), max(float(start), float(end)))


def _is_time(value: object) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value) and value >= 0


def words_of(text: str, spans: Sequence[Span | None], duration: float) -> tuple[Word, ...]:
    """The words of a text and when each is heard; `spans` are of its characters but white space.

    A word ends with its last letter or digit: the time of a full stop is the pause after it. A word without any time
    of its own lies between its neighbours.
    """
    texts, at = text.split(), 0
    found: list[Span | None] = []
    for word in texts:
        found.append(_heard(word, spans[at : at + len(word)]))
        at += len(word)
    starts = _filled([span and span[0] for span in found], duration)
    nexts = [*starts, duration][1:]
    ends = [span[1] if span else until for span, until in zip(found, nexts, strict=True)]
    return tuple(
        Word(word, round(start, 3), round(min(max(start, end), duration), 3))
        for word, start, end in zip(texts, starts, ends, strict=True)
    )


def _heard(word: str, spans: Sequence[Span | None]) -> Span | None:
    pairs = [(letter, span) for letter, span in zip(word, spans, strict=True) if span is not None]
    loud = [span for letter, span in pairs if letter.isalnum()] or [span for _, span in pairs]
    return (loud[0][0], loud[-1][1]) if loud else None


def _filled(starts: Sequence[float | None], duration: float) -> list[float]:
    """Times that never go back, those that are missing spread evenly between the others."""
    known = [(-1, 0.0)]
    for index, start in enumerate(starts):
        if start is not None:
            known.append((index, min(max(start, known[-1][1]), duration)))
    known.append((len(starts), duration))
    filled: list[float] = []
    for (first, begin), (last, end) in pairwise(known):
        step = (end - begin) / (last - first)
        filled += [begin + step * (index - first) for index in range(max(first, 0), last)]
    return filled

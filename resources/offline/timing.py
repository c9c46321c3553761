"""Which word is heard when: espeak's moments, spread over the words that were to be read."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import TypeAlias

from resources.offline.espeak import Moment
from resources.offline.reading import has_sound

__all__ = ["Span", "timing"]

Span: TypeAlias = tuple[int, int]


def timing(said: Sequence[str], moments: Sequence[Moment], total: int) -> list[Span]:
    """From which sample to which each word is heard, in a voice of `total` samples.

    espeak tells several words for a number, and one for words it runs together ("for a").
    """
    spans = _spans(moments, total)
    offsets = accumulate((len(text) + 1 for text in said if text), initial=0)
    told = zip(filter(None, said), offsets, strict=False)
    spoken = [(text, offset) for text, offset in told if has_sound(text)]
    shared: list[Span] = []
    for (begin, stop), group in _groups([offset for _, offset in spoken], spans):
        shared += _share(group, [len(text) for text, _ in spoken[begin:stop]])
    return _with_silent(said, iter(shared), spans[0][1][0])


def _groups(offsets: Sequence[int], spans: Sequence[tuple[int, Span]]) -> Iterator[tuple[Span, list[Span]]]:
    """Runs of words, as (first, last exclusive), with the spans told for the first of them."""
    told: dict[int, list[Span]] = {}
    latest = 0
    for offset, span in spans if offsets else ():
        latest = max(latest, bisect_right(offsets, offset) - 1)
        told.setdefault(latest, []).append(span)
    cuts = [0, *list(told)[1:], len(offsets)]
    return zip(pairwise(cuts), told.values(), strict=False)


def _spans(moments: Sequence[Moment], total: int) -> list[tuple[int, Span]]:
    """Where in the text each word that espeak told of begins, and from which sample to which it sounds."""
    spans: list[tuple[int, Span]] = []
    word, quiet = None, None
    for moment in [*moments, Moment(total, "word")]:
        if moment.kind == "word":
            if word is not None:
                spans.append((word.offset, (word.sample, moment.sample if quiet is None else quiet)))
            word, quiet = moment, None
        elif moment.kind == "sound":
            quiet = None
        elif quiet is None:
            quiet = moment.sample
    return spans or [(0, (0, total))]


def _share(spans: Sequence[Span], lengths: Sequence[int]) -> Iterator[Span]:
    """Divides the spans told for the first of some words among all of them."""
    # After words it ran together espeak tells the following ones at the offset of the first.
    single = len(spans) - 1 if len(spans) <= len(lengths) else 0
    merged = len(lengths) - single
    begin, end = spans[0][0], spans[-1 - single][1]
    parts = [
        begin + (end - begin) * part // sum(lengths[:merged])
        for part in accumulate(lengths[:merged], initial=0)
    ]
    yield from pairwise(parts)
    yield from spans[len(spans) - single :]


def _with_silent(said: Sequence[str], spans: Iterator[Span], begin: int) -> list[Span]:
    """Words without a sound stand at the end of the word before."""
    placed: list[Span] = []
    for text in said:
        end = placed[-1][1] if placed else begin
        placed.append(next(spans) if has_sound(text) else (end, end))
    return placed

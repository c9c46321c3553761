"""Subtitles: words grouped into cues a viewer can read, spelled as SRT or WebVTT."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from msgspec import Struct

from movie_assets.core.errors import Refused
from movie_assets.core.words import Word, Words

__all__ = ["Cue", "cues", "parse_srt", "to_srt", "to_vtt"]

_LONGEST = 6.0
_SHORTEST = 1.0

_CLOSERS = "\"'”’»)]}"
_SENTENCE_ENDS = tuple(".?!…。！？؟।")
_PHRASE_ENDS = tuple(",;:–—،؛、，；：")
_ABBREVIATION = re.compile(r"(?:\w\.)+|(?:Mrs?|Ms|Drs?|St|Prof|Capt|Lt|Col|Gen|Rev|No|vs)\.")
_TIMES = re.compile(r"\s*(\d+):(\d\d):(\d\d)[,.](\d{3})\s+-->\s+(\d+):(\d\d):(\d\d)[,.](\d{3})\s*")

# What a cue costs; the partition of a narration with the least sum is taken.
_PER_CUE = 2.0
_AFTER_PHRASE = 1.0
_MID_PHRASE = 5.0
_SENTENCE_INSIDE = 2.5
_SECOND_TOO_SHORT = 8.0


class Cue(Struct, frozen=True):
    """What is on the screen from `start` to `end`, in seconds of the film, to the millisecond."""

    start: float
    end: float
    lines: tuple[str, ...]


def cues(segments: Sequence[tuple[float, Words]], line_length: int = 42) -> tuple[Cue, ...]:
    """The cues of a film from each segment's start in it (seconds, ascending) and its words.

    At most two lines of `line_length` characters and 6 s, at least 1 s where the next cue leaves room; none overlaps the
    next, none holds words of two segments.
    """
    heard = [group for start, words in segments for group in _groups(start, words, line_length)]
    begins = [group[0].start for group, _ in heard]
    limits = [min(until, begin) for (_, until), begin in zip(heard, [*begins[1:], math.inf], strict=False)]
    return tuple(_cue(group, limit, line_length) for (group, _), limit in zip(heard, limits, strict=True))


def to_srt(cues: Iterable[Cue]) -> str:
    """The cues as SRT."""
    return "".join(
        f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n{_text(cue)}\n"
        for number, cue in enumerate(cues, 1)
    )


def to_vtt(cues: Iterable[Cue]) -> str:
    """The cues as WebVTT; `&`, `<` and `-->` in a text are escaped."""
    return "WEBVTT\n\n" + "".join(
        f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{_escaped(_text(cue))}\n" for cue in cues
    )


def parse_srt(text: str) -> tuple[Cue, ...]:
    """Reads SRT as `to_srt` and most editors write it; `Refused` names the block it cannot read."""
    blocks = re.split(r"\n(?:[ \t]*\n)+", text.removeprefix("\ufeff").replace("\r\n", "\n").strip())
    return tuple(_parse_block(number, block) for number, block in enumerate(filter(None, blocks), 1))


# --- grouping ---------------------------------------------------------------------------------------------------


def _groups(start: float, words: Words, line_length: int) -> list[tuple[Sequence[Word], float]]:
    """A segment's words, one group per cue, in the film's time, each with the second the segment is over."""
    placed = [Word(word.text, start + word.start, start + word.end) for word in words.words]
    cuts = _partition(placed, line_length)
    return [(placed[begin:stop], start + words.duration) for begin, stop in pairwise(cuts)]


def _partition(words: Sequence[Word], line_length: int) -> list[int]:
    """Where cues begin (and the last ends): the cheapest way to cut the words, by dynamic programming."""
    best: list[tuple[float, int]] = [(0.0, 0)]
    for stop in range(1, len(words) + 1):
        options = []
        for begin in range(stop - 1, -1, -1):
            if begin < stop - 1 and not _fits(words[begin:stop], line_length):
                break
            options.append((best[begin][0] + _cost(words, begin, stop), begin))
        best.append(min(options))
    cuts = [len(words)]
    while cuts[-1] > 0:
        cuts.append(best[cuts[-1]][1])
    return cuts[::-1]


def _fits(group: Sequence[Word], line_length: int) -> bool:
    texts = [word.text for word in group]
    return group[-1].end - group[0].start <= _LONGEST and bool(_splits(texts, line_length))


def _cost(words: Sequence[Word], begin: int, stop: int) -> float:
    last = stop == len(words)
    room = (words[stop - 1].end if last else words[stop].start) - words[begin].start
    too_short = max(0.0, _SHORTEST - room) * _SECOND_TOO_SHORT
    sentences = sum(_ends_sentence(words[i].text, words[i + 1].text) for i in range(begin, stop - 1))
    cut = 0.0 if last else _cut_cost(words[stop - 1].text, words[stop].text)
    return _PER_CUE + too_short + sentences * _SENTENCE_INSIDE + cut


def _cut_cost(text: str, following: str) -> float:
    if _ends_sentence(text, following):
        return 0.0
    return _AFTER_PHRASE if text.rstrip(_CLOSERS).endswith(_PHRASE_ENDS) else _MID_PHRASE


def _ends_sentence(text: str, following: str) -> bool:
    bare = text.rstrip(_CLOSERS)
    if not bare.endswith(_SENTENCE_ENDS) or following[:1].islower():
        return False
    return _ABBREVIATION.fullmatch(bare.lstrip("\"'“‘«([{")) is None


# --- lines and times --------------------------------------------------------------------------------------------


def _lines(group: Sequence[Word], line_length: int) -> tuple[str, ...]:
    return min(_splits([word.text for word in group], line_length), key=_unevenness)


def _splits(texts: Sequence[str], line_length: int) -> list[tuple[str, ...]]:
    """All ways to set texts in one line or, where one is too short, in two."""
    if _is_line(texts, line_length):
        return [(" ".join(texts),)]
    halves = [(texts[:cut], texts[cut:]) for cut in range(1, len(texts))]
    return [
        (" ".join(a), " ".join(b)) for a, b in halves if _is_line(a, line_length) and _is_line(b, line_length)
    ]


def _is_line(texts: Sequence[str], line_length: int) -> bool:
    return len(texts) == 1 or len(" ".join(texts)) <= line_length


def _unevenness(lines: tuple[str, ...]) -> float:
    at_phrase = lines[0].rstrip(_CLOSERS).endswith(_PHRASE_ENDS + _SENTENCE_ENDS)
    return abs(len(lines[0]) - len(lines[-1])) - 12 * at_phrase


def _cue(group: Sequence[Word], limit: float, line_length: int) -> Cue:
    """A cue goes with its last word, but not before it can be read, and in time for what follows."""
    start = _milliseconds(group[0].start)
    wanted = max(_milliseconds(group[-1].end), start + round(_SHORTEST * 1000))
    end = max(start, min(wanted, _milliseconds(limit)))
    return Cue(start / 1000, end / 1000, _lines(group, line_length))


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


# --- spelling ---------------------------------------------------------------------------------------------------


def _text(cue: Cue) -> str:
    return "".join(f"{line}\n" for line in cue.lines)


def _clock(seconds: float, mark: str) -> str:
    minutes, rest = divmod(_milliseconds(seconds), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{mark}{rest % 1000:03}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _parse_block(number: int, block: str) -> Cue:
    lines = block.split("\n")
    if _TIMES.fullmatch(lines[0]) is None:
        lines = lines[1:]
    match = _TIMES.fullmatch(lines[0]) if lines else None
    if match is None:
        raise Refused(
            f"block {number} is not SRT",
            found=repr(block[:60]),
            next_step="write its times as 00:00:01,000 --> 00:00:02,500",
        )
    begin, end = _seconds(match.groups()[:4]), _seconds(match.groups()[4:])
    return Cue(begin, end, tuple(lines[1:]))


def _seconds(parts: Sequence[str]) -> float:
    hours, minutes, seconds, thousandths = map(int, parts)
    return (((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths) / 1000

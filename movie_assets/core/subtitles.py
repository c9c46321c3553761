"""Subtitles: words grouped into cues a viewer can read, spelled as SRT or WebVTT."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from msgspec import Struct

from movie_assets.core.errors import Refused
from movie_assets.core.linebreak import Part, columns, parts_of
from movie_assets.core.words import Words

__all__ = ["Cue", "Room", "Spoken", "cues", "parse_srt", "spoken_cues", "to_srt", "to_vtt"]

_LONGEST = 6.0
_SHORTEST = 1.0

_CLOSERS = "\"'”’»)]}」』）】》〉"
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


@dataclass(frozen=True, slots=True)
class Room:
    """What a cue may hold: lines of so many columns (a Chinese character takes two), and perhaps only so many words."""

    columns: int = 42
    lines: int = 2
    words: int = 1000


class Spoken(Struct, frozen=True):
    """A cue with the times of what is said in it, line by line."""

    start: float
    end: float
    lines: tuple[tuple[Part, ...], ...]


def cues(segments: Sequence[tuple[float, Words]], line_length: int = 42) -> tuple[Cue, ...]:
    """The cues of a film as text: see `spoken_cues`."""
    found = spoken_cues(segments, Room(line_length))
    return tuple(Cue(each.start, each.end, tuple(map(_set, each.lines))) for each in found)


def spoken_cues(segments: Sequence[tuple[float, Words]], room: Room) -> tuple[Spoken, ...]:
    """The cues of a film from each segment's start in it (seconds, ascending) and its words.

    No more in each than there is room for, and 6 s; at least 1 s where the next cue leaves room; none overlaps the next,
    none holds words of two segments.
    """
    heard = [group for start, words in segments for group in _groups(start, words, room)]
    begins = [group[0].start for group, _ in heard]
    limits = [min(until, begin) for (_, until), begin in zip(heard, [*begins[1:], math.inf], strict=False)]
    return tuple(_cue(group, limit, room) for (group, _), limit in zip(heard, limits, strict=True))


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


def _groups(start: float, words: Words, room: Room) -> list[tuple[Sequence[Part], float]]:
    """A segment's parts, one group per cue, in the film's time, each with the second the segment is over."""
    placed = parts_of(words.words, start, room.columns)
    cuts = _partition(placed, room)
    return [(placed[begin:stop], start + words.duration) for begin, stop in pairwise(cuts)]


def _partition(parts: Sequence[Part], room: Room) -> list[int]:
    """Where cues begin (and the last ends): the cheapest way to cut the parts, by dynamic programming."""
    best: list[tuple[float, int]] = [(0.0, 0)]
    for stop in range(1, len(parts) + 1):
        options = []
        for begin in range(stop - 1, -1, -1):
            if begin < stop - 1 and not _fits(parts[begin:stop], room):
                break
            options.append((best[begin][0] + _cost(parts, begin, stop), begin))
        best.append(min(options))
    cuts = [len(parts)]
    while cuts[-1] > 0:
        cuts.append(best[cuts[-1]][1])
    return cuts[::-1]


def _fits(group: Sequence[Part], room: Room) -> bool:
    short = group[-1].end - group[0].start <= _LONGEST and len(group) <= room.words
    return short and _first_line(group, room) is not None


def _first_line(group: Sequence[Part], room: Room) -> range | None:
    """How many parts may stand in the first line for the rest to fit into the second; None if there is no way."""
    ends = list(accumulate(map(_advance, group)))
    first = sum(end - (not group[0].joined) <= room.columns for end in ends) or 1
    if first == len(group):
        return range(first, first + 1)
    least = 1 + sum(
        ends[-1] - end - (not after.joined) > room.columns
        for end, after in zip(ends, group[1:], strict=False)
    )
    least = min(least, len(group) - 1)
    return range(least, first + 1) if least <= first and room.lines > 1 else None


def _advance(part: Part) -> int:
    """How many columns a part takes behind another."""
    return columns(part.text) + (not part.joined)


def _cost(words: Sequence[Part], begin: int, stop: int) -> float:
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


def _lines(group: Sequence[Part], room: Room) -> tuple[tuple[Part, ...], ...]:
    """One line, or the two that look best."""
    cuts = _first_line(group, room)
    if len(group) == 1 or cuts is None or cuts.start == len(group):
        return (tuple(group),)
    halves = [(tuple(group[:cut]), tuple(group[cut:])) for cut in cuts]
    return min(halves, key=lambda pair: _unevenness(*map(_set, pair)))


def _set(line: Sequence[Part]) -> str:
    """A line's text."""
    spaced = ("" if part.joined else " " for part in line[1:])
    return line[0].text + "".join(space + part.text for space, part in zip(spaced, line[1:], strict=True))


def _unevenness(first: str, second: str) -> float:
    at_phrase = first.rstrip(_CLOSERS).endswith(_PHRASE_ENDS + _SENTENCE_ENDS)
    return abs(columns(first) - columns(second)) - 12 * at_phrase


def _cue(group: Sequence[Part], limit: float, room: Room) -> Spoken:
    """A cue goes with its last word, but not before it can be read, and in time for what follows."""
    start = _milliseconds(group[0].start)
    wanted = max(_milliseconds(group[-1].end), start + round(_SHORTEST * 1000))
    end = max(start, min(wanted, _milliseconds(limit)))
    return Spoken(start / 1000, end / 1000, _lines(group, room))


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

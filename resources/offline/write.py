"""Writes scripts without a key, plain ones from the brief's own sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

import msgspec

from movie_assets.core.ports import Meta, Result, Workspace, WriteRequest
from movie_assets.core.script import Script, ScriptSegment

__all__ = ["OfflineWriter"]

_WORDS_A_SECOND = 2.4  # as the offline voice speaks, measured in English, German and French
_PAUSE = 0.6
_FEWEST_WORDS = 4
_A_CLAUSE = 5
_NAMED_WORDS = 14

# Views that suit whatever the brief is about: they name no place of their own.
_SHOTS = (
    "A wide view of the whole",
    "Seen from a path that leads nearer",
    "A close view",
    "Seen from high above",
    "Seen from below, tall before the sky",
    "Seen from the side, half in shadow",
    "Small in the distance",
)
_LIGHT = (
    "at first light",
    "in morning mist",
    "under a clear noon sky",
    "in late golden light",
    "at sunset",
    "by moonlight",
)

# How a narrator comes back to the brief's own words, and ends; what follows a colon fits whatever its grammar is.
_PHRASES = {
    "en": (
        "Let us go back to the beginning: {}",
        "A little nearer now: {}",
        "Let us stay here for a moment, and think of it once more: {}",
        "Look closely: {}",
        "Once more: {}",
        "From above, the same story has another shape: {}",
        "All of it comes back to one thing: {}",
    ),
    "de": (
        "Gehen wir an den Anfang zurück: {}",
        "Nun ein wenig näher: {}",
        "Bleiben wir einen Augenblick, und denken wir noch einmal daran: {}",
        "Schauen wir genau hin: {}",
        "Noch einmal: {}",
        "Von oben sieht dieselbe Geschichte anders aus: {}",
        "Alles führt zu einem zurück: {}",
    ),
    "fr": (
        "Revenons au début : {}",
        "Un peu plus près maintenant : {}",
        "Restons un instant, et pensons-y encore une fois : {}",
        "Regardons bien : {}",
        "Encore une fois : {}",
        "Vue d'en haut, la même histoire prend une autre forme : {}",
        "Tout revient à une seule chose : {}",
    ),
    "es": (
        "Volvamos al principio: {}",
        "Ahora un poco más cerca: {}",
        "Quedémonos un momento, y pensemos en ello una vez más: {}",
        "Miremos bien: {}",
        "Una vez más: {}",
        "Desde arriba, la misma historia tiene otra forma: {}",
        "Todo vuelve a una sola cosa: {}",
    ),
}
_CLOSINGS = {
    "en": "That was {}, as far as its brief tells.",
    "de": "Das war: {}",
    "fr": "C'était : {}",
    "es": "Esto fue: {}",
}
# Words that are written small behind a colon, though a sentence begins with them.
_FUNCTION_WORDS = (
    "a an the and but thanks how why what when where who which this these in on at for from with some "
    "wie warum was wann wo wer der das ein eine einen im am vom zum zur von mit für "
    "comment pourquoi quand où le la les un une des du dans sur "
    "cómo qué cuándo dónde el los las una unos unas en"
)
_SMALL = frozenset(_FUNCTION_WORDS.split())


class OfflineWriter:
    """A `Writer` for trying things out; free, and the same for the same request."""

    def write(self, request: WriteRequest, at: Workspace) -> Result:
        """A script of exactly the segments asked for."""
        return Result(msgspec.json.encode(_composed(request)), "application/json", Meta("offline", cost=0.0))


@dataclass(frozen=True, slots=True)
class _Story:
    """What there is to tell: the brief in as many pieces as it has, and the words that one segment has time for."""

    title: str
    pieces: Sequence[str]
    language: str
    segments: int
    words: float
    take: int


def _composed(request: WriteRequest) -> Script:
    title = _folded(request.title)
    sentences = _sentences(request.brief) or [_ended(title)]
    story = _Story(
        title,
        sentences if len(sentences) >= request.segments else _clauses(sentences),
        request.language.partition("-")[0].lower(),
        request.segments,
        _WORDS_A_SECOND * (request.duration / request.segments - _PAUSE),
        request.take,
    )
    return Script(title, sentences[0], "calm", tuple(_segments(story)))


def _segments(story: _Story) -> Iterator[ScriptSegment]:
    """Room that one segment leaves goes to the next."""
    said = 0
    for number, share in enumerate(_shares(story.pieces, story.segments)):
        room = max(_FEWEST_WORDS, int(story.words * (number + 1)) - said)
        text = _told(story, number, share, room)
        said += len(text.split())
        yield ScriptSegment(text, _shown(story, number, share))


def _told(story: _Story, number: int, share: Sequence[str], room: int) -> str:
    """A segment's share of the brief, the title or the closing around it, and what comes back to it, as room allows."""
    again = _again(story, number, [each for each in _heard(story, number) if each not in share])
    titles = _again(story, number + 1, [story.title]) if number else []
    edge = _edge(story, number)
    fitting = (each for limit in (room - _count(edge), room) for each in again if _count(each) <= limit)
    first = _cut(share[0], room) if share else next(fitting, _cut(_piece(story, number, share), room))
    spare = room - _count(first)
    edge = edge if edge not in share and _count(edge) <= spare else ""
    fillers = [*share[1:], *filter(None, chain(*zip_longest(again, titles)))]
    more = _fitting(first, fillers, spare - _count(edge))
    return " ".join(filter(None, [edge, first, *more] if number == 0 else [first, *more, edge]))


def _edge(story: _Story, number: int) -> str:
    """The title at the beginning, the closing at the end, where the language has one."""
    if number == 0:
        return _ended(story.title)
    closing = _CLOSINGS.get(story.language) if number == story.segments - 1 else None
    return _ended(closing.format(story.title)) if closing else ""


def _again(story: _Story, number: int, topics: Sequence[str]) -> Sequence[str]:
    """Ways to say topics once more, the brief's first piece if there are none."""
    if story.language not in _PHRASES:
        return [_ended(each) for each in topics]
    topics = topics or story.pieces[:1]
    phrases, start = _PHRASES[story.language], number + story.take - 1
    return [
        _ended(phrases[at % len(phrases)].format(_small(topics[at % len(topics)])))
        for at in range(start, start + len(phrases))
    ]


def _shown(story: _Story, number: int, share: Sequence[str]) -> str:
    """A prompt that names this segment's piece, what the whole begins with, and the title."""
    turn = number + story.take - 1
    pieces = (_bare(_cut(each, _NAMED_WORDS)) for each in (_piece(story, number, share), story.pieces[0]))
    named = "; ".join(dict.fromkeys([*pieces, story.title]))
    return f"{_SHOTS[turn % len(_SHOTS)]}, {_LIGHT[turn % len(_LIGHT)]}: {named}"


def _piece(story: _Story, number: int, share: Sequence[str]) -> str:
    """What a segment is about; one without a share comes back to what was told before."""
    before = _heard(story, number)
    return share[0] if share else before[number % len(before)]


def _heard(story: _Story, number: int) -> Sequence[str]:
    """The pieces told before a segment."""
    return story.pieces[: -(-number * len(story.pieces) // story.segments)]


def _shares(pieces: Sequence[str], segments: int) -> Iterator[Sequence[str]]:
    """Spreads pieces over segments in order; some get several, or some get none."""
    count = len(pieces)
    for number in range(segments):
        if count >= segments:
            yield pieces[number * count // segments : (number + 1) * count // segments]
        else:
            first = -(-number * count // segments)
            yield pieces[first : -(-(number + 1) * count // segments)]


def _fitting(first: str, sentences: Iterable[str], room: int) -> Iterator[str]:
    """Those for which there is room after the first, in order; none begins as another does."""
    heads = {_head(first)}
    for sentence in sentences:
        if _count(sentence) <= room and _head(sentence) not in heads:
            heads.add(_head(sentence))
            room -= _count(sentence)
            yield sentence


def _cut(sentence: str, room: int) -> str:
    """A sentence, or as many of its clauses as there is room for, or its first words."""
    if _count(sentence) <= room:
        return sentence
    ends = [found.start() for found in re.finditer(r"[,;:–—]", sentence)]
    clauses = [sentence[:end] for end in ends if 1 < _count(sentence[:end]) <= room]
    return _ended(clauses[-1] if clauses else " ".join(sentence.split()[:room]))


def _clauses(sentences: Sequence[str]) -> list[str]:
    """Sentences divided where they breathe; what is too short to stand alone stays with what is before it."""
    pieces: list[str] = []
    for sentence in sentences:
        clauses = re.split(r"(?<=[,;:–—])\s+", sentence)
        parts = clauses[:1]
        for clause in clauses[1:]:
            if min(_count(clause), _count(parts[-1])) < _A_CLAUSE:
                parts[-1] += f" {clause}"
            else:
                parts.append(clause[:1].upper() + clause[1:])
        pieces += map(_ended, parts)
    return pieces


def _sentences(text: str) -> list[str]:
    parts = re.split(r"(?<=[.!?…])\s+|(?<=[。！？])|\n\s*\n|\n\s*[-*•]\s", text)
    return [_ended(_folded(part).lstrip("-*• ")) for part in parts if any(map(str.isalnum, part))]


def _head(sentence: str) -> str:
    """A phrase without its topic, or the whole sentence."""
    return sentence.partition(":")[0]


def _small(sentence: str) -> str:
    """A sentence as it is written behind a colon."""
    first, gap, rest = _bare(sentence).partition(" ")
    return f"{first.lower() if first.lower() in _SMALL else first}{gap}{rest}"


def _bare(sentence: str) -> str:
    return sentence.rstrip(".。")


def _ended(sentence: str) -> str:
    trimmed = sentence.rstrip(" ,;:–—-")
    return trimmed if trimmed.endswith((".", "!", "?", "…", "。", "！", "？")) else f"{trimmed}."


def _count(text: str) -> int:
    return len(text.split())


def _folded(text: str) -> str:
    return " ".join(text.split())

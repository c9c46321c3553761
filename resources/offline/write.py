"""Writes scripts without a key, plain ones from the brief's own sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from movie_assets.core.ports import Meta, Result, Workspace, WriteRequest
from movie_assets.core.script import Script, ScriptSegment

__all__ = ["OfflineWriter"]

_WORDS_A_SECOND = 2.1  # as the offline voice speaks
_PAUSE = 0.6
_FEWEST_WORDS = 4

# What the picture shows, and what an English narrator may say of it.
_SHOTS = (
    ("A wide view of the whole", "From far away, it is all one view."),
    ("A path that leads inward", "A little nearer, there is a way in."),
    ("A close detail in the foreground", "Closer still, small things begin to count."),
    ("A view from high above", "From above, the same ground has another shape."),
    ("Still water with reflections", "In still water, it is all there a second time."),
    ("A broad sky over a low horizon", "Under so much sky, everything below looks small."),
    ("A valley seen between hills", "Between the hills, there is room to stop and look."),
)
_LIGHT = (
    "at first light",
    "in morning mist",
    "under a clear noon sky",
    "in late golden light",
    "at sunset",
    "by moonlight",
)
_ASIDES = (
    "We are still with {title}.",
    "This, too, is {title}.",
    "There is more to {title} than this.",
)
_CLOSING = "That was {title}, as far as its brief tells."


class OfflineWriter:
    """A `Writer` for trying things out; free, and the same for the same request."""

    def write(self, request: WriteRequest, at: Workspace) -> Result:
        """A script of exactly the segments asked for."""
        return Result(msgspec.json.encode(_composed(request)), "application/json", Meta("offline", cost=0.0))


def _composed(request: WriteRequest) -> Script:
    title = _folded(request.title)
    sentences = _sentences(request.brief) or [_ended(title)]
    shares = _shares(sentences, request.segments)
    room = max(_FEWEST_WORDS, int(_WORDS_A_SECOND * (request.duration / request.segments - _PAUSE)))
    segments, subject = [], sentences[0]
    for number, share in enumerate(shares):
        subject = share[0] if share else subject
        shot, remark = _SHOTS[(number + request.take - 1) % len(_SHOTS)]
        light = _LIGHT[(number + request.take - 1) % len(_LIGHT)]
        said = _said(request, title, number, share, remark)
        prompt = f"{shot}, {light}: {title}, {_cut(subject, 14).rstrip('.')}"
        segments.append(ScriptSegment(_filled(said or [sentences[number % len(sentences)]], room), prompt))
    return Script(title, sentences[0], "calm", tuple(segments))


def _said(request: WriteRequest, title: str, number: int, share: Sequence[str], remark: str) -> list[str]:
    """What one segment might say, in order, as far as there is room; connecting phrases are there in English only."""
    opening = [_ended(title)] if number == 0 and _ended(title) not in share else []
    if request.language.partition("-")[0].lower() != "en":
        return [*opening, *share]
    if number == request.segments - 1 > 0:
        return [*share, _CLOSING.format(title=title)]
    asides = [] if share else [_ASIDES[number % len(_ASIDES)].format(title=title)]
    return [*opening, *share, remark, *asides]


def _shares(sentences: Sequence[str], segments: int) -> Iterator[Sequence[str]]:
    """Spreads sentences over segments in order; some get several, or some get none."""
    count = len(sentences)
    for number in range(segments):
        if count >= segments:
            yield sentences[number * count // segments : (number + 1) * count // segments]
        else:
            first = -(-number * count // segments)
            yield sentences[first : -(-(number + 1) * count // segments)]


def _filled(said: Sequence[str], room: int) -> str:
    """As many whole sentences as there is room for, at least some words of the first."""
    text = _cut(said[0], room)
    for sentence in said[1:]:
        if len(f"{text} {sentence}".split()) <= room:
            text = f"{text} {sentence}"
    return text


def _cut(sentence: str, room: int) -> str:
    """A sentence, or as many of its clauses as there is room for, or its first words."""
    if len(sentence.split()) <= room:
        return sentence
    ends = [found.start() for found in re.finditer(r"[,;:–—]", sentence)]
    clauses = [sentence[:end] for end in ends if 1 < len(sentence[:end].split()) <= room]
    return _ended(clauses[-1] if clauses else " ".join(sentence.split()[:room]))


def _sentences(text: str) -> list[str]:
    parts = re.split(r"(?<=[.!?…])\s+|(?<=[。！？])|\n\s*\n", text)
    return [_ended(_folded(part)) for part in parts if any(map(str.isalnum, part))]


def _ended(sentence: str) -> str:
    trimmed = sentence.rstrip(" ,;:–—-")
    return trimmed if trimmed.endswith((".", "!", "?", "…", "。", "！", "？")) else f"{trimmed}."


def _folded(text: str) -> str:
    return " ".join(text.split())

"""Cards: what is written before and after the film, as an ASS script for libass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from movie_assets.core.captions import clock, escaped, head_of
from movie_assets.core.linebreak import columns
from movie_assets.core.ports import CardLine, Frame

__all__ = ["card_frames", "card_script", "closing_lines", "opening_lines"]

_SIDE = 0.1
_TALLEST = 0.8  # of the frame's height
_CHARACTER_WIDTH = 0.48  # of the line height
_STEP = 0.9
_TITLE, _SUBTITLE, _CREDIT, _SMALL, _GAP = (
    0.15,
    0.07,
    0.065,
    0.048,
    0.05,
)  # line heights, of the frame's shorter side
_FADE_IN, _FADE_OUT = 600, 400  # milliseconds
_COLOURS = "&H00FFFFFF,&H00FFFFFF,&H60000000,&H90000000"
_PARTS = {
    "script": "Script",
    "picture": "Pictures",
    "motion": "Motion",
    "narration": "Voice",
    "music": "Music",
    "ambience": "Ambience",
}


def card_frames(seconds: float, fps: int) -> int:
    """A card's length in whole frames; none where there is no card."""
    return round(seconds * fps)


def opening_lines(card: Mapping[str, Any], title: str) -> tuple[CardLine, ...]:
    """What a title card says: its text, else the film's title."""
    subtitle = [CardLine(card["subtitle"], _SUBTITLE)] if card.get("subtitle") else []
    return _spaced([CardLine(card.get("text") or title, _TITLE)], subtitle)


def closing_lines(
    card: Mapping[str, Any], makers: Mapping[str, Sequence[str]] | None
) -> tuple[CardLine, ...]:
    """What an end card says: its text, the credits, and who was asked to make what."""
    text = [CardLine(card["text"], _TITLE)] if card.get("text") else []
    credits = [CardLine(line, _CREDIT) for line in card["credits"]]
    made = [CardLine(f"{_PARTS[part]}: {', '.join(by)}", _SMALL) for part, by in (makers or {}).items()]
    return _spaced(text, credits, made)


def _spaced(*groups: Sequence[CardLine]) -> tuple[CardLine, ...]:
    """Groups of lines with some room between them."""
    there = [group for group in groups if group]
    return tuple(
        line
        for group in there
        for line in ((CardLine("", _GAP),) if group is not there[0] else ()) + tuple(group)
    )


def card_script(lines: Sequence[CardLine], seconds: float, frame: Frame, family: str) -> str:
    """The card's text in the middle of the frame, large, or as small as it must be to fit."""
    shorter = min(frame.width, frame.height)
    factor = next(factor for factor in _factors() if _height(lines, frame, factor) <= _TALLEST * frame.height)
    text = r"\N".join(f"{{\\fs{line.height * factor * shorter:.1f}}}{escaped(line.text)}" for line in lines)
    side = round(_SIDE * frame.width)
    edge = f"1,{shorter * 0.003:.2f},{shorter * 0.002:.2f}"
    look = f"{_COLOURS},0,0,0,0,100,100,0,0,{edge},5,{side},{side},0,-1"
    times = f"{clock(0)},{clock(round(seconds * 100))}"
    spelt = f"{{\\fad({_FADE_IN},{_FADE_OUT})\\blur0.6}}{text}"
    return head_of(frame, family, look, shorter * _CREDIT) + f"Dialogue: 0,{times},Caption,,0,0,0,,{spelt}\n"


def _factors() -> Iterator[float]:
    return (_STEP**power for power in range(40))


def _height(lines: Iterable[CardLine], frame: Frame, factor: float) -> float:
    """How high the lines are when the long ones are wrapped, in pixels."""
    shorter, width = min(frame.width, frame.height), (1 - 2 * _SIDE) * frame.width
    sizes = [(line, line.height * factor * shorter) for line in lines]
    return sum(-(-columns(line.text) * _CHARACTER_WIDTH * size // width) * size for line, size in sizes)

"""Settings: what only one provider understands, judged before it is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from movie_assets.core.problem import shown

__all__ = ["SWITCH", "TEXT", "Setting", "Unfit", "number", "one_of", "unfit", "whole"]

Unfit = tuple[tuple[str, ...], str]
"""Where something is wrong, within its section of movie.yaml, and what."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a setting may be: in words, and whether a value is that."""

    asks: str
    fits: Callable[[Any], bool]


def number(least: float, most: float) -> Setting:
    """Any number of a range."""
    return Setting(f"a number from {least:g} to {most:g}", lambda it: _is_number(it) and least <= it <= most)


def whole(least: int, most: int) -> Setting:
    """A whole number of a range."""
    return Setting(
        f"a whole number from {least} to {most}", lambda it: type(it) is int and least <= it <= most
    )


def one_of(*words: str) -> Setting:
    return Setting(f"one of {', '.join(words)}", lambda it: it in words)


TEXT = Setting("text", lambda it: isinstance(it, str))
SWITCH = Setting("true or false", lambda it: isinstance(it, bool))


def unfit(settings: Mapping[str, Any], known: Mapping[str, Setting]) -> Iterator[Unfit]:
    """What is wrong with those that are known; of the others nobody can tell."""
    for name, value in settings.items():
        if name in known and not known[name].fits(value):
            yield ("settings", name), f"must be {known[name].asks}, not {shown(value)}"


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)

"""Problems: what is wrong in a file a person wrote, each told with its line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from movie_assets.core.errors import Refused

__all__ = ["Problem", "beside", "dotted", "refusal", "shown", "unprintable"]

_SHOWN_PROBLEMS = 50


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in a file a person wrote: its line, and a sentence that begins with the field.

    `file` is a table beside it that it names, where the line is one of that.
    """

    line: int
    sentence: str
    file: str = ""


def refusal(file_name: str, problems: Iterable[Problem], next_step: str) -> Refused:
    """All problems of a file as one error, in the order of their lines."""
    lines = [f"{beside(file_name, each.file)}:{each.line}: {each.sentence}" for each in sorted(set(problems))]
    if len(lines) == 1:
        return Refused(lines[0], next_step=next_step)
    rest = len(lines) - _SHOWN_PROBLEMS
    more = [f"… and {rest} more"] if rest > 0 else []
    shown = [f"{len(lines)} problems in {file_name}", *lines[:_SHOWN_PROBLEMS], *more]
    return Refused("\n  ".join(shown), next_step=next_step)


def beside(file_name: str, other: str) -> str:
    """A file in the same folder as one; that itself where no `other` is named."""
    return file_name[: file_name.rfind("/") + 1] + other if other else file_name


def unprintable(text: str) -> re.Match[str] | None:
    """The first character that no written text should hold: control characters other than tab and newline."""
    return _UNPRINTABLE.search(text)


_UNPRINTABLE = re.compile("[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def shown(value: Any) -> str:
    """A value as a sentence about it quotes it, cut if it is long."""
    match value:
        case None:
            return "nothing"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case str() if len(value) > 60:
            return f"{json.dumps(value[:50], ensure_ascii=False)}… ({len(value)} characters)"
    return json.dumps(value, ensure_ascii=False)


def dotted(path: Iterable[str | int]) -> str:
    """A field's place in its file: `overrides.3.picture`."""
    return ".".join(str(part)[:64] for part in path) or "movie"

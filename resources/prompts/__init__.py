"""Prompt templates: texts that a person can read, use as they are, or replace in a movie by their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from movie_assets.core.movie_file import PictureSection, ScriptSection

__all__ = ["PLACES", "filled", "standard", "standard_text", "wrong_places"]

PLACES = {
    "script": ("language", "segments", "seconds", "length", "segment_length", "audience"),
    "picture": ("prompt",),
}
"""What a template may hold in braces, by section of movie.yaml."""

_PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_FOLDER = Path(__file__).parent


def filled(template: str, **values: object) -> str:
    """A template with `{name}` replaced by the value of that name; other braces stay as they are."""
    return _PLACE.sub(lambda found: str(values.get(found[1], found[0])), template).strip()


def standard(section: str, said: ScriptSection | PictureSection) -> Path | None:
    """The template a section uses that names none; None where no prompt is made from one."""
    if said.provider == "offline":
        return None
    if section == "picture":
        return _FOLDER / ("picture-from-references.md" if _has_references(said) else "picture.md")
    return _FOLDER / "script.md" if section == "script" else None


def standard_text(name: str) -> str:
    """The text of a template that comes with this program: `script.md`, `picture.md` …"""
    return (_FOLDER / name).read_text(encoding="utf-8")


def _has_references(said: Any) -> bool:
    return bool(said.references)


def wrong_places(section: str, template: str) -> Iterator[tuple[int, str]]:
    """What is wrong with a template, by line."""
    allowed = PLACES[section]
    for number, line in enumerate(template.splitlines(), 1):
        for name in _PLACE.findall(line):
            if name not in allowed:
                known = ", ".join(f"{{{each}}}" for each in allowed)
                yield number, f"{{{name}}} is not known; use {known}"
    if section == "picture" and "{prompt}" not in template:
        yield 1, "{prompt} is nowhere in it: every picture would be the same"

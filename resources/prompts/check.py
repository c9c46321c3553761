"""Whether prompts can be made as a movie asks: told with file and line before anything is made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from movie_assets.core.movie_file import MovieFile
from movie_assets.core.problem import Problem, refusal
from movie_assets.core.section import OTHERS
from resources.movie_folder import MovieFolder
from resources.prompts import wrong_places

__all__ = ["check_prompts"]

Place = tuple[str | int, ...]

_UNREAD = {
    "template": "offline makes no prompt from a template; remove it, or name another provider",
    "references": "offline paints without reference pictures; remove them, or name another provider",
}


def check_prompts(said: MovieFile, folder: MovieFolder) -> None:
    """Refuses templates with places that nothing fills, and what the offline providers would not look at."""
    sections = list(_sections(said))
    unread = [
        ((*path, field), sentence)
        for path, written, provider in sections
        for field, sentence in _UNREAD.items()
        if provider == "offline" and getattr(written, field, None)
    ]
    if unread:
        raise said.refusal(unread)
    templates = {
        ("script" if path[0] == "script" else "picture", written.template): None
        for path, written, _ in sections
        if written.template is not None
    }
    for section, name in templates:
        text = folder.text_of(name)
        if problems := [Problem(*wrong) for wrong in wrong_places(section, text)]:
            raise refusal(name, problems, f"correct {name}, then: movies check {said.id}")


def _sections(said: MovieFile) -> Iterator[tuple[Place, Any, str]]:
    """Where a prompt may be made, what is written there, and who is asked."""
    if said.script.source is None:
        yield from _providers(("script",), said.script, said.script.provider)
    yield from _providers(("picture",), said.picture, said.picture.provider)
    for segment, override in said.overrides.items():
        written, path = override.picture, ("overrides", segment, "picture")
        told = "provider" in written.model_fields_set
        yield from _providers(path, written, written.provider if told else said.picture.provider)


def _providers(path: Place, written: Any, provider: str) -> Iterator[tuple[Place, Any, str]]:
    """A section, and each who is asked where its provider cannot."""
    yield path, written, provider
    for number, other in enumerate(written.otherwise):
        yield (*path, OTHERS, number), other, other.provider

"""Whether prompts can be made as a movie asks: told with file and line before anything is made."""

from __future__ import annotations

from collections.abc import Iterator

from movie_assets.core.movie_file import MovieFile, PictureSection, ScriptSection
from movie_assets.core.problem import Problem, refusal
from resources.movie_folder import MovieFolder
from resources.prompts import wrong_places

__all__ = ["check_prompts"]

Path = tuple[str | int, ...]

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
        (path[-1], written.template): None for path, written, _ in sections if written.template is not None
    }
    for section, name in templates:
        text = folder.file(name).read_text(encoding="utf-8", errors="replace")
        if problems := [Problem(*wrong) for wrong in wrong_places(str(section), text)]:
            raise refusal(name, problems, f"correct {name}, then: movies check {said.id}")


def _sections(said: MovieFile) -> Iterator[tuple[Path, ScriptSection | PictureSection, str]]:
    """Where a prompt may be made, what is written there, and who is asked."""
    if said.script.source is None:
        yield ("script",), said.script, said.script.provider
    yield ("picture",), said.picture, said.picture.provider
    for segment, override in said.overrides.items():
        written = override.picture
        told = "provider" in written.model_fields_set
        yield (
            ("overrides", segment, "picture"),
            written,
            written.provider if told else said.picture.provider,
        )

"""Whether a person's texts are what they stand for: told with file and line before anything is made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from movie_assets.core.artefact import Name
from movie_assets.core.errors import Refused
from movie_assets.core.movie_file import MovieFile
from movie_assets.core.replacement import check_replacement
from movie_assets.core.script_file import parse_script
from resources.movie_folder import MEDIA_TYPES, MovieFolder

__all__ = ["check_texts"]

Problem = tuple[tuple[str | int, ...], str]


def check_texts(said: MovieFile, folder: MovieFolder) -> None:
    """Refuses a script that is none or does not fit, and a text in an artefact's place that is no such thing."""
    problems = [*_of_script(said, folder), *_of_replacements(said, folder)]
    if problems:
        raise said.refusal(problems)


def _of_script(said: MovieFile, folder: MovieFolder) -> Iterator[Problem]:
    name, wanted = said.script.source, said.segments
    if name is None or Name("script") in said.replace:
        return
    found = len(parse_script(folder.text_of(name), name).segments)
    if found != wanted:
        change = f"write {wanted - found} more in" if found < wanted else f"take {found - wanted} out of"
        yield ("segments",), f"{name} has {found}, not {wanted}; {change} {name}, or write segments: {found}"


def _of_replacements(said: MovieFile, folder: MovieFolder) -> Iterator[Problem]:
    for artefact, name in said.replace.items():
        media_type = MEDIA_TYPES.get(PurePath(name).suffix.lower(), "")
        if media_type.startswith("text/") or media_type == MEDIA_TYPES[".srt"]:
            folder.text_of(name)
        elif media_type == MEDIA_TYPES[".json"]:
            try:
                check_replacement(artefact, folder.file(name).read_bytes(), media_type)
            except Refused as error:
                yield ("replace", str(artefact)), error.fact

"""Whether the offline voice has the voices a movie asks it for: told with file and line before anything is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from movie_assets.core.artefact import Name
from movie_assets.core.errors import Refused
from movie_assets.core.inputs import Input
from movie_assets.core.movie_file import MovieFile
from movie_assets.core.section import OTHERS, OTHERWISE
from resources.connections import OFFLINE

__all__ = ["check_voices"]

_Path = tuple[str | int, ...]
# espeak has these; to look for others takes a tenth of a second.
_SURE = frozenset({"en", "en-us", "en-gb", "de", "es", "fr", "it", "nl", "pt", "pt-br"})


def check_voices(said: MovieFile, inputs: Mapping[Name, Input]) -> None:
    """Refuses voices and languages that the offline provider does not have, wherever it is asked to speak."""
    problems: dict[_Path, str] = {}
    for path, asked, language in _speaking(said, inputs):
        if asked.get("provider") == OFFLINE and (wrong := _wrong(asked, language)):
            problems[path if _voice(asked) else ("language",)] = wrong
    if problems:
        raise said.refusal(problems.items())


def _speaking(
    said: MovieFile, inputs: Mapping[Name, Input]
) -> Iterator[tuple[_Path, Mapping[str, Any], str]]:
    """Who is asked to speak, by the field that says with which voice, and in which language."""
    for segment in range(said.segments):
        own = segment in said.overrides and "narration" in said.overrides[segment].model_fields_set
        section: _Path = ("overrides", segment, "narration") if own else ("narration",)
        if Name("narration", segment) not in said.replace:
            yield from _asked(section, inputs[Name("narration", segment)].payload, said.language)
    descriptions = inputs.get(Name("descriptions"))
    if descriptions and descriptions.payload:
        language = descriptions.payload.get("language") or said.language
        yield from _asked(("descriptions",), descriptions.payload, language)


def _asked(
    section: _Path, payload: Mapping[str, Any], language: str
) -> Iterator[tuple[_Path, Mapping[str, Any], str]]:
    yield (*section, "voice"), payload, language
    for number, other in enumerate(payload.get(OTHERWISE, ())):
        yield (*section, OTHERS, number, "voice"), other, language


def _voice(asked: Mapping[str, Any]) -> Any:
    return {**asked, **asked.get("settings", {})}.get("voice")


def _wrong(asked: Mapping[str, Any], language: str) -> str:
    voice = _voice(asked)
    if str(voice or language).lower() in _SURE:
        return ""
    # espeak's voices are many files: only who needs them looks for them.
    from resources.offline.voices import voice_of

    try:
        voice_of(voice and str(voice), language)
    except Refused as error:
        return f"{error.fact}; {error.next_step}"
    return ""

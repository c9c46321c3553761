"""Whether every provider understands what a movie sets for it: told with file and line before anything is paid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from movie_assets.core.artefact import Name
from movie_assets.core.inputs import Input
from movie_assets.core.movie_file import MovieFile
from movie_assets.core.section import OTHERS, OTHERWISE
from resources.connection import Connection
from resources.connections import OFFLINE
from resources.elevenlabs.settings import unfit as unfit_for_elevenlabs
from resources.openai.settings import unfit as unfit_for_openai
from resources.setting import Setting, Unfit, number, unfit
from resources.video.api import GIVEN

__all__ = ["check_settings"]

_SECTIONS = {name: name for name in ("script", "picture", "narration", "motion", "music", "ambience")}
_SECTIONS["descriptions"] = "narration"
_OFFLINE: Mapping[str, Mapping[str, Setting]] = {
    "motion": {"amount": number(0, 1)},
    "narration": {"speed": number(0.5, 2), "pitch": number(0, 100)},
}


def check_settings(
    said: MovieFile, inputs: Mapping[Name, Input], connections: Mapping[str, Connection]
) -> None:
    """Refuses settings that would be refused when it is too late, of each provider that may be asked."""
    problems, seen = [], set()
    for name, given in inputs.items():
        if name.kind in _SECTIONS and id(given.payload) not in seen:
            seen.add(id(given.payload))
            for trail, what in _unfit(_SECTIONS[name.kind], given.payload, connections):
                problems.append((_place(said, name, trail), what))
    if problems:
        raise said.refusal(problems)


def _unfit(section: str, fields: Any, connections: Mapping[str, Connection]) -> Iterator[Unfit]:
    """What is wrong with a section, and with what others would be asked in the place of its provider."""
    if not isinstance(fields, Mapping) or "provider" not in fields:
        return
    connection = connections[fields["provider"]]
    yield from _JUDGES[connection.speaks](connection, section, fields)
    for at, other in enumerate(fields.get(OTHERWISE, ())):
        for trail, what in _unfit(section, other, connections):
            yield (OTHERS, str(at), *trail), what


def _place(said: MovieFile, name: Name, trail: tuple[str, ...]) -> tuple[str | int, ...]:
    """Where that is written: in the segment's own section, or in the movie's."""
    if name.kind == "descriptions" and said.descriptions and not _says(said.descriptions, trail):
        return ("narration", *trail)
    override = None if name.segment is None else said.overrides.get(name.segment)
    if name.segment is not None and override and _says(getattr(override, name.kind), trail):
        return ("overrides", name.segment, name.kind, *trail)
    return (name.kind, *trail)


def _says(section: Any, trail: tuple[str, ...]) -> bool:
    if trail[0] == OTHERS:
        return bool(section.otherwise)
    return trail[1] in section.settings if trail[0] == "settings" else trail[0] in section.model_fields_set


# --- by what a connection speaks ----------------------------------------------------------------------------------


def _by_openai(connection: Connection, section: str, fields: Mapping[str, Any]) -> Iterator[Unfit]:
    return unfit_for_openai(section, fields)


def _by_elevenlabs(connection: Connection, section: str, fields: Mapping[str, Any]) -> Iterator[Unfit]:
    return unfit_for_elevenlabs(section, fields)


def _by_video(connection: Connection, section: str, fields: Mapping[str, Any]) -> Iterator[Unfit]:
    assert connection.video is not None, "checked when it was read"
    for name in (name for name in fields.get("settings") or {} if name in GIVEN - {"seed"}):
        yield ("settings", name), "cannot be set: the movie says it; remove it"
    for name in connection.video.wants(fields):
        what = name if name == "model" else f"settings.{name}"
        yield ("provider",), f"{connection.name} wants {what}, which the movie does not say; write it"


def _offline(connection: Connection, section: str, fields: Mapping[str, Any]) -> Iterator[Unfit]:
    return unfit(fields.get("settings") or {}, _OFFLINE.get(section, {}))


_JUDGES: Mapping[str, Callable[[Connection, str, Mapping[str, Any]], Iterator[Unfit]]] = {
    "openai": _by_openai,
    "elevenlabs": _by_elevenlabs,
    "video": _by_video,
    OFFLINE: _offline,
}

"""Inputs: what a person set, resolved per movie and per segment, each with a digest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import msgspec

from movie_assets.core.artefact import BlobRef, Name, Scope
from movie_assets.core.digest import digest_of
from movie_assets.core.encoder import X264
from movie_assets.core.errors import Refused
from movie_assets.core.movie_file import (
    AmbienceOverride,
    AmbienceSection,
    MotionSection,
    MovieFile,
    MusicSection,
    NarrationOverride,
    PictureOverride,
    ScriptSection,
    Section,
    SegmentOverride,
)
from movie_assets.core.replacement import WANTED, replacing
from movie_assets.core.section import OTHERWISE

__all__ = ["INPUTS", "USUAL", "FileReader", "Input", "Standard", "resolve"]


class FileReader(Protocol):
    """Refers to the bytes of a file in the movie's folder; `Refused` when it is missing, outside or unreadable."""

    def __call__(self, name: str, /) -> BlobRef: ...


class Standard(Protocol):
    """The prompt template that a section uses unless it names one; None where its provider needs none."""

    def __call__(self, section: str, said: Any, /) -> BlobRef | None: ...


@dataclass(frozen=True, slots=True)
class Input:
    """One thing a person set: `payload` is JSON, `digest` is that of the payload."""

    name: Name
    payload: Any
    digest: str


@dataclass(frozen=True, slots=True)
class _Row:
    """Which fields of which section an input takes.

    One field's name stands for its bare value, several for a mapping; those marked `?` are left out while unset, so
    that a field invented later changes no digest. `instead` names other fields to take when its condition holds.
    A movie without the section has the payload `off`.
    """

    scope: Scope
    section: str
    fields: str | tuple[str, ...]
    instead: tuple[Callable[[Any], bool], tuple[str, ...]] | None = None
    off: Any = None


def _own_file(section: PictureOverride | NarrationOverride | MusicSection) -> bool:
    return section.file is not None


def _own_script(section: ScriptSection) -> bool:
    return section.source is not None


def _silent(ambience: AmbienceSection | AmbienceOverride) -> bool:
    return not ambience.prompt


def _animated(motion: MotionSection) -> bool:
    return motion.kind == "animated"


_FILE = (_own_file, ("file",))

# What is credited on an end card, unless it is a person's own, or not made at all.
_CREDITED: Mapping[str, Callable[[Any], bool]] = {
    "script": _own_script,
    "picture": lambda said: getattr(said, "file", None) is not None,
    "motion": lambda said: not _animated(said),
    "narration": lambda said: getattr(said, "file", None) is not None,
    "music": _own_file,
    "ambience": _silent,
}
_ROWS: Mapping[str, _Row] = {
    "brief": _Row(Scope.MOVIE, "", ("title", "brief", "language", "segments", "duration")),
    "script": _Row(
        Scope.MOVIE,
        "script",
        ("provider", "model?", "audience?", "template?", "settings"),
        (_own_script, ("provider", "model?", "source", "audience?", "settings")),
    ),
    "language": _Row(Scope.MOVIE, "", "language"),
    "title": _Row(Scope.MOVIE, "", "title"),
    "frame": _Row(Scope.MOVIE, "frame", ("width", "height", "fps")),
    "canvas": _Row(Scope.MOVIE, "frame", ("width", "height")),
    "encoder": _Row(Scope.MOVIE, "frame", "encoder"),
    "pause": _Row(Scope.SEGMENT, "", "pause"),
    "pauses": _Row(Scope.MOVIE, "", "pauses"),
    "captions": _Row(
        Scope.MOVIE,
        "captions",
        (
            "style",
            "burn",
            "font?",
            "size?",
            "colour?",
            "highlight?",
            "background?",
            "position?",
            "case?",
            "lines?",
            "words?",
        ),
    ),
    "title_card": _Row(Scope.MOVIE, "title_card", ("text?", "subtitle?", "background")),
    "title_seconds": _Row(Scope.MOVIE, "title_card", "seconds"),
    "end_card": _Row(Scope.MOVIE, "end_card", ("text?", "credits", "background")),
    "end_seconds": _Row(Scope.MOVIE, "end_card", "seconds"),
    "makers": _Row(Scope.MOVIE, "end_card", "providers"),
    "descriptions": _Row(
        Scope.MOVIE, "descriptions", ("provider", "model?", "voice?", "speed", "language?", "settings")
    ),
    "mood": _Row(Scope.MOVIE, "music", "mood"),
    "music": _Row(Scope.MOVIE, "music", ("provider", "model?", "settings"), _FILE),
    "length": _Row(Scope.MOVIE, "", "duration"),
    "volume": _Row(Scope.MOVIE, "music", "volume", off=0.0),
    "ambience_volume": _Row(Scope.MOVIE, "ambience", "volume"),
    "text": _Row(Scope.SEGMENT, "narration", "text"),
    "prompt": _Row(Scope.SEGMENT, "picture", ("style", "prompt")),
    "alt": _Row(Scope.SEGMENT, "picture", "alt"),
    "picture": _Row(
        Scope.SEGMENT,
        "picture",
        ("provider", "model?", "size?", "quality?", "references?", "template?", "settings"),
        _FILE,
    ),
    "narration": _Row(
        Scope.SEGMENT, "narration", ("provider", "model?", "voice?", "speed", "settings"), _FILE
    ),
    "motion": _Row(
        Scope.SEGMENT,
        "motion",
        ("kind", "move?"),
        (_animated, ("kind", "provider", "model?", "seconds", "prompt?", "settings")),
    ),
    "motion_sound": _Row(Scope.SEGMENT, "motion", "sound"),
    "motion_volumes": _Row(Scope.MOVIE, "", "motion_volumes"),
    "ambience": _Row(Scope.SEGMENT, "ambience", ("provider", "model?", "prompt", "settings"), (_silent, ())),
    "transition": _Row(Scope.SEGMENT, "transition", ("style", "seconds")),
}

INPUTS: Mapping[str, Scope] = {name: row.scope for name, row in _ROWS.items()}

USUAL: Mapping[str, Any] = {"encoder": X264}
"""What an input is while it is left out, for what is said of it."""

# Which fields name a person's own file, and what must be in it.
_OWN_FILES: Mapping[tuple[str, str], tuple[str, tuple[str, ...]]] = {
    ("script", "source"): ("a text", ("text/",)),
    ("script", "template"): ("a text", ("text/",)),
    ("picture", "template"): ("a text", ("text/",)),
    ("picture", "references"): ("a picture", ("image/",)),
    ("picture", "file"): WANTED["picture"],
    ("narration", "file"): WANTED["narration"],
    ("music", "file"): WANTED["music"],
}

_OF_PROMPTS = "en"  # what writers are asked to write a picture's prompt in, whatever the film's language

# What another provider would not understand, and so does not inherit.
_OF_ONE_PROVIDER = frozenset(
    {"model", "size", "quality", "voice", "references", "template", "settings", OTHERWISE}
)


def resolve(
    movie: MovieFile, files: FileReader, standard: Standard = lambda section, said: None
) -> dict[Name, Input]:
    """Every input of a movie by its name, in the order of `INPUTS`, then the files in the place of artefacts.

    `Refused` tells every file that cannot be used.
    """
    own = _OwnFiles(movie, files, standard)
    inputs = {each.name: each for kind, row in _ROWS.items() for each in _inputs(kind, row, movie, own)}
    inputs[Name("makers")] = _makers(movie)
    inputs[Name("descriptions")] = _descriptions(movie, own)
    inputs |= {each.name: each for each in _replacements(movie, own)}
    own.refuse_bad()
    return inputs


def _makers(movie: MovieFile) -> Input:
    """Who is asked to make what, for the credits; None where nobody wants to know."""
    told = movie.end_card is not None and movie.end_card.providers
    payload = {part: by for part in _CREDITED if (by := list(_asked(movie, part)))} if told else None
    return Input(Name("makers"), payload, digest_of(payload))


def _descriptions(movie: MovieFile, own: _OwnFiles) -> Input:
    """How descriptions are spoken: as the narration is, but for what is said otherwise, in the language of the prompts."""
    told = movie.descriptions
    said = told and _merged(movie.narration, told)
    foreign = movie.script.source is None and movie.language.partition("-")[0].lower() != _OF_PROMPTS
    if said and told and told.language is None and foreign:
        said = said.model_copy(update={"language": _OF_PROMPTS})
    return _input(Name("descriptions"), _ROWS["descriptions"], said, own)


def _asked(movie: MovieFile, part: str) -> Iterable[str]:
    """The providers of a part, in the order of the segments they are first asked for."""
    section = getattr(movie, part)
    overrides = (
        getattr(movie.overrides.get(each, SegmentOverride()), part, None) for each in range(movie.segments)
    )
    merged = (_merged(section, each) if each and each.model_fields_set else section for each in overrides)
    asked: list[Any] = [each for each in merged if each is not None and not _CREDITED[part](each)]
    return dict.fromkeys(" ".join(filter(None, (each.provider, each.model))) for each in asked)


def _replacements(movie: MovieFile, own: _OwnFiles) -> Iterator[Input]:
    for name, file_name in movie.replace.items():
        payload = own.payload(("replace", str(name)), WANTED.get(name.kind, ("a file", ("",))), file_name)
        yield Input(replacing(name), payload, digest_of(payload))


def _inputs(kind: str, row: _Row, movie: MovieFile, own: _OwnFiles) -> Iterator[Input]:
    """The input of one row, or one for each segment; what is not overridden is computed once and shared."""
    section = getattr(movie, row.section) if row.section else movie
    if row.scope is Scope.MOVIE:
        yield _input(Name(kind), row, section, own)
        return
    if not row.section:
        for segment in range(movie.segments):
            override = movie.overrides.get(segment)
            said = override if override and row.fields in override.model_fields_set else movie
            yield _input(Name(kind, segment), row, said, own)
        return
    shared = _input(Name(kind), row, _merged(section, getattr(SegmentOverride(), row.section)), own)
    for segment in range(movie.segments):
        name, override = Name(kind, segment), movie.overrides.get(segment)
        if override is None or row.section not in override.model_fields_set:
            yield Input(name, shared.payload, shared.digest)
        else:
            yield _input(name, row, _merged(section, getattr(override, row.section)), own)


def _input(name: Name, row: _Row, section: Any, own: _OwnFiles) -> Input:
    payload = row.off if section is None else _payload(name, row, section, own)
    return Input(name, payload, digest_of(payload))


def _payload(name: Name, row: _Row, section: Any, own: _OwnFiles) -> Any:
    if isinstance(row.fields, str):
        return getattr(section, row.fields)
    fields = row.instead[1] if row.instead and row.instead[0](section) else row.fields
    payload = {}
    for field in fields:
        key = field.rstrip("?")
        value = own.entering(name, row.section, key, section)
        if value is not None or key == field:
            payload[key] = value
    if "provider" in fields and section.otherwise:
        others = [_instead(section, each) for each in section.otherwise]
        payload[OTHERWISE] = [_payload(name, row, other, own) for other in others]
    return payload


def _merged(section: Section, override: Section) -> Section:
    """What the override sets, over the movie-wide values."""
    return type(override).model_construct(**_over(section, override))


def _instead(section: Section, alternative: Section) -> Section:
    """The section as another provider is asked to do it."""
    return type(section).model_construct(**{**_over(section, alternative), OTHERWISE: ()})


def _over(section: Section, override: Section) -> dict[str, Any]:
    """What is set, over the values there are; another provider inherits none of what is the first one's."""
    told = {field: getattr(override, field) for field in override.model_fields_set}
    kept = {field: getattr(section, field) for field in type(section).model_fields}
    if told.get("provider", kept.get("provider")) != kept.get("provider"):
        kept = {field: value for field, value in kept.items() if field not in _OF_ONE_PROVIDER}
    elif "settings" in told:
        told["settings"] = {**kept["settings"], **told["settings"]}
    return {**kept, **told}


class _OwnFiles:
    """The files a person brings: their bytes as payloads, and what was wrong with them."""

    def __init__(self, movie: MovieFile, files: FileReader, standard: Standard) -> None:
        self._movie = movie
        self._ref = cache(files)
        self._standard = standard
        self._problems: list[tuple[tuple[str | int, ...], str]] = []

    def entering(self, name: Name, section: str, key: str, said: Any) -> Any:
        """What a field is in an input: its value, or the bytes of the files it names; None where it is not set."""
        value, path = getattr(said, key), (section, key)
        if path not in _OWN_FILES:
            return value
        if value is None and key == "template":
            ref = self._standard(section, said)
            return None if ref is None else msgspec.to_builtins(ref)
        where = path if name.segment is None else ("overrides", name.segment, *path)
        if isinstance(value, tuple):
            each = enumerate(value)
            return [self.payload((*where, at), _OWN_FILES[path], file) for at, file in each] or None
        return None if value is None else self.payload(where, _OWN_FILES[path], value)

    def payload(
        self, path: tuple[str | int, ...], wanted: tuple[str, tuple[str, ...]], file_name: str
    ) -> Any:
        """The bytes a file holds, whatever it is called; the field at `path` names it."""
        what, media_types = wanted
        try:
            ref = self._ref(file_name)
        except Refused as error:
            self._problems.append((path, error.fact))
            return None
        if not ref.media_type.startswith(media_types):
            self._problems.append((path, f"must be {what}, but {file_name} is {ref.media_type}"))
        return msgspec.to_builtins(ref)

    def refuse_bad(self) -> None:
        """Tells every file that cannot be used, if there are any."""
        if self._problems:
            raise self._movie.refusal(self._problems)

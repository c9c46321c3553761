"""Replacements: a person's file in an artefact's place, what it must be, and the producer that passes it on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec

from movie_assets.core.artefact import ArtefactId, Name, Scope
from movie_assets.core.blueprint import Producer, input_
from movie_assets.core.camera import CameraMove
from movie_assets.core.errors import Refused
from movie_assets.core.ports import Meta, Result
from movie_assets.core.script import Script
from movie_assets.core.task import Task
from movie_assets.core.timeline import Timeline
from movie_assets.core.words import Words

__all__ = ["WANTED", "check_replacement", "replacement", "replacing"]

_JSON = "application/json"
_TEXTS = ("text/", "application/x-subrip")

WANTED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "script": ("a script as JSON", (_JSON,)),
    "segment_text": ("a text", ("text/",)),
    "picture_prompt": ("a text", ("text/",)),
    "picture": ("a picture", ("image/",)),
    "description_text": ("a text", ("text/",)),
    "description": ("a recording", ("audio/",)),
    "description_seconds": ("a number of seconds as JSON", (_JSON,)),
    "narration": ("a recording", ("audio/",)),
    "words": ("word times as JSON", (_JSON,)),
    "motion": ("a camera move as JSON, or a video", (_JSON, "video/")),
    "motion_sound": ("a recording, or a video", ("audio/", "video/")),
    "clip": ("a video", ("video/",)),
    "title_card": ("a video", ("video/",)),
    "end_card": ("a video", ("video/",)),
    "music_prompt": ("a text", ("text/",)),
    "music": ("music", ("audio/",)),
    "ambience": ("a recording", ("audio/",)),
    "timeline": ("a timeline as JSON", (_JSON,)),
    "soundtrack": ("sound", ("audio/",)),
    "subtitles": ("subtitles as SRT", ("application/x-subrip",)),
    "film": ("a video", ("video/",)),
    "described_timeline": ("a timeline as JSON", (_JSON,)),
    "described_clip": ("a video", ("video/",)),
    "described_soundtrack": ("sound", ("audio/",)),
    "described_subtitles": ("subtitles as SRT", ("application/x-subrip",)),
    "described_film": ("a video", ("video/",)),
}
"""What may stand in for an artefact, in words and by the beginnings of its media type."""

_TYPES: Mapping[str, Any] = {
    "script": Script,
    "words": Words,
    "motion": CameraMove,
    "timeline": Timeline,
    "described_timeline": Timeline,
    "description_seconds": float,
}


def replacing(name: ArtefactId) -> Name:
    """The input that holds the file in an artefact's place."""
    return Name(f"replace_{name.kind}", name.segment)


def replacement(kind: str, scope: Scope) -> Producer:
    """The producer of an artefact that a person's file stands in for."""
    given = replacing(Name(kind)).kind
    return Producer(
        f"{kind}_file",
        "1",
        scope,
        (input_(given),),
        (kind,),
        partial(_pass_on, kind, given),
        about="A person's own file.",
        instant=lambda asked: True,
    )


def _pass_on(kind: str, given: str, task: Task) -> Mapping[str, Result]:
    reading = task.person_file(task.given(given))
    data, media_type = reading.bytes(), reading.ref.media_type
    check_replacement(Name(kind, task.segment), data, media_type)
    return {kind: Result(data, media_type, Meta("person", cost=0.0))}


def check_replacement(name: ArtefactId, data: bytes, media_type: str) -> None:
    """`Refused` where a file's bytes are not what an artefact of that name is made of; media are not looked into."""
    try:
        if media_type == _JSON and name.kind in _TYPES:
            msgspec.json.decode(data, type=_TYPES[name.kind])
        elif media_type.startswith(_TEXTS):
            data.decode()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        what = WANTED[name.kind][0] if media_type == _JSON else "UTF-8 text"
        raise Refused(
            f"the file that replaces {name} is not {what}: {error}",
            next_step=f"correct the file, or remove {name} from replace: in movie.yaml",
        ) from None

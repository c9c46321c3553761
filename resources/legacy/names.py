"""What the predecessor's artefacts and inputs are called here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from movie_assets.core.artefact import Name
from movie_assets.core.blueprints import BLUEPRINTS
from movie_assets.core.errors import Refused
from movie_assets.core.inputs import INPUTS

__all__ = ["MOST_SEGMENTS", "inputs_of", "name_of", "place_of"]

MOST_SEGMENTS = 1000
_MOST_PICTURES = 20

_ONCE = {
    "movie_summary": "movie_summary",
    "movie_title": "movie_title",
    "music_prompt": "music_prompt",
    "music_asset": "music",
}
_PER_SEGMENT = {
    "segment_script": "segment_script",
    "narration_asset": "narration",
    "starting_image_prompt": "starting_picture_prompt",
    "starting_image_asset": "starting_picture",
    "segment_video_asset": "motion",
    "segment_video": "motion",
    "video_asset": "motion",
    "segment_video_prompt": "motion_prompt",
    "image_to_video_prompt": "motion_prompt",
}
_PER_PICTURE = {"segment_image_prompt": "picture_prompt", "segment_image_asset": "picture"}
_ID = re.compile(r"([a-z][a-z0-9_]*?)_([0-9]{1,6})(?:_([0-9]{1,6}))?\Z")

# Where the predecessor put the files of each kind, below the folder of a revision.
_PLACES = {
    "music_asset": "music/background.mp3",
    "narration_asset": "narration/seg{0}.mp3",
    "starting_image_asset": "starting_images/seg{0}.png",
    "segment_image_asset": "images/seg{0}/img{1}.png",
    "segment_video_asset": "videos/seg{0}.mp4",
    "segment_video": "videos/seg{0}.mp4",
    "video_asset": "videos/seg{0}.mp4",
}

_INPUTS = {
    "voiceID": "voice",
    "voiceId": "voice",
    "duration": "length",
    "useVideo": "use_video",
    "imagesPerSegment": "images_per_segment",
    "segmentPrompts": "prompt",
    "audience": "audience",
    "language": "language",
}
_WORDS = ("language", "title")  # what readers of a revision take for text
_BRIEF = ("inquiry_prompt", "inquiryPrompt")
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def name_of(legacy: str) -> Name:
    """Our name of an artefact; `Refused` says why there is none.

    The first picture of a segment is `picture[3]`, the second `picture_1[3]`.
    """
    if legacy in _ONCE:
        return Name(_ONCE[legacy])
    match = _ID.match(legacy)
    if match and match[1] in _PER_SEGMENT and match[3] is None:
        return Name(_PER_SEGMENT[match[1]], _segment(match[2]))
    if match and match[1] in _PER_PICTURE and match[3] is not None:
        return _picture(_PER_PICTURE[match[1]], _segment(match[2]), int(match[3]))
    name = Name.parse(legacy)
    if name.kind in BLUEPRINTS["narrated"].scopes or name.kind in _ours():
        raise Refused(f"{legacy} is a name that means something else here")
    return name


def _ours() -> set[str]:
    return {*_ONCE.values(), *_PER_SEGMENT.values(), *_PER_PICTURE.values(), "legacy_timeline"}


def _segment(digits: str) -> int:
    if int(digits) >= MOST_SEGMENTS:
        raise Refused(f"no movie has {digits} segments")
    return int(digits)


def _picture(kind: str, segment: int, number: int) -> Name:
    if number >= _MOST_PICTURES:
        raise Refused(f"no segment has {number} pictures")
    return Name(f"{kind}_{number}" if number else kind, segment)


def place_of(legacy: str) -> str | None:
    """Where an artefact's file lies below the folder of a revision, when its line does not say."""
    match = _ID.match(legacy)
    place = _PLACES.get(match[1] if match else legacy)
    if place is None or match is None:
        return place
    return place.format(match[2], match[3]) if match[3] or "{1}" not in place else None


def inputs_of(sections: Mapping[str, Any]) -> dict[str, Any]:
    """Single inputs by name from what the predecessor kept in sections; the general one gives way to the others."""
    found: dict[str, Any] = {}
    for section in sorted(sections, key=lambda name: name != "general_config"):
        for name, payload in _inputs(section, sections[section]):
            found[name] = payload
    return found


def _inputs(section: str, content: Any) -> Iterator[tuple[str, Any]]:
    if section in _BRIEF:
        yield "brief", content.get("prompt", content) if isinstance(content, dict) else content
    elif isinstance(content, dict):
        for key, value in content.items():
            yield from _input(section.removesuffix("_config"), key, value)
    elif (name := _kind(section)) is not None:
        yield (f"legacy_{name}" if name in INPUTS else name), content


def _input(section: str, key: str, value: Any) -> Iterator[tuple[str, Any]]:
    name = _INPUTS.get(key) or (key if key in ("title", "brief") else _kind(f"{section}_{key}"))
    if key in _BRIEF:
        name = "brief"
    if name in ("prompt", "use_video") and isinstance(value, list):
        for segment, each in enumerate(value[:MOST_SEGMENTS]):
            yield f"{name}[{segment}]", each
    elif name is not None and (name not in _WORDS or isinstance(value, str)):
        yield name, _seconds(value) if name == "length" else value


def _seconds(value: Any) -> Any:
    """A duration, which the predecessor wrote as text."""
    digits = value.strip().removesuffix("s") if isinstance(value, str) else ""
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 7 else value


def _kind(text: str) -> str | None:
    """A name's spelling here, None if it cannot be one."""
    try:
        return Name.parse(_CAPITAL.sub("_", text).lower().replace("-", "_")).kind
    except Refused:
        return None

"""What a movie file resolves to: inputs, each with the digest of exactly what its producers may see."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from movie_assets.core.artefact import BlobRef, Name, Scope
from movie_assets.core.digest import canonical, digest_of, digest_of_bytes
from movie_assets.core.errors import Refused
from movie_assets.core.inputs import INPUTS, Input, resolve
from movie_assets.core.movie_file import read_movie

SECTIONS = ("script", "picture", "narration", "motion", "music", "ambience")
PROVIDERS = {section: frozenset({"offline", "other"}) for section in SECTIONS}

TYPES = {"md": "text/markdown", "png": "image/png", "wav": "audio/wav"}


def files(name: str) -> BlobRef:
    """A folder in which every file holds the first letter of its name."""
    if name.startswith("missing"):
        raise Refused(f"{name} does not exist in movies/galapagos")
    return BlobRef(digest_of_bytes(name[:1].encode()), 1, TYPES[name.rpartition(".")[2]])


def read(text: str, reader: Callable[[str], BlobRef] = files) -> dict[Name, Input]:
    movie = read_movie(
        "galapagos", text, "movie.yaml", blueprints={"narrated", "podcast"}, providers=PROVIDERS
    )
    return resolve(movie, reader)


def payload(text: str, name: str) -> Any:
    return read(text)[Name.parse(name)].payload


def spelled(tree: Any) -> str:
    return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)


# Segment 1 says everything itself, segment 2 is animated, segment 3 brings its own files; 0 is like the movie.
BASE: dict[str, Any] = {
    "title": "Tea",
    "brief": "Over the mountains.",
    "segments": 4,
    "duration": 40,
    "script": {"source": "script.md"},
    "picture": {"style": "ink"},
    "music": {"mood": "wonder"},
    "overrides": {
        1: {
            "picture": {"provider": "offline", "style": "oil", "prompt": "dusk", "settings": {"a": 1}},
            "narration": {"voice": "de", "speed": 1.5, "text": "Listen."},
            "motion": {"kind": "still", "move": "drift"},
            "transition": {"style": "cut", "seconds": 0},
        },
        2: {"motion": "animated"},
        3: {"picture": {"file": "mine.png"}, "narration": {"file": "mine.wav"}},
    },
}

# What is written where, and which inputs that changes: the whole promise of this module.
EDITS: list[tuple[tuple[Any, ...], Any, set[str]]] = [
    (("title",), "Coffee", {"brief", "title"}),
    (("brief",), "Down the river.", {"brief"}),
    (("language",), "de", {"brief", "language"}),
    (("duration",), 41, {"brief", "length"}),
    (("blueprint",), "podcast", set()),
    (("budget_usd",), 3, set()),
    (("takes",), {"picture[2]": 2}, set()),
    (("pins",), ["picture[2]"], set()),
    (("pause",), 1, {"pauses", *(f"pause[{segment}]" for segment in range(4))}),
    (("overrides", 2, "pause"), 1.5, {"pause[2]", "pauses"}),
    (("frame",), {"width": 640}, {"frame", "canvas"}),
    (("frame",), {"height": 640}, {"frame", "canvas"}),
    (("frame",), {"fps": 25}, {"frame"}),
    (("captions",), {"style": "plain"}, {"captions"}),
    (("descriptions",), "spoken", {"descriptions"}),
    (("descriptions",), "none", set()),
    (("overrides", 2, "picture"), {"alt": "A finch."}, {"alt[2]"}),
    (("captions",), {"burn": False}, {"captions"}),
    (("script", "provider"), "other", {"script"}),
    (("script", "model"), "m", {"script"}),
    (("script", "audience"), "children", {"script"}),
    (("script", "source"), "other.md", {"script"}),
    (("script", "settings"), {"seed": 1}, {"script"}),
    (("picture", "provider"), "other", {"picture[0]", "picture[2]"}),
    (("picture", "model"), "m", {"picture[0]", "picture[1]", "picture[2]"}),
    (("picture", "size"), "16x9", {"picture[0]", "picture[1]", "picture[2]"}),
    (("picture", "quality"), "high", {"picture[0]", "picture[1]", "picture[2]"}),
    (("picture", "settings"), {"seed": 1}, {"picture[0]", "picture[1]", "picture[2]"}),
    (("picture", "references"), ["a.png"], {"picture[0]", "picture[1]", "picture[2]"}),
    (("picture", "references"), [], set()),
    (("picture", "template"), "t.md", {"picture[0]", "picture[1]", "picture[2]"}),
    (("script", "template"), "t.md", set()),
    (("picture", "style"), "chalk", {"prompt[0]", "prompt[2]", "prompt[3]"}),
    (("narration", "provider"), "other", {"narration[0]", "narration[1]", "narration[2]"}),
    (("narration", "model"), "m", {"narration[0]", "narration[1]", "narration[2]"}),
    (("narration", "voice"), "fr", {"narration[0]", "narration[2]"}),
    (("narration", "speed"), 0.9, {"narration[0]", "narration[2]"}),
    (("narration", "settings"), {"pitch": 9}, {"narration[0]", "narration[1]", "narration[2]"}),
    (("motion", "kind"), "animated", {"motion[0]", "motion[3]"}),
    (("motion", "move"), "push-in", {"motion[0]", "motion[3]"}),
    (("motion", "provider"), "other", {"motion[2]"}),
    (("motion", "model"), "m", {"motion[2]"}),
    (("motion", "seconds"), 9, {"motion[2]"}),
    (("motion", "sound"), 0.5, {"motion_volumes", *(f"motion_sound[{segment}]" for segment in range(4))}),
    (("motion", "prompt"), "waves", {"motion[2]"}),
    (("motion", "settings"), {"seed": 1}, {"motion[2]"}),
    (("transition",), "dip", {"transition[0]", "transition[2]", "transition[3]"}),
    (("transition",), {"seconds": 1}, {"transition[0]", "transition[2]", "transition[3]"}),
    (("music", "provider"), "other", {"music"}),
    (("music", "model"), "m", {"music"}),
    (("music", "settings"), {"seed": 1}, {"music"}),
    (("music", "mood"), "calm", {"mood"}),
    (("music", "volume"), 0.5, {"volume"}),
    (("music", "file"), "mine.wav", {"music"}),
    (("music",), "none", {"music", "mood", "volume"}),
    (("ambience",), "none", set()),
    (("ambience",), {"prompt": "surf"}, {f"ambience[{segment}]" for segment in range(4)}),
    (("ambience",), "surf", {f"ambience[{segment}]" for segment in range(4)}),
    (("ambience", "volume"), 0.5, {"ambience_volume"}),
    (("ambience", "provider"), "other", set()),
    (("overrides", 2, "ambience"), "surf", {"ambience[2]"}),
    (("overrides", 2, "ambience"), "none", set()),
    (("overrides", 0), {"picture": {"prompt": "a ship"}}, {"prompt[0]"}),
    (("overrides", 0), {"narration": {"text": "A ship."}}, {"text[0]"}),
    (("overrides", 1, "picture", "prompt"), "dawn", {"prompt[1]"}),
    (("overrides", 1, "picture", "style"), "chalk", {"prompt[1]"}),
    (("overrides", 1, "picture", "provider"), "other", {"picture[1]"}),
    (("overrides", 1, "picture", "settings"), {"a": 2}, {"picture[1]"}),
    (("overrides", 1, "narration", "text"), "Look.", {"text[1]"}),
    (("overrides", 1, "narration", "voice"), "fr", {"narration[1]"}),
    (("overrides", 1, "motion", "move"), "still", {"motion[1]"}),
    (("overrides", 1, "motion", "seconds"), 9, set()),
    (("overrides", 1, "transition", "style"), "dip", {"transition[1]"}),
    (("overrides", 2, "motion"), "still", {"motion[2]"}),
    (("overrides", 2, "motion"), {"kind": "animated", "move": "drift"}, set()),
    (("overrides", 3, "picture", "file"), "another.png", {"picture[3]"}),
    (("overrides", 3, "picture", "file"), "m/renamed.png", set()),
    (("overrides", 3, "picture", "quality"), "high", set()),
    (("overrides", 3, "narration", "file"), "another.wav", {"narration[3]"}),
    (("overrides", 3, "narration", "speed"), 2, set()),
]


def edited(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    tree = copy.deepcopy(BASE)
    at = tree
    for part in path[:-1]:
        at = at.setdefault(part, {})
    at[path[-1]] = value
    return tree


@pytest.mark.parametrize(
    ("path", "value", "changes"), EDITS, ids=[".".join(map(str, edit[0])) for edit in EDITS]
)
def test_an_edit_changes_what_it_must_and_nothing_else(
    path: tuple[Any, ...], value: Any, changes: set[str]
) -> None:
    """Changing one field changes the digests of exactly the inputs that depend on it."""
    before, after = read(spelled(BASE)), read(spelled(edited(path, value)))
    assert before.keys() == after.keys()
    assert {str(name) for name in before if before[name].digest != after[name].digest} == changes


def test_another_number_of_segments_changes_only_the_brief() -> None:
    """The inputs of the segments that stay are the same, so what was made of them is used again."""
    before, after = read(spelled(BASE)), read(spelled(edited(("segments",), 7)))
    assert {str(name) for name in before if before[name] != after[name]} == {"brief"}
    assert {name.segment for name in after.keys() - before.keys()} == {4, 5, 6}


def test_every_declared_input_is_there_and_no_other() -> None:
    """What blueprints may read is what a movie resolves to: once per movie, or once for each segment."""
    expected = [
        Name(name, segment)
        for name, scope in INPUTS.items()
        for segment in (range(4) if scope is Scope.SEGMENT else [None])
    ]
    assert list(read(spelled(BASE))) == expected


def test_payloads_hold_what_producers_need() -> None:
    """Values are resolved; what is not set is left out, but for a prompt and a text that are the script's."""
    inputs = {str(name): each.payload for name, each in read(spelled(BASE)).items()}
    assert inputs["brief"] == {
        "title": "Tea",
        "brief": "Over the mountains.",
        "language": "en",
        "segments": 4,
        "duration": 40.0,
    }
    source = {"digest": digest_of_bytes(b"s"), "size": 1, "mediaType": "text/markdown"}
    assert inputs["script"] == {"provider": "offline", "source": source, "settings": {}}
    assert (inputs["language"], inputs["title"], inputs["pauses"], inputs["length"]) == (
        "en",
        "Tea",
        0.6,
        40.0,
    )
    assert (inputs["frame"], inputs["canvas"]) == (
        {"width": 1280, "height": 720, "fps": 30},
        {"width": 1280, "height": 720},
    )
    assert (inputs["mood"], inputs["volume"]) == ("wonder", 0.3)
    assert inputs["prompt[0]"] == {"style": "ink", "prompt": None}
    assert inputs["prompt[1]"] == {"style": "oil", "prompt": "dusk"}
    assert (inputs["text[0]"], inputs["text[1]"]) == (None, "Listen.")
    assert inputs["picture[0]"] == {"provider": "offline", "settings": {}}
    assert inputs["narration[1]"] == {"provider": "offline", "voice": "de", "speed": 1.5, "settings": {}}
    assert inputs["motion[0]"] == {"kind": "still"}
    assert inputs["motion[2]"] == {"kind": "animated", "provider": "offline", "seconds": 6.0, "settings": {}}
    assert inputs["transition[1]"] == {"style": "cut", "seconds": 0.0}


def test_a_persons_own_file_stands_for_the_provider() -> None:
    """A segment with its own picture has nobody to paint it, whatever the movie's painter is."""
    own = {"digest": digest_of_bytes(b"m"), "size": 1, "mediaType": "image/png"}
    assert payload(spelled(BASE), "picture[3]") == {"file": own}


def test_no_music_is_silence() -> None:
    """Without music there is nobody to compose and no volume."""
    assert [payload("title: x\nmusic: none", name) for name in ("music", "mood", "volume")] == [
        None,
        None,
        0.0,
    ]


def test_settings_of_an_override_are_added_to_the_movies() -> None:
    """Two settings from two places make one mapping; the nearer one wins."""
    text = "title: x\npicture: {settings: {a: 1, b: 1}}\noverrides: {0: {picture: {settings: {b: 2, c: 2}}}}"
    assert payload(text, "picture[0]")["settings"] == {"a": 1, "b": 2, "c": 2}


def test_another_provider_inherits_nothing_that_only_the_first_understood() -> None:
    """One segment painted by someone else does not get the movie's model and settings; the style is everyone's."""
    text = """
title: x
picture: {provider: offline, model: m-1, style: ink, size: 16x9, quality: high, settings: {a: 1}}
narration: {voice: de, speed: 1.5}
overrides:
  0: {picture: {provider: other, quality: low}, narration: {provider: other}}
"""
    assert payload(text, "picture[0]") == {"provider": "other", "quality": "low", "settings": {}}
    assert payload(text, "prompt[0]") == {"style": "ink", "prompt": None}
    assert payload(text, "narration[0]") == {"provider": "other", "speed": 1.5, "settings": {}}


def shuffled(tree: Any, dice: random.Random) -> Any:
    if not isinstance(tree, dict):
        return tree
    keys = list(tree)
    dice.shuffle(keys)
    return {key: shuffled(tree[key], dice) for key in keys}


@given(
    dice=st.randoms(use_true_random=False),
    flow=st.sampled_from([True, False, None]),
    indent=st.integers(2, 8),
    width=st.integers(20, 200),
    quotes=st.sampled_from([None, '"', "'"]),
    comment=st.from_regex(r"\A#[ -~]{0,20}\n\Z"),
)
def test_formatting_changes_nothing(
    dice: random.Random, flow: bool | None, indent: int, width: int, quotes: str | None, comment: str
) -> None:
    """The order of fields, comments, indentation, quotes and line breaks are nobody's input."""
    text = yaml.safe_dump(
        shuffled(BASE, dice), sort_keys=False, default_flow_style=flow, indent=indent, width=width
    )
    if quotes:
        text = text.replace("Over the mountains.", f"{quotes}Over the mountains.{quotes}")
    assert read(comment + text + comment) == read(spelled(BASE))


@given(st.sampled_from(EDITS))
def test_a_digest_is_that_of_the_payload(edit: tuple[tuple[Any, ...], Any, set[str]]) -> None:
    """Every payload is JSON that reads back as itself, and its digest says all of it."""
    path, value, _ = edit
    for each in read(spelled(edited(path, value))).values():
        assert json.loads(canonical(each.payload)) == each.payload
        assert each.digest == digest_of(each.payload)


def test_each_file_is_read_once() -> None:
    """A picture used by many segments is read once."""
    asked: list[str] = []

    def reader(name: str) -> BlobRef:
        asked.append(name)
        return files(name)

    text = "title: x\nsegments: 9\noverrides:\n" + "".join(
        f"  {n}: {{picture: {{file: a.png}}}}\n" for n in range(9)
    )
    read(text, reader)
    assert asked == ["a.png"]


def test_every_file_that_cannot_be_used_is_told_with_its_line() -> None:
    """A file that is missing, and one that is of the wrong kind, both in one error."""
    text = """title: x
script: {source: missing.md}
overrides:
  2:
    picture: {file: mine.wav}
    narration: {file: mine.wav}
"""
    with pytest.raises(Refused) as caught:
        read(text)
    assert caught.value.fact.splitlines() == [
        "2 problems in movie.yaml",
        "  movie.yaml:2: script.source: missing.md does not exist in movies/galapagos",
        "  movie.yaml:5: overrides.2.picture.file: must be a picture, but mine.wav is audio/wav",
    ]
    assert caught.value.next_step == "correct movie.yaml, then: movies check galapagos"


def test_a_place_may_be_silent_in_one_segment() -> None:
    """`none` in a segment takes away what the movie says; more words of it add to that."""
    text = "title: x\nsegments: 3\nambience: {prompt: surf, settings: {a: 1}}\noverrides:\n"
    text += "  1: {ambience: none}\n  2: {ambience: {prompt: wind, settings: {b: 2}}}\n"
    assert [payload(text, f"ambience[{segment}]") for segment in range(3)] == [
        {"provider": "offline", "prompt": "surf", "settings": {"a": 1}},
        {},
        {"provider": "offline", "prompt": "wind", "settings": {"a": 1, "b": 2}},
    ]

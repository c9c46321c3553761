"""A person's file in the place of any artefact."""

from __future__ import annotations

import json
from typing import Any

import pytest

from movie_assets.core.artefact import Name
from movie_assets.core.errors import MovieError, Refused, Transient
from movie_assets.core.ports import Frame, PaintRequest

JOIN = {"soundtrack": 1, "film": 1}
WORDS = {"duration": 2.0, "words": [{"text": "Mine.", "start": 0.0, "end": 1.0}]}
MINE = {
    "title": "Mine",
    "summary": "",
    "mood": "calm",
    "segments": [
        {"text": "The first sentence.", "prompt": "One"},
        {"text": "All mine.", "prompt": "Two"},
        {"text": "The third.", "prompt": "Three"},
    ],
}
FILES: dict[str, tuple[str, str | None, dict[str, int]]] = {
    "clip[1]": ("my.mp4", None, {"film": 1}),
    "picture_prompt[1]": ("prompt.txt", "a cactus", {"paint": 1, "clip": 2, "film": 1}),
    "segment_text[1]": ("text.txt", "My own words.", {"speak": 1, "clip": 1, **JOIN}),
    "narration[1]": ("voice.wav", None, JOIN),
    "words[1]": ("words.json", json.dumps(WORDS), {"clip": 1, **JOIN}),
    "motion[1]": ("motion.mp4", None, {"clip": 2, "film": 1}),
    "music": ("score.wav", None, JOIN),
    "music_prompt": ("mood.txt", "dread", {"compose": 1, **JOIN}),
    "subtitles": ("my.srt", "1\n00:00:00,000 --> 00:00:01,000\nMine.\n", {"film": 1}),
    "soundtrack": ("mix.wav", None, {"film": 1}),
    "film": ("film.mp4", None, {}),
    "script": ("mine.json", json.dumps(MINE), {"speak": 1, "clip": 1, **JOIN}),
}


@pytest.mark.parametrize(("name", "given"), FILES.items(), ids=FILES)
def test_a_file_replaces_any_artefact_and_only_its_consumers_are_made_again(
    tale: Any, own_media: Any, name: str, given: tuple[str, str | None, dict[str, int]]
) -> None:
    """The artefact is the file's bytes; removing the line brings everything back at no call."""
    before = tale.made()
    file_name, text, calls = given
    media = own_media.sound() if file_name.endswith(".wav") else own_media.clip(_frames(tale))
    data = media if text is None else text.encode()
    tale.says(replace={name: tale.file(file_name, data)})
    assert tale.make() == calls
    record = tale.live.artefacts[name]
    assert tale.store.read(record.blob) == data
    assert record.produced_by == f"{Name.parse(name).kind}_file"
    assert tale.made() == tale.from_scratch()
    assert tale.make() == {} and tale.plan() == {}
    tale.says(replace=None)
    assert tale.make() == {}
    assert tale.made() == before
    assert not [name for name in tale.live.inputs if name.startswith("replace")]


def _frames(tale: Any) -> int:
    """How long the second clip is to be."""
    return int(tale.live.timeline["segments"][1]["frames"])


def test_nothing_overwrites_a_replaced_artefact(tale: Any, own_media: Any) -> None:
    """Whatever it would be made from changes; another file in its place is an edit like any other."""
    mine, other = (own_media.clip(_frames(tale), colour=colour) for colour in ("teal", "red"))
    tale.says(replace={"clip[1]": tale.file("my.mp4", mine)})
    tale.make()
    tale.says(picture={"style": "woodcut"}, captions={"style": "plain"})
    assert "replaced" not in str(tale.plan()) and "clip[1]" not in tale.plan()
    assert tale.make() == {"paint": 3, "clip": 2, "film": 1}
    assert tale.store.read(tale.live.artefacts["clip[1]"].blob) == mine
    tale.file("my.mp4", other)
    assert tale.make() == {"film": 1}
    assert tale.store.read(tale.live.artefacts["clip[1]"].blob) == other
    tale.says(replace=None)
    assert tale.make() == {"clip": 1, "film": 1}
    assert tale.made() == tale.from_scratch()


def _refuse_painting(request: object) -> None:
    if isinstance(request, PaintRequest):
        raise Transient("no paint left")


def test_a_replaced_artefact_does_not_wait_for_what_it_would_be_made_from(tale: Any, own_media: Any) -> None:
    """Its picture fails; the clip in its place stands, and only the clips that show the picture are missing."""
    tale.says(
        replace={"clip[1]": tale.file("my.mp4", own_media.clip(_frames(tale)))},
        overrides={1: {"picture": {"prompt": "a cactus"}}},
    )
    tale.ports.before = _refuse_painting
    with pytest.raises(MovieError, match="no paint left") as caught:
        tale.make()
    assert caught.value.labels["blocks"] == "motion[1], clip[2], film"


def test_what_is_left_of_a_producer_is_made_without_what_is_replaced(tale: Any) -> None:
    """A voice is spoken with a person's own word times: the provider's are dropped."""
    tale.says(replace={"words[1]": tale.file("words.json", json.dumps(WORDS))}, narration={"voice": "en-gb"})
    assert tale.make() == {"speak": 3, "clip": 1, **JOIN}
    assert json.loads(tale.store.read(tale.live.artefacts["words[1]"].blob)) == WORDS


def test_the_plan_says_that_a_file_replaces_an_artefact(tale: Any, own_media: Any) -> None:
    """And that what it made is made again when the line goes and nothing else is known."""
    tale.says(replace={"clip[1]": tale.file("my.mp4", own_media.clip(_frames(tale)))})
    assert tale.plan() == {
        "clip_file[1]": ("producer clip → clip_file",),
        "film": ("clip[*] changed",),
    }
    tale.make()
    tale.says(replace=None, captions={"style": "plain"})
    assert tale.plan()["clip[1]"] == ("producer clip_file → clip",)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"replace": {"clip[3]": "my.mp4"}}, r"there is no segment 3"),
        ({"replace": {"poem": "my.mp4"}}, r"have no artefact poem"),
        ({"replace": {"clip": "my.mp4"}}, r"have no artefact clip"),
        ({"replace": {"clip[1]": "gone.mp4"}}, r"gone\.mp4 does not exist"),
        ({"replace": {"clip[1]": "../tale/../../x.mp4"}}, r"outside"),
        ({"replace": {"clip[1]": "words.json"}}, r"must be a video, but words\.json is application/json"),
        (
            {"replace": {"picture[1]": "fake.png"}},
            r"replace\.picture\[1\]: fake\.png cannot be read as a picture; use",
        ),
        (
            {"replace": {"clip[1]": "fake.mp4"}},
            r"replace\.clip\[1\]: fake\.mp4 cannot be read as video or sound; use",
        ),
        ({"replace": {"clip[1]": "mute.mp4"}}, r"mute\.mp4 has no video that can be decoded"),
        ({"music": {"file": "fake.wav"}}, r"music\.file: fake\.wav cannot be read as video or sound; use"),
        (
            {"overrides": {1: {"narration": {"file": "fake.wav"}}}},
            r"overrides\.1\.narration\.file: fake\.wav cannot be read as video or sound; use",
        ),
        (
            {"replace": {"clip[1]": "small.mp4"}},
            r"small\.mp4 is 320 x 180, 30 fps, h264, the film 1280 x 720, 30 fps",
        ),
        (
            {"replace": {"clip[1]": "short.mp4"}},
            r"short\.mp4 has 3 frames, but clip\[1\] is to have [0-9]+ \(",
        ),
        ({"replace": {"film": "fake.mp4"}}, r"replace\.film: fake\.mp4"),
        (
            {"title_card": {"seconds": 2}, "replace": {"title_card": "short.mp4"}},
            r"short\.mp4 has 3 frames, title_card\.seconds asks for 60",
        ),
        ({"replace": {"clip[1]": None}}, r"replace\.clip\[1\]: must be the name of a file"),
        ({"replace": {"script": "words.json"}}, r"replaces script is not a script as JSON"),
        ({"replace": {"words[1]": "broken.json"}}, r"replaces words\[1\] is not word times as JSON"),
        ({"replace": {"script": "short.json"}}, r"the script has 1 segments, and none for segment 1"),
        ({"replace": {"clip[1]": "my.mp4"}, "pins": ["clip[1]"]}, r"remove the pin"),
    ],
)
def test_a_file_that_cannot_stand_there_is_refused_before_anything_is_made(
    tale: Any, own_media: Any, fields: dict[str, Any], said: str
) -> None:
    """By the plan already, and nothing on disk changes."""
    tale.file("my.mp4", own_media.clip(_frames(tale)))
    tale.file("small.mp4", own_media.clip(3, Frame(320, 180, 30)))
    tale.file("short.mp4", own_media.clip(3))
    tale.file("mute.mp4", own_media.sound())
    tale.file("fake.mp4", "no video")
    tale.file("fake.wav", "no sound")
    tale.file("words.json", json.dumps(WORDS))
    tale.file("broken.json", "{")
    tale.file("fake.png", "no picture")
    tale.file("short.json", json.dumps({**MINE, "segments": MINE["segments"][:1]}))
    tale.says(**fields)
    before = tale.files()
    with pytest.raises(Refused, match=said):
        tale.plan()
    assert tale.files() == before

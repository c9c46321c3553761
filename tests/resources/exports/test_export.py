"""Exports: the files of a revision, derived once, and what is said in them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from PIL import Image

from movie_assets.core.artefact import Name
from resources import worker


def test_an_export_has_everything_a_person_expects(tale: Any) -> None:
    """The film is the artefact, byte for byte; its media lie beside it under names one can read."""
    live = tale.make()
    assert tale.export(live)[0] == "film.mp4"
    assert (tale.to / "film.mp4").read_bytes() == tale.store.read(live.output(Name("film")))
    assert (tale.to / "film.vtt").read_text().startswith("WEBVTT")
    told = (tale.to / "film.descriptions.vtt").read_text()
    assert told.startswith("WEBVTT") and told.count(" --> ") == 3 and "\nTale, part 2\n" in told
    assert {"film.otio", "film.srt", "index.html", "poster.jpg", "provenance.json"} <= tale.files().keys()
    media = {name for name in tale.files() if name.startswith("media/")}
    assert media == {"media/music.wav"} | {
        f"media/{kind}-00{n}.{suffix}"
        for kind, suffix in (("picture", "png"), ("narration", "wav"))
        for n in range(3)
    }


def test_a_second_export_writes_nothing_and_starts_nothing(
    tale: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file is touched, no picture decoded, no page rendered."""
    live = tale.make()
    tale.export(live, everything=True)
    before = tale.files()
    monkeypatch.setattr(worker, "_watch", None)
    monkeypatch.setattr("resources.exports.page.index_page", None)
    tale.export(live, everything=True)
    tale.export(live)
    assert tale.files() == before


def test_an_edit_writes_what_it_changed(tale: Any) -> None:
    """One segment's media and what tells of it; the bundle, once asked for, stays up to date; what went is gone."""
    tale.export(tale.make(), everything=True)
    before = tale.files()
    as_long = "word " * 13
    tale.export(tale.make(new=f"overrides: {{2: {{narration: {{text: {as_long}}}}}}}\n"))
    after = tale.files()
    changed = {name for name in before if after.get(name) != before[name] and not name.startswith(".export")}
    assert changed == {
        "film.mp4", "film.srt", "film.vtt", "film.descriptions.vtt", "film.otio", "film.otioz", "provenance.json", "index.html",
        "media/narration-002.wav",
    }  # fmt: skip
    assert [name for name in after if name.startswith("media/earlier/")]


def test_fewer_segments_leave_no_media_behind(tale: Any) -> None:
    """A file of an earlier export that this one has no use for is taken away."""
    tale.export(tale.make())
    tale.export(tale.make("segments: 3", "segments: 2"))
    assert "media/picture-002.png" not in tale.files() and "media/picture-001.png" in tale.files()


def test_an_old_revision_goes_where_it_is_asked_for(tale: Any) -> None:
    """With the history up to it and no further."""
    first = tale.make()
    tale.make("en-us", "en-gb")
    tale.export(first)
    assert "rev-0001" in tale.page() and "rev-0002" not in tale.page()


def test_the_poster_is_a_picture_of_the_films_size(tale: Any) -> None:
    """The one that is seen a third into it."""
    live = tale.make()
    tale.export(live)
    with Image.open(tale.to / "poster.jpg") as poster:
        assert poster.size == (320, 180) and poster.format == "JPEG"
        seen = poster.convert("RGB").getpixel((160, 90))
    with Image.open(tale.to / "media/picture-001.png") as picture:
        painted = picture.convert("RGB").getpixel((1, 1))
    assert all(abs(a - b) < 12 for a, b in zip(seen, painted, strict=True))


def test_provenance_says_what_generated_each_part(tale: Any) -> None:
    """In the IPTC's terms: algorithms, trained models, people; the film by its digest."""
    Image.new("RGB", (64, 36), "teal").save(tale.folder / "own.png")
    tale.sound("own.wav", 1)
    live = tale.make(new="overrides: {1: {picture: {file: own.png}}}\nreplace: {'narration[1]': own.wav}\n")
    tale.export(live)
    said = json.loads((tale.to / "provenance.json").read_text())
    labels = {each["label"]: each["data"] for each in said["assertions"]}
    assert labels["c2pa.hash.data"]["hash"] == live.output(Name("film")).digest
    created = labels["c2pa.actions.v2"]["actions"][0]
    assert created["action"] == "c2pa.created" and created["digitalSourceType"].endswith(
        "TrainedAlgorithmicMedia"
    )
    sources = {each["title"]: each["digitalSourceType"].rpartition("/")[2] for each in said["ingredients"]}
    assert sources["picture[1]"] == sources["narration[1]"] == "humanEdits"
    assert sources["picture[0]"] == "trainedAlgorithmicMedia" and sources["subtitles"] == "algorithmicMedia"
    prompts = {each["title"]: each.get("prompt") for each in said["ingredients"]}
    assert prompts["picture[2]"] == tale.boards()[-1].scenes[2].prompt


def test_the_described_film_lies_beside_the_film_while_it_is_wanted(tale: Any) -> None:
    """Byte for byte, with the voices it was made of; the page offers it, with its captions and times."""
    tale.export(tale.make())
    assert "film.described.mp4" not in tale.page()
    live = tale.make(new="descriptions: spoken\n")
    assert "film.described.mp4" in tale.export(live)
    assert (tale.to / "film.described.mp4").read_bytes() == tale.store.read(
        live.output(Name("described_film"))
    )
    assert {f"media/description-00{n}.wav" for n in range(3)} <= tale.files().keys()
    page = tale.page()
    assert '<a href="film.described.mp4">Play with audio description</a>' in page
    plan = json.loads(tale.store.read(live.output(Name("described_timeline"))))
    for each in plan["segments"][1:]:
        assert page.count(f'data-described="{each["startFrame"] / plan["fps"]:.3f}"') == 2
    sidecars = ("provenance.json", "provenance.described.json")
    plain, told = (json.loads((tale.to / name).read_text()) for name in sidecars)
    assert (plain["file"], told["file"]) == ("film.mp4", "film.described.mp4")
    parts = [{each["title"] for each in said["ingredients"]} for said in (plain, told)]
    assert {"clip[0]", "picture[0]"} <= parts[0] and not [name for name in parts[0] if "descri" in name]
    assert {"described_clip[0]", "description[0]", "picture[0]"} <= parts[1] and "clip[0]" not in parts[1]
    tale.export(tale.make("descriptions: spoken\n", "descriptions: none\n"))
    assert not [name for name in tale.files() if "described" in name or "description-" in name]
    assert "film.described.mp4" not in tale.page()


def test_ones_own_words_for_a_picture_are_told_wherever_it_is(tale: Any) -> None:
    """In the page and the text track, and not where nothing is to be told."""
    tale.make()
    tale.export(tale.make(new="overrides: {0: {picture: {alt: A finch.}}, 1: {picture: {alt: none}}}\n"))
    assert 'alt="A finch."' in tale.page() and 'alt=""' in tale.page()
    told = (tale.to / "film.descriptions.vtt").read_text()
    assert told.count(" --> ") == 2 and "\nA finch.\n" in told and "\nTale, part 2\n" in told

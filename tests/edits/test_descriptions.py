"""Descriptions of pictures in a movie that is edited: what they cost, and what they leave alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from movie_assets.core.artefact import Name

FILM = {"soundtrack": 1, "film": 1}
SPOKEN = {"descriptions": {"voice": "en-gb"}}


def alt(text: str, segment: int = 1) -> dict[str, Any]:
    return {"overrides": {str(segment): {"picture": {"alt": text}}}}


def plain(made: dict[str, str]) -> dict[str, str]:
    """What a movie has that speaks no descriptions."""
    return {name: digest for name, digest in made.items() if not name.startswith("descri")}


def differing(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in after if before.get(name) != after[name]}


def said(tale: Any, name: str) -> str:
    return str(tale.store.read(tale.live.output(Name.parse(name))).decode())


@pytest.fixture
def told(tale: Any) -> Any:
    """The movie with its descriptions spoken."""
    tale.says(**SPOKEN)
    tale.make()
    return tale


def test_spoken_descriptions_leave_the_film_alone(tale: Any) -> None:
    """A voice for each picture, and a second film; of the first one not a byte is other than before, or without them."""
    bare = tale.made()
    tale.says(**SPOKEN)
    assert tale.make() == {"speak": 3, "clip": 3, **FILM}
    assert plain(tale.made()) == bare
    assert tale.made() == tale.from_scratch()
    assert tale.make() == {} and tale.plan() == {}
    tale.says(descriptions=None)
    assert tale.make() == {}
    assert tale.made() == bare


def test_they_are_as_long_as_planned(told: Any) -> None:
    """The clips of the described film are those of its timeline, with the narration as late as that says."""
    plan = json.loads(said(told, "described_timeline"))
    clips = [json.loads(said(told, f"described_clip[{number}]")) for number in range(3)]
    assert [clip["frames"] for clip in clips] == [each["frames"] for each in plan["segments"]]
    for clip, each in zip(clips, plan["segments"], strict=True):
        assert each["startFrame"] / plan["fps"] + clip["lead"] == pytest.approx(each["voiceStart"])
    mixed = json.loads(said(told, "described_soundtrack"))
    assert len(mixed["voices"]) == 6 and mixed["seconds"] == plan["seconds"]
    assert json.loads(said(told, "described_film"))["described"] is True
    assert json.loads(said(told, "film"))["described"] is False


def test_other_words_for_a_picture_make_one_description_and_its_film_again(told: Any) -> None:
    """Nothing of the film itself, no other description; as many words, as long: no clip either."""
    before = told.made()
    told.says(**alt("Finch."))
    assert told.make() == {"speak": 1, **FILM}
    assert differing(before, told.made()) == {
        "description_text[1]", "description[1]", "described_soundtrack", "described_film"
    }  # fmt: skip
    assert told.made() == told.from_scratch()
    before = told.made()
    told.says(**alt("A finch on a cactus, its beak open."))
    assert told.make() == {"speak": 1, "clip": 1, **FILM}
    assert differing(before, told.made()) == {
        "description_text[1]", "description[1]", "description_seconds[1]", "described_clip[1]",
        "described_timeline", "described_subtitles", "described_soundtrack", "described_film",
    }  # fmt: skip
    assert told.made() == told.from_scratch()


def test_of_a_picture_nothing_need_be_told(told: Any) -> None:
    """`alt: none`: nobody speaks, and the film does not wait there."""
    told.says(**alt("none"))
    assert told.make() == {"clip": 1, **FILM}
    assert said(told, "description[1]") == said(told, "description_seconds[1]") == "null"
    plans = (
        json.loads(said(told, name))["segments"][1]["frames"] for name in ("timeline", "described_timeline")
    )
    assert len(set(plans)) == 1


def test_ones_own_words_are_kept_without_a_voice(tale: Any) -> None:
    """For the page and the text track; nobody is called for them."""
    bare = tale.made()
    tale.says(**alt("A finch."))
    assert tale.make() == {}
    assert said(tale, "description_text[1]") == "A finch." and said(tale, "description_text[0]") == "One"
    assert plain(tale.made()) == bare


def test_ones_own_words_are_spoken_in_the_films_language(told: Any) -> None:
    """And prompts in another, if they are said to be in one."""
    told.says(language="de", descriptions={"voice": "en-gb", "language": "en"}, **alt("Ein Fink."))
    told.make()
    asked = [json.loads(said(told, f"description[{number}]").removeprefix("sound ")) for number in range(3)]
    assert [(each["text"], each["language"]) for each in asked] == [
        ("One", "en"), ("Ein Fink.", "de"), ("Three", "en"),
    ]  # fmt: skip


def test_another_style_is_nothing_to_tell(told: Any) -> None:
    """What a picture shows is told without its style, so no description is spoken again."""
    told.says(picture={"style": "woodcut"})
    assert told.make() == {"paint": 3, "clip": 6, "film": 2}
    assert told.made() == told.from_scratch()


def test_the_voices_are_set_apart(told: Any) -> None:
    """Another describer speaks the descriptions alone; another narrator the narration, since the describer was named."""
    told.says(descriptions={"voice": "en-gb+f2"})
    assert told.make() == {"speak": 3, **FILM}
    told.says(narration={"voice": "de"})
    assert told.make() == {"speak": 3, "soundtrack": 2, "film": 2}
    told.says(descriptions="spoken")
    assert told.make() == {"speak": 3, **FILM}


def test_another_take_and_ones_own_recording(told: Any, own_media: Any) -> None:
    """As of any artefact; a recording is measured, and the film waits as long as it takes."""
    told.says(takes={"description[2]": 2})
    assert told.make() == {"speak": 1, **FILM}
    told.says(takes=None, replace={"description[0]": told.file("mine.wav", own_media.sound())})
    assert told.make() == {"clip": 1, **FILM}
    assert said(told, "description_seconds[0]") == "1.0"  # as long as any sound that was not spoken here
    assert told.made() == told.from_scratch()


def test_a_pause_that_is_long_enough_holds_them(told: Any) -> None:
    """Then the described film is as long as the film, and its sound fits that one, too."""
    told.says(pause=8)
    told.make()
    plans = [json.loads(said(told, name)) for name in ("timeline", "described_timeline")]
    assert plans[0]["frames"] == plans[1]["frames"]
    assert [each["voiceStart"] for each in plans[0]["segments"]] == [
        each["voiceStart"] for each in plans[1]["segments"]
    ]


def test_cards_are_in_both_films(told: Any) -> None:
    """Made once; everything of the described film is heard later by the title card's length."""
    before = json.loads(said(told, "described_timeline"))
    told.says(title_card={"seconds": 2}, end_card={"seconds": 3})
    assert told.make() == {"card": 2, "soundtrack": 2, "film": 2}
    after = json.loads(said(told, "described_timeline"))
    assert after["frames"] == before["frames"] + 5 * after["fps"]
    moved = after["segments"][0]["descriptionStart"] - before["segments"][0]["descriptionStart"]
    assert moved == pytest.approx(2)

"""The specification of edits: a config in, calls of providers counted, a film out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from movie_assets.core.errors import Failed, MovieError, Transient
from movie_assets.core.ports import PaintRequest
from resources.instant import InstantPorts

SECTIONS = {
    "One": "The first sentence.",
    "Two": "The second sentence is longer.",
    "Three": "The third.",
}


def segment(number: int, **fields: Any) -> dict[str, Any]:
    return {"overrides": {str(number): fields}}


FIRST = {"paint": 3, "speak": 3, "compose": 1, "clip": 3, "soundtrack": 1, "film": 1}
JOIN = {"soundtrack": 1, "film": 1}
EDITS: dict[str, tuple[dict[str, Any], dict[str, int]]] = {
    "title": ({"title": "Another"}, {"film": 1}),
    "brief, with a person's own script": ({"brief": "Something else."}, {}),
    "caption style": ({"captions": {"style": "plain"}}, {"clip": 3, "film": 1}),
    "no captions": ({"captions": "none"}, {"clip": 3, "film": 1}),
    "voice, equally fast": ({"narration": {"voice": "en-gb"}}, {"speak": 3, **JOIN}),
    "voice of one segment": (segment(1, narration={"voice": "en-gb"}), {"speak": 1, **JOIN}),
    "model of the voice": ({"narration": {"voice": "en-us", "model": "other"}}, {"speak": 3, **JOIN}),
    "words of one narration": (
        segment(1, narration={"text": "Other words."}),
        {"speak": 1, "clip": 1, **JOIN},
    ),
    "one word of one narration": (
        segment(1, narration={"text": "The second sentence is shorter."}),
        {"speak": 1, "clip": 1, **JOIN},
    ),
    "prompt of one picture": (
        segment(1, picture={"prompt": "a cactus"}),
        {"paint": 1, "clip": 2, "film": 1},
    ),
    "prompt of the last picture": (
        segment(2, picture={"prompt": "a cactus"}),
        {"paint": 1, "clip": 1, "film": 1},
    ),
    "style of all pictures": ({"picture": {"style": "woodcut"}}, {"paint": 3, "clip": 3, "film": 1}),
    "model of the painter": ({"picture": {"model": "other"}}, {"paint": 3, "clip": 3, "film": 1}),
    "a setting only the painter knows": (
        {"picture": {"settings": {"seed": 7}}},
        {"paint": 3, "clip": 3, "film": 1},
    ),
    "another take of one picture": ({"takes": {"picture[1]": 2}}, {"paint": 1, "clip": 2, "film": 1}),
    "camera of one segment": (segment(1, motion={"move": "pan-up"}), {"clip": 2, "film": 1}),
    "one segment animated": (segment(1, motion="animated"), {"animate": 1, "clip": 2, "film": 1}),
    "one transition": (segment(2, transition="cut"), {"clip": 1, "film": 1}),
    "pause": ({"pause": 1.0}, {"clip": 3, **JOIN}),
    "one segment animated and heard": (
        segment(1, motion={"kind": "animated", "sound": 0.5}),
        {"animate": 1, "clip": 2, **JOIN},
    ),
    "pause of one segment": (segment(1, pause=1.0), {"clip": 1, **JOIN}),
    "pictures per second": ({"frame": {"fps": 25}}, {"clip": 3, **JOIN}),
    "shape": ({"frame": {"width": 720, "height": 1280}}, {"paint": 3, "clip": 3, "film": 1}),
    "volume of the music": ({"music": {"volume": 0.1}}, JOIN),
    "mood of the music": ({"music": {"mood": "dread"}}, {"compose": 1, **JOIN}),
    "no music": ({"music": "none"}, JOIN),
    "a place": ({"ambience": "surf on black rocks"}, {"surround": 1, **JOIN}),
    "a place in one segment": (segment(1, ambience="wind"), {"surround": 1, **JOIN}),
    "no place": ({"ambience": "none"}, {}),
    "target length": ({"duration": 40}, {"compose": 1, **JOIN}),
    "language": ({"language": "de"}, {"speak": 3, "clip": 3, **JOIN}),
    "a budget": ({"budget_usd": 1.0}, {}),
}


@pytest.mark.parametrize(("fields", "calls"), EDITS.values(), ids=EDITS)
def test_an_edit_costs_what_it_changes_and_going_back_costs_nothing(
    tale: Any, fields: dict[str, Any], calls: dict[str, int]
) -> None:
    """The film is the one an empty store would give; v1, v2, v1 ends where it began, at no call."""
    before, said = tale.made(), dict(tale.fields)
    tale.says(**fields)
    assert tale.make() == calls
    assert tale.made() == tale.from_scratch()
    assert tale.make() == {} and tale.plan() == {}
    tale.fields = said
    tale.says()
    assert tale.make() == {}
    assert tale.made() == before


# --- the script and its segments -----------------------------------------------------------------------------


def test_a_sentence_of_the_script_makes_one_narration_its_clip_and_the_join(tale: Any) -> None:
    """The script is read again, for nothing; every other segment's slice of it has the same bytes."""
    tale.script({**SECTIONS, "Two": "Quite another sentence."})
    assert tale.make() == {"speak": 1, "clip": 1, **JOIN}
    assert tale.made() == tale.from_scratch()


def test_identical_bytes_stop_the_rebuild(tale: Any) -> None:
    """A script file that is only formatted differently says nothing new."""
    script = tale.folder / "script.md"
    script.write_text(script.read_text().replace("\n\n", "\n\n\n"))
    assert tale.make() == {}


def test_a_removed_segment_leaves_the_manifest_and_comes_back_for_nothing(tale: Any) -> None:
    """Its events stay in the log, so that it is reused, film included."""
    before = tale.made()
    tale.script({name: SECTIONS[name] for name in ("One", "Two")})
    tale.says(segments=2)
    assert tale.make() == JOIN
    assert not [name for name in tale.live.artefacts if "[2]" in name]
    assert not [name for name in tale.live.inputs if "[2]" in name]
    assert tale.made() == tale.from_scratch()
    tale.script(SECTIONS)
    tale.says(segments=3)
    assert tale.make() == {}
    assert tale.made() == before


@pytest.mark.parametrize(("place", "clips"), [(0, 2), (1, 2), (2, 2), (3, 1)])
def test_a_new_segment_makes_itself_the_clip_after_it_and_the_join(tale: Any, place: int, clips: int) -> None:
    """Wherever it is put: a segment's number is in no digest."""
    names = list(SECTIONS)
    names.insert(place, "New")
    tale.script({name: SECTIONS.get(name, "A wholly new one.") for name in names})
    tale.says(segments=4)
    assert tale.make() == {"paint": 1, "speak": 1, "clip": clips, **JOIN}
    assert tale.made() == tale.from_scratch()


def test_reordering_segments_buys_nothing(tale: Any) -> None:
    """Only clips are rendered that follow another picture than before, and the join."""
    tale.script({name: SECTIONS[name] for name in ("One", "Three", "Two")})
    assert tale.make() == {"clip": 2, **JOIN}
    assert tale.made() == tale.from_scratch()


# --- takes and pins -----------------------------------------------------------------------------------------


def test_a_take_lasts_until_it_is_removed(tale: Any) -> None:
    """Other edits neither lose it nor ask for it again."""
    first = tale.made()["picture[1]"]
    tale.says(takes={"picture[1]": 2})
    tale.make()
    second = tale.made()["picture[1]"]
    assert second != first
    tale.says(narration={"voice": "en-gb"})
    assert tale.make() == {"speak": 3, **JOIN}
    assert tale.made()["picture[1]"] == second
    tale.says(takes=None)
    assert "paint" not in tale.make()
    assert tale.made()["picture[1]"] == first


def test_a_pin_lasts_until_it_is_removed(tale: Any) -> None:
    """What is pinned stays as it is, whatever it would be made from."""
    first = tale.made()["picture[1]"]
    tale.says(pins=["picture[1]"], picture={"style": "woodcut"})
    assert tale.make() == {"paint": 2, "clip": 3, "film": 1}
    tale.says(picture={"style": "watercolour"})
    assert tale.make() == {"paint": 2, "clip": 3, "film": 1}
    assert tale.made()["picture[1]"] == first
    tale.says(pins=None)
    assert tale.make() == {"paint": 1, "clip": 2, "film": 1}
    assert tale.made() == tale.from_scratch()


# --- failures and partial runs ------------------------------------------------------------------------------


def _refuse_painting(request: object) -> None:
    if isinstance(request, PaintRequest):
        raise Transient("no paint left")


def test_what_failed_blocks_what_reads_it_and_is_planned_again(tale: Any) -> None:
    """Prompt changed and the painter fails: no clip is made from the old picture; the next plan holds just those."""
    revision = tale.live.revision
    tale.says(**segment(1, picture={"prompt": "a cactus"}))
    tale.ports.before = _refuse_painting
    with pytest.raises(MovieError, match="no paint left"):
        tale.make()
    assert tale.ports.calls == {"paint": 1}
    assert tale.live.revision == revision
    plan = tale.plan()
    assert set(plan) == {"picture[1]", "motion[1]", "clip[1]", "clip[2]", "film"}
    assert plan["picture[1]"] == ("last attempt failed",)
    tale.ports.before = lambda request: None
    assert tale.make() == {"paint": 1, "clip": 2, "film": 1}
    assert tale.made() == tale.from_scratch()


def test_a_part_of_a_failed_run_that_succeeded_is_not_paid_again(tale: Any) -> None:
    """Voice and picture change, the painter fails: the voices are kept."""
    tale.says(narration={"voice": "en-gb"}, **segment(1, picture={"prompt": "a cactus"}))
    tale.ports.before = _refuse_painting
    with pytest.raises(MovieError):
        tale.make()
    tale.ports.before = lambda request: None
    assert tale.make() == {"paint": 1, "clip": 2, "film": 1}


@pytest.mark.parametrize(
    ("edit", "target", "rest"),
    [
        (segment(1, picture={"prompt": "a cactus"}), "picture[1]", {"clip": 2, "film": 1}),
        (segment(1, narration={"text": "Two words."}), "words[1]", {"clip": 1, **JOIN}),
        (segment(1, transition="cut"), "clip[1]", {"film": 1}),
    ],
)
def test_after_only_a_part_was_made_the_rest_is_planned(
    tale: Any, edit: dict[str, Any], target: str, rest: dict[str, int]
) -> None:
    """Also where the rest is a fan-in; the part published nothing."""
    revision = tale.live.revision
    tale.says(**edit)
    tale.make(target)
    assert tale.live.revision == revision
    assert tale.make() == rest
    assert tale.made() == tale.from_scratch()


def test_a_producer_that_gives_one_of_two_has_failed(tale: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A voice whose length cannot be told has no word times; neither is recorded as a success."""
    log = tale.log().read_bytes()
    tale.says(**segment(1, narration={"text": "Other words."}))

    def no_sound(self: InstantPorts, sound: Path) -> float:
        raise Failed("this is no sound")

    monkeypatch.setattr(InstantPorts, "seconds", no_sound)
    with pytest.raises(Failed, match="no sound"):
        tale.make()
    added = tale.log().read_bytes().removeprefix(log).decode()
    assert '"artefactId":"narration[1]"' in added and '"status":"failed"' in added
    assert not [
        line
        for line in added.splitlines()
        if '"status":"succeeded"' in line and '"artefactId":"segment_text[1]"' not in line
    ]
    monkeypatch.undo()
    assert tale.make() == {"speak": 1, "clip": 1, **JOIN}


def test_a_place_is_made_once_for_all_segments_that_name_it(tale: Any) -> None:
    """Another prompt in one segment makes that one; how loud it is, and none at all, only the soundtrack."""
    surf, wind = {"prompt": "surf"}, {"1": {"ambience": {"prompt": "wind"}}}
    tale.says(ambience=surf)
    assert tale.make() == {"surround": 1, **JOIN}
    tale.says(ambience=surf, overrides=wind)
    assert tale.make() == {"surround": 1, **JOIN}
    tale.says(ambience={**surf, "volume": 0.1}, overrides=wind)
    assert tale.make() == JOIN
    tale.says(ambience={**surf, "volume": 0.1}, overrides={"1": {"ambience": "none"}})
    assert tale.make() == JOIN
    tale.says(ambience={**surf, "volume": 0.1}, takes={"ambience[2]": 2}, overrides=None)
    assert tale.make() == {"surround": 1, **JOIN}
    assert tale.made() == tale.from_scratch()


def test_going_back_to_silence_makes_nothing(tale: Any) -> None:
    """The soundtrack without places is still there, byte for byte."""
    before = tale.made()["soundtrack"]
    tale.says(ambience={"prompt": "surf"})
    tale.make()
    tale.says(ambience=None)
    assert tale.make() == {}
    assert tale.made()["soundtrack"] == before

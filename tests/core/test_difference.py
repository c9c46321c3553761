"""Difference: what a person set otherwise, and what came out otherwise."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from movie_assets.core.artefact import Name
from movie_assets.core.difference import Difference, difference, in_order, wanted_edits
from movie_assets.core.toy import Toy

NewToy = Callable[..., Toy]


@pytest.fixture
def toy(new_toy: NewToy) -> Toy:
    """A movie of two segments, made."""
    toy = new_toy("a", "b")
    toy.make()
    return toy


def between(toy: Toy, before: int, after: int) -> Difference:
    read = toy.store.manifests.read
    return difference(read(before), read(after), toy.store.events.inputs())


def test_an_edit_and_what_came_of_it(toy: Toy) -> None:
    """The input with both values, who set it and when; the artefacts whose bytes are others, and no other."""
    toy.texts[1] = "x"
    toy.make()
    found = between(toy, 1, 2)
    (edit,) = found.inputs
    assert (edit.name, edit.before, edit.after, edit.change) == ("text[1]", "b", "x", "b → x")
    assert (edit.editor, edit.created_at) == ("somebody", toy.clock.now())
    assert {each.name for each in found.artefacts} == {
        "text[1]", "picture[1]", "voice[1]", "times[1]", "clip[1]", "timing", "film",
    }  # fmt: skip
    assert all(each.before != each.after for each in found.artefacts)


def test_a_difference_read_backwards(toy: Toy) -> None:
    """Old and new are what was asked for as old and new, and a value's author stays its author."""
    toy.texts[1] = "x"
    toy.make()
    there, back = between(toy, 1, 2), between(toy, 2, 1)
    assert [(each.name, each.before, each.after) for each in back.artefacts] == [
        (each.name, each.after, each.before) for each in there.artefacts
    ]
    assert (back.inputs[0].before, back.inputs[0].after, back.inputs[0].editor) == ("x", "b", "somebody")


def test_a_repeated_value_is_not_set_again(toy: Toy) -> None:
    """A run that goes on where another failed says the same values; the time is that of the first."""
    edits = []
    for second in (1, 2):
        toy.clock.time, toy.texts[1] = float(second), "x"
        toy.make(*(["text[1]"] if second == 1 else []))
        edits = [event for event in toy.store.events.inputs() if event.id == "text[1]"]
    assert [event.created_at[-12:-6] for event in edits] == ["00.000", "01.000", "02.000"]
    assert between(toy, 1, 2).inputs[0].created_at == edits[1].created_at


def test_segments_that_came_and_went(toy: Toy) -> None:
    """Added ones are new, removed ones are gone; the film differs."""
    toy.texts.append("c")
    toy.make()
    grown, shrunk = between(toy, 1, 2), between(toy, 2, 1)
    assert {each.name for each in grown.artefacts if each.before is None} == {
        f"{kind}[2]" for kind in ("text", "picture", "voice", "times", "clip")
    }
    assert {each.name for each in shrunk.artefacts if each.after is None} == {
        each.name for each in grown.artefacts if each.before is None
    }
    assert "1 picture" in grown.summary and "new" in grown.summary and "the film" in grown.summary
    assert "gone" in shrunk.summary


def test_nothing_differs(toy: Toy) -> None:
    """A revision and itself."""
    found = between(toy, 1, 1)
    assert (found.inputs, found.artefacts, found.summary) == ((), (), "nothing differs")


def test_an_edit_that_changes_no_artefact(new_toy: NewToy) -> None:
    """It is said, so that nobody thinks nothing was done."""
    toy = new_toy("a", pins=frozenset({Name("film")}))
    toy.make()
    toy.title = "New"
    toy.make()
    assert between(toy, 1, 2).summary == "1 input differs, but no artefact"


def test_what_came_out_the_same_does_not_differ(toy: Toy) -> None:
    """Though it was made again, by another version."""
    toy.stage.versions["picture"] = "2"
    toy.make()
    assert between(toy, 1, 2).artefacts == ()


def test_the_summary_counts_what_there_is_per_segment(toy: Toy) -> None:
    """And names what there is once."""
    toy.voice = {"provider": "other"}
    toy.make()
    assert (
        between(toy, 1, 2).summary
        == "2 clips, the film, the times of 2 segments, the timing and 2 voices differ"
    )


def test_the_order_is_that_of_the_blueprint() -> None:
    """Segments by number; what a blueprint does not know comes last."""
    names = ["film", "poster", "clip[10]", "clip[2]", "narration[0]", "picture[0]", "script"]
    assert in_order(names, "narrated") == [
        "script", "picture[0]", "narration[0]", "clip[2]", "clip[10]", "film", "poster",
    ]  # fmt: skip


def test_what_is_wanted_otherwise_than_a_revision(toy: Toy) -> None:
    """The inputs as they are now, against those of a revision: changed, new and gone."""
    toy.texts = ["a"]
    toy.title = "New"
    found = wanted_edits(toy.store.manifests.read(1), toy.movie().inputs)
    assert {each.name: (each.before, each.after) for each in found} == {
        "title": ("Toy", "New"),
        "text[1]": ("b", None),
        "picture[1]": ({"provider": "painter"}, None),
        "voice[1]": ({"provider": "speaker"}, None),
    }

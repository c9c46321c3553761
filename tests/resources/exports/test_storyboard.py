"""The storyboard: what is told of a revision."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec
import pytest

from movie_assets.core.cost import Cost
from movie_assets.core.storyboard import chapters, differing, in_words


def test_a_revision_is_told_with_who_made_what_and_why(tale: Any) -> None:
    """Each segment's words, times, pieces and reasons; each revision's changes against the one before."""
    tale.make()
    tale.make(new="overrides:\n  1: {narration: {text: Something else.}, picture: {prompt: A blue finch}}\n")
    first, second = tale.boards()
    assert [scene.text for scene in second.scenes][1] == "Something else."
    scene = second.scenes[1]
    assert scene.start == second.scenes[0].seconds and scene.alt == "A blue finch"
    assert scene.pieces["picture"].revision == "rev-0002" and scene.pieces["picture"].reasons
    assert second.scenes[0].pieces["picture"].revision == "rev-0001"
    assert {change.name for change in second.changes} == {"text[1]", "prompt[1]"} and not first.changes
    assert [(a.segment, b.segment) for a, b in differing(first, second)] == [(1, 1)]
    assert second.made > 0 and second.reused > 0


def test_an_unknown_cost_is_told_as_unknown(tale: Any) -> None:
    """Never as nothing: of a scene, of the whole, and of what was paid for a revision."""
    tale.make()
    [board] = tale.boards()
    assert board.scenes[0].cost == Cost(0.0, 1) and board.cost == Cost(0.0, 3) and board.paid.unknown == 3


def test_a_style_is_no_part_of_what_a_picture_shows(tale: Any) -> None:
    """The alternative text says what is seen."""
    tale.make(
        new='picture: {provider: offline, style: "woodcut. Warm"}\noverrides: {0: {picture: {prompt: A hen.}}}\n'
    )
    [board] = tale.boards()
    assert board.scenes[0].prompt == "A hen. Style: woodcut. Warm" and board.scenes[0].alt == "A hen"


def test_segments_that_came_and_went_differ(tale: Any) -> None:
    """A pair with one side."""
    tale.make()
    tale.make("segments: 3", "segments: 2")
    first, second = tale.boards()
    assert [(a and a.segment, b and b.segment) for a, b in differing(first, second)][-1] == (2, None)


def test_chapters_are_named_and_leave_no_gap(tale: Any) -> None:
    """From the beginning of the film to its end."""
    tale.make(new="overrides: {2: {narration: {text: '" + "many words " * 20 + "'}}}\n")
    [board] = tale.boards()
    found = chapters(board)
    assert found[0].start == 0 and found[-1].end == board.seconds
    assert all(a.end == b.start for a, b in pairwise(found))
    assert all(0 < len(chapter.title) <= 61 for chapter in found) and found[2].title.endswith("…")


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (None, "not set"),
        (False, "no"),
        (0, "0"),
        ({"voice": "en-gb", "speed": 1.1, "settings": {}}, "voice en-gb, speed 1.1"),
        ({"file": {"digest": "ab" * 32, "size": 3, "mediaType": "image/png"}}, "file a file (abababababab)"),
    ],
)
def test_values_are_told_in_words(payload: object, said: str) -> None:
    """As a person would say them; nothing that is set is left out."""
    assert in_words(payload) == said


@pytest.mark.parametrize(
    ("language", "direction"), [("ar", "rtl"), ("he-IL", "rtl"), ("en", "ltr"), ("pt-BR", "ltr")]
)
def test_a_language_has_a_direction(tale: Any, language: str, direction: str) -> None:
    """As HTML says it."""
    tale.make()
    [board] = tale.boards()
    assert msgspec.structs.replace(board, language=language).direction == direction

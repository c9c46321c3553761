"""Cards as an ASS script: everything is said, inside the frame, whatever its length."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_assets.core.blueprints import BLUEPRINTS, blueprint_of
from movie_assets.core.cards import card_script, closing_lines, opening_lines
from movie_assets.core.movie_file import MovieFile, read_movie
from movie_assets.core.ports import Frame
from movie_assets.core.timeline import timeline_of

SHAPES = [Frame(1280, 720, 30), Frame(1080, 1920, 30), Frame(720, 720, 25), Frame(320, 180, 30)]
OFFLINE = {
    name: frozenset({"offline"}) for name in ("script", "picture", "narration", "motion", "music", "ambience")
}

texts = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=120)


def movie(text: str) -> MovieFile:
    return read_movie("tea", f"title: Tea\n{text}", "movie.yaml", blueprints=BLUEPRINTS, providers=OFFLINE)


@given(st.lists(texts, max_size=24), st.sampled_from(SHAPES))
def test_all_credits_fit(credits: list[str], frame: Frame) -> None:
    """However many and long they are: the letters become smaller until all lines are inside the frame."""
    lines = closing_lines({"text": "The End", "credits": credits}, {"picture": ["offline"]})
    spelt = card_script(lines, 4.0, frame, "Any")
    sizes = [float(size) for size in re.findall(r"\\fs([\d.]+)", spelt.partition("[Events]")[2])]
    assert len(sizes) == len(lines)
    assert sum(sizes) <= 0.9 * frame.height


def test_a_title_card_says_the_title_unless_told_otherwise() -> None:
    """And its subtitle below it."""
    assert [line.text for line in opening_lines({}, "Tea")] == ["Tea"]
    assert [line.text for line in opening_lines({"text": "Chai", "subtitle": "A tale"}, "Tea")] == [
        "Chai",
        "",
        "A tale",
    ]


def test_an_end_card_says_who_made_what() -> None:
    """By the part of the film, each provider once."""
    lines = closing_lines(
        {"credits": ["By Ann"]}, {"picture": ["openai gpt-image-1", "offline"], "music": ["offline"]}
    )
    assert [line.text for line in lines] == [
        "By Ann",
        "",
        "Pictures: openai gpt-image-1, offline",
        "Music: offline",
    ]


@pytest.mark.parametrize(("text", "kinds"), [
    ("", set()),
    ("title_card: Tea time", {"title_card"}),
    ("end_card: {}", {"end_card"}),
    ("title_card: {}\nend_card: The End", {"title_card", "end_card"}),
    ("blueprint: podcast\nend_card: {}", set()),
])  # fmt: skip
def test_only_cards_that_are_wanted_are_made(text: str, kinds: set[str]) -> None:
    """And a film without them reads nothing of them, so its digests are as if there were no such thing."""
    asked = blueprint_of(movie(text))
    assert {"title_card", "end_card"} & set(asked.scopes) == kinds
    read = {each.name for producer in asked.producers for each in producer.reads}
    assert {"title_seconds" in read, "title_card" in read} == {"title_card" in kinds}


@given(st.lists(st.floats(0.5, 9), min_size=1, max_size=5), st.integers(0, 90), st.integers(0, 120))
def test_cards_move_the_segments_and_lengthen_the_film(
    voices: list[float], opening: int, closing: int
) -> None:
    """Everything is heard as much later as the title card is long."""
    bare, carded = (
        timeline_of(voices, [0.6] * len(voices), 30, *cards) for cards in ((), (opening, closing))
    )
    assert carded.frames == bare.frames + opening + closing
    for a, b in zip(bare.segments, carded.segments, strict=True):
        assert (b.start_frame, b.frames) == (a.start_frame + opening, a.frames)
        assert b.voice_start == pytest.approx(a.voice_start + opening / 30)

"""The movie.yaml a newcomer starts from."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_assets.core.errors import Refused
from movie_assets.core.movie_file import MovieFile, read_movie
from movie_assets.core.new_movie import movie_template

PROVIDERS = {section: {"offline"} for section in ("script", "picture", "narration", "motion", "music")}


def read(text: str) -> MovieFile:
    return read_movie("tea", text, "movie.yaml", blueprints={"narrated"}, providers=PROVIDERS)


def test_the_template_is_a_movie() -> None:
    """It can be made as it is, and says what was asked for."""
    movie = read(movie_template("tea", "The tea road", "Tea came over the mountains.", segments=9))
    assert (movie.title, movie.brief) == ("The tea road", "Tea came over the mountains.")
    assert (movie.segments, movie.duration) == (9, 72.0)


def test_it_shows_every_field_there_is() -> None:
    """A newcomer need not guess: what may be set is there, if only as a comment."""
    text = movie_template("tea", "Tea", "")
    assert [
        name for name in MovieFile.model_fields if not re.search(rf"^#?{name}:", text, re.MULTILINE)
    ] == []


def test_its_examples_work() -> None:
    """Every commented example that stands alone is accepted once its # is gone."""
    text = movie_template("tea", "Tea", "")
    examples = re.findall(
        r"^#((?:overrides|takes|pins|budget_usd|title_card|end_card):.*(?:\n#  .*)*)", text, re.MULTILINE
    )
    assert len(examples) == 6
    movie = read(text + "\n".join(example.replace("\n#", "\n") for example in examples))
    assert movie.overrides.keys() == {0, 5}
    assert movie.takes and movie.pins and movie.budget_usd and movie.title_card and movie.end_card


@pytest.mark.parametrize("name", ["transition", "motion", "captions"])
def test_its_alternatives_work(name: str) -> None:
    """Every commented alternative is accepted in the place of the line above it."""
    text = movie_template("tea", "Tea", "")
    alternatives = re.findall(rf"^#({name}: .*)$", text, re.MULTILINE)
    assert alternatives
    for alternative in alternatives:
        assert read(
            re.sub(rf"^{name}: .*$", lambda _, new=alternative: new, text, count=1, flags=re.MULTILINE)
        )


def test_fields_inside_sections_may_be_uncommented() -> None:
    """The commented fields of a section are accepted where they stand."""
    movie = read(re.sub(r"^  #", "  ", movie_template("tea", "Tea", ""), flags=re.MULTILINE))
    assert movie.music is not None
    assert (movie.script.source, movie.narration.voice, movie.music.file) == (
        "script.md",
        "en-gb",
        "my-own.mp3",
    )


def test_a_bad_id_is_refused() -> None:
    """The template is for ids that may become a folder."""
    with pytest.raises(Refused, match="not a movie id"):
        movie_template("../tea", "Tea", "")


@given(title=st.text(max_size=100), brief=st.text(max_size=300), segments=st.integers(1, 1000))
def test_any_title_and_brief_can_be_written(title: str, brief: str, segments: int) -> None:
    """Quotes, colons, braces and line breaks arrive as they were typed; only control characters are lost."""
    movie = read(movie_template("tea", title, brief, segments))
    assert visible(movie.title) == visible(title) or (visible(title) == "" and movie.title == "tea")
    assert visible(movie.brief) == visible(brief)
    assert movie.brief.count("\n") <= len(brief.splitlines())


def visible(text: str) -> str:
    return "".join(each for each in text if each.isprintable() and not each.isspace())

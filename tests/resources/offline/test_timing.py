"""Spreading espeak's moments over words."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from resources.offline.espeak import Moment
from resources.offline.timing import timing

READINGS = st.lists(st.sampled_from(["", "—", "a", "land", "18 35", "twenty-six,"]), max_size=12)


@st.composite
def performances(draw: st.DrawFn) -> tuple[list[str], list[Moment], int]:
    """Words, and moments in order of time with offsets that may be anywhere in the text."""
    said = draw(READINGS)
    length = len(" ".join(filter(None, said)))
    moments, sample = [], 0
    for kind in draw(st.lists(st.sampled_from(["word", "sound", "pause"]), max_size=20)):
        sample += draw(st.integers(0, 900))
        moments.append(Moment(sample, kind, draw(st.integers(0, length + 2)) if kind == "word" else 0))
    return said, moments, sample + draw(st.integers(1, 900))


@given(performances())
def test_whatever_espeak_tells_every_word_gets_a_time(
    performance: tuple[list[str], list[Moment], int],
) -> None:
    """In order, without overlap, within the voice."""
    said, moments, total = performance
    spans = timing(said, moments, total)
    assert len(spans) == len(said)
    assert all(0 <= begin <= end <= total for begin, end in spans)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))


def test_a_word_lasts_until_the_pause_after_it() -> None:
    """Not until the next word."""
    moments = [
        Moment(0, "word", 0),
        Moment(0, "sound"),
        Moment(50, "pause"),
        Moment(90, "word", 3),
        Moment(90, "sound"),
    ]
    assert timing(["a,", "b"], moments, 120) == [(0, 50), (90, 120)]


def test_a_pause_inside_a_word_belongs_to_it() -> None:
    """German vowels begin with one."""
    moments = [Moment(0, "word", 0), Moment(0, "sound"), Moment(50, "pause"), Moment(60, "sound")]
    assert timing(["beachten"], moments, 120) == [(0, 120)]


def test_the_moments_of_a_number_are_one_word() -> None:
    """However many words espeak reads it as."""
    moments = [Moment(0, "word", 0), Moment(40, "word", 1), Moment(80, "word", 1), Moment(100, "word", 5)]
    assert timing(["1835", "b"], moments, 120) == [(0, 100), (100, 120)]


def test_words_run_together_share_their_time() -> None:
    """By their length."""
    assert timing(["of", "many"], [Moment(0, "word", 0)], 120) == [(0, 40), (40, 120)]


def test_after_words_run_together_offsets_are_not_trusted() -> None:
    """espeak tells "while" at the offset of "for" after it ran "for a" together."""
    moments = [Moment(0, "word", 0), Moment(80, "word", 1)]
    assert timing(["for", "a", "while"], moments, 120) == [(0, 60), (60, 80), (80, 120)]


def test_what_has_no_sound_stands_after_the_word_before() -> None:
    """A dash takes no time."""
    moments = [Moment(10, "word", 0), Moment(10, "sound"), Moment(50, "pause"), Moment(90, "word", 5)]
    assert timing(["", "a", "—", "b"], moments, 120) == [(10, 10), (10, 50), (50, 50), (90, 120)]

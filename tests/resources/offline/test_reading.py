"""How words are read out by the offline voice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.offline.reading import has_sound, reading


def said(text: str, language: str = "en") -> str:
    return " ".join(filter(None, reading(text.split(), language)))


@given(st.text(), st.sampled_from(["en", "de", "fr", "fa"]))
def test_every_word_has_a_reading(text: str, language: str) -> None:
    """One for each, trimmed, and never a character that would steer espeak."""
    readings = reading(text.split(), language)
    assert len(readings) == len(text.split())
    assert all(word == word.strip() and not set(word) & set("<>[]\x00\x01") for word in readings)


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("in 1835, or 1805.", "in 18 35, or 18 oh 5."),
        ("1900 and 2005 and 2015", "19 hundred and 2005 and 20 15"),
        ("the 1830s, the 1900s", "the 18 thirties, the 19 hundreds"),
        ("1,835 of 1835.5 and 18350", "1,835 of 1835.5 and 18350"),
        ("H.M.S. Beagle and Charles R. Darwin", "H M S Beagle and Charles R Darwin"),
        ("So did I. Then", "So did I. Then"),
        ("in the U.S.", "in the U.S."),
        ("Dr. Smith of St. Louis met Mr. Brown", "Doctor Smith of Saint Louis met Mister Brown"),
        ("$20, £3.50 and $5 million.", "20 dollars, 3.50 pounds and 5 million dollars."),
        ("5 km or 5km at 20°C", "5 kilometres or 5 kilometres at 20°C"),
        ("“Don’t,” he said 🙂", "Don't, he said"),
        ("a <b>word</b>", "a b word /b"),
        ("soft\u00adhyphen", "softhyphen"),
    ],
)
def test_english_is_read_as_a_narrator_would(written: str, spoken: str) -> None:
    """Years, initials, titles, money and units; quotation marks and emoji are not heard."""
    assert said(written) == spoken


@pytest.mark.parametrize(("language", "spoken"), [("de", "Im Jahr 18 hundert 35"), ("fr", "Im Jahr 1835")])
def test_years_in_other_languages(language: str, spoken: str) -> None:
    """Where hundreds are counted they are said."""
    assert said("Im Jahr 1835", language) == spoken


def test_joiners_stay_where_spelling_needs_them() -> None:
    """Persian words keep the character that holds their halves apart."""
    assert said("می\u200cخواهم", "fa") == "می\u200cخواهم"


@pytest.mark.parametrize(
    ("text", "heard"), [("—", False), ("…!", False), ("", False), ("&", True), ("a", True)]
)
def test_lone_punctuation_has_no_sound(text: str, heard: bool) -> None:
    """A dash is a pause; an ampersand is a word."""
    assert has_sound(text) is heard

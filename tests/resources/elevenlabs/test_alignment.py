"""The specification of word times from the times of characters."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.elevenlabs.alignment import spans_of, words_of

TEXT = st.text(st.sampled_from("abc é'-.,?“”0137海。 \n"), max_size=120)
TIMES = st.floats(-1, 100) | st.sampled_from([float("nan"), float("inf")])


def alignment(text: str, seconds: float = 0.1) -> SimpleNamespace:
    """Each character as long as any other."""
    starts = [number * seconds for number in range(len(text))]
    return SimpleNamespace(
        characters=list(text),
        character_start_times_seconds=starts,
        character_end_times_seconds=[start + seconds for start in starts],
    )


@settings(deadline=None)
@given(TEXT, st.lists(st.none() | st.tuples(TIMES, TIMES), max_size=120))
def test_words_are_the_text_in_order(text: str, told: list[tuple[float, float] | None]) -> None:
    """Whatever times a provider tells: each word is there, none before the other, none after the sound."""
    letters = "".join(text.split())
    made = SimpleNamespace(
        characters=list(letters),
        character_start_times_seconds=[pair and pair[0] for pair in told],
        character_end_times_seconds=[pair and pair[1] for pair in told],
    )
    words = words_of(text, spans_of(text, made) or [None] * len(letters), 9.0)
    assert " ".join(word.text for word in words) == " ".join(text.split())
    starts = [word.start for word in words]
    assert starts == sorted(starts)
    assert all(0 <= word.start <= word.end <= 9.0 for word in words)


@settings(deadline=None)
@given(TEXT)
def test_a_word_begins_with_its_first_letter(text: str) -> None:
    """By the character's own time, where all are told."""
    words = words_of(text, spans_of(text, alignment(text)) or [], 60.0)
    at = 0
    for word in words:
        at = text.index(word.text, at)
        first = next((n for n, letter in enumerate(word.text) if letter.isalnum()), 0)
        assert word.start == pytest.approx((at + first) * 0.1, abs=0.002)
        at += len(word.text)


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("It's here.", [("It's", 0.4), ("here.", 0.9)]),
        ("well-known — “yes!”", [("well-known", 1.0), ("—", 1.2), ("“yes!”", 1.7)]),
        ("海很蓝。风很大", [("海很蓝。风很大", 0.7)]),
        ("3.14 m", [("3.14", 0.4), ("m", 0.6)]),
    ],
)
def test_a_word_ends_with_its_last_letter(text: str, ends: list[tuple[str, float]]) -> None:
    """Punctuation belongs to a word, the pause after it does not."""
    words = words_of(text, spans_of(text, alignment(text)) or [], 60.0)
    assert [(word.text, word.end) for word in words] == [(word, pytest.approx(end)) for word, end in ends]


def test_what_is_said_otherwise_lies_between_its_neighbours() -> None:
    """Where a number is told as it is spoken, its word still has a time."""
    told = alignment("in nineteen hundred they came")
    words = words_of("in 1900 they came", spans_of("in 1900 they came", told) or [], 3.0)
    assert words[0].end <= words[1].start < words[2].start == pytest.approx(2.0)


@pytest.mark.parametrize("told", [None, SimpleNamespace(), alignment("")])
def test_without_times_there_are_none(told: object) -> None:
    """They are found otherwise then."""
    assert spans_of("some words", told) is None

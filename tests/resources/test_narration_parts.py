"""The specification of long narrations: parts a provider takes, joined as one sound."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from movie_assets.core.errors import Refused
from movie_assets.core.ports import Workspace
from resources.narration_parts import joined, parts_of
from resources.probe import decode_sound

PROSE = st.text(st.sampled_from("abz é.!?,;:—…。、我\u0301\u200d\n\t'\"”"), max_size=400)
WORDS = st.lists(st.text(st.sampled_from("abcé.,!?"), min_size=1, max_size=12), max_size=60)


@settings(deadline=None)
@given(PROSE, st.integers(1, 80))
def test_the_parts_are_the_text(text: str, limit: int) -> None:
    """Nothing is lost, added or moved but white space."""
    assert "".join("".join(parts_of(text, limit)).split()) == "".join(text.split())


@settings(deadline=None)
@given(PROSE, st.integers(1, 80))
def test_no_part_is_too_long_or_empty(text: str, limit: int) -> None:
    """A provider takes each of them."""
    parts = parts_of(text, limit)
    assert all(0 < len(part) <= limit for part in parts) or not text.split()


@settings(deadline=None)
@given(WORDS, st.integers(12, 80))
def test_a_word_that_fits_is_never_cut(words: list[str], limit: int) -> None:
    """Parts end where words end."""
    assert " ".join(parts_of(" ".join(words), limit)) == " ".join(words)


@settings(deadline=None)
@given(PROSE)
def test_a_short_text_is_one_part(text: str) -> None:
    """What fits is left whole."""
    assert parts_of(text, 400) == (" ".join(text.split()),)


@pytest.mark.parametrize(
    ("text", "limit", "parts"),
    [
        ("One is here. Two, there. Three", 26, ("One is here. Two, there.", "Three")),
        ("He paid 3.14 dollars, no more than that", 30, ("He paid 3.14 dollars,", "no more than that")),
        ("“Stop!” she said. He did not", 20, ("“Stop!” she said.", "He did not")),
        ("many words without any stop", 12, ("many words", "without any", "stop")),
        ("海很蓝。风很大,我们走吧。再见", 10, ("海很蓝。", "风很大,我们走吧。", "再见")),
        ("没有任何标点的一句话", 4, ("没有任何", "标点的一", "句话")),
        ("e\u0301e\u0301e\u0301", 3, ("e\u0301", "e\u0301", "e\u0301")),
    ],
)
def test_where_a_text_is_cut(text: str, limit: int, parts: tuple[str, ...]) -> None:
    """After sentences, else clauses, else words, else between characters as they are seen."""
    assert parts_of(text, limit) == parts


# --- sound ---


def tone(seconds: float, rate: int = 24_000, channels: int = 1, hertz: float = 220.0) -> bytes:
    """A WAV that neither begins nor ends at zero."""
    wavy = 0.5 * np.cos(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate + 0.3)
    stream = io.BytesIO()
    with wave.open(stream, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(np.repeat(np.round(wavy * 32767), channels).astype("<i2").tobytes())
    return stream.getvalue()


def samples(sound: bytes, folder: Path) -> tuple[np.ndarray, int]:
    file = folder / "heard.wav"
    file.write_bytes(sound)
    found, rate = decode_sound(file)
    return found[:, 0], rate


def test_joined_parts_do_not_click(tmp_path: Path) -> None:
    """No step between two samples is larger than the tone's own, though each part is cut at its loudest."""
    sound, rate = samples(
        joined(["One.", "Two,", "three"], [tone(0.3)] * 3, Workspace(tmp_path)).sound, tmp_path
    )
    own = 0.5 * 2 * np.pi * 220 / rate
    inner = sound[100:-100]
    assert np.abs(np.diff(inner)).max() < 1.5 * own


def test_parts_begin_where_it_is_told(tmp_path: Path) -> None:
    """After a sentence, a longer pause than after a clause, and hardly one within it."""
    made = joined(["One.", "Two,", "three", "four"], [tone(0.3)] * 4, Workspace(tmp_path))
    sound, rate = samples(made.sound, tmp_path)
    assert made.begins == pytest.approx((0, 0.75, 1.3, 1.65), abs=0.01)
    for begin in made.begins[1:]:
        first = round(begin * rate)
        assert np.abs(sound[first - rate // 50 : first]).max() < 0.01
        assert np.abs(sound[first : first + rate // 50]).max() > 0.3


def test_a_pause_that_is_spoken_is_not_made_longer(tmp_path: Path) -> None:
    """Silence at a part's end counts."""
    silent = tone(0.3)[:44] + tone(0.3)[44:] + bytes(2 * 24_000)
    whole = silent[:4] + (len(silent) - 8).to_bytes(4, "little") + silent[8:40]
    whole += (len(silent) - 44).to_bytes(4, "little") + silent[44:]
    made = joined(["One.", "Two."], [whole, tone(0.3)], Workspace(tmp_path))
    assert made.begins == pytest.approx((0, 1.3), abs=0.01)


def test_parts_of_other_rates_and_channels_are_joined(tmp_path: Path) -> None:
    """The first part's rate holds."""
    made = joined(["One.", "Two."], [tone(0.3, 24_000), tone(0.5, 44_100, 2)], Workspace(tmp_path))
    sound, rate = samples(made.sound, tmp_path)
    assert rate == 24_000
    assert len(sound) / rate == pytest.approx(1.25, abs=0.02)


def test_a_part_that_is_no_sound_is_refused(tmp_path: Path) -> None:
    """And nothing is made of the others."""
    with pytest.raises(Refused):
        joined(["One.", "Two."], [tone(0.3), b"no sound at all"], Workspace(tmp_path))

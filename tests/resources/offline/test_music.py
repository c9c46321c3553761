"""The offline composer: music in a mood, clean at every sample."""

from __future__ import annotations

import threading
import time
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_assets.core.errors import Refused, Stopped
from movie_assets.core.ports import ComposeRequest, Workspace
from resources.offline.harmony import Mood, chord, mood_of, voiced
from resources.offline.instruments import RATE, tone
from resources.offline.music import OfflineComposer
from resources.offline.score import Score

MOODS = ("wonder", "calm", "hope", "tense", "sad", "playful", "epic", "mystery")
VOICES = ("pad", "strings", "piano", "bell", "pluck", "bass", "drum")

Compose = Callable[..., Path]


@pytest.fixture(scope="module")
def compose(tmp_path_factory: pytest.TempPathFactory) -> Compose:
    def call(prompt: str = "wonder", seconds: float = 8.0, take: int = 1) -> Path:
        at = Workspace(tmp_path_factory.mktemp("music"))
        body = OfflineComposer().compose(ComposeRequest(prompt, seconds, {}, take), at).body
        assert isinstance(body, Path)
        assert [file.name for file in at.scratch.iterdir()] == [body.name]
        return body

    return call


def samples(file: Path) -> np.ndarray:
    with wave.open(str(file)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (RATE, 2, 2)
        return np.frombuffer(sound.readframes(sound.getnframes()), "<i2").reshape(-1, 2) / 32768


def level(sound: np.ndarray) -> float:
    return float(20 * np.log10(max(np.sqrt((sound**2).mean()), 1e-9)))


@pytest.mark.parametrize("mood", MOODS)
def test_every_mood_is_clean(compose: Compose, mood: str) -> None:
    """It peaks below -3 dBFS, is loud enough, never clicks, never falls silent, and has no direct current."""
    sound = samples(compose(mood))
    assert len(sound) == 8 * RATE
    assert np.abs(sound).max() <= 10 ** (-3 / 20)
    assert -26 < level(sound) < -14
    assert np.abs(np.diff(sound, axis=0)).max() < 0.12
    assert min(level(second) for second in np.split(sound[2 * RATE : 6 * RATE], 4)) > -45
    assert np.abs(sound.mean(axis=0)).max() < 0.002


@pytest.mark.parametrize("seconds", [0.4, 3.0, 21.7])
def test_music_is_as_long_as_asked(compose: Compose, seconds: float) -> None:
    """Exactly as many samples as asked for, fading in from silence and out to it."""
    sound = samples(compose(seconds=seconds))
    edge = round(0.02 * len(sound))
    assert len(sound) == round(seconds * RATE)
    assert np.abs(sound[0]).max() < 0.001
    assert np.abs(sound[-1]).max() < 0.001
    assert level(sound[:edge]) < level(sound) - 12
    assert level(sound[-edge:]) < level(sound) - 12


def test_the_sound_is_wide_and_musical(compose: Compose) -> None:
    """Left and right differ, and the energy lies in tones: bass, middle and some treble."""
    sound = samples(compose("hope", 20))
    left, right = sound.T
    assert 0 < np.corrcoef(left, right)[0, 1] < 0.97
    power = np.abs(np.fft.rfft(left * np.hanning(len(left)))) ** 2
    hertz = np.fft.rfftfreq(len(left), 1 / RATE)
    share = [
        power[(hertz >= low) & (hertz < high)].sum() / power.sum()
        for low, high in ((0, 30), (120, 2000), (2000, 9000))
    ]
    assert share[0] < 0.02
    assert share[1] > 0.3
    assert share[2] > 1e-5
    assert np.sort(power)[-2000:].sum() > 0.9 * power.sum()


def test_music_is_the_same_each_time(compose: Compose) -> None:
    """The same request gives the same bytes; another take, mood or length gives others."""
    first = compose(seconds=2).read_bytes()
    assert compose(seconds=2).read_bytes() == first
    others = [compose(seconds=2, take=2), compose("sad", 2), compose(seconds=3)]
    assert len({first, *(other.read_bytes() for other in others)}) == 4


def test_lengths_that_are_none_are_refused(tmp_path: Path) -> None:
    """No music lasts no time, or longer than an hour."""
    for seconds in (0.0, -1.0, 4000.0, float("nan")):
        with pytest.raises(Refused):
            OfflineComposer().compose(ComposeRequest("calm", seconds, {}), Workspace(tmp_path))


@pytest.mark.parametrize(
    ("prompt", "mood"),
    [
        ("a sense of wonder", "wonder"),
        ("Gentle and calm", "calm"),
        ("dark suspense", "tense"),
        ("klimt", "wonder"),
    ],
)
def test_a_prompt_names_a_mood(prompt: str, mood: str) -> None:
    """The first word that names a mood decides; without one there is wonder."""
    assert mood_of(prompt) == mood_of(mood)


def test_a_prompt_may_name_instrument_and_pace() -> None:
    """`slow`, `fast` and a leading instrument are followed."""
    assert mood_of("slow hope").tempo < mood_of("hope").tempo < mood_of("fast hope").tempo
    assert mood_of("hope with strings").lead == "strings"


moods = st.sampled_from(MOODS).map(mood_of)


@given(moods, st.integers(53, 60), st.integers(0, 6), st.integers(0, 6))
def test_chords_move_gently(mood: Mood, key: int, one: int, other: int) -> None:
    """A voicing holds just its chord's notes, and follows the one before by small steps."""
    before = voiced(chord(mood, key, one), (), key + 5)
    after = voiced(chord(mood, key, other), before, key + 5)
    assert {note % 12 for note in after} == set(chord(mood, key, other))
    assert list(after) == sorted(after)
    assert np.mean([abs(a - b) for a, b in zip(before, after, strict=True)]) <= 5


@given(moods, st.floats(1, 200), st.integers(0, 2**32))
def test_a_score_fills_its_time(mood: Mood, seconds: float, seed: int) -> None:
    """Phrases add up to the length; every note begins within its phrase and can be heard; the last chord is home."""
    score = Score(mood, seconds, np.random.default_rng(seed))
    assert score.phrases * score.phrase_seconds == pytest.approx(seconds)
    for number in {0, score.phrases // 2, score.phrases - 1}:
        notes = score.phrase(number)
        assert notes == score.phrase(number)
        assert all(0 <= note.start < score.phrase_seconds + 0.1 for note in notes)
        assert all(24 <= note.pitch <= 105 and 0 < note.loud < 1 and note.length > 0 for note in notes)
        scale = {(score.key + step) % 12 for step in mood.scale}
        assert all(note.pitch % 12 in scale for note in notes if note.voice != "drum")


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("pitch", [34, 60, 88])
def test_a_note_begins_and_ends_in_silence(voice: str, pitch: int) -> None:
    """No voice clicks: its ends are silent, and next to nothing sounds above 12 kHz, as a click would."""
    sound = tone(voice, pitch, RATE, 0.8)
    assert np.abs(sound[[0, -1]]).max() < 0.01
    assert 0.2 < np.abs(sound).max() < 2.5
    power = np.abs(np.fft.rfft(sound[:, 0])) ** 2
    assert power[np.fft.rfftfreq(len(sound), 1 / RATE) > 12_000].sum() < 1e-4 * power.sum()


def test_composing_stops_at_once(tmp_path: Path) -> None:
    """Told to stop, it does so within a second and leaves no process behind."""
    at = Workspace(tmp_path)
    threading.Timer(0.5, at.stop.set).start()
    started = time.monotonic()
    with pytest.raises(Stopped):
        OfflineComposer().compose(ComposeRequest("epic", 3000, {}), at)
    assert time.monotonic() - started < 5
    assert not [p for p in Path("/proc").glob("[0-9]*/cwd") if _is(p, tmp_path)]


def _is(link: Path, folder: Path) -> bool:
    try:
        return link.resolve() == folder.resolve()
    except OSError:
        return False

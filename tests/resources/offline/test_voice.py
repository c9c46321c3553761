"""The offline voice: what it says, when each word is heard, and what it refuses."""

from __future__ import annotations

import threading
import time
import wave
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from movie_assets.core.errors import Refused, Stopped
from movie_assets.core.ports import SpeakRequest, Speech, Workspace
from movie_assets.core.words import Word
from resources.offline.voice import OfflineVoice
from resources.probe import decode_sound, probe

NARRATION = """In the autumn of 1835, a small ship came to a group of islands. The land was black; nothing grew.
“Nothing,” he wrote, “could be less inviting.” Giant animals, slow and heavy, grazed in the mist. On board
was Charles R. Darwin, twenty-six years old, of H.M.S. Beagle, and often seasick."""


@pytest.fixture(scope="module")
def narration(tmp_path_factory: pytest.TempPathFactory) -> Speech:
    """One narration, spoken once for all tests that only look at it."""
    return speak(NARRATION, tmp_path_factory.mktemp("narration"))


def speak(text: str, folder: Path, language: str = "en", take: int = 1, **settings: Any) -> Speech:
    return OfflineVoice().speak(SpeakRequest(text, language, settings, take), Workspace(folder))


def sound_of(speech: Speech) -> tuple[np.ndarray, int]:
    assert isinstance(speech.sound.body, Path)
    samples, rate = decode_sound(speech.sound.body)
    return samples[:, 0], rate


def words_of(speech: Speech) -> tuple[Word, ...]:
    assert speech.words is not None
    return speech.words


def seconds_of(speech: Speech) -> float:
    sound, rate = sound_of(speech)
    return len(sound) / rate


def envelope(sound: np.ndarray, rate: int) -> np.ndarray:
    """Loudness over 5 ms, relative to the whole."""
    size = rate // 200
    return np.sqrt(np.convolve(sound**2, np.ones(size) / size, "same") / np.mean(sound**2))


def assert_fits(words: tuple[Word, ...], seconds: float) -> None:
    assert all(0 <= word.start <= word.end <= seconds for word in words)
    assert all(a.end <= b.start for a, b in pairwise(words))


# --- the sound --------------------------------------------------------------------------------------------------


def test_it_is_a_wav_at_48_khz(narration: Speech) -> None:
    """The sound needs no conversion on its way into the film."""
    assert narration.sound.media_type == "audio/wav"
    with wave.open(str(narration.sound.body)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 48_000)


def test_it_costs_nothing_and_says_who_spoke(narration: Speech) -> None:
    """The offline voice is free, known to be free, and named."""
    assert narration.sound.meta.cost == 0.0
    assert narration.sound.meta.provider == "offline"
    assert narration.sound.meta.model == "espeak-ng en-us+edward2"


def test_it_is_as_loud_as_any_narration_and_does_not_clip(narration: Speech) -> None:
    """About -20 dBFS, with peaks below full scale."""
    sound, _ = sound_of(narration)
    assert 20 * np.log10(np.sqrt(np.mean(sound**2))) == pytest.approx(-20.5, abs=1)
    assert np.abs(sound).max() < 0.9


def test_it_has_50_ms_of_quiet_at_both_ends(narration: Speech) -> None:
    """No more and no less: pauses between segments are the timeline's business."""
    sound, rate = sound_of(narration)
    (heard,) = np.nonzero(envelope(sound, rate) > 0.03)
    assert heard[0] / rate == pytest.approx(0.05, abs=0.02)
    assert (len(sound) - heard[-1]) / rate == pytest.approx(0.05, abs=0.03)


def test_the_pace_is_calm(narration: Speech) -> None:
    """A documentary's 130 to 150 words a minute, though this text has many pauses."""
    assert 125 < len(words_of(narration)) / seconds_of(narration) * 60 < 155


def test_the_same_request_gives_the_same_bytes(tmp_path: Path) -> None:
    """Whatever was spoken before."""
    first, second = (speak("Once more, with feeling.", tmp_path / name) for name in "ab")
    assert Path(str(first.sound.body)).read_bytes() == Path(str(second.sound.body)).read_bytes()
    assert first.words == second.words


def test_another_take_sounds_different(tmp_path: Path) -> None:
    """A person who asks for another take gets another sound of the same words."""
    first, second = (speak("Once more.", tmp_path / str(take), take=take) for take in (1, 2))
    assert Path(str(first.sound.body)).read_bytes() != Path(str(second.sound.body)).read_bytes()


# --- the words --------------------------------------------------------------------------------------------------


def test_the_words_are_the_text_with_its_punctuation(narration: Speech) -> None:
    """Joined by single spaces they are the text, white space folded."""
    assert " ".join(word.text for word in words_of(narration)) == " ".join(NARRATION.split())


def test_word_times_are_in_order_and_within_the_sound(narration: Speech) -> None:
    """No word ends after the next begins."""
    assert_fits(words_of(narration), seconds_of(narration))


def test_words_start_when_they_are_heard(narration: Speech) -> None:
    """After each pause the next word's time is within 50 ms of the moment the sound comes back (T, F, K: 70 ms)."""
    sound, rate = sound_of(narration)
    loud = envelope(sound, rate) > 0.12
    errors = []
    for before, word in pairwise(words_of(narration)):
        if word.start - before.end > 0.15:
            begin = round((before.end + 0.05) * rate)
            onset = begin + int(np.argmax(loud[begin:]))
            errors.append(abs(onset / rate - word.start))
    assert len(errors) >= 10
    assert max(errors) < 0.07
    assert np.mean(errors) < 0.03


def test_words_end_before_the_pause_that_follows_them(narration: Speech) -> None:
    """The silence after a sentence belongs to no word."""
    words = words_of(narration)
    pauses = {a.text: b.start - a.end for a, b in pairwise(words)}
    assert all(0.2 < pauses[text] < 0.8 for text in ("islands.", "grew.", "mist."))


def test_a_number_is_one_word_however_it_is_read(tmp_path: Path) -> None:
    """ "1835" is heard as long as eighteen thirty-five takes."""
    words = {word.text: word for word in words_of(speak("It was 1835 and warm.", tmp_path))}
    assert words["1835"].end - words["1835"].start > 0.7
    assert words["and"].end - words["and"].start < 0.4


@pytest.mark.parametrize(("voice", "number", "ratio"), [("en", "1,835", 0.6), ("de", "18 hundert 35", 1.0)])
def test_years_are_read_as_the_voice_s_language_does(
    voice: str, number: str, ratio: float, tmp_path: Path
) -> None:
    """1835 is eighteen thirty-five, shorter than one thousand eight hundred and thirty-five."""
    year, other = (seconds_of(speak(text, tmp_path, voice=voice)) for text in ("1835", number))
    assert year / other == pytest.approx(ratio, abs=0.1)


def test_words_that_run_together_each_get_a_time(tmp_path: Path) -> None:
    """espeak tells one moment for "of the": both words get a part of it."""
    words = words_of(speak("The captain of the ship went in the boat.", tmp_path))
    assert all(word.end > word.start for word in words)


# --- any text ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "He said “yes” – and 'no'…\nThen:\tnothing\x01 \x00 at all!",
        '<speak><break time="9s"/>hello</speak> &amp; [[h@l@U]]',
        "🙂 smiles 👩‍👩‍👧 at ☃ the #1 *star* (100%) \u202e\ufeff",
        "-- — … !!! “”",
        "🙂",
    ],
)
def test_any_text_is_spoken_and_nothing_is_interpreted(text: str, tmp_path: Path) -> None:
    """Quotes, markup, emoji and control characters neither crash nor act."""
    speech = speak(text, tmp_path)
    words = words_of(speech)
    assert " ".join(word.text for word in words) == " ".join(text.split())
    assert_fits(words, seconds_of(speech))
    assert seconds_of(speech) < 8


def test_no_text_is_half_a_second_of_silence(tmp_path: Path) -> None:
    """A segment without narration still has a sound."""
    speech = speak(" \n ", tmp_path)
    sound, rate = sound_of(speech)
    assert speech.words == ()
    assert len(sound) == rate / 2
    assert not sound.any()


def test_a_long_text_is_spoken_to_its_end(tmp_path: Path) -> None:
    """Three thousand characters and more."""
    text = NARRATION + " Then they sailed on, island after island, to the far south." * 50
    speech = speak(text, tmp_path, speed=2.0)
    words = words_of(speech)
    assert len(text) > 3000
    assert_fits(words, seconds_of(speech))
    assert seconds_of(speech) - words[-1].end < 0.2


# --- voices -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "model"),
    [
        ("en", "espeak-ng en-us+edward2"),
        ("de-DE", "espeak-ng de+edward2"),
        ("pt_BR", "espeak-ng pt-br+edward2"),
        ("zh", "espeak-ng zh+edward2"),
    ],
)
def test_every_language_has_a_voice(language: str, model: str, tmp_path: Path) -> None:
    """Without a voice in the settings the language chooses it."""
    assert speak("1 2", tmp_path, language).sound.meta.model == model


def test_a_voice_may_name_its_speaker(tmp_path: Path) -> None:
    """`en-GB+F3` is British English by a woman, in any case of letters."""
    assert speak("Good evening.", tmp_path, voice="en-GB+F3").sound.meta.model == "espeak-ng en-gb+f3"
    high, low = (pitch_of(speak("Good evening.", tmp_path, voice=voice)) for voice in ("en-gb+f3", "en-gb"))
    assert high > 1.3 * low


def pitch_of(speech: Speech) -> float:
    """The frequency of the voice in Hz, by autocorrelation."""
    sound, rate = sound_of(speech)
    spectrum = np.abs(np.fft.rfft(sound, 2 * len(sound))) ** 2
    periods = np.fft.irfft(spectrum)[rate // 300 : rate // 60]
    return rate / (rate // 300 + int(np.argmax(periods)))


def test_an_unknown_voice_is_refused_with_those_like_it(tmp_path: Path) -> None:
    """A typing error is answered by what was meant."""
    with pytest.raises(Refused, match=r"no voice 'en-uk'.*\n.*en-us"):
        speak("Hello.", tmp_path, voice="en-uk")
    with pytest.raises(Refused, match=r"no speaker 'm44'.*\n.*m1 to m8"):
        speak("Hello.", tmp_path, voice="en-us+m44")
    with pytest.raises(Refused, match="does not speak tlh"):
        speak("Hello.", tmp_path, language="tlh")


def test_a_voice_that_cannot_say_a_text_is_refused(tmp_path: Path) -> None:
    """espeak knows of Faroese, but no word of it."""
    with pytest.raises(Refused, match="no sound for this text"):
        speak("Gott kvøld.", tmp_path, voice="fo")


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.25, 2.0])
def test_speed_changes_the_length_in_proportion(speed: float, tmp_path: Path) -> None:
    """Twice the speed is half the time, and pauses shrink with it."""
    text = "The land was black and dry, and it looked like the surface of another world."
    as_usual, other = seconds_of(speak(text, tmp_path)), seconds_of(speak(text, tmp_path, speed=speed))
    assert as_usual / other == pytest.approx(speed, rel=0.15)


@pytest.mark.parametrize("settings", [{"speed": 3}, {"speed": "fast"}, {"speed": True}, {"pitch": -1}])
def test_a_setting_out_of_range_is_refused(settings: dict[str, Any], tmp_path: Path) -> None:
    """The answer tells what is allowed."""
    with pytest.raises(Refused, match="use a number from"):
        speak("Hello.", tmp_path, **settings)


def test_pitch_makes_the_voice_higher(tmp_path: Path) -> None:
    """0 is low, 100 is high."""
    low, high = (pitch_of(speak("We all were on a roll.", tmp_path, pitch=pitch)) for pitch in (10, 90))
    assert high > 1.3 * low


def test_a_stop_ends_speaking_within_a_second(tmp_path: Path) -> None:
    """However long the text is."""
    at = Workspace(tmp_path)
    threading.Timer(0.4, at.stop.set).start()
    begun = time.monotonic()
    with pytest.raises(Stopped):
        OfflineVoice().speak(SpeakRequest("The land was black and dry. " * 500, "en", {}), at)
    assert time.monotonic() - begun < 4


def test_the_length_is_the_same_however_it_is_read(narration: Speech) -> None:
    """What `probe` tells is what is decoded."""
    assert probe(Path(str(narration.sound.body))).seconds == pytest.approx(seconds_of(narration), abs=1e-6)

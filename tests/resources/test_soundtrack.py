"""The soundtrack: loudness, length, alignment, and music that makes room for speech."""

from __future__ import annotations

import threading
import time
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from movie_assets.core.errors import Refused, Stopped
from movie_assets.core.ports import Ambience, Encoded, HeardVideo, SoundtrackRequest, Voice, Workspace
from resources.ffmpeg import ffmpeg
from resources.probe import decode_sound, probe
from resources.soundtrack import measure_loudness, soundtrack

RATE = 48_000
SECONDS = 14.0
MUSIC_HERTZ = 330.0
STARTS = (2.0, 5.0, 9.5)
LENGTHS = (2.0, 2.2, 1.5)  # of the voices: 1 s of quiet, then 2.3 s, then the end


@dataclass(frozen=True)
class Film:
    """A soundtrack and what it was made of."""

    encoded: Encoded
    sound: np.ndarray
    voices: tuple[Voice, ...]
    music: Path


def write(path: Path, sound: np.ndarray, rate: int = RATE) -> Path:
    """Writes a mono 16 bit WAV."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((sound * 32_767).astype("<i2").tobytes())
    return path


def babble(seconds: float, rate: int = 24_000, seed: int = 1, gain: float = 0.1) -> np.ndarray:
    """Noise between 700 and 3000 Hz in syllables: as uneven as speech, and far from the music's pitch."""
    count = round(seconds * rate)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1 / rate)
    noise = np.fft.irfft(np.where((hertz > 700) & (hertz < 3000), spectrum, 0), count)
    syllables = 0.15 + np.abs(np.sin(np.arange(count) / rate * np.pi * 3))
    return np.clip(noise / noise.std() * gain * syllables, -1, 1)


def tone(seconds: float, hertz: float = MUSIC_HERTZ) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)


def voices_in(folder: Path) -> tuple[Voice, ...]:
    made = [write(folder / f"{i}.wav", babble(length, seed=i), 24_000) for i, length in enumerate(LENGTHS)]
    return tuple(
        Voice(file, *when) for file, when in zip(made, zip(STARTS, LENGTHS, strict=True), strict=True)
    )


def make(
    folder: Path, voices: tuple[Voice, ...], music: Path | None, volume: float = 0.3, seconds: float = SECONDS
) -> Encoded:
    return soundtrack(SoundtrackRequest(voices, music, volume, seconds), Workspace(folder))


def heard(encoded: Encoded) -> np.ndarray:
    """The left channel, with all of its samples."""
    samples, rate = decode_sound(encoded.file)
    assert rate == RATE
    assert samples.shape[1] == 2
    return samples[:, 0]


def level(sound: np.ndarray, begin: float, end: float, low: float, high: float) -> float:
    """The level of a band of frequencies in a stretch of time, in dB."""
    part = sound[round(begin * RATE) : round(end * RATE)]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)))) ** 2
    hertz = np.fft.rfftfreq(len(part), 1 / RATE)
    return float(10 * np.log10(spectrum[(hertz >= low) & (hertz < high)].sum() / len(part) ** 2 + 1e-15))


def music_level(sound: np.ndarray, begin: float, end: float) -> float:
    return level(sound, begin, end, MUSIC_HERTZ - 30, MUSIC_HERTZ + 30)


def lag(sound: np.ndarray, voice: Voice) -> int:
    """By how many samples a voice is later than it should be."""
    samples, _ = decode_sound(voice.sound)
    there = np.interp(
        np.arange(round(voice.duration * RATE)) / RATE, np.arange(len(samples)) / 24_000, samples[:, 0]
    )
    begin = round(voice.start * RATE) - 4_000
    part = sound[begin : begin + len(there) + 8_000]
    size = 1 << 18
    match = np.fft.irfft(np.fft.rfft(part, size) * np.conj(np.fft.rfft(there, size)), size)
    return int(np.argmax(match[:8_000])) - 4_000


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    """Three voices over music that is longer than the film."""
    folder = tmp_path_factory.mktemp("film")
    voices, music = voices_in(folder), write(folder / "music.wav", tone(20.0))
    encoded = make(folder, voices, music)
    return Film(encoded, heard(encoded), voices, music)


# --- the whole --------------------------------------------------------------------------------------------------


def test_it_is_as_loud_as_promised(film: Film, tmp_path: Path) -> None:
    """-16 LUFS within 0.5, and no peak above -1.5 dBTP, measured on the encoded file."""
    found = measure_loudness(film.encoded.file, Workspace(tmp_path))
    assert found.integrated == pytest.approx(-16, abs=0.5)
    assert found.true_peak <= -1.5
    assert film.encoded.notes["loudness"] == found.integrated
    assert film.encoded.notes["truePeak"] == found.true_peak


def test_it_is_aac_for_film(film: Film) -> None:
    """AAC, 48 kHz, stereo, in MP4."""
    sound = probe(film.encoded.file).sound
    assert sound is not None
    assert (film.encoded.media_type, sound.codec, sound.rate, sound.channels) == (
        "audio/mp4",
        "aac",
        48_000,
        2,
    )


def test_it_is_exactly_as_long_as_the_film(film: Film) -> None:
    """To the sample by its header, within one AAC frame when decoded."""
    assert probe(film.encoded.file).seconds == pytest.approx(SECONDS, abs=1 / RATE)
    assert 0 <= len(film.sound) - SECONDS * RATE < 1024


def test_voices_are_heard_when_they_should_be(film: Film) -> None:
    """Encoding moves nothing: within 1 ms at the first voice and at the last."""
    assert all(abs(lag(film.sound, voice)) <= 48 for voice in film.voices)


def test_joining_by_copy_moves_nothing(film: Film, tmp_path: Path) -> None:
    """After a stream copy beside a picture of the same length, voices and both ends are still in place."""
    picture = [
        "-f",
        "lavfi",
        "-i",
        f"testsrc2=size=64x36:rate=30:duration={SECONDS}",
        "-i",
        str(film.encoded.file),
    ]
    at = Workspace(tmp_path)
    ffmpeg(
        [
            *picture,
            "-map",
            "0:v",
            "-map",
            "1:a",
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-c:a",
            "copy",
            "a.mp4",
        ],
        at,
    )
    ffmpeg(["-i", "a.mp4", "-map", "0", "-c", "copy", "-movflags", "+faststart", "joined.mp4"], at)
    media = probe(tmp_path / "joined.mp4")
    assert media.sound is not None
    assert media.video is not None
    assert abs(media.sound.seconds - media.video.frames / 30) < 1 / 30
    sound = decode_sound(tmp_path / "joined.mp4")[0][:, 0]
    assert all(abs(lag(sound, voice)) <= 48 for voice in film.voices)


def test_the_same_request_gives_the_same_bytes(film: Film, tmp_path: Path) -> None:
    """On the same machine."""
    assert make(tmp_path, film.voices, film.music).file.read_bytes() == film.encoded.file.read_bytes()


# --- the music --------------------------------------------------------------------------------------------------


def test_music_makes_room_for_speech(film: Film) -> None:
    """8 dB lower under a voice than in a long pause."""
    assert music_level(film.sound, 7.9, 9.1) - music_level(film.sound, 2.2, 3.8) == pytest.approx(8, abs=1)


def test_music_under_speech_is_heard_but_does_not_disturb(film: Film) -> None:
    """At the usual volume it is 14 to 20 dB below the voice."""
    voice = level(film.sound, 2.2, 3.8, 600, 3200)
    assert 14 <= voice - music_level(film.sound, 2.2, 3.8) <= 20


def test_music_does_not_swell_in_a_short_pause(film: Film) -> None:
    """A second between two sentences is no reason to pump."""
    assert music_level(film.sound, 4.2, 4.8) == pytest.approx(music_level(film.sound, 2.5, 3.5), abs=0.5)


def test_music_is_down_when_the_voice_begins(film: Film) -> None:
    """It gives way before the first word, and comes back after the last."""
    assert music_level(film.sound, 9.5, 9.7) == pytest.approx(music_level(film.sound, 10, 10.6), abs=1)
    assert music_level(film.sound, 7.9, 8.1) == pytest.approx(music_level(film.sound, 8.2, 9.0), abs=1)


def test_music_fades_in_and_out(film: Film) -> None:
    """It comes within the first second and is gone at the end."""
    open_music = music_level(film.sound, 8, 9)
    assert music_level(film.sound, 0, 0.1) < open_music - 20
    assert music_level(film.sound, 1, 1.6) == pytest.approx(open_music, abs=1.5)
    assert music_level(film.sound, SECONDS - 0.2, SECONDS) < open_music - 20


def test_nothing_clicks(film: Film) -> None:
    """Neither ducking nor the ends of voices leave a trace above 6 kHz."""
    assert loudest_click(film.sound) < -95


def test_music_is_looped_without_a_gap_or_a_click(tmp_path: Path) -> None:
    """Seven tenths of a second, cut off in the middle of a wave, fill ten seconds."""
    chord = sum((tone(0.7031, hertz) for hertz in (311, 333, 347)), start=np.zeros(1)) / 3
    sound = heard(make(tmp_path, (), write(tmp_path / "music.wav", chord), seconds=10))
    levels = [music_level(sound, begin, begin + 0.7) for begin in np.arange(1.0, 6.2, 0.25)]
    assert max(levels) - min(levels) < 6
    assert loudest_click(sound) < -95


def loudest_click(sound: np.ndarray) -> float:
    steps = np.arange(0, len(sound) / RATE - 0.05, 0.025)
    return max(level(sound, begin, begin + 0.05, 6_000, 20_000) for begin in steps)


@pytest.mark.parametrize(("volume", "decibels"), [(0.6, 6), (1.0, 10.5), (0.15, -6)])
def test_volume_scales_the_music(volume: float, decibels: float, film: Film, tmp_path: Path) -> None:
    """Twice the volume is 6 dB more beside the same voice."""
    sound = heard(make(tmp_path, film.voices, film.music, volume))
    usual, now = (music_level(s, 2.2, 3.8) - level(s, 2.2, 3.8, 600, 3200) for s in (film.sound, sound))
    assert now - usual == pytest.approx(decibels, abs=1)


def test_silent_music_is_refused(tmp_path: Path) -> None:
    """It is a mistake, and named."""
    with pytest.raises(Refused, match=r"silence\.wav holds no music"):
        make(tmp_path, (), write(tmp_path / "silence.wav", np.zeros(RATE)))


# --- special cases ----------------------------------------------------------------------------------------------


def test_without_music(film: Film, tmp_path: Path) -> None:
    """Voices alone are as loud as a mix, and there is silence between them."""
    encoded = make(tmp_path, film.voices, None)
    sound = heard(encoded)
    assert encoded.notes["loudness"] == pytest.approx(-16, abs=0.5)
    assert np.abs(sound[round(7.5 * RATE) : round(9.2 * RATE)]).max() < 0.001


def test_without_voices(film: Film, tmp_path: Path) -> None:
    """An intro of music alone is as loud as everything else."""
    encoded = make(tmp_path, (), film.music)
    assert encoded.notes["loudness"] == pytest.approx(-16, abs=0.5)
    assert encoded.notes["truePeak"] <= -1.5


def test_without_anything(tmp_path: Path) -> None:
    """A silent film has a silent soundtrack of its length."""
    encoded = make(tmp_path, (), None, seconds=2.5)
    assert not heard(encoded).any()
    assert probe(encoded.file).seconds == pytest.approx(2.5, abs=1 / RATE)
    assert encoded.notes["loudness"] == -70


def test_voices_of_different_loudness_are_made_equal(tmp_path: Path) -> None:
    """A segment spoken by another provider does not jump out."""
    soft, loud = (write(tmp_path / f"{gain}.wav", babble(2, RATE, gain=gain)) for gain in (0.02, 0.2))
    sound = heard(make(tmp_path, (Voice(soft, 0.5, 2), Voice(loud, 3.5, 2)), None, seconds=6))
    first, second = (level(sound, begin, begin + 2, 600, 3200) for begin in (0.5, 3.5))
    assert first == pytest.approx(second, abs=1)


def test_a_voice_that_outlasts_the_film_is_cut(tmp_path: Path) -> None:
    """The film's length wins."""
    voice = write(tmp_path / "long.wav", babble(4, RATE))
    encoded = make(tmp_path, (Voice(voice, 1, 4), Voice(voice, 9, 4)), None, seconds=3)
    assert probe(encoded.file).seconds == pytest.approx(3, abs=1 / RATE)


def test_hot_voices_are_limited_not_clipped(tmp_path: Path) -> None:
    """Peaks far above the mean cost no loudness and stay below -1.5 dBTP."""
    spiky = babble(6, RATE)
    spiky[:: RATE // 7] = 0.99
    encoded = make(tmp_path, (Voice(write(tmp_path / "spiky.wav", spiky), 0, 6),), None, seconds=6)
    assert encoded.notes["loudness"] == pytest.approx(-16, abs=0.5)
    assert encoded.notes["truePeak"] <= -1.5


def test_a_stop_ends_it_within_a_second(film: Film, tmp_path: Path) -> None:
    """An hour of film is not mixed to its end."""
    at = Workspace(tmp_path)
    threading.Timer(0.8, at.stop.set).start()
    begun = time.monotonic()
    with pytest.raises(Stopped):
        soundtrack(SoundtrackRequest(film.voices, film.music, 0.3, 3600), at)
    assert time.monotonic() - begun < 6


# --- places -------------------------------------------------------------------------------------------------------

PLACES = ((0.0, 5.0, 150.0), (5.0, 9.0, 500.0))
"""From when to when which pitch is heard; then nothing."""


def place_level(sound: np.ndarray, begin: float, end: float, hertz: float) -> float:
    return level(sound, begin, end, hertz * 0.9, hertz * 1.1)


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """A film of two places, each from a sound much shorter than it is heard."""
    folder = tmp_path_factory.mktemp("places")
    places = tuple(
        Ambience(write(folder / f"{hertz:.0f}.wav", tone(1.3, hertz)), start, end)
        for start, end, hertz in PLACES
    )
    request = SoundtrackRequest(voices_in(folder), None, 0.0, SECONDS, places, 0.2)
    encoded = soundtrack(request, Workspace(folder))
    loudness = measure_loudness(encoded.file, Workspace(folder))
    assert loudness.integrated == pytest.approx(-16, abs=0.5)
    assert loudness.true_peak <= -1.5
    return heard(encoded)


def test_a_place_is_heard_in_its_segments_alone(there: np.ndarray) -> None:
    """And goes on as long as they do, however short its sound is."""
    for start, end, hertz in PLACES:
        inside = [
            place_level(there, moment, moment + 1, hertz) for moment in np.arange(start + 0.6, end - 1.6, 0.5)
        ]
        assert max(inside) - min(inside) < 4
        assert min(inside) > place_level(there, 11, 13, hertz) + 25
    assert place_level(there, 6, 8, 150.0) < place_level(there, 2, 4, 150.0) - 25


def test_a_place_stays_below_the_voice(there: np.ndarray) -> None:
    """At a volume of 0.2, 14 dB below."""
    voice = level(there, 2.1, 3.9, 700, 3000)
    assert -20 < place_level(there, 2.1, 3.9, 150.0) - voice < -8


def test_places_do_not_click(there: np.ndarray) -> None:
    """Neither where one gives way to the next, nor where it is played again: nothing is heard above its pitch."""
    for begin, end in ((0.2, 1.8), (4.3, 4.9), (7.3, 9.3)):
        assert level(there, begin, end, 4000, 16_000) < place_level(there, 1.0, 1.9, 150.0) - 45


def test_a_place_without_sound_is_refused(tmp_path: Path) -> None:
    """Silence cannot be brought to a level."""
    silent = Ambience(write(tmp_path / "silent.wav", np.zeros(RATE)), 0.0, 4.0)
    with pytest.raises(Refused, match="holds no sound"):
        soundtrack(
            SoundtrackRequest(voices_in(tmp_path), None, 0.0, SECONDS, (silent,), 0.2), Workspace(tmp_path)
        )


def test_places_at_no_volume_change_nothing(tmp_path: Path) -> None:
    """Byte for byte."""
    voices = voices_in(tmp_path)
    place = Ambience(write(tmp_path / "place.wav", tone(1.3)), 0.0, 4.0)
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    plain = soundtrack(SoundtrackRequest(voices, None, 0.0, SECONDS), Workspace(tmp_path / "one"))
    mute = soundtrack(
        SoundtrackRequest(voices, None, 0.0, SECONDS, (place,), 0.0), Workspace(tmp_path / "two")
    )
    assert plain.file.read_bytes() == mute.file.read_bytes()


# --- videos -------------------------------------------------------------------------------------------------------


def video(folder: Path, name: str, sound: list[str]) -> Path:
    source = ["-f", "lavfi", "-i", "testsrc2=size=64x36:rate=10:duration=3", *sound]
    ffmpeg([*source, "-pix_fmt", "yuv420p", name], Workspace(folder))
    return folder / name


def test_a_videos_own_sound_ends_with_its_segment(film: Film, tmp_path: Path) -> None:
    """Below the voice, as loud as wanted; heard while it is seen, nowhere else."""
    tones = ["-f", "lavfi", "-i", "sine=frequency=150:duration=3"]
    heard_video = HeardVideo(video(tmp_path, "loud.mp4", tones), 5.0, 9.0, 0.2)
    request = SoundtrackRequest(film.voices, None, 0.0, SECONDS, videos=(heard_video,))
    sound = heard(soundtrack(request, Workspace(tmp_path)))
    inside, voice = (level(sound, 7.3, 8.6, low, high) for low, high in ((140, 160), (700, 3000)))
    assert (
        inside > place_level(sound, 3, 4.5, 150.0) + 30 and inside > place_level(sound, 9.5, 11, 150.0) + 30
    )
    assert inside > voice
    spoken = level(sound, 2.1, 3.9, 700, 3000)
    assert -20 < inside - spoken < -8
    assert loudest_click(sound) < -80


def test_a_silent_video_changes_nothing(tmp_path: Path) -> None:
    """Byte for byte."""
    voices = voices_in(tmp_path)
    silent = HeardVideo(video(tmp_path, "silent.mp4", []), 0.0, 4.0, 0.5)
    files = []
    for name, videos in (("one", ()), ("two", (silent,))):
        (tmp_path / name).mkdir()
        request = SoundtrackRequest(voices, None, 0.0, SECONDS, videos=videos)
        files.append(soundtrack(request, Workspace(tmp_path / name)).file)
    assert files[0].read_bytes() == files[1].read_bytes()

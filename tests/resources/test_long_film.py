"""A long film: after sixty segments picture and sound still end together, every voice is in place, and no joint clicks."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from movie_assets.core.ports import FilmRequest, Frame, SoundtrackRequest, Voice, Workspace
from movie_assets.core.timeline import Timeline, timeline_of
from resources.ffmpeg import ffmpeg
from resources.film import film
from resources.probe import decode_sound, probe
from resources.soundtrack import measure_loudness, soundtrack

pytestmark = pytest.mark.heavy

SEGMENTS, FPS, RATE = 60, 30, 48_000
PAUSES = [0.2 if number % 3 else 0.45 for number in range(SEGMENTS)]
LENGTHS = [
    0.611 + 0.137 * (number % 7) for number in range(SEGMENTS)
]  # of no whole number of frames or AAC blocks
HERTZ = 700.0


@pytest.fixture(scope="module")
def plan() -> Timeline:
    return timeline_of(LENGTHS, PAUSES, FPS)


@pytest.fixture(scope="module")
def sound(plan: Timeline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty voices: tones that begin and end at full level, as a click would have it."""
    folder = tmp_path_factory.mktemp("sound")
    voices = []
    for number, segment in enumerate(plan.segments):
        path, count = folder / f"{number}.wav", round(segment.voice_seconds * RATE)
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, RATE, 0, "NONE", ""))
            wave_form = np.cos(2 * np.pi * HERTZ * np.arange(count) / RATE)
            file.writeframes((9000 * wave_form).astype("<i2").tobytes())
        voices.append(Voice(path, segment.voice_start, segment.voice_seconds))
    return soundtrack(SoundtrackRequest(tuple(voices), None, 0.0, plan.seconds), Workspace(folder)).file


def test_picture_and_sound_end_together(plan: Timeline, sound: Path, tmp_path: Path) -> None:
    """Within one frame, joined from sixty clips."""
    coding = [
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-g",
        "1000",
        "-video_track_timescale",
        f"{FPS * 1000}",
    ]
    clips = []
    for length in sorted({segment.frames for segment in plan.segments}):
        source = ["-f", "lavfi", "-i", f"testsrc2=size=64x36:rate={FPS}", "-pix_fmt", "yuv420p"]
        ffmpeg([*source, "-frames:v", str(length), *coding, f"{length}.mp4"], Workspace(tmp_path))
    clips = [tmp_path / f"{segment.frames}.mp4" for segment in plan.segments]
    joined = film(
        FilmRequest(tuple(clips), sound, None, "en", "Long", Frame(64, 36, FPS)), Workspace(tmp_path)
    )
    media = probe(joined.file)
    assert media.video is not None and media.sound is not None
    assert media.video.frames == plan.frames
    assert abs(media.sound.seconds - plan.frames / FPS) < 1 / FPS


def test_nothing_drifts_and_nothing_clicks(plan: Timeline, sound: Path) -> None:
    """Each voice is heard within 2 ms of when it should be, the last as the first; and where it begins and ends the
    sound steps by no more than the tone itself does.
    """
    samples = decode_sound(sound)[0][:, 0]
    loud = float(np.abs(samples).max())
    steepest = float(np.abs(np.diff(samples, n=2)).max())
    assert steepest < 1.5 * loud * (2 * np.pi * HERTZ / RATE) ** 2
    for segment in plan.segments:
        begin, end = (
            round(at * RATE) for at in (segment.voice_start, segment.voice_start + segment.voice_seconds)
        )
        around = np.abs(samples[begin - 2400 : end + 2400]) > loud / 4
        heard = np.flatnonzero(around) + begin - 2400
        assert abs(heard[0] - begin) < 0.004 * RATE and abs(heard[-1] - end) < 0.004 * RATE
        assert np.abs(samples[max(0, begin - 960) : max(0, begin - 480)]).max(initial=0.0) < loud / 100


def test_it_is_as_loud_as_any_film(sound: Path, tmp_path: Path) -> None:
    """-16 LUFS within 0.5, below -1.5 dBTP."""
    found = measure_loudness(sound, Workspace(tmp_path))
    assert found.integrated == pytest.approx(-16, abs=0.5)
    assert found.true_peak <= -1.5

"""Word times that nobody told: found by laying a recording against the offline voice, or spread and said to be."""

from __future__ import annotations

import runpy
import wave
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from movie_assets.core.artefact import Name
from movie_assets.core.ports import Heard, ListenRequest, Workspace
from resources.alignment import Aligner
from resources.instant import InstantPorts
from resources.probe import probe
from resources.studio import Studio
from resources.warping import Rows, frames_of, hop_for, voiced, warp

ROOT = Path(__file__).resolve().parents[2]
RATE = 16_000
Bench = dict[str, Callable[..., Any]]


@pytest.fixture(scope="module")
def bench() -> Any:
    """The samples that bench/alignment.py measures."""
    return runpy.run_path(str(ROOT / "bench" / "alignment.py"))


def listen(sound: Path, text: str, language: str = "en", seconds: float | None = None) -> Heard:
    request = ListenRequest(sound, text, language, seconds or probe(sound).seconds)
    return Aligner().listen(request, Workspace(sound.parent / "scratch"))


def written(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


@pytest.mark.parametrize(("language", "speaker"), [("en", ("f2", 0.85, 60)), ("ar", ("m3", 1.3, 30))])
def test_it_is_far_better_than_spreading(bench: Any, tmp_path: Path, language: str, speaker: Any) -> None:
    """Another speaker, speed and pitch, played slower, in noise, with silence around: 5 times nearer at least."""
    text = bench["TEXTS"][language]
    sample = bench["sample"](tmp_path, language, text, *speaker, 0.9)
    seconds = probe(sample.sound).seconds
    heard = listen(sample.sound, text, language)
    aligned = bench["errors"](heard.words, sample.words)
    evenly = bench["errors"](bench["spread"](text, 0.0, seconds), sample.words)
    assert heard.how == "aligned"
    assert aligned.mean() < 60
    assert aligned.mean() < evenly.mean() / 5
    assert [word.text for word in heard.words] == text.split()
    assert all(0 <= word.start <= word.end <= seconds for word in heard.words)
    assert all(one.end <= after.start for one, after in pairwise(heard.words))


def test_another_text_is_not_aligned(bench: Any, tmp_path: Path) -> None:
    """A recording of something else has its words spread over what is heard of it, and says so."""
    sample = bench["sample"](tmp_path, "en", "The market opens before dawn. " * 4, "m3", 1.0, 50, 1.0)
    heard = listen(sample.sound, bench["TEXTS"]["en"])
    assert (heard.how, heard.because) == ("spread", "the recording is unlike its text")
    assert heard.words[-1].end <= probe(sample.sound).seconds


def test_a_language_without_an_offline_voice_is_spread_over_what_is_heard(tmp_path: Path) -> None:
    """The silence at either end belongs to no word."""
    tone = 0.5 * np.sin(np.arange(RATE * 2) * 0.3)
    sound = written(tmp_path / "tone.wav", np.concatenate([np.zeros(RATE), tone, np.zeros(RATE * 2)]))
    heard = listen(sound, "three small words", "tlh")
    assert heard.because == "the offline voice does not speak this language"
    assert heard.words[0].start == pytest.approx(1.0, abs=0.05)
    assert heard.words[-1].end == pytest.approx(3.0, abs=0.05)


@pytest.mark.parametrize(
    ("samples", "text"), [(np.zeros(RATE), "some words"), (np.ones(RATE) / 2, ""), (np.zeros(9), "a")]
)
def test_there_may_be_nothing_to_hear_or_to_say(tmp_path: Path, samples: np.ndarray, text: str) -> None:
    """Each word has a time all the same."""
    heard = listen(written(tmp_path / "sound.wav", samples), text, seconds=1.0)
    assert heard.how == "spread"
    assert [word.text for word in heard.words] == text.split()
    assert all(0 <= word.start <= word.end <= 1.0 for word in heard.words)


def test_what_cannot_be_listened_to_is_no_failure(tmp_path: Path) -> None:
    """A narration that was paid for is not lost because its words cannot be found."""
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF and then nothing")
    heard = listen(broken, "two words", seconds=2.0)
    assert heard.how == "spread"
    assert "broken.wav" in heard.because
    assert [(word.start, word.end) for word in heard.words] == [(0.0, 0.8), (0.8, 2.0)]


# --- warping ----------------------------------------------------------------------------------------------------


def rows(seed: int, count: int) -> Rows:
    drawn = np.random.default_rng(seed).normal(size=(count, 26)).astype(np.float32)
    return Rows(drawn, np.zeros(count, bool), 0.02)


def test_a_recording_is_itself() -> None:
    """Row by row, at no cost."""
    path, unlike = warp(rows(1, 200), rows(1, 200))
    assert (path == np.arange(200)).all()
    assert unlike == pytest.approx(0, abs=1e-2)


@pytest.mark.parametrize("pace", [0.4, 0.7, 1.5, 2.5])
def test_another_pace_is_followed(pace: float) -> None:
    """Each row is found where it was put, and the path never goes back."""
    reference = rows(2, 300)
    taken = np.minimum(np.arange(int(300 / pace)) * pace, 299).astype(int)
    path, _ = warp(Rows(reference.rows[taken], reference.quiet[taken], 0.02), reference)
    assert np.abs(path - taken).mean() < 2
    assert (np.diff(path) >= 0).all()


def test_what_is_heard_has_a_begin_and_an_end() -> None:
    """Found in seconds, at any rate; long recordings are looked at less closely."""
    sound = np.concatenate([np.zeros(8000), np.sin(np.arange(16000) * 0.4), np.zeros(4000)])
    assert voiced(frames_of(sound, 8000, 0.02)) == pytest.approx((1.0, 3.0), abs=0.05)
    assert hop_for(30) == 0.02
    assert 3600 / hop_for(3600) <= 5000


# --- in a movie -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("file", "how", "calls"), [("", "told", 0), (", file: voice.wav", "spread", 1)])
def test_how_words_were_found_is_recorded(tmp_path: Path, file: str, how: str, calls: int) -> None:
    """A provider's own times are taken as told; a person's recording is listened to."""
    folder = tmp_path / "movies" / "tale"
    folder.mkdir(parents=True)
    (folder / "movie.yaml").write_text(
        f"title: T\nbrief: B\nsegments: 1\noverrides: {{0: {{narration: {{text: one two{file}}}}}}}\n"
    )
    written(folder / "voice.wav", np.zeros(RATE))
    ports = InstantPorts()
    movie = Studio(tmp_path, ports=ports).open("tale")
    production = movie.produce(movie.graph.named([Name("words", 0)]))
    production.begin()
    assert [outcome.error for outcome in production.outcomes() if outcome.error] == []
    (event,) = (e for e in movie.store.events.artefacts() if e.kind == "words" and e.status == "succeeded")
    assert event.diagnostics["words"] == how
    assert ports.calls["listen"] == calls

"""The offline composer: slow harmony, a motif and a room to play it in, without key or network."""

from __future__ import annotations

import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from movie_assets.core.digest import digest_of
from movie_assets.core.errors import Refused
from movie_assets.core.ports import ComposeRequest, Meta, Result, Workspace
from resources import worker
from resources.offline.harmony import mood_of
from resources.offline.instruments import RATE, Samples, tone
from resources.offline.score import Note, Score

__all__ = ["OfflineComposer"]

_FADE = 1.5
_ECHO = 2.8
_WET = 0.34
_LOUD = 0.11
_PEAK = 0.68
_LONGEST = 3600.0


class OfflineComposer:
    """Composes instrumental music in the mood a prompt names; the same request always sounds the same."""

    def compose(self, request: ComposeRequest, at: Workspace) -> Result:
        """A WAV of exactly `seconds`, 48 kHz, stereo, 16 bit, peaking below -3 dBFS; beyond an hour is `Refused`."""
        if not 0 < request.seconds <= _LONGEST:
            raise Refused("music may last up to an hour", seconds=request.seconds)
        seed = digest_of({"prompt": request.prompt, "settings": dict(request.settings), "take": request.take})
        started = time.monotonic()
        job = {"prompt": request.prompt, "seconds": request.seconds, "seed": seed, "file": "music.wav"}
        worker.call(__name__, job, at)
        meta = Meta(provider="offline", model="score", cost=0.0, seconds=time.monotonic() - started)
        return Result(at.scratch / "music.wav", "audio/wav", meta)


def _answer(job: dict[str, Any]) -> dict[str, Any]:
    rng = np.random.default_rng(int(job["seed"][:12], 16))
    score = Score(mood_of(job["prompt"]), max(job["seconds"], 1.0), rng)
    raw, file = Path(job["file"] + ".raw"), Path(job["file"])
    frames = round(job["seconds"] * RATE)
    # Two passes over a file, not a list: an hour of music would fill the memory.
    peak, power = _played(score, rng, frames, raw)
    _written(raw, file, frames, min(_LOUD / max(power**0.5, 1e-6), _PEAK / max(peak, 1e-6)))
    raw.unlink()
    return {}


def _played(score: Score, rng: np.random.Generator, frames: int, raw: Path) -> tuple[float, float]:
    """Plays the score into a file of floats; its peak and mean power."""
    peak, power = 0.0, 0.0
    with raw.open("wb") as out:
        for block in _echoed(_phrases(score, frames), _room(rng)):
            peak = max(peak, float(np.abs(block).max(initial=0)))
            power += float((block.astype(np.float64) ** 2).sum())
            out.write(block.tobytes())
    return peak, power / (2 * frames)


def _written(raw: Path, file: Path, frames: int, gain: float) -> None:
    fade = max(min(_FADE, frames / RATE / 4), 1 / RATE)
    with raw.open("rb") as source, wave.open(str(file), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(RATE)
        for start in range(0, frames, RATE):
            block = np.frombuffer(source.read(min(RATE, frames - start) * 8), np.float32).reshape(-1, 2)
            time = (np.arange(start, start + len(block)) / RATE).astype(np.float32)
            ends = np.clip(np.minimum(time, frames / RATE - time) / fade, 0, 1)
            faded = block * (np.sin(ends * np.pi / 2) ** 2)[:, None] * np.float32(gain)
            out.writeframes(np.round(faded * 32767).astype("<i2").tobytes())


def _phrases(score: Score, frames: int) -> Iterator[Samples]:
    """The dry sound, phrase by phrase, `frames` samples in all; notes ring on into what follows."""
    ends = [round(frames * (number + 1) / score.phrases) for number in range(score.phrases)]
    ringing = np.zeros((0, 2), np.float32)
    for number, (start, end) in enumerate(zip([0, *ends], ends, strict=False)):
        sound = np.zeros((end - start + 7 * RATE, 2), np.float32)
        sound[: len(ringing)] += ringing[: len(sound)]
        for note in score.phrase(number):
            _play(sound, note, score.mood.bright)
        ringing = sound[end - start :]
        yield sound[: end - start]


def _play(sound: Samples, note: Note, bright: float) -> None:
    start = round(note.start * RATE)
    wave_form = tone(note.voice, note.pitch, round(note.length * RATE), bright)[: len(sound) - start]
    sides = np.array([1 - max(note.pan, 0), 1 + min(note.pan, 0)], np.float32) * np.float32(note.loud)
    sound[start : start + len(wave_form)] += wave_form * sides


def _room(rng: np.random.Generator) -> Samples:
    """A hall's answer to a clap: noise that dies away, its treble first."""
    length = int(_ECHO * RATE)
    time = np.arange(length, dtype=np.float32)[:, None] / RATE
    noise = rng.standard_normal((length, 2), np.float32)
    # Without the wide mean taken off, the bass would drown in its own echo.
    dull = _mean(noise, 24) - _mean(noise, 240)
    late = np.clip(time / 0.4, 0, 1)
    answer = (noise * (1 - late) * 0.5 + dull * np.sqrt(24) * (0.3 + 0.7 * late)) * np.exp(
        -time / (_ECHO / 5.5)
    )
    answer *= np.clip((time - 0.012) / 0.02, 0, 1)
    return np.asarray(answer / np.sqrt((answer**2).sum(axis=0)), np.float32)


def _mean(noise: Samples, width: int) -> Samples:
    total = np.cumsum(np.pad(noise, ((width, 0), (0, 0))), axis=0, dtype=np.float64)
    return ((total[width:] - total[:-width]) / width).astype(np.float32)


def _echoed(blocks: Iterator[Samples], room: Samples) -> Iterator[Samples]:
    """Adds the room to the dry sound, block by block, by overlapping FFT convolutions."""
    tail = np.zeros((len(room), 2), np.float32)
    for block in blocks:
        size = 1 << (len(block) + len(room) - 1).bit_length()
        spectrum = np.fft.rfft(block, size, axis=0) * np.fft.rfft(room, size, axis=0)
        wet = np.fft.irfft(spectrum, size, axis=0)[: len(block) + len(room)].astype(np.float32)
        wet[: len(tail)] += tail[: len(wet)]
        tail = np.zeros((len(room), 2), np.float32)
        tail[: len(wet) - len(block)] = wet[len(block) :]
        yield block + np.float32(_WET) * wet[: len(block)]


if __name__ == "__main__":
    worker.serve(_answer)

"""The offline sound of places: wind, surf, rain, birds and more, made of noise, without key or network."""

from __future__ import annotations

import re
import time
import wave
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from movie_assets.core.digest import digest_of
from movie_assets.core.errors import Refused
from movie_assets.core.ports import Meta, Result, SurroundRequest, Workspace
from resources import worker

__all__ = ["OfflineSurrounder"]

_RATE = 48_000
_LONGEST = 120.0
_LOUD, _PEAK = 0.1, 0.7

Samples: TypeAlias = NDArray[np.float64]
_Layer: TypeAlias = Callable[[np.random.Generator, int], Samples]


class OfflineSurrounder:
    """Plays what a prompt names of wind, water, weather, animals and people; else the quiet of a room."""

    def surround(self, request: SurroundRequest, at: Workspace) -> Result:
        """A WAV of exactly `seconds`, 48 kHz, stereo, whose end goes on with its beginning; beyond 2 min `Refused`."""
        if not 0.5 <= request.seconds <= _LONGEST:
            raise Refused(
                "the sound of a place may last from half a second to two minutes", seconds=request.seconds
            )
        seed = digest_of({"prompt": request.prompt, "settings": dict(request.settings), "take": request.take})
        started = time.monotonic()
        job = {"prompt": request.prompt, "seconds": request.seconds, "seed": seed, "file": "ambience.wav"}
        worker.call(__name__, job, at)
        meta = Meta(provider="offline", model="noise", cost=0.0, seconds=time.monotonic() - started)
        return Result(at.scratch / "ambience.wav", "audio/wav", meta)


def _answer(job: dict[str, Any]) -> dict[str, Any]:
    rng = np.random.default_rng(int(job["seed"][:12], 16))
    frames = round(job["seconds"] * _RATE)
    sound = sum((layer(rng, frames) for layer in _layers(job["prompt"])), np.zeros((frames, 2)))
    loud = _LOUD / max(float(np.sqrt(np.mean(sound**2))), 1e-9)
    sound *= min(loud, _PEAK / max(float(np.abs(sound).max()), 1e-9))
    with wave.open(job["file"], "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(_RATE)
        out.writeframes(np.round(sound * 32767).astype("<i2").tobytes())
    return {"layers": len(_layers(job["prompt"]))}


def _layers(prompt: str) -> list[_Layer]:
    """What a prompt names, in the order of the table."""
    words = set(re.findall(r"[^\W\d_]+", prompt.casefold()))
    stems = words | {word[:-1] for word in words if word.endswith("s")}
    return [layer for names, layer in _PLACES.items() if stems & set(names.split())] or [_room]


# --- noise, as long as it is periodic: what ends goes on where it began -------------------------------------------


def _noise(rng: np.random.Generator, frames: int, low: float, high: float, tilt: float = 0.0) -> Samples:
    """Noise between two frequencies in Hz, falling by `tilt` (0.5 is pink), of mean square 1."""
    pitch = np.fft.rfftfreq(frames, 1 / _RATE)[1:, None]
    shape = pitch**-tilt / (1 + (low / pitch) ** 4) / (1 + (pitch / high) ** 4)
    white = rng.standard_normal((len(pitch), 2, 2)) @ np.array([1, 1j])
    spectrum = np.concatenate([np.zeros((1, 2)), shape * white])
    sound: Samples = np.fft.irfft(spectrum, frames, axis=0)
    return sound / max(float(np.sqrt(np.mean(sound**2))), 1e-12)


def _swell(rng: np.random.Generator, frames: int, per_second: float, depth: float) -> Samples:
    """A loudness that comes and goes, about so often; `depth` 1 is a swing of 9 dB up and down."""
    count = max(2, round(frames / _RATE * per_second))
    knots = rng.standard_normal(count)
    spectrum = np.fft.rfft(knots)
    whole = np.zeros(frames // 2 + 1, complex)
    whole[: len(spectrum)] = spectrum
    slow = np.fft.irfft(whole, frames) * frames / count
    swell: Samples = np.exp(np.clip(depth * slow, -3, 1.5))[:, None]
    return swell


def _strewn(
    rng: np.random.Generator, frames: int, per_second: float, grain: Callable[[], Samples]
) -> Samples:
    """Grains of sound here and there, at any place between left and right."""
    sound = np.zeros((frames, 2))
    for _ in range(max(1, rng.poisson(frames / _RATE * per_second))):
        heard, side = grain()[:frames], rng.uniform(0.15, 0.85)
        at = (rng.integers(frames) + np.arange(len(heard))) % frames
        sound[at] += heard[:, None] * np.sqrt([1 - side, side]) * rng.uniform(0.3, 1.0)
    return sound


# --- what is heard ------------------------------------------------------------------------------------------------


def _wind(rng: np.random.Generator, frames: int) -> Samples:
    low = _noise(rng, frames, 80, 350, 0.5) * _swell(rng, frames, 0.5, 0.6)
    return low + 0.35 * _noise(rng, frames, 400, 900, 0.5) * _swell(rng, frames, 0.8, 0.9)


def _surf(rng: np.random.Generator, frames: int) -> Samples:
    """Each wave rolls in, breaks, and hisses back."""
    waves = max(1, round(frames / _RATE / 5.5))
    phase = (np.arange(frames) / frames * waves + rng.random()) % 1
    breaking = np.where(phase < 0.35, (phase / 0.35) ** 2, ((1 - phase) / 0.65) ** 1.6)[:, None]
    hiss = np.roll(breaking, _RATE // 3, axis=0)
    return (
        0.5 * _noise(rng, frames, 40, 200, 0.5)
        + 1.3 * breaking * _noise(rng, frames, 120, 1200, 0.4)
        + 0.5 * hiss**2 * _noise(rng, frames, 1500, 7000)
    )


def _stream(rng: np.random.Generator, frames: int) -> Samples:
    def bubble() -> Samples:
        moments = np.arange(round(rng.uniform(0.02, 0.06) * _RATE)) / _RATE
        rising = rng.uniform(400, 1500) * (1 + 4 * moments)
        drop: Samples = (
            np.sin(2 * np.pi * rising * moments) * np.exp(-moments * 70) * np.minimum(1, moments * 800)
        )
        return drop

    return 0.6 * _noise(rng, frames, 350, 3500, 0.3) + 1.2 * _strewn(rng, frames, 40, bubble)


def _rain(rng: np.random.Generator, frames: int) -> Samples:
    def drop() -> Samples:
        moments = np.arange(_RATE // 100) / _RATE
        tick: Samples = rng.standard_normal(len(moments)) * np.exp(-moments * rng.uniform(500, 1500))
        return tick

    hiss = _noise(rng, frames, 900, 9000, 0.2) * _swell(rng, frames, 0.3, 0.15)
    return hiss + 0.3 * _noise(rng, frames, 100, 600, 0.5) + 2.0 * _strewn(rng, frames, 60, drop)


def _thunder(rng: np.random.Generator, frames: int) -> Samples:
    at = (np.arange(frames) + rng.integers(frames)) % frames / _RATE
    roll = (np.minimum(1, at / 0.3) * np.exp(-at / 1.8))[:, None]
    return 3 * roll * _noise(rng, frames, 30, 120, 0.8) * _swell(rng, frames, 4, 0.5)


def _birds(rng: np.random.Generator, frames: int) -> Samples:
    singers = [(rng.uniform(2200, 5200), rng.uniform(0.06, 0.16), rng.integers(2, 6)) for _ in range(4)]

    def song() -> Samples:
        pitch, length, notes = singers[rng.integers(len(singers))]
        moments = np.arange(round(length * _RATE)) / _RATE
        bend = 1 + rng.uniform(-0.25, 0.25) * moments / length
        note = np.sin(2 * np.pi * pitch * np.cumsum(bend) / _RATE) * np.sin(np.pi * moments / length) ** 2
        pause = np.zeros(round(length * 0.6 * _RATE))
        heard: Samples = np.tile(np.concatenate([note, pause]), int(notes))
        return heard

    return 0.25 * _noise(rng, frames, 150, 900, 0.6) + 1.6 * _strewn(rng, frames, 0.9, song)


def _insects(rng: np.random.Generator, frames: int) -> Samples:
    seconds, sound = frames / _RATE, np.zeros((frames, 2))
    turns = np.arange(frames) / frames
    for _ in range(3):
        pitch, beat = round(rng.uniform(3900, 5200) * seconds), round(rng.uniform(14, 22) * seconds)
        chirr = np.sin(2 * np.pi * pitch * turns) * np.clip(np.sin(2 * np.pi * beat * turns), 0, 1) ** 2
        sound += chirr[:, None] * rng.uniform(0.3, 1.0, 2) * _swell(rng, frames, 0.7, 0.7)
    return 0.6 * sound + 0.2 * _noise(rng, frames, 100, 800, 0.6)


def _leaves(rng: np.random.Generator, frames: int) -> Samples:
    return 0.6 * _noise(rng, frames, 1200, 6000, 0.3) * _swell(rng, frames, 0.9, 0.7) + 0.4 * _wind(
        rng, frames
    )


def _forest(rng: np.random.Generator, frames: int) -> Samples:
    return _leaves(rng, frames) + 0.8 * _birds(rng, frames)


def _city(rng: np.random.Generator, frames: int) -> Samples:
    """A rumble, and cars that pass."""
    passing = _swell(rng, frames, 0.35, 0.9)
    return _noise(rng, frames, 40, 180, 0.6) + 0.6 * passing * _noise(rng, frames, 200, 1400, 0.6)


def _people(rng: np.random.Generator, frames: int) -> Samples:
    """A murmur without words: bands of the voice that come and go like syllables."""
    sound = 0.3 * _noise(rng, frames, 120, 500, 0.5)
    for low, high in ((200, 400), (450, 800), (900, 1500), (1800, 2800)):
        sound += (200 / low) ** 0.5 * _noise(rng, frames, low, high) * _swell(rng, frames, 4.5, 0.8)
    return sound


def _fire(rng: np.random.Generator, frames: int) -> Samples:
    def crackle() -> Samples:
        moments = np.arange(_RATE // 50) / _RATE
        snap: Samples = rng.standard_normal(len(moments)) * np.exp(-moments * rng.uniform(300, 2500))
        return snap

    return 0.7 * _noise(rng, frames, 60, 350, 0.5) * _swell(rng, frames, 2, 0.4) + 3 * _strewn(
        rng, frames, 12, crackle
    )


def _engine(rng: np.random.Generator, frames: int) -> Samples:
    turns, cycles = np.arange(frames) / frames, round(27 * frames / _RATE)
    hum = sum((np.sin(2 * np.pi * cycles * part * turns) / part for part in range(1, 9)), np.zeros(frames))
    return 0.8 * hum[:, None] * _swell(rng, frames, 0.5, 0.1) + 0.7 * _noise(rng, frames, 60, 500, 0.6)


def _room(rng: np.random.Generator, frames: int) -> Samples:
    return _noise(rng, frames, 50, 600, 0.7) + 0.15 * _noise(rng, frames, 800, 5000, 0.5)


_PLACES: Mapping[str, _Layer] = {
    "surf sea ocean wave beach shore coast tide": _surf,
    "stream river brook creek waterfall fountain rapid": _stream,
    "rain drizzle downpour storm shower": _rain,
    "thunder thunderstorm lightning": _thunder,
    "wind breeze gale storm desert mountain snow blizzard steppe tundra summit": _wind,
    "forest wood jungle rainforest park": _forest,
    "leaf leave grass reed meadow tree": _leaves,
    "bird birdsong gull finch songbird dawn garden": _birds,
    "cricket insect cicada night grasshopper": _insects,
    "city street traffic road car town urban harbour": _city,
    "crowd market people cafe café restaurant audience station": _people,
    "fire campfire fireplace hearth crackling": _fire,
    "engine machine factory spaceship ship train aeroplane airplane motor": _engine,
    "room indoor office studio library quiet silence": _room,
}


if __name__ == "__main__":
    worker.serve(_answer)

"""Single notes as sound: pad, strings, piano, bell, pluck, bass and drum, all made of sines."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["RATE", "Samples", "tone"]

Samples: TypeAlias = NDArray[np.floating[Any]]

RATE = 48_000
_TABLE = 4096


@functools.lru_cache(maxsize=160)
def tone(voice: str, pitch: int, length: int, bright: float) -> Samples:
    """A note of `length` samples with its release after them, shape (samples, 2), about -1 to 1, silent at both ends."""
    return _VOICES[voice](440.0 * 2 ** ((pitch - 69) / 12), length, bright)


def _pad(hertz: float, length: int, bright: float) -> Samples:
    return _bowed(hertz, length, bright * 0.7, attack=1.1, release=1.8, detune=0.0032)


def _strings(hertz: float, length: int, bright: float) -> Samples:
    return _bowed(hertz, length, 0.35 + 0.65 * bright, attack=0.32, release=0.9, detune=0.0045)


def _bowed(hertz: float, length: int, bright: float, attack: float, release: float, detune: float) -> Samples:
    total = length + int(release * RATE)
    time = np.arange(total, dtype=np.float32) / RATE
    table = _cycle(hertz, bright)
    sides = []
    for number, shift in enumerate((-detune, detune)):
        slow = np.sin(2 * np.pi * (0.19 + 0.05 * number) * time) * np.float32(0.05 * hertz / 200)
        # Both sides share the middle voice, so that the sound holds together on one loudspeaker.
        turns = [
            ((hertz * (1 + s)) * time + slow, share)
            for s, share in ((0, 0.5), (shift, 0.3), (-0.6 * shift, 0.2))
        ]
        sides.append(
            sum(table[(turn % 1 * _TABLE).astype(np.int32)] * np.float32(share) for turn, share in turns)
        )
    breath = 1 + 0.1 * np.sin(2 * np.pi * 0.23 * time + hertz)
    shape = (breath * _swell(total, length, attack, release)).astype(np.float32)
    return np.stack(sides, 1).astype(np.float32) * shape[:, None]


@functools.lru_cache(maxsize=64)
def _cycle(hertz: float, bright: float) -> Samples:
    """One period with partials falling off; the brighter, the slower."""
    phase = np.arange(_TABLE) / _TABLE * 2 * np.pi
    count = max(1, min(24, int(7000 / hertz)))
    fall = 2.2 - 1.0 * bright
    wave = sum(np.sin(k * phase + 0.7 * k * k) * k**-fall for k in range(1, count + 1))
    cycle: Samples = (wave / np.abs(wave).max()).astype(np.float32)
    return cycle


def _swell(total: int, length: int, attack: float, release: float) -> Samples:
    rise = min(int(attack * RATE), length)
    shape = np.ones(total, np.float32)
    shape[:rise] = np.sin(np.linspace(0, np.pi / 2, rise, dtype=np.float32)) ** 2
    fall = total - length
    shape[length:] = np.cos(np.linspace(0, np.pi / 2, fall, dtype=np.float32)) ** 2
    return shape


def _struck(
    hertz: float, ratios: list[float], loud: list[float], decay: list[float], seconds: float
) -> Samples:
    """Partials that die away one by one, each a little to one side."""
    time = np.arange(int(seconds * RATE), dtype=np.float32) / RATE
    out = np.zeros((len(time), 2), np.float32)
    for number, (ratio, level, fall) in enumerate(zip(ratios, loud, decay, strict=True)):
        if hertz * ratio > 9000:
            continue
        wave = (
            np.sin(np.float32(2 * np.pi * hertz * ratio) * time)
            * np.exp(-time / np.float32(fall))
            * np.float32(level)
        )
        lean = 0.12 * (-1) ** number
        out += wave[:, None] * np.array([1 - lean, 1 + lean], np.float32)
    edge = int(0.004 * RATE)
    out[:edge] *= (0.5 - 0.5 * np.cos(np.linspace(0, np.pi, edge, dtype=np.float32)))[:, None]
    last = int(0.15 * RATE)
    out[-last:] *= (0.5 + 0.5 * np.cos(np.linspace(0, np.pi, last, dtype=np.float32)))[:, None]
    return out


def _piano(hertz: float, length: int, bright: float) -> Samples:
    ratios = [k * np.sqrt(1 + 0.0004 * k * k) for k in range(1, 9)]
    loud = [0.62 * k ** -(1.75 - 0.5 * bright) for k in range(1, 9)]
    ring = 1.9 * (220 / hertz) ** 0.45
    return _struck(
        hertz, ratios, loud, [ring / (1 + 0.42 * (k - 1)) for k in range(1, 9)], min(2.2 * ring, 4.5)
    )


def _bell(hertz: float, length: int, bright: float) -> Samples:
    ratios, loud = (
        [0.5, 1.0, 2.0, 2.76, 4.07, 5.4],
        [0.1, 0.6, 0.24, 0.13 * bright, 0.08 * bright, 0.05 * bright],
    )
    return _struck(hertz, ratios, loud, [1.6, 1.7, 1.1, 0.8, 0.45, 0.3], 4.2)


def _pluck(hertz: float, length: int, bright: float) -> Samples:
    ratios, loud = [1.0, 2.0, 3.0, 3.98, 6.1], [0.7, 0.26, 0.14 * bright, 0.16, 0.05 * bright]
    return _struck(hertz, ratios, loud, [0.42, 0.3, 0.2, 0.12, 0.08], 1.5)


def _bass(hertz: float, length: int, bright: float) -> Samples:
    total = length + int(0.5 * RATE)
    time = np.arange(total, dtype=np.float32) / RATE
    turn = np.float32(2 * np.pi * hertz) * time
    wave = np.sin(turn) + 0.22 * np.sin(2 * turn) + 0.07 * np.sin(3 * turn)
    mono = (wave * _swell(total, length, 0.12, 0.5) * 0.8).astype(np.float32)
    return np.stack([mono, mono], 1)


def _drum(hertz: float, length: int, bright: float) -> Samples:
    time = np.arange(int(1.3 * RATE), dtype=np.float32) / RATE
    turn = 2 * np.pi * (46 * time + 0.055 * 44 * (1 - np.exp(-time / 0.055)))
    skin = np.random.default_rng(7).standard_normal(len(time)).cumsum()
    skin = (skin - np.convolve(skin, np.ones(96) / 96, "same")) * np.exp(-time / 0.03) * 0.02
    wave = (
        (np.sin(turn) * np.exp(-time / 0.3) + skin)
        * np.clip(time / 0.006, 0, 1)
        * np.clip((1.3 - time) / 0.2, 0, 1)
    )
    return np.stack([wave, wave], 1).astype(np.float32)


_VOICES: dict[str, Callable[[float, int, float], Samples]] = {
    "pad": _pad,
    "strings": _strings,
    "piano": _piano,
    "bell": _bell,
    "pluck": _pluck,
    "bass": _bass,
    "drum": _drum,
}

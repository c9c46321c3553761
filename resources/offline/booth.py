"""What a recording booth does to a raw voice: tone, a room, level; in numpy, the same on every run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["RATE", "Recording", "Sound", "record"]

Sound: TypeAlias = NDArray[np.float64]

RATE = 48_000
_MARGIN = 0.05
_LEVEL = 10 ** (-20 / 20)
_PEAK = 10 ** (-1.5 / 20)
_BLOCK = 1024

# Chosen so that the default voice has the long-term spectrum of natural speech (Byrne et al. 1994) within 3 dB.
_TONE_HERTZ = (20, 60, 85, 105, 140, 200, 300, 2500, 3400, 4300, 5500, 8000, 11000)
_TONE_DECIBELS = (-60, -24, -8, -5, 1, 2, 0.5, 0, 4.5, 3, 0, 0, -3)


@dataclass(frozen=True, slots=True)
class Recording:
    """A finished voice at 48 kHz, mono, -1 to 1; moment t of the raw voice is at t - `shift` seconds."""

    samples: Sound
    shift: float


def record(raw: bytes, rate: int) -> Recording:
    """Makes 16 bit mono samples a recording of about -20 dBFS with 50 ms of quiet at either end."""
    margin = _samples(_MARGIN)
    dry = np.pad(_tone(np.frombuffer(raw, "<i2") / 32768, rate), margin)
    begin, end = _heard(dry)
    cut = max(0, begin - margin)
    voice = _level(_faded(_room(dry)[cut : end + margin]))
    return Recording(voice, (cut - margin) / RATE)


def _samples(seconds: float) -> int:
    return round(seconds * RATE)


def _tone(raw: Sound, rate: int) -> Sound:
    """Equalises without shifting phases, and resamples to 48 kHz, both in the spectrum."""
    unit = rate // math.gcd(rate, RATE)
    blocks = -(-(raw.size + unit) // (unit * _BLOCK)) * _BLOCK
    spectrum = np.fft.rfft(raw, blocks * unit)
    hertz = np.fft.rfftfreq(blocks * unit, 1 / rate)
    decibels = np.interp(np.log(np.maximum(hertz, 1)), np.log(_TONE_HERTZ), _TONE_DECIBELS)
    size = blocks * unit * RATE // rate
    shaped = np.fft.irfft(spectrum * 10 ** (decibels / 20), size) * (RATE / rate)
    return np.asarray(shaped[: math.ceil(raw.size * RATE / rate)])


def _smooth(power: Sound, seconds: float) -> Sound:
    """A centred moving mean."""
    half = _samples(seconds / 2)
    sums = np.concatenate([np.zeros(1), np.cumsum(np.pad(power, half))])
    mean: Sound = (sums[2 * half :] - sums[: -2 * half])[: power.size] / (2 * half)
    return mean


def _heard(sound: Sound) -> tuple[int, int]:
    """The first and the last sample (exclusive) that can be heard: 45 dB below the loudest or more."""
    power = _smooth(sound**2, 0.005)
    (loud,) = np.nonzero(power > power.max(initial=0) * 10**-4.5)
    return (int(loud[0]), int(loud[-1]) + 1) if loud.size else (0, sound.size)


def _room(sound: Sound) -> Sound:
    """A small furnished room: a noise tail of 0.25 s, 24 dB below the voice."""
    tail = np.random.default_rng(1835).standard_normal(_samples(0.25))
    seconds = np.arange(tail.size) / RATE
    tail *= np.exp(-seconds / 0.045) * np.clip((seconds - 0.006) / 0.004, 0, 1)
    tail = _smooth(tail, 0.0002)
    tail *= 10 ** (-24 / 20) / np.sqrt(np.sum(tail**2))
    tail[0] += 1
    size = _power_of_two(sound.size + tail.size)
    return np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(tail, size), size)[: sound.size + tail.size]


def _power_of_two(size: int) -> int:
    return 1 << (size - 1).bit_length()


def _faded(sound: Sound) -> Sound:
    """No click at either end."""
    count = min(_samples(_MARGIN), sound.size // 2)
    ramp = np.sin(np.linspace(0, math.pi / 2, count)) ** 2
    return np.concatenate(
        [sound[:count] * ramp, sound[count : sound.size - count], sound[sound.size - count :] * ramp[::-1]]
    )


def _level(sound: Sound) -> Sound:
    """-20 dBFS over what is heard; a peak that would clip is bent."""
    power = _smooth(sound**2, 0.05)
    active = power[power > power.max(initial=0) * 1e-3]
    if active.size == 0:
        return sound
    scaled = sound * (_LEVEL / math.sqrt(active.mean()))
    return np.where(np.abs(scaled) <= _PEAK / 2, scaled, _bent(scaled))


def _bent(sound: Sound) -> Sound:
    over = (np.abs(sound) - _PEAK / 2) / (_PEAK / 2)
    return np.asarray(np.sign(sound) * (_PEAK / 2) * (1 + np.tanh(np.maximum(over, 0))))

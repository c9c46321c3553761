"""Dynamic time warping: when what is said in one recording is said in another of the same words; numpy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Floats", "Rows", "frames_of", "hop_for", "voiced", "warp"]

Floats: TypeAlias = NDArray[np.float32]

_WINDOW = 0.025
_HOP = 0.02
_MOST_FRAMES = 4500
_BANDS, _CEPSTRA = 26, 13
_LOWEST, _HIGHEST = 100.0, 6500.0
_MASKED = 1e-4  # what is 40 dB below the loudest bands is taken for the room's noise
_QUIET = 1e-3
_STAY, _SKIP = 1.0, 2.0
_FASTEST = 3
"""A recording may be so many times as fast as the other, and as slow as it likes."""


@dataclass(frozen=True, slots=True)
class Rows:
    """A recording as cepstra with their slopes, one row per `hop` seconds, and which rows are quiet."""

    rows: Floats
    quiet: NDArray[np.bool_]
    hop: float

    def backwards(self) -> Rows:
        """The same sounds in an order that makes no sense."""
        return Rows(self.rows[::-1].copy(), self.quiet[::-1].copy(), self.hop)


def hop_for(seconds: float) -> float:
    """Seconds between rows, so that long recordings stay affordable: beyond a minute and a half they grow."""
    return max(_HOP, seconds / _MOST_FRAMES)


def frames_of(sound: NDArray[np.float64], rate: int, hop: float, throat: float = 1.0) -> Rows:
    """How a mono sound is heard: 13 mel cepstra of 25 ms each and their slopes, each of mean 0 and deviation 1.

    `throat` is by how much the speaker's resonances are taken to be higher than usual.
    """
    power = _mel_power(sound, rate, hop, throat)
    loud = power.sum(1)
    loudest = float(np.percentile(loud, 95))
    bands = np.log(power + float(np.percentile(power.max(1), 95)) * _MASKED + 1e-12)
    turns = np.cos(np.pi * np.arange(_CEPSTRA)[:, None] * (np.arange(_BANDS) + 0.5) / _BANDS)
    cepstra = _evened(bands @ turns.T)
    rows = np.hstack([cepstra, _evened(_slopes(cepstra))]).astype(np.float32)
    return Rows(rows, loud <= loudest * _QUIET, hop)


def voiced(heard: Rows) -> tuple[float, float]:
    """From when to when something is heard, in seconds."""
    (loud,) = np.nonzero(~heard.quiet)
    return (loud[0] * heard.hop, (loud[-1] + 1) * heard.hop) if loud.size else (0.0, 0.0)


def warp(sound: Rows, reference: Rows) -> tuple[NDArray[np.int64], float]:
    """For each row of a sound the row of the reference that it is, ascending, and how unlike they are on average.

    Quiet rows of the reference may be held and passed over freely, for pauses have any length.
    """
    held, passed = (np.where(reference.quiet, 0, price).astype(np.float32) for price in (_STAY, _SKIP))
    prices = [held, *(step * passed for step in range(_FASTEST))]
    steps = np.zeros((len(sound.rows), len(reference.rows)), np.uint8)
    total = np.full(_FASTEST + len(reference.rows), np.inf, np.float32)
    for number, unlike in enumerate(_distances(sound.rows, reference.rows)):
        if number == 0:
            total[_FASTEST] = unlike[0]
        else:
            total[_FASTEST:] = _least(total, prices, steps[number]) + unlike
    return _way_back(steps), float(total[-1]) / len(sound.rows)


def _least(total: Floats, prices: list[Floats], steps: NDArray[np.uint8]) -> Floats:
    """What it costs at least to come to each row of the reference, and by how many rows that is."""
    size = len(steps)
    best = total[_FASTEST:] + prices[0]
    for step, price in enumerate(prices[1:], 1):
        came = total[_FASTEST - step : _FASTEST - step + size] + price
        steps[came < best] = step
        np.minimum(best, came, out=best)
    return best


def _way_back(steps: NDArray[np.uint8]) -> NDArray[np.int64]:
    path = np.empty(len(steps), np.int64)
    at = steps.shape[1] - 1
    for row in range(len(steps) - 1, -1, -1):
        path[row] = at
        at -= int(steps[row, at])
    return path


def _distances(rows: Floats, others: Floats) -> NDArray[np.float32]:
    squares = (rows**2).sum(1)[:, None] + (others**2).sum(1)[None] - 2 * rows @ others.T
    return np.asarray(np.sqrt(np.maximum(squares, 0)), np.float32)


def _mel_power(sound: NDArray[np.float64], rate: int, hop: float, throat: float) -> NDArray[np.float64]:
    """Power in bands as wide as the ear's, row by row."""
    width = round(_WINDOW * rate)
    size = 1 << (width - 1).bit_length()
    starts = (np.arange(max(1, int(sound.size / rate / hop))) * hop * rate).astype(np.int64)
    lifted = np.append(sound, np.zeros(width + 1))
    lifted[1:] -= 0.97 * lifted[:-1].copy()
    window, bands = np.hanning(width), _bands(size, rate, throat)
    blocks = np.array_split(starts, max(1, len(starts) // 1000))
    spectra = (
        np.abs(np.fft.rfft(lifted[block[:, None] + np.arange(width)] * window, size)) for block in blocks
    )
    return np.concatenate([spectrum**2 @ bands.T for spectrum in spectra])


def _bands(size: int, rate: int, throat: float) -> NDArray[np.float64]:
    hertz = np.fft.rfftfreq(size, 1 / rate) / throat
    low, high = (2595 * np.log10(1 + edge / 700) for edge in (_LOWEST, _HIGHEST))
    edges = 700 * (10 ** (np.linspace(low, high, _BANDS + 2) / 2595) - 1)
    left, middle, right = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising, falling = (hertz - left) / (middle - left), (right - hertz) / (right - middle)
    return np.clip(np.minimum(rising, falling), 0, None)


def _slopes(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    padded = np.pad(rows, ((2, 2), (0, 0)), mode="edge")
    return padded[3:-1] - padded[1:-3] + 2 * (padded[4:] - padded[:-4])


def _evened(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    evened: NDArray[np.float64] = (rows - rows.mean(0)) / (rows.std(0) + 1e-9)
    return evened

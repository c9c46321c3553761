"""Voices over music, mixed block by block in 32 bit floats, so that a long film needs little memory."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from movie_assets.core.errors import Refused
from resources import worker
from resources.probe import Samples, probe, sound_blocks

__all__ = ["JOINT", "RATE", "VOICES"]

RATE = 48_000
VOICES = -20.0  # dB: their level in the mix, which is brought to its loudness later
JOINT = 3.0  # seconds over which music that is played again fades into its beginning

_BLOCK = 10 * RATE
_LEVEL = 10 ** (VOICES / 20)
_MOST_GAIN = 10 ** (20 / 20)
_DUCKED = 10 ** (-8 / 20)
_ATTACK, _RELEASE = 0.25, 0.6
_SHORTEST_SWELL = 1.5
_FADE_IN, _FADE_OUT = 1.0, 3.0
_RAMP = 0.005
_BLEND = 1.0  # over which one place gives way to the next
_LONGEST_LOOP = 120.0
_VIDEO_FADE = 0.3

_Span: TypeAlias = tuple[float, float]
_Curve: TypeAlias = NDArray[np.float64]


def _mix(order: dict[str, Any]) -> dict[str, Any]:
    """Writes `file`: interleaved stereo float32 at 48 kHz, exactly `samples` long."""
    total, spoken = order["samples"], [(start, start + duration) for _, start, duration in order["voices"]]
    music = _music(order, _merged(spoken)) if order["music"] and order["music_volume"] > 0 else None
    with Path(order["file"]).open("wb") as out:
        for begin in range(0, total, _BLOCK):
            block = np.zeros((min(_BLOCK, total - begin), 2), np.float32)
            if music is not None:
                block += next(music)[: len(block)]
            for place in order["ambiences"] if order["ambience_volume"] > 0 else ():
                _add_place(block, begin, total, order["ambience_volume"], *place)
            for video in order["videos"]:
                _add_video(block, begin, *video)
            for (file, _, _), span in zip(order["voices"], spoken, strict=True):
                _add_voice(block, begin, file, span)
            out.write(block.astype("<f4").tobytes())
    return {}


# --- voices -----------------------------------------------------------------------------------------------------


def _add_voice(block: Samples, begin: int, file: str, span: _Span) -> None:
    """Adds what of a voice falls into the block that begins at this sample of the film."""
    first, last = (round(moment * RATE) for moment in span)
    if first >= begin + len(block) or last <= begin:
        return
    voice = _voice(file, last - first)
    heard = voice[max(0, begin - first) : begin + len(block) - first]
    at = max(0, first - begin)
    block[at : at + len(heard)] += heard


@lru_cache(maxsize=4)
def _voice(file: str, samples: int) -> Samples:
    """A voice at the level of all voices, cut to its length without a click."""
    sound = np.concatenate([np.zeros((0, 2), np.float32), *_stereo(Path(file))])[:samples]
    ramp = np.clip((np.arange(len(sound), dtype=np.float32) + 1) / (_RAMP * RATE), 0, 1)[:, None]
    level = np.float32(_gain_to(_LEVEL, [sound]))
    return np.asarray(sound * ramp * ramp[::-1] * level, np.float32)


# --- places -----------------------------------------------------------------------------------------------------


def _add_place(
    block: Samples, begin: int, total: int, volume: float, file: str, start: float, end: float
) -> None:
    """Adds what of a place falls into a block: looped, and blending with what is heard before and after it."""
    moments = (np.arange(len(block)) + begin) / RATE
    rising = (moments - max(start - _BLEND / 2, 0)) / _BLEND
    falling = (min(end + _BLEND / 2, total / RATE) - moments) / _BLEND
    presence = np.minimum(rising, falling)
    if presence.max() <= 0:
        return
    loop, gain = _loop(file, volume)
    played = loop[(begin + np.arange(len(block))) % len(loop)]
    block += played * (gain * _eased(presence)).astype(np.float32)[:, None]


@lru_cache(maxsize=4)
def _loop(file: str, volume: float) -> tuple[Samples, float]:
    """A sound whose end goes on with its beginning, and its gain; of a long one the first two minutes."""
    path, most = Path(file), int(_LONGEST_LOOP * RATE)
    sound = np.concatenate([np.zeros((0, 2), np.float32), *_first(_stereo(path), most)])[:most]
    gain = _gain_to(_LEVEL * volume, [sound])
    if len(sound) < 0.1 * RATE or gain == 0:
        raise Refused(f"{path.name} holds no sound", next_step="use a file with at least 0.1 s of sound")
    joint = int(min(JOINT, len(sound) / RATE / 4) * RATE)
    angle = np.linspace(0, math.pi / 2, joint, dtype=np.float32)[:, None]
    blended = sound[:joint] * np.sin(angle) + sound[-joint:] * np.cos(angle)
    return np.concatenate([blended, sound[joint:-joint]]), gain


def _first(blocks: Iterable[Samples], samples: int) -> Iterator[Samples]:
    """As many blocks as it takes to have so many samples."""
    for block in blocks:
        yield block
        samples -= len(block)
        if samples <= 0:
            return


# --- videos -----------------------------------------------------------------------------------------------------


def _add_video(block: Samples, begin: int, file: str, start: float, end: float, volume: float) -> None:
    """Adds what of a video's own sound falls into a block; it ends with its segment, as its picture does."""
    first, last = round(start * RATE), round(end * RATE)
    if first >= begin + len(block) or last <= begin:
        return
    sound = _video(file, last - first, volume)
    first = last - len(sound)
    heard = sound[max(0, begin - first) : max(0, begin + len(block) - first)]
    at = max(0, first - begin)
    block[at : at + len(heard)] += heard


@lru_cache(maxsize=4)
def _video(file: str, samples: int, volume: float) -> Samples:
    """The end of a video's sound at a level below the voices', faded in and out; nothing of a silent one."""
    path = Path(file)
    blocks = _stereo(path) if probe(path).sound else ()
    sound = np.concatenate([np.zeros((0, 2), np.float32), *blocks])[-samples:]
    gain = _gain_to(_LEVEL * volume, [sound])
    moments = (np.arange(len(sound)) + 1) / RATE
    ends = _eased(np.minimum(moments, moments[::-1]) / _VIDEO_FADE)
    return np.asarray(sound * (gain * ends).astype(np.float32)[:, None], np.float32)


# --- music ------------------------------------------------------------------------------------------------------


def _music(order: dict[str, Any], spoken: Sequence[_Span]) -> Iterator[Samples]:
    """The music of the film in blocks: looped, faded, and lower where someone speaks."""
    path, seconds = Path(order["music"]), order["samples"] / RATE
    play = partial(_stereo, path)
    gain = _gain_to(_LEVEL * order["music_volume"], play())
    for index, block in enumerate(_chunks(_looped(play, _joint(path, gain)), _BLOCK)):
        moments = (np.arange(len(block)) + index * _BLOCK) / RATE
        curve = gain * _duck(moments, spoken) * _fade(moments, seconds)
        yield block * curve.astype(np.float32)[:, None]


def _joint(path: Path, gain: float) -> int:
    """Over how many samples a piece fades into its own beginning."""
    sound = probe(path).sound
    if sound is None or sound.seconds < 0.1 or gain == 0:
        raise Refused(f"{path.name} holds no music", next_step="use a file with at least 0.1 s of sound")
    return int(min(JOINT, sound.seconds / 4) * RATE)


def _looped(play: Callable[[], Iterator[Samples]], joint: int) -> Iterator[Samples]:
    """Plays a piece over and over, its last `joint` samples fading into its first."""
    angle = np.linspace(0, math.pi / 2, joint, dtype=np.float32)[:, None]
    ending: Samples | None = None
    while True:
        held = np.zeros((0, 2), np.float32)
        for block in _chunks(play(), RATE):
            held = np.concatenate([held, block])
            if ending is not None and len(held) >= joint:
                held[:joint] = held[:joint] * np.sin(angle) + ending * np.cos(angle)
                ending = None
            if ending is None and len(held) > joint:
                yield held[:-joint]
                held = held[-joint:]
        ending = held


def _merged(spans: Sequence[_Span]) -> list[_Span]:
    """Spans in order, those joined between which music had no time to swell."""
    merged: list[_Span] = []
    for begin, end in sorted(spans):
        if merged and begin - merged[-1][1] < _SHORTEST_SWELL:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    return merged


def _duck(moments: _Curve, spoken: Sequence[_Span]) -> _Curve:
    """The music's gain: 1 in the open, -8 dB under speech, which it makes room for before it begins."""
    presence = np.zeros_like(moments)
    for begin, end in spoken:
        if begin - _ATTACK < moments[-1] and end + _RELEASE > moments[0]:
            rising = (moments - begin + _ATTACK) / _ATTACK
            falling = (end + _RELEASE - moments) / _RELEASE
            presence = np.maximum(presence, np.minimum(rising, falling))
    return 1 - (1 - _DUCKED) * _eased(presence)


def _fade(moments: _Curve, seconds: float) -> _Curve:
    rising = moments / min(_FADE_IN, seconds / 4)
    falling = (seconds - moments) / min(_FADE_OUT, seconds / 3)
    return _eased(np.minimum(rising, falling))


def _eased(ramp: _Curve) -> _Curve:
    eased: _Curve = np.sin(np.clip(ramp, 0, 1) * (math.pi / 2)) ** 2
    return eased


# --- sound in ---------------------------------------------------------------------------------------------------


def _stereo(path: Path) -> Iterator[Samples]:
    """A file's sound at 48 kHz in two channels; mono is the same on both."""
    sound = probe(path).sound
    mono = sound is not None and sound.channels == 1
    for block in sound_blocks(path, RATE, "mono" if mono else "stereo"):
        yield np.repeat(block, 2, axis=1) if mono else block


def _chunks(blocks: Iterable[Samples], size: int) -> Iterator[Samples]:
    """The same sound in blocks of one size; the last may be shorter."""
    waiting: list[Samples] = []
    for block in blocks:
        waiting.append(block)
        if sum(map(len, waiting)) >= size:
            joined = np.concatenate(waiting)
            whole = len(joined) - len(joined) % size
            yield from np.split(joined[:whole], whole // size)
            waiting = [joined[whole:]]
    if sum(map(len, waiting)):
        yield np.concatenate(waiting)


def _gain_to(level: float, sound: Iterable[Samples]) -> float:
    """What brings a sound to a level: the RMS of its slices of 0.1 s, without those 10 dB below the mean."""
    powers = np.array([float(np.mean(np.square(slice_))) for slice_ in _chunks(sound, RATE // 10)])
    loud = powers[powers > powers.mean() / 10] if powers.size else powers
    return min(level / math.sqrt(loud.mean()), _MOST_GAIN) if loud.size else 0.0


if __name__ == "__main__":
    worker.serve(_mix)

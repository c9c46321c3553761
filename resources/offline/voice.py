"""The offline voice: espeak-ng, taken into a recording booth; it knows exactly when each word is said."""

from __future__ import annotations

import re
import time
import wave
from collections.abc import Sequence
from typing import Any

import numpy as np

from movie_assets.core.errors import Refused
from movie_assets.core.ports import Meta, Result, SpeakRequest, Speech, Workspace
from movie_assets.core.words import Word
from resources import worker
from resources.offline import espeak
from resources.offline.booth import RATE, Recording, Sound, record
from resources.offline.espeak import Utterance
from resources.offline.reading import has_sound, reading
from resources.offline.timing import Span, timing
from resources.offline.voices import voice_of

__all__ = ["OfflineVoice", "spoken"]

_WORDS_PER_MINUTE = 140  # as espeak counts; about 140 are heard in prose of short sentences
_SLOWEST = 80
_GAPS = 20
_SILENCE = 0.5
_TAKES = (0, -6, 6, -3, 3)  # how much lower or higher another take is spoken


class OfflineVoice:
    """Speaks without key, network or cost; settings `voice` (`en-gb`, `de+f2`), `speed` 0.5-2, `pitch` 0-100."""

    def speak(self, request: SpeakRequest, at: Workspace) -> Speech:
        """Speaks a text at 48 kHz; `Refused` names an unknown voice with those like it."""
        begun = time.monotonic()
        voice, name = voice_of(str(request.settings.get("voice") or ""), request.language)
        words = request.text.split()
        file = at.scratch.absolute() / "narration.wav"
        order = {
            "words": words,
            "language": re.split("[-+]", name)[0],
            "voice": voice,
            "speed": _number(request, "speed", 1.0, 0.5, 2.0),
            "pitch": _pitch(request),
            "file": str(file),
        }
        answer = worker.call("resources.offline.voice", order, at)
        usage = {"characters": len(request.text)}
        meta = Meta("offline", f"espeak-ng {name}", usage=usage, cost=0.0, seconds=time.monotonic() - begun)
        times = zip(words, answer["times"], strict=True)
        return Speech(
            Result(file, "audio/wav", meta),
            tuple(Word(text, start, end) for text, (start, end) in times),
        )


# --- what is asked for ------------------------------------------------------------------------------------------


def _number(request: SpeakRequest, name: str, default: float, least: float, most: float) -> float:
    value = request.settings.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise Refused(f"{name} is {value!r}", next_step=f"use a number from {least} to {most}")
    return value


def _pitch(request: SpeakRequest) -> int:
    pitch = _number(request, "pitch", 50, 0, 100) + _TAKES[(request.take - 1) % len(_TAKES)]
    return min(100, max(0, round(pitch)))


# --- the child ------------------------------------------------------------------------------------------------


def _answer(order: dict[str, Any]) -> dict[str, Any]:
    said = reading(order["words"], order["language"])
    if not any(map(has_sound, said)):
        _write(order["file"], np.zeros(round(_SILENCE * RATE)))
        return {"times": [(0.0, 0.0)] * len(said)}
    utterance, spans = _said(said, order["voice"], order["speed"], order["pitch"])
    recording = record(utterance.samples, utterance.rate)
    _write(order["file"], recording.samples)
    return {"times": [_seconds(span, utterance.rate, recording) for span in spans]}


def spoken(words: list[str], language: str, voice: str) -> tuple[Utterance, list[Span]]:
    """A text as it comes from the voice itself, and from which sample to which each word is heard.

    Once per process; `Refused` where the text has no sound.
    """
    return _said(reading(words, language), voice, 1.0, 50)


def _said(said: Sequence[str], voice: str, speed: float, pitch: int) -> tuple[Utterance, list[Span]]:
    text, pace = " ".join(filter(None, said)), _pace(speed)
    utterance = espeak.say(text, voice, pace["rate"], pitch, pace["gap"])
    if not any(moment.kind == "sound" for moment in utterance.moments):
        raise Refused(
            "the offline voice has no sound for this text", voice=voice, next_step="use another voice"
        )
    return utterance, timing(said, utterance.moments, len(utterance.samples) // 2)


def _pace(speed: float) -> dict[str, int]:
    """Below its slowest espeak leaves gaps between words instead."""
    rate = _WORDS_PER_MINUTE * speed
    return {"rate": max(round(rate), _SLOWEST), "gap": max(0, round(_GAPS * (_SLOWEST / rate - 1)))}


def _seconds(span: Span, rate: int, recording: Recording) -> tuple[float, float]:
    duration = recording.samples.size / RATE
    begin, end = (min(max(sample / rate - recording.shift, 0.0), duration) for sample in span)
    return round(begin, 3), round(end, 3)


def _write(file: str, samples: Sound) -> None:
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(np.round(samples * 32767).astype("<i2").tobytes())


if __name__ == "__main__":
    worker.serve(_answer)

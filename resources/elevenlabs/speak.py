"""Speaks narration by ElevenLabs, which tells when each character is heard."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from elevenlabs.client import ElevenLabs
from elevenlabs.types import VoiceSettings

from movie_assets.core.errors import Refused
from movie_assets.core.ports import Meta, Result, SpeakRequest, Speech, Workspace
from movie_assets.core.words import Word
from resources.bought import bought
from resources.elevenlabs.alignment import Span, spans_of, words_of
from resources.elevenlabs.connect import ONCE, Heard, asked, decoded
from resources.elevenlabs.settings import VOICE_SETTINGS, settings_of
from resources.line import Answer, Line
from resources.narration_parts import Joined, joined, parts_of
from resources.prices import Prices

__all__ = ["ElevenLabsSpeaker"]

_MODEL = "eleven_multilingual_v2"
_VOICE = "JBFqnCBsd6RMkjVDRZzb"  # George, whom every account has
_FORMAT = "mp3_44100_128"  # the best that every plan has
_LONGEST = 2500  # characters of one request: what every model takes, on every plan
_ID = re.compile(r"[A-Za-z0-9]{20}")


class _Part(NamedTuple):
    """One part, spoken."""

    heard: Heard
    spans: list[Span | None] | None


class ElevenLabsSpeaker:
    """A `Speaker` by `text_to_speech`; a text beyond 2500 characters is spoken in parts and joined."""

    def __init__(self, line: Line, prices: Prices) -> None:
        self._line = line
        self._prices = prices
        self._voices: dict[str, str] = {}
        self._lock = threading.Lock()

    def speak(self, request: SpeakRequest, at: Workspace) -> Speech:
        """The text as one sound, with the time of each word. A voice is a voice's id, or its name."""
        begun = time.monotonic()
        order, texts = _order(request), parts_of(request.text, _LONGEST)
        voice = self._voice(request.settings.get("voice") or _VOICE, order["model_id"], at)
        orders = [
            {**order, "text": text, "voice_id": voice, **_around(order["model_id"], texts, number)}
            for number, text in enumerate(texts)
        ]
        name = self._line.connection.name
        answers = bought(orders, lambda number: self._asked(orders[number], at), _Part, name, at)
        sound, words = _whole(request.text, texts, [answer.value for answer in answers], at, name)
        media_type = answers[0].value.heard.media_type if len(answers) == 1 else "audio/wav"
        meta = self._meta(order["model_id"], texts, answers, time.monotonic() - begun)
        return Speech(Result(sound, media_type, meta), words)

    def _asked(self, order: Mapping[str, Any], at: Workspace) -> Answer[_Part]:
        return asked(self._line, order["model_id"], at, lambda sdk: _spoken(sdk, order, at))

    def _meta(
        self, model: str, texts: Sequence[str], answers: Sequence[Answer[_Part]], seconds: float
    ) -> Meta:
        name, amounts = self._line.connection.name, {"characters": sum(map(len, texts))}
        told = [answer.value.heard.credits for answer in answers]
        counted = [each for each in told if each is not None]
        return Meta(
            name,
            model,
            answers[-1].value.heard.request_id,
            usage={**amounts, **({"credits": sum(counted)} if len(counted) == len(told) else {})},
            cost=self._prices.cost(name, model, amounts),
            seconds=seconds,
            attempts=1 + sum(answer.attempts - 1 for answer in answers),
            notes={"parts": len(texts)} if len(texts) > 1 else {},
        )

    def _voice(self, wanted: str, model: str, at: Workspace) -> str:
        """A voice's id; its name is looked up once, which costs nothing."""
        if _ID.fullmatch(wanted):
            return wanted
        with self._lock:
            if wanted not in self._voices:
                self._voices[wanted] = asked(self._line, model, at, lambda sdk: _found(sdk, wanted)).value
            return self._voices[wanted]


def _order(request: SpeakRequest) -> dict[str, Any]:
    """What every part is asked with."""
    settings = settings_of("narration", request.settings)
    model = request.settings.get("model") or _MODEL
    manner = {name: settings.pop(name) for name in VOICE_SETTINGS.keys() & settings.keys()}
    speed = float(request.settings.get("speed", 1.0))
    if speed != 1.0:
        manner["speed"] = speed
    if manner:
        settings["voice_settings"] = VoiceSettings(**manner)
    if _takes_language(model):
        settings.setdefault("language_code", request.language.split("-")[0].lower())
    settings["seed"] = int(settings.get("seed", 1)) + request.take - 1
    settings.setdefault("output_format", _FORMAT)
    return {"model_id": model, **settings}


def _takes_language(model: str) -> bool:
    """Other models tell the language from the text, and refuse to be told."""
    return model.endswith("_v2_5") or model.startswith("eleven_v3")


def _around(model: str, texts: Sequence[str], number: int) -> dict[str, str]:
    """What is said before and after a part, so that it sounds like a part; v3 does not take it."""
    if model.startswith("eleven_v3"):
        return {}
    before = {"previous_text": texts[number - 1]} if number else {}
    return before | ({"next_text": texts[number + 1]} if number + 1 < len(texts) else {})


def _spoken(sdk: ElevenLabs, order: Mapping[str, Any], at: Workspace) -> _Part:
    answer = sdk.text_to_speech.with_raw_response.convert_with_timestamps(request_options=ONCE, **order)
    heard = decoded(getattr(answer.data, "audio_base_64", None), answer.headers, at)
    return _Part(heard, spans_of(order["text"], getattr(answer.data, "alignment", None)))


def _found(sdk: ElevenLabs, name: str) -> str:
    """The id of the voice of a name; voices are often called like `George - Warm storyteller`."""
    voices = sdk.voices.search(search=name, page_size=100, request_options=ONCE).voices or []
    for matches in (str.casefold, lambda other: other.casefold().split(" - ")[0].strip()):
        for voice in voices:
            if matches(voice.name or "") == name.casefold():
                return str(voice.voice_id)
    others = ", ".join(voice.name for voice in voices[:5] if voice.name)
    raise Refused(
        f"there is no voice {name!r}" + (f", but {others}" if others else ""),
        next_step="name a voice of your ElevenLabs account, or its id, as `voice` in movie.yaml",
    )


def _whole(
    text: str, texts: Sequence[str], parts: Sequence[_Part], at: Workspace, provider: str
) -> tuple[bytes, tuple[Word, ...] | None]:
    """The parts as one sound, and the times of all words in it; None where a part tells none."""
    heard = [part.heard for part in parts]
    whole = (
        joined(texts, [each.sound for each in heard], at, provider)
        if len(parts) > 1
        else Joined(heard[0].sound, (0.0,))
    )
    spans: list[Span | None] = []
    for part, begin in zip(parts, whole.begins, strict=True):
        if part.spans is None:
            return whole.sound, None
        spans += [span and (span[0] + begin, span[1] + begin) for span in part.spans]
    return whole.sound, words_of(text, spans, whole.begins[-1] + heard[-1].seconds)

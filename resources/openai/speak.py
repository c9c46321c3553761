"""Speaks narration by an OpenAI-compatible speech API; it tells no word times, they come from alignment."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from openai import OpenAI

from movie_assets.core.errors import MovieError
from movie_assets.core.ports import Meta, Result, SpeakRequest, Speech, Workspace
from resources.bought import bought
from resources.line import Answer, Line
from resources.narration_parts import joined, parts_of
from resources.openai.answer import check_type
from resources.openai.connect import asked
from resources.openai.settings import parameters
from resources.openai.wave import mended
from resources.prices import Prices

__all__ = ["OpenAISpeaker"]

_MODEL = "gpt-4o-mini-tts"
_VOICE = "marin"
_LONGEST = 4096  # characters of one request


class _Spoken(NamedTuple):
    """One part as WAV."""

    sound: bytes
    request_id: str | None


class OpenAISpeaker:
    """A `Speaker` by `audio.speech`; a text beyond 4096 characters is spoken in parts and joined."""

    def __init__(self, line: Line, prices: Prices) -> None:
        self._line = line
        self._prices = prices

    def speak(self, request: SpeakRequest, at: Workspace) -> Speech:
        """The text as one WAV, without word times."""
        begun = time.monotonic()
        model = request.settings.get("model") or _MODEL
        order, parts = _order(request, model), parts_of(request.text, _LONGEST)
        name, amounts = self._line.connection.name, {"characters": sum(map(len, parts))}

        def buy(number: int) -> Answer[_Spoken]:
            return asked(self._line, model, at, partial(_spoken, order, parts[number]))

        answers = bought([(order, part) for part in parts], buy, _Spoken, name, at)
        sounds = [answer.value.sound for answer in answers]
        meta = Meta(
            name,
            model,
            answers[-1].value.request_id,
            usage=amounts,
            cost=self._prices.cost(name, model, amounts),
            seconds=time.monotonic() - begun,
            attempts=1 + sum(answer.attempts - 1 for answer in answers),
            notes={"parts": len(parts)} if len(parts) > 1 else {},
        )
        sound = sounds[0] if len(sounds) == 1 else joined(parts, sounds, at, name).sound
        return Speech(Result(sound, "audio/wav", meta), words=None)


def _order(request: SpeakRequest, model: str) -> dict[str, Any]:
    """What every part is asked with; a speed of 1 is not sent, for not every server knows it."""
    settings = request.settings
    speed = float(settings.get("speed", 1.0))
    return {
        "model": model,
        "voice": settings.get("voice") or _VOICE,
        "response_format": "wav",
        **({} if speed == 1.0 else {"speed": speed}),
        "extra_body": parameters("narration", settings),
    }


def _spoken(order: Mapping[str, Any], text: str, sdk: OpenAI) -> _Spoken:
    answer = sdk.audio.speech.create(input=text, **order).response
    request_id, content_type = answer.headers.get("x-request-id"), answer.headers.get("content-type", "")
    if "octet-stream" not in content_type:
        check_type(content_type, "audio", request_id)
    try:
        return _Spoken(mended(answer.content), request_id)
    except MovieError as error:
        raise error.with_labels(request_id=request_id) from None

"""Composes instrumental music by ElevenLabs."""

from __future__ import annotations

import time

from movie_assets.core.ports import ComposeRequest, Result, Workspace
from resources.elevenlabs.connect import ONCE, asked, made_by, streamed
from resources.elevenlabs.settings import settings_of
from resources.line import Line
from resources.prices import Prices

__all__ = ["ElevenLabsComposer"]

_MODEL = "music_v1"
_FORMAT = "mp3_44100_128"
_SHORTEST, _LONGEST = 10.0, 300.0


class ElevenLabsComposer:
    """A `Composer` by `music.compose`; it takes no seed, each take is another by itself."""

    def __init__(self, line: Line, prices: Prices) -> None:
        self._line = line
        self._prices = prices

    def compose(self, request: ComposeRequest, at: Workspace) -> Result:
        """A piece of the seconds asked for, but of 10 at least and 300 at most: the soundtrack loops and trims it."""
        begun = time.monotonic()
        model = request.settings.get("model") or _MODEL
        settings = settings_of("music", request.settings)
        seconds = min(max(request.seconds, _SHORTEST), _LONGEST)
        order = {
            "prompt": request.prompt,
            "music_length_ms": round(seconds * 1000),
            "model_id": model,
            "force_instrumental": settings.get("force_instrumental", True),
            "output_format": settings.get("output_format", _FORMAT),
        }
        answer = asked(
            self._line,
            model,
            at,
            lambda sdk: streamed(sdk.music.with_raw_response.compose(request_options=ONCE, **order), at),
        )
        meta = made_by(self._line, self._prices, model, answer, {"seconds": seconds}, begun)
        return Result(answer.value.sound, answer.value.media_type, meta)

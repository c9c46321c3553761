"""Makes the sound of a place by ElevenLabs' sound effects."""

from __future__ import annotations

import time

from movie_assets.core.ports import Result, SurroundRequest, Workspace
from resources.elevenlabs.connect import ONCE, asked, made_by, streamed
from resources.elevenlabs.settings import EFFECT_SECONDS, settings_of
from resources.line import Line
from resources.prices import Prices

__all__ = ["ElevenLabsSurrounder"]

_MODEL = "eleven_text_to_sound_v2"
_FORMAT = "mp3_44100_128"


class ElevenLabsSurrounder:
    """A `Surrounder` by `text_to_sound_effects`; it takes no seed, each take is another by itself."""

    def __init__(self, line: Line, prices: Prices) -> None:
        self._line = line
        self._prices = prices

    def surround(self, request: SurroundRequest, at: Workspace) -> Result:
        """A sound that loops, of half a second at least and 30 at most."""
        begun = time.monotonic()
        model = request.settings.get("model") or _MODEL
        settings = settings_of("ambience", request.settings)
        shortest, longest = EFFECT_SECONDS
        seconds = min(max(float(settings.pop("duration_seconds", request.seconds)), shortest), longest)
        order = {
            **settings,
            "text": request.prompt,
            "duration_seconds": seconds,
            "loop": True,
            "model_id": model,
            "output_format": settings.get("output_format", _FORMAT),
        }
        answer = asked(
            self._line,
            model,
            at,
            lambda sdk: streamed(
                sdk.text_to_sound_effects.with_raw_response.convert(request_options=ONCE, **order), at
            ),
        )
        meta = made_by(self._line, self._prices, model, answer, {"effect_seconds": seconds}, begun)
        return Result(answer.value.sound, answer.value.media_type, meta)

"""Estimates: what a call to a provider will cost, from what is known before it is made."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from movie_assets.core.prospect import Prospect
from resources.prices import Prices

__all__ = ["MODELS", "Estimates"]

_CHARACTERS_A_SECOND = 15.0
"""Of narration: 150 words a minute, six characters each."""

_CHARACTERS_A_TOKEN = 4.0
_INSTRUCTION_TOKENS = 600.0
_PROMPT_CHARACTERS = 220.0
"""Of a picture's prompt that is not written yet, with its style."""

_SEGMENT_TOKENS = 70.0
"""What a script holds of a segment beside its narration."""

_LONG_SIDE, _SQUARE_SIDE = 1536, 1024
"""Of the pictures that are asked for, in pixels."""

_REFERENCE_TOKENS = 1500.0
"""That a reference picture of about a megapixel takes."""

_SHORTEST_MUSIC, _LONGEST_MUSIC = 10.0, 300.0
_AMBIENCE_SECONDS = 12.0
"""Of a sound that is looped."""

MODELS: Mapping[str, Mapping[str, str]] = {
    "openai": {
        "script": "gpt-6-luna",
        "picture": "gpt-image-2.5-flare",
        "narration": "gpt-4o-mini-tts",
        "descriptions": "gpt-4o-mini-tts",
    },
    "elevenlabs": {
        "narration": "eleven_multilingual_v2",
        "descriptions": "eleven_multilingual_v2",
        "music": "music_v1",
        "ambience": "eleven_text_to_sound_v2",
    },
}
"""What adapters use where movie.yaml names none, by whose API they speak and by section."""

Amounts = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Estimates:
    """Tells what a call will cost, by a price list; those who work on this machine are `free`.

    `speaks` says whose API a connection answers to, `length` how many seconds of video it makes of those asked for.
    """

    prices: Prices
    speaks: Mapping[str, str]
    free: Container[str]
    length: Callable[[str, float], float] = lambda provider, seconds: seconds

    def __call__(self, prospect: Prospect) -> float | None:
        """USD; None where what the call takes has no price."""
        if prospect.provider in self.free:
            return 0.0
        section = prospect.job.producer.asks or ""
        told = prospect.settings.get("model")
        model = told or MODELS.get(self.speaks.get(prospect.provider, ""), {}).get(section)
        costs = (
            self.prices.cost(prospect.provider, model, self._made(prospect.provider, each))
            for each in _AMOUNTS.get(section, _nothing)(prospect)
        )
        return next((cost for cost in costs if cost is not None), None)

    def _made(self, provider: str, amounts: Amounts) -> Amounts:
        seconds = amounts.get("video_seconds")
        return amounts if seconds is None else {**amounts, "video_seconds": self.length(provider, seconds)}


# --- what a call takes, in the units that the provider may count by; the first that has a price counts -----------


def _nothing(prospect: Prospect) -> Iterator[Amounts]:
    yield {"requests": 1}


def _script(prospect: Prospect) -> Iterator[Amounts]:
    brief = prospect.given("brief") or {}
    said = len(brief.get("title", "")) + len(brief.get("brief", ""))
    written = brief.get("duration", 60.0) * _CHARACTERS_A_SECOND / _CHARACTERS_A_TOKEN
    yield {
        "input_tokens": _INSTRUCTION_TOKENS + said / _CHARACTERS_A_TOKEN,
        "output_tokens": written + _SEGMENT_TOKENS * (1 + brief.get("segments", 6)),
    }
    yield {"requests": 1}


def _picture(prospect: Prospect) -> Iterator[Amounts]:
    prompt, settings = prospect.says("picture_prompt"), prospect.settings
    characters = _PROMPT_CHARACTERS if prompt is None else len(prompt)
    yield {
        f"image_{_setting(prospect, 'quality') or 'medium'}": _pixels(prospect) / _SQUARE_SIDE**2,
        "input_tokens": characters / _CHARACTERS_A_TOKEN,
        "image_input_tokens": _REFERENCE_TOKENS * len(settings.get("references") or ()),
    }
    yield {f"image_{_setting(prospect, 'quality') or 'medium'}": _pixels(prospect) / _SQUARE_SIDE**2}


def _pixels(prospect: Prospect) -> float:
    """Of the picture that is asked for: of the size a person names, else of the size nearest to the frame's shape."""
    size = _setting(prospect, "size")
    if size and size != "auto":
        sides = re.fullmatch(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})", str(size))
        return float(sides[1]) * float(sides[2]) if sides else math.nan
    canvas = prospect.given("canvas") or {"width": 16, "height": 9}
    shape = math.exp(abs(math.log(canvas["width"] / canvas["height"])))
    return _SQUARE_SIDE**2 if shape < 1.1 else _LONG_SIDE**2 / shape


def _narration(prospect: Prospect) -> Iterator[Amounts]:
    text = prospect.says("segment_text")
    yield {"characters": _typical_characters(prospect) if text is None else len(text)}


def _descriptions(prospect: Prospect) -> Iterator[Amounts]:
    text = prospect.says("description_text")
    yield {"characters": _PROMPT_CHARACTERS if text is None else len(text)}


def _typical_characters(prospect: Prospect) -> float:
    """Of a narration that is not written yet: a segment's share of the movie's length."""
    brief = prospect.given("brief") or {}
    return _CHARACTERS_A_SECOND * float(brief.get("duration", 60.0)) / int(brief.get("segments", 6))


def _motion(prospect: Prospect) -> Iterator[Amounts]:
    yield {"video_seconds": float(prospect.settings.get("seconds", 0.0))}
    yield {"videos": 1}


def _music(prospect: Prospect) -> Iterator[Amounts]:
    length = float(prospect.given("length") or 0.0)
    yield {"seconds": min(max(length, _SHORTEST_MUSIC), _LONGEST_MUSIC)}


def _ambience(prospect: Prospect) -> Iterator[Amounts]:
    seconds = _setting(prospect, "duration_seconds")
    told = _AMBIENCE_SECONDS if seconds is None else seconds
    yield {"effect_seconds": float(told) if isinstance(told, (int, float)) else math.nan}
    yield {"effects": 1}


def _setting(prospect: Prospect, name: str) -> Any:
    """A field of the section, or what its own `settings` say instead."""
    return prospect.settings.get("settings", {}).get(name) or prospect.settings.get(name)


_AMOUNTS: Mapping[str, Callable[[Prospect], Iterator[Amounts]]] = {
    "script": _script,
    "picture": _picture,
    "narration": _narration,
    "descriptions": _descriptions,
    "motion": _motion,
    "music": _music,
    "ambience": _ambience,
}

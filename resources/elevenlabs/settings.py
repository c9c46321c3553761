"""What `settings` may say to ElevenLabs, by section of movie.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from movie_assets.core.errors import Refused
from resources.setting import SWITCH, TEXT, Setting, Unfit, number, one_of, whole
from resources.setting import unfit as unfit_of

__all__ = ["EFFECT_SECONDS", "MEDIA_TYPES", "VOICE_SETTINGS", "settings_of", "unfit"]

MEDIA_TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav", "opus": "audio/ogg"}
"""By the beginning of an output format: those whose sound says what it is."""

EFFECT_SECONDS = 0.5, 30.0
VOICE_SETTINGS: Mapping[str, Setting] = {
    "stability": number(0, 1),
    "similarity_boost": number(0, 1),
    "style": number(0, 1),
    "use_speaker_boost": SWITCH,
}
_FORMAT = Setting(
    "mp3_44100_128, or a wav_ or opus_ format of your plan",
    lambda it: isinstance(it, str) and it.split("_", maxsplit=1)[0] in MEDIA_TYPES,
)
_KNOWN: Mapping[str, Mapping[str, Setting]] = {
    "narration": {
        **VOICE_SETTINGS,
        "seed": whole(0, 4294967295),
        "language_code": TEXT,
        "output_format": _FORMAT,
        "apply_text_normalization": one_of("auto", "on", "off"),
        "apply_language_text_normalization": SWITCH,
    },
    "music": {"output_format": _FORMAT, "force_instrumental": SWITCH},
    "ambience": {
        "output_format": _FORMAT,
        "prompt_influence": number(0, 1),
        "duration_seconds": number(*EFFECT_SECONDS),
    },
}
_SPEED = number(0.7, 1.2)


def unfit(section: str, fields: Mapping[str, Any]) -> Iterator[Unfit]:
    """What is wrong with the settings of a section, and with a speed that ElevenLabs does not speak at."""
    settings, known = fields.get("settings") or {}, _KNOWN[section]
    for name in (name for name in settings if name not in known):
        yield ("settings", name), f"is not known to ElevenLabs; use {', '.join(sorted(known))}"
    yield from unfit_of(settings, known)
    if section == "narration" and not _SPEED.fits(fields.get("speed", 1.0)):
        yield ("speed",), f"must be {_SPEED.asks} for ElevenLabs, not {fields['speed']:g}"


def settings_of(section: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """A person's own settings of a section; `Refused` for what is `unfit`."""
    for where, sentence in unfit(section, fields):
        raise Refused(f"{'.'.join(where)} {sentence}", next_step="correct it in movie.yaml")
    return dict(fields.get("settings") or {})

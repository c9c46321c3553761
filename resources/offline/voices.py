"""The offline voice's names: which voice speaks a language, and what to type in place of one that there is not."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from movie_assets.core.errors import Refused
from resources.offline import espeak

__all__ = ["DefaultVoice", "default_voice", "voice_of"]

_DEFAULT_VARIANT = "edward2"
_DEFAULT_VOICES = {"en": "en-us", "pt": "pt-br"}
_ALIKE = 0.75
_EXAMPLES = "a language such as en-gb, or with a speaker en-gb+f2"


@dataclass(frozen=True, slots=True)
class DefaultVoice:
    """espeak's file of a voice, and the language it reads."""

    file: str
    language: str


def voice_of(asked: str | None, language: str) -> tuple[str, str]:
    """espeak's file of a voice, that of the language if none is asked for, and its name; `Refused` says what there is."""
    if not asked and default_voice(language) is None:
        raise Refused(
            f"the offline voice does not speak {language}",
            next_step=f"name another provider for the narration, or the voice of a language like it: {_EXAMPLES}",
        )
    name = (asked or _of_language(language)).lower().replace("_", "-")
    code, _, variant = name.partition("+")
    variant = variant or _DEFAULT_VARIANT
    file, speaker = espeak.languages().get(code), espeak.variants().get(variant)
    if file is None:
        raise Refused(
            f"the offline voice has no voice {code!r}",
            next_step=f"{_meant(code)}use {_EXAMPLES}; the voices of another provider need its `provider`, too",
        )
    if speaker is None:
        raise Refused(
            f"the offline voice has no speaker {variant!r}", next_step="use one such as m1 to m8 or f1 to f5"
        )
    return f"{file}+{speaker}", f"{code}+{variant}"


def default_voice(language: str) -> DefaultVoice | None:
    """The voice a language is spoken by unless one is asked for; None where there is none."""
    name = _of_language(language)
    file = espeak.languages().get(name)
    return DefaultVoice(f"{file}+{_DEFAULT_VARIANT}", name.split("-")[0]) if file else None


def _of_language(language: str) -> str:
    """The voice for a language tag: de-DE is spoken by de where there is no de-de."""
    tag = language.lower().replace("_", "-")
    if tag in _DEFAULT_VOICES:
        return _DEFAULT_VOICES[tag]
    return tag if tag in espeak.languages() else tag.split("-")[0]


def _meant(asked: str) -> str:
    """The voice that was meant: by the name of its language, else by the language that a code begins with."""
    codes = sorted(espeak.languages(), key=lambda code: (len(code), code))
    called = espeak.names()
    named = {re.sub(r" ?\(.*", "", called[code]).lower(): code for code in reversed(codes) if code in called}
    exact = [code for name, code in named.items() if asked.lower() in (name, name.partition(" ")[0])]
    alike = difflib.get_close_matches(asked.lower(), named, n=3, cutoff=_ALIKE)
    language = asked.lower().partition("-")[0]
    found = (
        exact[:3]
        or [named[each] for each in alike]
        or [code for code in codes if code.partition("-")[0] == language][:3]
    )
    return f"did you mean {' or '.join(found)}? " if found else ""

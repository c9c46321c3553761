"""espeak-ng, the library inside espeakng-loader: its voices, and one text spoken with the moments of its words.

Call `say` once per process: what espeak makes of a text depends on the texts it spoke before.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import re
from dataclasses import dataclass
from pathlib import Path

import espeakng_loader

from movie_assets.core.errors import Failed, Unready

__all__ = ["Moment", "Utterance", "languages", "names", "say", "variants"]

_SYNCHRONOUS = 2
_PHONEME_EVENTS = 0x0001
_DONT_EXIT = 0x8000
_WIDE_CHARACTERS = 3
_BY_CHARACTER = 1
_RATE, _PITCH, _WORD_GAP = 1, 3, 7
_END_OF_LIST, _WORD, _PHONEME = 0, 1, 7
_DEFAULT_PRIORITY = 5
_REINSTALL = "reinstall espeakng-loader"
_NAME = re.compile(r"^name[ \t]+(.+?)[ \t]*$", re.MULTILINE)
_LANGUAGE = re.compile(r"^language[ \t]+(\S+)(?:[ \t]+(\d+))?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Moment:
    """From `sample` on, a `word` that begins at `offset` in the text, a `sound` of it, or a `pause`."""

    sample: int
    kind: str
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Utterance:
    """What espeak said: 16 bit mono samples at `rate`, and the moments of its words in order of time."""

    rate: int
    samples: bytes
    moments: tuple[Moment, ...]


@functools.cache
def languages() -> dict[str, str]:
    """The voice file (`gmw/en-US`) of each language code espeak knows (`en-us`)."""
    root = Path(espeakng_loader.get_data_path()) / "lang"
    found: dict[str, tuple[int, str]] = {}
    for file in sorted(path for path in root.rglob("*") if path.is_file()):
        for code, priority in _LANGUAGE.findall(file.read_text(encoding="utf-8", errors="replace")):
            entry = (int(priority or _DEFAULT_PRIORITY), file.relative_to(root).as_posix())
            found[code.lower()] = min(entry, found.get(code.lower(), entry))
    return {code: file for code, (_, file) in found.items()}


def names() -> dict[str, str]:
    """What a language is called, by its code."""
    root = Path(espeakng_loader.get_data_path()) / "lang"
    found = {
        code: _NAME.search((root / file).read_text("utf-8", "replace")) for code, file in languages().items()
    }
    return {code: name[1] for code, name in found.items() if name}


@functools.cache
def variants() -> dict[str, str]:
    """The speakers that may be put on any language, by their name in lower case."""
    root = Path(espeakng_loader.get_data_path()) / "voices" / "!v"
    return {file.name.lower(): file.name for file in sorted(root.iterdir())}


def say(text: str, voice: str, rate: int, pitch: int, gap: int) -> Utterance:
    """Speaks plain text; `voice` is a voice file with its variant, `rate` words a minute, `gap` in 10 ms."""
    library = _library()
    # espeak cuts the path of its data at some 160 bytes, and opens the files of a voice when it first needs them.
    with contextlib.chdir(Path(espeakng_loader.get_data_path()).parent):
        hertz = library.espeak_Initialize(_SYNCHRONOUS, 0, b".", _PHONEME_EVENTS | _DONT_EXIT)
        if hertz <= 0 or library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise Unready("espeak-ng cannot load a voice", voice=voice, next_step=_REINSTALL)
        for name, value in ((_RATE, rate), (_PITCH, pitch), (_WORD_GAP, gap)):
            library.espeak_SetParameter(name, value, 0)
        return Utterance(hertz, *_synthesize(library, text))


def _library() -> ctypes.CDLL:
    try:
        return ctypes.CDLL(espeakng_loader.get_library_path())
    except OSError as error:
        raise Unready("espeak-ng does not load", said=error, next_step=_REINSTALL) from error


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),
    )


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))


def _synthesize(library: ctypes.CDLL, text: str) -> tuple[bytes, tuple[Moment, ...]]:
    blocks: list[bytes] = []
    moments: list[Moment] = []

    def receive(samples: int | None, count: int, event: ctypes._Pointer[_Event]) -> int:
        if samples and count > 0:
            blocks.append(ctypes.string_at(samples, 2 * count))
        i = 0
        while event[i].type != _END_OF_LIST:
            moments.extend(_moment(event[i]))
            i += 1
        return 0

    callback = _Callback(receive)  # espeak keeps the pointer only: the object must outlive the call
    library.espeak_SetSynthCallback(callback)
    wide = ctypes.create_unicode_buffer(text)
    size = ctypes.c_size_t(ctypes.sizeof(wide))
    if library.espeak_Synth(wide, size, 0, _BY_CHARACTER, 0, _WIDE_CHARACTERS, None, None) != 0:
        raise Failed("espeak-ng cannot speak this text", characters=len(text), next_step="shorten the text")
    return b"".join(blocks), tuple(sorted(moments, key=lambda moment: moment.sample))


def _moment(event: _Event) -> list[Moment]:
    if event.type == _WORD:
        return [Moment(event.sample, "word", event.text_position - 1)]
    if event.type == _PHONEME:
        # A pause is the phoneme "_", marked with its length.
        return [Moment(event.sample, "pause" if event.id.startswith(b"_") else "sound")]
    return []

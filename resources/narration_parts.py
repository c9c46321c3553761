"""Long narrations: a text in parts a provider takes, and the spoken parts as one sound, without a click."""

from __future__ import annotations

import re
import unicodedata
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from movie_assets.core.errors import Refused
from movie_assets.core.ports import Workspace
from resources import worker
from resources.probe import Samples, probe, sound_blocks

__all__ = ["Joined", "joined", "parts_of"]

_CLOSING = "[\"'”’»」』)\\]]*"
_SENTENCE = re.compile(f"[.!?…؟।]+{_CLOSING}(?=\\s)|[。！？]+{_CLOSING}")
_CLAUSE = re.compile(f"[,;:،؛]{_CLOSING}(?=\\s)|\\s[–—](?=\\s)|[、，；：]")
_WORD = re.compile(r"(?=\s)")
_ENDS = (_SENTENCE, _CLAUSE, _WORD)
_PAUSES = ((_SENTENCE, 0.45), (_CLAUSE, 0.25))  # seconds of silence that are heard there, at least
_NO_PAUSE = 0.05
_FADE = 0.004
_QUIET = 10 ** (-50 / 20)
_JOINERS = "\u200d\ufe0f"


@dataclass(frozen=True, slots=True)
class Joined:
    """A WAV of all parts, and when each begins, in seconds."""

    sound: bytes
    begins: tuple[float, ...]


def parts_of(text: str, limit: int) -> tuple[str, ...]:
    """A text in parts of at most `limit` characters, cut after sentences, else clauses, else words, else anywhere.

    White space is folded, and none is left where it was cut.
    """
    parts, rest = [], " ".join(text.split())
    while len(rest) > limit:
        cut = _cut(rest, limit)
        parts.append(rest[:cut].strip())
        rest = rest[cut:].strip()
    return (*parts, rest)


def _cut(text: str, limit: int) -> int:
    for ends in _ENDS:
        cuts = [found.end() for found in ends.finditer(text, 0, limit + 1) if 0 < found.end() <= limit]
        if cuts:
            return cuts[-1]
    cut = limit
    while cut > 1 and (
        unicodedata.combining(text[cut]) or text[cut] in _JOINERS or text[cut - 1] == "\u200d"
    ):
        cut -= 1
    return cut


def joined(texts: Sequence[str], sounds: Sequence[bytes], at: Workspace, provider: str = "") -> Joined:
    """The spoken parts one after the other, with the pause their text asks for; of any format that is read.

    `Refused` where one of them cannot be decoded, and then what is noted of their `provider` is forgotten. The sound has the rate of the first part, and one channel.
    """
    folder = at.scratch.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"part-{number}" for number in range(len(sounds))]
    for name, sound in zip(names, sounds, strict=True):
        (folder / name).write_bytes(sound)
    order = {"parts": names, "pauses": [_pause(text) for text in texts[:-1]], "file": "joined.wav"}
    try:
        answer = worker.call(__name__, order, at)
    except Refused:
        at.pending.forget(provider)
        raise
    return Joined((folder / "joined.wav").read_bytes(), tuple(answer["begins"]))


def _pause(text: str) -> float:
    """The silence after a part, in seconds, by how its text ends."""
    return next((seconds for end, seconds in _PAUSES if _ends(end, text)), _NO_PAUSE)


def _ends(end: re.Pattern[str], text: str) -> bool:
    return any(found.end() == len(text) for found in end.finditer(f"{text} ", max(0, len(text) - 8)))


# --- the child's side -------------------------------------------------------------------------------------------


def _answer(order: dict[str, Any]) -> dict[str, Any]:
    """Writes `file`, part after part, so that only one is in memory, and tells when each begins."""
    parts = [Path(name) for name in order["parts"]]
    rate, begins, written, silence = _rate(parts[0]), [], 0, 0
    with wave.open(order["file"], "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        for number, part in enumerate(parts):
            sound = _faded(_mono(part, rate), rate, number > 0, number + 1 < len(parts))
            if number:
                hush = max(0, round(order["pauses"][number - 1] * rate) - silence - _quiet(sound))
                out.writeframes(bytes(2 * hush))
                written += hush
            begins.append(written / rate)
            out.writeframes(np.round(np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
            written += len(sound)
            silence = _quiet(sound[::-1])
    return {"begins": begins}


def _rate(path: Path) -> int:
    sound = probe(path).sound
    if sound is None:
        raise Refused("a part of the narration holds no sound", next_step="make the narration again")
    return sound.rate


def _mono(path: Path, rate: int) -> Samples:
    blocks = [block[:, 0] for block in sound_blocks(path, rate, "mono")]
    return np.concatenate([np.zeros(0, np.float32), *blocks])


def _faded(sound: Samples, rate: int, head: bool, tail: bool) -> Samples:
    """The part with a short ramp at its joints, so that it begins and ends at zero."""
    ramp = np.clip(np.arange(len(sound), dtype=np.float32) / (_FADE * rate), 0, 1)
    faded = sound * ramp if head else sound
    return np.asarray(faded * ramp[::-1] if tail else faded, np.float32)


def _quiet(sound: Samples) -> int:
    """How many samples pass before anything is heard."""
    loud = np.flatnonzero(np.abs(sound) > _QUIET)
    return int(loud[0]) if loud.size else len(sound)


if __name__ == "__main__":
    worker.serve(_answer)

"""What the rehearsal server answers with: scripts of the length asked for, pictures that differ by prompt, a humming voice."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageOps

__all__ = ["encoded", "hum", "paint", "tokens", "write"]

_RATE = 24_000
_CHARACTERS_A_SECOND = 15
_SENTENCES = {
    "en": "{title} begins with a light on the water. Nobody had asked what it was for. "
    "The wind came from the west and it was warm. They walked on until the road was gone. "
    "What was left behind is still there for everyone to see.",
    "de": "{title} beginnt mit einem Licht auf dem Wasser. Niemand hatte gefragt, wozu es gut ist. "
    "Der Wind kam von Westen und er war warm. Sie gingen weiter, bis die Straße zu Ende war. "
    "Was blieb, ist noch immer für alle zu sehen.",
    "fr": "{title} commence par une lumière sur l'eau. Personne ne savait ce que c'était. "
    "Le vent venait de l'ouest et il était doux. Ils ont marché jusqu'au bout de la route. "
    "Ce qui reste est encore là pour tous ceux qui passent.",
}


def write(instructions: str, turns: list[Mapping[str, Any]]) -> str:
    """A script as JSON, of the segments, the length and the language that the instructions ask for."""
    segments = _asked(r"exactly (\d+) segments", instructions, 6)
    each = _asked(r"about (\d+) (?:words|characters)", instructions, 20 * segments) / segments
    title = str(turns[0]["content"]).splitlines()[0] if turns else "A film"
    language = (re.search(r"language ([a-z]+)", instructions) or ["", "en"])[1]
    written = [_narration(title, language, number, round(each)) for number in range(segments)]
    return json.dumps(
        {
            "title": title,
            "summary": f"{title}, told in {segments} parts.",
            "mood": "calm wonder",
            "segments": [
                {"text": text, "prompt": f"{title}, view {number}: a wide landscape in low light"}
                for number, text in enumerate(written)
            ],
        }
    )


def _asked(pattern: str, text: str, otherwise: int) -> int:
    found = re.search(pattern, text)
    return int(found[1]) if found else otherwise


def _narration(title: str, language: str, number: int, words: int) -> str:
    told = _SENTENCES.get(language, _SENTENCES["en"]).format(title=title).split()
    start = number * 7 % len(told)
    text = " ".join((told * (words // len(told) + 2))[start : start + max(1, words)]).rstrip(".,")
    return f"{text[:1].upper()}{text[1:]}."


def paint(prompt: str, size: tuple[int, int]) -> bytes:
    """A PNG: a sky in two colours and a few hills, all decided by the prompt."""
    seed = hashlib.sha256(prompt.encode()).digest()
    sky = Image.linear_gradient("L").resize(size)
    image = ImageOps.colorize(sky, tuple(seed[:3]), tuple(128 + each // 2 for each in seed[3:6]))
    draw = ImageDraw.Draw(image)
    for at in range(4):
        x, height = seed[6 + at] / 255 * size[0], (0.2 + seed[10 + at] / 510) * size[1]
        box = (x - size[0] / 3, size[1] - height, x + size[0] / 3, size[1] + height)
        draw.ellipse(box, fill=tuple(each // (at + 2) for each in seed[14:17]))
    stream = io.BytesIO()
    image.save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def hum(text: str, speed: float) -> bytes:
    """A WAV as servers stream it, its lengths unknown: one swelling tone a word."""
    parts = [_tone(word, len(word) / _CHARACTERS_A_SECOND / speed) for word in text.split()]
    sound = np.concatenate([*parts, np.zeros(1)]) if parts else np.zeros(1)
    data = (sound * 12_000).astype("<i2").tobytes()
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, _RATE, 2 * _RATE, 2, 16)
    head = struct.pack("<4sI4s", b"RIFF", 0xFFFFFFFF, b"WAVE")
    return head + form + struct.pack("<4sI", b"data", 0xFFFFFFFF) + data


def _tone(word: str, seconds: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    count = max(1, round(seconds * _RATE))
    pitch = 110 + hashlib.sha256(word.encode()).digest()[0] / 2
    swell = np.sin(np.linspace(0, np.pi, count)) ** 2
    tone = swell * np.sin(2 * np.pi * pitch * np.arange(count) / _RATE)
    return np.concatenate([tone, np.zeros(round(_RATE / _CHARACTERS_A_SECOND))])


def tokens(text: str) -> int:
    """About as many as a tokeniser counts."""
    return len(text) // 4 + 1


def encoded(body: bytes) -> str:
    """Bytes as an answer in JSON holds them."""
    return base64.b64encode(body).decode()

"""WAV files as servers stream them: with lengths in their headers that they could not know."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from movie_assets.core.errors import Failed, Transient
from resources.openai.refusals import LATER

__all__ = ["mended"]

_LINEAR = {1, 3, 0xFFFE}  # PCM, float, and either of them under an extensible header
_BOGUS = 0x70000000


def mended(body: bytes) -> bytes:
    """The same sound under a plain header with true lengths; `Transient` without sound, `Failed` for another format."""
    if not body:
        raise _silent()
    chunks = dict(_chunks(body))
    form, sound = chunks.get(b"fmt ", b""), chunks.get(b"data", b"")
    if len(form) < 16 or struct.unpack_from("<H", form)[0] not in _LINEAR:
        raise Failed(
            "the sound is no uncompressed WAV",
            next_step="use a server that can answer with response_format wav",
        )
    frame = struct.unpack_from("<H", form, 12)[0] or 1
    sound = sound[: len(sound) // frame * frame]
    if not sound:
        raise _silent()
    return _riff((b"fmt ", form), (b"data", sound))


def _chunks(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks up to the sound."""
    if body[:4] not in (b"RIFF", b"RF64") or body[8:12] != b"WAVE":
        return
    at = 12
    while at + 8 <= len(body):
        name, size = struct.unpack_from("<4sI", body, at)
        if name == b"data":
            yield name, _sound(body[at + 8 :], size)
            return
        yield name, body[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _sound(rest: bytes, size: int) -> bytes:
    """A length of zero or of gigabytes was written before the sound was known: then it is all there is."""
    if size == 0 or size >= _BOGUS:
        return rest
    if len(rest) < size:
        raise Transient("the sound breaks off", next_step=LATER)
    return rest[:size]


def _riff(*chunks: tuple[bytes, bytes]) -> bytes:
    inner = b"".join(
        struct.pack("<4sI", name, len(content)) + content + b"\0" * (len(content) % 2)
        for name, content in chunks
    )
    return struct.pack("<4sI4s", b"RIFF", len(inner) + 4, b"WAVE") + inner


def _silent() -> Transient:
    return Transient("the sound is empty", next_step=LATER)

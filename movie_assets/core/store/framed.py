r"""A log format made for tearing: each frame is `\n`, crc32 of the payload (8 hex digits), space, payload, `\n`.

A frame cut short spoils no other: the next one starts a line of its own. `tail`, `grep` and the like still read it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

from movie_assets.core.errors import Refused

__all__ = ["LARGEST", "Torn", "frame", "read_frames"]

LARGEST = 64 * 1024
"""The largest frame, in bytes."""


@dataclass(frozen=True, slots=True)
class Torn:
    """What of a log could not be read; false if nothing.

    `damaged` holds the byte offset of each line whose crc does not hold: an append cut short that others followed,
    or bytes changed since. `unfinished` is the length of a last line without its end: being written, or cut short.
    """

    damaged: tuple[int, ...] = ()
    unfinished: int = 0

    def __bool__(self) -> bool:
        return bool(self.damaged or self.unfinished)


def frame(payload: bytes) -> bytes:
    """The bytes to append for a payload of one line, such as JSON."""
    framed = b"\n%08x %b\n" % (crc32(payload), payload)
    if b"\n" in payload:
        raise Refused("a log entry must be one line", next_step="encode it as JSON without line breaks")
    if len(framed) > LARGEST:
        raise Refused(
            "a log entry is too large", size=len(framed), largest=LARGEST, next_step="keep it in a blob"
        )
    return framed


def read_frames(data: bytes, start: int = 0) -> tuple[list[bytes], Torn]:
    """The payloads of all whole lines of data that begins `start` bytes into the log, and what else was there."""
    lines = data.split(b"\n")
    last = lines.pop()
    payloads = [rest for line in lines if line and line.startswith(b"%08x " % crc32(rest := line[9:]))]
    intact = len(payloads) + lines.count(b"") == len(lines)
    return payloads, Torn(() if intact else tuple(_damaged(lines, start)), len(last))


def _damaged(lines: list[bytes], start: int) -> Iterator[int]:
    for line in lines:
        if line and not line.startswith(b"%08x " % crc32(line[9:])):
            yield start
        start += len(line) + 1

"""What a producer's function is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec

from movie_assets.core.artefact import BlobRef
from movie_assets.core.errors import Refused
from movie_assets.core.ports import (
    Animator,
    Composer,
    Listener,
    Painter,
    Renderer,
    Speaker,
    Surrounder,
    Workspace,
    Writer,
)

__all__ = ["Ports", "Reader", "Reading", "Task"]


class Reader(Protocol):
    """Gives the bytes behind a reference, checked against its digest."""

    def read(self, ref: BlobRef) -> bytes: ...

    def file(self, ref: BlobRef, scratch: Path) -> Path: ...


@dataclass(frozen=True, slots=True)
class Reading:
    """An artefact (or a person's file) as a producer reads it: fetched when asked for."""

    ref: BlobRef
    reader: Reader
    scratch: Path

    def bytes(self) -> bytes:
        return self.reader.read(self.ref)

    def text(self) -> str:
        """`Refused` where it is none."""
        try:
            return self.bytes().decode()
        except UnicodeDecodeError:
            raise Refused(
                "a text that is read here is not UTF-8",
                next_step="save it as UTF-8, then make the movie again",
            ) from None

    def json(self, type: Any = Any) -> Any:
        return msgspec.json.decode(self.bytes(), type=type)

    def file(self) -> Path:
        return self.reader.file(self.ref, self.scratch)


class Ports(Protocol):
    """The providers at hand, by the name a config gives them; an unknown or unready one is an error."""

    @property
    def renderer(self) -> Renderer: ...

    @property
    def listener(self) -> Listener: ...

    def writer(self, provider: str) -> Writer: ...

    def painter(self, provider: str) -> Painter: ...

    def speaker(self, provider: str) -> Speaker: ...

    def animator(self, provider: str) -> Animator: ...

    def composer(self, provider: str) -> Composer: ...

    def surrounder(self, provider: str) -> Surrounder: ...


@dataclass(frozen=True, slots=True)
class Task:
    """One call of one producer: the inputs' payloads and the artefacts it reads, by name."""

    inputs: Mapping[str, Any]
    reads: Mapping[str, Reading | None]
    lists: Mapping[str, tuple[Reading, ...]]
    segment: int | None
    take: int
    ports: Ports
    reader: Reader
    at: Workspace

    def given(self, name: str) -> Any:
        """The payload of an input; None of one that this movie does not have."""
        return self.inputs.get(name)

    def one(self, kind: str) -> Reading:
        """The artefact of this movie or segment."""
        reading = self.reads[kind]
        assert reading is not None
        return reading

    def before(self, kind: str) -> Reading | None:
        """The artefact of the segment before, if there is one."""
        return self.reads[f"{kind}[-1]"]

    def first(self, kind: str) -> Reading:
        """The artefact of the first segment."""
        return self.one(f"{kind}[first]")

    def last(self, kind: str) -> Reading:
        """The artefact of the last segment."""
        return self.one(f"{kind}[last]")

    def wanted(self, kind: str) -> Reading | None:
        """An artefact of this movie that not every movie has."""
        return self.reads.get(kind)

    def all(self, kind: str) -> tuple[Reading, ...]:
        """The artefacts of all segments, in order."""
        return self.lists[f"{kind}[*]"]

    def person_file(self, ref: Mapping[str, Any]) -> Reading:
        """A person's own file, as an input's payload refers to it."""
        return Reading(msgspec.convert(ref, BlobRef), self.reader, self.at.scratch)

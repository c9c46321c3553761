"""Events: appended facts, never edited."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct

from movie_assets.core.artefact import BlobRef, Name
from movie_assets.core.errors import Damaged

__all__ = [
    "FORMAT",
    "ArtefactEvent",
    "InputEvent",
    "Status",
    "read_artefact_event",
    "read_input_event",
    "write_event",
]

FORMAT = 1

Status = Literal["started", "succeeded", "failed", "skipped"]


class InputEvent(
    Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True, tag_field="format", tag=FORMAT
):
    """A person's (or the system's) edit of one input; `digest` is None when the input is gone."""

    event_id: str
    id: str
    revision: str
    digest: str | None
    created_at: str
    run_id: str
    payload: Any = None
    edited_by: Literal["user", "system"] = "user"
    editor: str = ""

    @property
    def name(self) -> Name:
        return Name.parse(self.id)


class ArtefactEvent(
    Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True, tag_field="format", tag=FORMAT
):
    """What came of one artefact in one job."""

    event_id: str
    artefact_id: str
    revision: str
    run_id: str
    inputs_digest: str
    status: Status
    produced_by: str
    code_version: str
    created_at: str
    inputs: dict[str, str] = {}
    output: BlobRef | None = None
    provider: str = ""
    model: str | None = None
    cost: float | None = None
    seconds: float = 0.0
    attempt: int = 1
    reasons: tuple[str, ...] = ()
    diagnostics: dict[str, Any] = {}

    @property
    def adopted(self) -> bool:
        """Whether another variation of the movie paid for it."""
        return "adopted" in self.diagnostics

    @property
    def price(self) -> float | None:
        """What it cost whoever had it made; None where that is not known."""
        price: float | None = self.diagnostics["adopted"]["cost"] if self.adopted else self.cost
        return price

    @property
    def name(self) -> Name:
        return Name.parse(self.artefact_id)

    @property
    def kind(self) -> str:
        return self.artefact_id.partition("[")[0]


write_event = msgspec.json.Encoder().encode
_READ_INPUT = msgspec.json.Decoder(InputEvent).decode
_READ_ARTEFACT = msgspec.json.Decoder(ArtefactEvent).decode


def read_input_event(line: bytes) -> InputEvent:
    """Reads one line of events/inputs; an unknown format is `Damaged`."""
    try:
        return _READ_INPUT(line)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _unreadable(line, error) from error


def read_artefact_event(line: bytes) -> ArtefactEvent:
    """Reads one line of events/artefacts; an unknown format is `Damaged`."""
    try:
        return _READ_ARTEFACT(line)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _unreadable(line, error) from error


def _unreadable(line: bytes, error: Exception) -> Damaged:
    return Damaged(
        "an event is not of a format this program reads",
        because=error,
        line=line[:120].decode(errors="replace"),
        next_step="update movie-assets, or read the store with the version that wrote it",
    )

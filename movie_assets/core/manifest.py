"""Manifests: the immutable, complete description of one revision, and the fold that makes the next one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct, structs

from movie_assets.core.artefact import BlobRef, Name
from movie_assets.core.digest import digest_of_bytes
from movie_assets.core.errors import Damaged, Refused
from movie_assets.core.event import FORMAT, ArtefactEvent, InputEvent
from movie_assets.core.revision import parse_revision, revision_name
from movie_assets.core.seal import seal, unseal

__all__ = [
    "ArtefactRecord",
    "InputRecord",
    "Manifest",
    "Pruned",
    "Tombstone",
    "fold",
    "read_manifest",
    "read_tombstone",
    "sealed",
    "write_manifest",
]


class InputRecord(Struct, frozen=True, rename="camel"):
    """An input as this revision saw it; the payload's history is in events/inputs."""

    digest: str
    payload: Any


class ArtefactRecord(Struct, frozen=True, rename="camel"):
    """An artefact of this revision: its bytes, what they were made from, and the revision since which the movie holds them.

    That is the one that made them, or that brought an earlier result back.
    """

    blob: BlobRef
    inputs_digest: str
    revision: str
    produced_by: str
    code_version: str


class Manifest(Struct, frozen=True, rename="camel", kw_only=True, tag_field="format", tag=FORMAT):
    """One revision of one movie. `digest` seals everything else."""

    movie: str
    revision: str
    base_revision: str | None
    base_digest: str | None
    plan_id: str
    nonce: str
    created_at: str
    blueprint: str
    segments: int
    inputs: dict[str, InputRecord]
    artefacts: dict[str, ArtefactRecord]
    timeline: Any = None
    digest: str = ""

    @property
    def number(self) -> int:
        return parse_revision(self.revision)

    def output(self, name: Name) -> BlobRef | None:
        """The blob of an artefact, if this revision has it."""
        record = self.artefacts.get(str(name))
        return record.blob if record else None


class Tombstone(Struct, frozen=True, rename="camel", kw_only=True, tag_field="format", tag=FORMAT):
    """What is left of a pruned revision, so that its number is never given again; `digest` was its manifest's."""

    movie: str
    revision: str
    digest: str | None
    pruned_at: str
    because: str


class Pruned(Refused):
    """A revision was pruned: its number is all that is left of it."""


_ENCODE = msgspec.json.Encoder(order="sorted").encode
_DECODE = msgspec.json.Decoder(Manifest).decode
_DECODE_TOMBSTONE = msgspec.json.Decoder(Tombstone).decode


def sealed(manifest: Manifest) -> Manifest:
    """The manifest with its own digest, which covers every other field."""
    return structs.replace(manifest, digest=digest_of_bytes(_ENCODE(structs.replace(manifest, digest=""))))


def write_manifest(manifest: Manifest | Tombstone) -> bytes:
    """The bytes of a sealed manifest's file, or of what is put in its place."""
    return seal(_ENCODE(manifest)) if isinstance(manifest, Tombstone) else _ENCODE(manifest)


def read_manifest(data: bytes) -> Manifest:
    """Reads a manifest and checks its seal over every byte; a torn, edited or unknown one is `Damaged`.

    `Pruned` if only its tombstone is left.
    """
    try:
        manifest = _DECODE(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        _refuse_tombstone(data)
        raise Damaged(
            "a manifest is not of a format this program reads",
            because=error,
            next_step="movies verify, or update movie-assets if a newer version wrote it",
        ) from error
    if manifest.digest != digest_of_bytes(data.replace(manifest.digest.encode(), b"")):
        raise Damaged(
            "a manifest's digest does not match", revision=manifest.revision, next_step="movies verify"
        )
    return manifest


def read_tombstone(data: bytes) -> Tombstone:
    """Reads what is left of a pruned revision; anything else is `Damaged`."""
    try:
        return _DECODE_TOMBSTONE(unseal(data))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Damaged("a tombstone cannot be read", because=error, next_step="movies verify") from error


def _refuse_tombstone(data: bytes) -> None:
    try:
        found = read_tombstone(data)
    except Damaged:
        return
    raise Pruned(
        f"{found.revision} was pruned on {found.pruned_at[:10]}",
        movie=found.movie,
        because=found.because,
        next_step=f"movies show {found.movie} lists the revisions that are kept",
    )


def fold(
    base: Manifest | None,
    input_events: Iterable[InputEvent],
    artefact_events: Iterable[ArtefactEvent],
    *,
    members: Collection[Name],
    header: Mapping[str, Any],
) -> Manifest:
    """The next revision: the base with the events of one run applied, restricted to the graph's members.

    `header` holds what is not folded: movie, plan_id, nonce, created_at, blueprint, segments, timeline.
    """
    number = base.number + 1 if base else 1
    inputs = dict(base.inputs) if base else {}
    for edit in input_events:
        if edit.digest is None:
            inputs.pop(edit.id, None)
        else:
            inputs[edit.id] = InputRecord(edit.digest, edit.payload)
    artefacts = dict(base.artefacts) if base else {}
    for event in artefact_events:
        if event.output is not None and event.status in ("succeeded", "skipped"):
            artefacts[event.artefact_id] = _record_of(event)
    wanted = {str(name) for name in members}
    return sealed(
        Manifest(
            revision=revision_name(number),
            base_revision=base.revision if base else None,
            base_digest=base.digest if base else None,
            inputs=inputs,
            artefacts={name: record for name, record in artefacts.items() if name in wanted},
            **header,
        )
    )


def _record_of(event: ArtefactEvent) -> ArtefactRecord:
    assert event.output is not None
    return ArtefactRecord(
        event.output, event.inputs_digest, event.revision, event.produced_by, event.code_version
    )

"""Reuse: whether a result is already known, and under which digest it would be (the rebuilder)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from msgspec import Struct

from movie_assets.core.artefact import ArtefactId, BlobRef, Name
from movie_assets.core.blueprint import Reach
from movie_assets.core.digest import digest_of
from movie_assets.core.event import ArtefactEvent, InputEvent
from movie_assets.core.graph import Job
from movie_assets.core.spending import Spending

__all__ = ["NOTHING", "Index", "Signature", "signature", "signature_of"]

NOTHING = digest_of(None)
"""The digest of a read that has nothing behind it: the segment before the first."""


class Signature(Struct, frozen=True):
    """What a job would be made from: the digest of each read by label, and the digest of it all."""

    reads: dict[str, str]
    digest: str
    take: int


def signature(
    job: Job, inputs: Mapping[Name, str], outputs: Mapping[ArtefactId, str], take: int
) -> Signature | None:
    """The inputs digest of a job; None while something it reads is not known yet.

    A segment's number is not part of it, save for producers that slice by it. A fan-in is the digest of the
    ordered list of its members.
    """
    reads: dict[str, str] = {}
    digest: str | None
    for label, reach, names in job.wires:
        if reach is Reach.INPUT:
            digest = inputs[names[0]]
        elif reach is Reach.EVERY:
            digest = _digest_of_list(names, outputs)
        elif reach is Reach.ORDINAL:
            digest = digest_of(names[0].segment)
        else:
            digest = outputs.get(names[0]) if names else NOTHING
        if digest is None:
            return None
        reads[label] = digest
    return signature_of(job.producer.name, job.producer.version, reads, take)


def signature_of(producer: str, version: str, reads: dict[str, str], take: int = 1) -> Signature:
    """The inputs digest of whatever is made by a producer from reads; the first take is not part of it."""
    if take != 1:
        reads = {**reads, "take": digest_of(take)}
    return Signature(reads, digest_of(_MadeFrom(producer, version, reads)), take)


class _MadeFrom(Struct, rename="camel"):
    """What an inputs digest is the digest of."""

    producer: str
    code_version: str
    reads: dict[str, str]


def _digest_of_list(names: tuple[Name, ...], outputs: Mapping[ArtefactId, str]) -> str | None:
    members = [outputs.get(name) for name in names]
    return None if None in members else digest_of(members)


@dataclass(slots=True)
class Index:
    """The latest of every result and input, grown event by event; look-ups never scan.

    `unended` are the calls whose end their run never told, by run and inputs digest.
    """

    successes: dict[tuple[str, str], ArtefactEvent] = field(default_factory=dict)
    latest: dict[str, ArtefactEvent] = field(default_factory=dict)
    started: dict[tuple[str, str], ArtefactEvent] = field(default_factory=dict)
    unended: dict[tuple[str, str], ArtefactEvent] = field(default_factory=dict)
    inputs: dict[str, InputEvent] = field(default_factory=dict)
    spending: Spending = field(default_factory=Spending)

    def add(self, events: Iterable[ArtefactEvent]) -> None:
        """Takes in artefact events, oldest first."""
        for event in events:
            self.spending.add(event)
            key = (event.kind, event.inputs_digest)
            if event.status == "started":
                self.started[key] = event
                self.unended.setdefault((event.run_id, event.inputs_digest), event)
                continue
            self.started.pop(key, None)
            self.unended.pop((event.run_id, event.inputs_digest), None)
            self.latest[event.artefact_id] = event
            if event.output is not None and event.status == "succeeded":
                self.successes[key] = event

    def add_inputs(self, events: Iterable[InputEvent]) -> None:
        """Takes in input events, oldest first."""
        for event in events:
            self.inputs[event.id] = event

    def result(self, kind: str, inputs_digest: str) -> ArtefactEvent | None:
        """The latest success of a kind under an inputs digest, for whatever segment it was made."""
        return self.successes.get((kind, inputs_digest))

    def results(self, job: Job, inputs_digest: str) -> dict[ArtefactId, BlobRef] | None:
        """What a job would give, if every artefact it makes has a success."""
        found: dict[ArtefactId, BlobRef] = {}
        for name in job.makes:
            event = self.successes.get((name.kind, inputs_digest))
            if event is None or event.output is None:
                return None
            found[name] = event.output
        return found

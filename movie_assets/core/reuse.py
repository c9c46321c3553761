"""Reuse: whether a result is already known, and under which digest it would be (the rebuilder)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from msgspec import Raw, Struct

from movie_assets.core.artefact import ArtefactId, BlobRef, Name
from movie_assets.core.blueprint import Reach
from movie_assets.core.digest import digest_of
from movie_assets.core.event import ArtefactEvent, InputEvent, read_artefact_event
from movie_assets.core.graph import Job
from movie_assets.core.revision import parse_revision
from movie_assets.core.spending import Spending

__all__ = [
    "NOTHING",
    "Earlier",
    "Index",
    "Made",
    "Recent",
    "Results",
    "Signature",
    "signature",
    "signature_of",
]

NOTHING = digest_of(None)
"""The digest of a read that has nothing behind it: the segment before the first."""


_PACES = 20
_RECENT = 8  # more than the merges after which an overtaken run gives up


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


Made = tuple[str, str]
"""What a result is told by: its kind and its inputs digest."""


class Earlier(Protocol):
    """Results of long ago, as they were written; each is fetched when it is asked for."""

    def find(self, made: Made) -> Raw | None: ...

    def all(self) -> Mapping[Made, Raw]: ...


class _Nothing:
    """No earlier results."""

    def find(self, made: Made) -> None:
        return None

    def all(self) -> Mapping[Made, Raw]:
        return {}


_NO_EARLIER = _Nothing()


class Results(Mapping[Made, ArtefactEvent]):
    """The latest success by kind and inputs digest: what is at hand, and behind it what is `earlier`.

    `new` are those that nothing earlier tells of.
    """

    def __init__(self, at_hand: Mapping[Made, ArtefactEvent] = {}, earlier: Earlier = _NO_EARLIER) -> None:
        self._at_hand, self._earlier = dict(at_hand), earlier
        self.new: dict[Made, ArtefactEvent] = {}

    def add(self, made: Made, event: ArtefactEvent) -> None:
        """Takes in the next success."""
        self._at_hand[made] = self.new[made] = event

    def find(self, made: Made) -> ArtefactEvent | None:
        """`get`, in a plan's innermost loop."""
        event = self._at_hand.get(made)
        if event is None and (told := self._earlier.find(made)) is not None:
            event = self._at_hand[made] = read_artefact_event(bytes(told))
        return event

    def __getitem__(self, made: Made) -> ArtefactEvent:
        event = self.find(made)
        if event is None:
            raise KeyError(made)
        return event

    def __iter__(self) -> Iterator[Made]:
        for made, told in self._earlier.all().items():
            if made not in self._at_hand:
                self._at_hand[made] = read_artefact_event(bytes(told))
        return iter(list(self._at_hand))

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(slots=True)
class Recent:
    """The events of the newest revisions, in order: what a commit is folded from, without reading the log again."""

    inputs: list[InputEvent] = field(default_factory=list)
    artefacts: list[ArtefactEvent] = field(default_factory=list)
    newest: int = 0
    last: str = ""

    def reach(self, revision: str) -> None:
        """Lets go of what is older than any run that may still be going on."""
        if revision == self.last:
            return
        self.last, number = revision, parse_revision(revision)
        if number > self.newest:
            self.newest = number
            self.inputs = [each for each in self.inputs if parse_revision(each.revision) + _RECENT > number]
            self.artefacts = [
                each for each in self.artefacts if parse_revision(each.revision) + _RECENT > number
            ]


@dataclass(slots=True)
class Index:
    """The latest of every result and input, grown event by event; look-ups never scan.

    `unended` are the calls whose end their run never told, by run and inputs digest; `paces` the seconds of the latest
    results of each kind.
    """

    successes: Results = field(default_factory=Results)
    latest: dict[str, ArtefactEvent] = field(default_factory=dict)
    started: dict[tuple[str, str], ArtefactEvent] = field(default_factory=dict)
    unended: dict[tuple[str, str], ArtefactEvent] = field(default_factory=dict)
    inputs: dict[str, InputEvent] = field(default_factory=dict)
    spending: Spending = field(default_factory=Spending)
    paces: dict[str, list[float]] = field(default_factory=dict)
    recent: Recent = field(default_factory=Recent, compare=False)

    def add(self, events: Iterable[ArtefactEvent]) -> None:
        """Takes in artefact events, oldest first."""
        for event in events:
            self.spending.add(event)
            self.recent.reach(event.revision)
            self.recent.artefacts.append(event)
            key = (event.kind, event.inputs_digest)
            if event.status == "started":
                self.started[key] = event
                self.unended.setdefault((event.run_id, event.inputs_digest), event)
                continue
            self.started.pop(key, None)
            self.unended.pop((event.run_id, event.inputs_digest), None)
            self.latest[event.artefact_id] = event
            if event.output is not None and event.status == "succeeded":
                self.successes.add(key, event)
                pace = self.paces.setdefault(event.kind, [])
                pace.append(event.seconds)
                del pace[:-_PACES]

    def add_inputs(self, events: Iterable[InputEvent]) -> None:
        """Takes in input events, oldest first."""
        for event in events:
            self.inputs[event.id] = event
            self.recent.reach(event.revision)
            self.recent.inputs.append(event)

    def result(self, kind: str, inputs_digest: str) -> ArtefactEvent | None:
        """The latest success of a kind under an inputs digest, for whatever segment it was made."""
        return self.successes.find((kind, inputs_digest))

    def results(self, job: Job, inputs_digest: str) -> dict[ArtefactId, BlobRef] | None:
        """What a job would give, if every artefact it makes has a success."""
        found: dict[ArtefactId, BlobRef] = {}
        for name in job.makes:
            event = self.successes.find((name.kind, inputs_digest))
            if event is None or event.output is None:
                return None
            found[name] = event.output
        return found

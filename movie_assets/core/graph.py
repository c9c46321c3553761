"""The graph: a blueprint expanded for one movie, every artefact named."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from movie_assets.core.artefact import ArtefactId, Name, Scope
from movie_assets.core.blueprint import Blueprint, Producer, Reach
from movie_assets.core.errors import Refused
from movie_assets.core.replacement import replacement, replacing

__all__ = ["Graph", "Job", "Wire"]


class Wire(NamedTuple):
    """One read of one job, resolved to the names behind it: none for the segment before the first."""

    label: str
    reach: Reach
    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """One call of one producer; makes one or more artefacts. A person's file may stand there `instead` of another job."""

    producer: Producer
    segment: int | None
    wires: tuple[Wire, ...]
    makes: tuple[ArtefactId, ...]
    instead: Job | None = None

    @property
    def id(self) -> str:
        """`clip[3]`: the producer's name and the segment."""
        return str(Name(self.producer.name, self.segment))

    def needs(self) -> Iterator[ArtefactId]:
        """The artefacts this job reads."""
        for wire in self.wires:
            if wire.reach in _ARTEFACTS:
                yield from wire.names


_ARTEFACTS = frozenset(Reach) - {Reach.INPUT, Reach.ORDINAL}


@dataclass(frozen=True)
class Graph:
    """Every job of one movie, in an order in which each follows what it reads."""

    blueprint: Blueprint
    segments: int
    jobs: tuple[Job, ...]

    @classmethod
    def of(
        cls,
        blueprint: Blueprint,
        segments: int,
        inputs: Mapping[str, Scope],
        replaced: Collection[ArtefactId] = frozenset(),
    ) -> Graph:
        """Expands a blueprint; refuses what `Blueprint.ordered` refuses. What is `replaced` is made of a person's file."""
        expand = _Expansion(blueprint.scopes, dict(inputs), segments, replaced)
        jobs = (job for producer in blueprint.ordered(inputs) for job in expand.jobs(producer))
        return cls(blueprint, segments, tuple(jobs))

    @cached_property
    def makers(self) -> dict[ArtefactId, Job]:
        """The job that makes each artefact; its keys are all artefacts."""
        return {name: job for job in self.jobs for name in job.makes}

    @cached_property
    def readers(self) -> dict[ArtefactId, tuple[Job, ...]]:
        """The jobs that read each artefact."""
        readers: dict[ArtefactId, list[Job]] = {name: [] for name in self.makers}
        for job in self.jobs:
            for name in dict.fromkeys(job.needs()):
                readers[name].append(job)
        return {name: tuple(jobs) for name, jobs in readers.items()}

    def named(self, names: Iterable[Name]) -> frozenset[ArtefactId]:
        """The artefacts that are meant: a bare kind of what exists per segment means all of them."""
        kinds = {kind for kind, scope in self.blueprint.scopes.items() if scope is Scope.SEGMENT}
        found: set[ArtefactId] = set()
        for name in names:
            if name.segment is None and name.kind in kinds:
                found.update(Name(name.kind, segment) for segment in range(self.segments))
            else:
                found.add(name)
        return frozenset(found)

    def upstream(self, targets: Iterable[ArtefactId]) -> frozenset[ArtefactId]:
        """The targets and everything they need; an unknown target is `Refused`."""
        found: set[ArtefactId] = set()
        waiting = list(targets)
        while waiting:
            name = waiting.pop()
            if name not in found:
                job = self.maker(name)
                found.update(job.makes)
                waiting.extend(job.needs())
        return frozenset(found)

    def downstream(self, roots: Iterable[ArtefactId]) -> tuple[Job, ...]:
        """The jobs that depend on some artefacts, nearest first."""
        found: dict[str, Job] = {}
        waiting = deque(roots)
        while waiting:
            for job in self.readers[waiting.popleft()]:
                if job.id not in found:
                    found[job.id] = job
                    waiting.extend(job.makes)
        return tuple(found.values())

    def maker(self, name: ArtefactId) -> Job:
        """The job that makes an artefact; `Refused` for an unknown one."""
        job = self.makers.get(name)
        if job is None:
            producer = self.blueprint.maker(name.kind)
            allowed = (
                f"{name.kind}[0] to {name.kind}[{self.segments - 1}]"
                if producer.scope is Scope.SEGMENT
                else f"{name.kind} without a segment"
            )
            raise Refused(f"this movie has no artefact {name}", next_step=f"use {allowed}")
        return job


@dataclass(frozen=True, slots=True)
class _Expansion:
    scopes: dict[str, Scope]
    inputs: dict[str, Scope]
    segments: int
    replaced: Collection[ArtefactId]

    def jobs(self, producer: Producer) -> Iterator[Job]:
        reads = [(read.label, read.reach, read.name) for read in producer.reads]
        for segment in range(self.segments) if producer.scope is Scope.SEGMENT else (None,):
            wires = tuple(
                Wire(label, reach, self.names(name, reach, segment)) for label, reach, name in reads
            )
            job = Job(producer, segment, wires, tuple(Name(kind, segment) for kind in producer.makes))
            yield from self.without_replaced(job) if self.replaced else (job,)

    def without_replaced(self, job: Job) -> Iterator[Job]:
        """A job for what is left to make of another, and one for each file in the place of the rest."""
        left = tuple(name for name in job.makes if name not in self.replaced)
        if left:
            yield job if left == job.makes else replace(job, makes=left)
        for name in job.makes:
            if name not in left:
                producer = replacement(name.kind, job.producer.scope)
                wire = Wire(producer.reads[0].label, Reach.INPUT, (replacing(name),))
                yield Job(producer, name.segment, (wire,), (name,), instead=job)

    def names(self, name: str, reach: Reach, segment: int | None) -> tuple[Name, ...]:
        if reach is Reach.EVERY:
            return tuple(Name(name, i) for i in range(self.segments))
        if reach is Reach.PREVIOUS:
            return (Name(name, segment - 1),) if segment else ()
        if reach is Reach.ORDINAL:
            return (Name(name, segment),)
        if reach in (Reach.FIRST, Reach.LAST):
            return (Name(name, 0 if reach is Reach.FIRST else self.segments - 1),)
        scopes = self.inputs if reach is Reach.INPUT else self.scopes
        return (Name(name, segment if scopes[name] is Scope.SEGMENT else None),)

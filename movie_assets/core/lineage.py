"""Lineage: what an artefact was made from, by whom and when, what it feeds, and what would make it again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from msgspec import Struct

from movie_assets.core.artefact import ArtefactId, BlobRef, Name
from movie_assets.core.blueprint import Reach
from movie_assets.core.event import FORMAT, ArtefactEvent, InputEvent
from movie_assets.core.fallback import fallback_of
from movie_assets.core.graph import Job, Wire
from movie_assets.core.manifest import Manifest
from movie_assets.core.movie import Movie
from movie_assets.core.planner import Decision, Known, decide

__all__ = ["Change", "Lineage", "Making", "Next", "Setting", "Source", "lineage_of"]


class Setting(Struct, frozen=True, rename="camel"):
    """An input with the value it was read with, and who set that and when."""

    name: str
    value: Any
    editor: str
    created_at: str


class Source(Struct, frozen=True, rename="camel"):
    """An artefact that was read. What was told of one already (`again`) is not told twice; a list tells its members."""

    name: str
    digest: str | None
    provider: str
    says: str | None
    members: int
    again: bool
    sources: tuple[Source, ...]


class Making(Struct, frozen=True, rename="camel"):
    """How the result came about. `made_for` differs from the artefact where another segment's result is used."""

    made_for: str
    revision: str
    created_at: str
    run_id: str
    editor: str
    producer: str
    code_version: str
    provider: str
    model: str | None
    cost: float | None
    seconds: float
    attempt: int
    reasons: tuple[str, ...]
    blob: BlobRef
    fallback: Mapping[str, str] | None = None
    encoder: str | None = None


class Change(Struct, frozen=True, rename="camel"):
    """A revision in which the bytes became others; None where the artefact was not there."""

    revision: str
    created_at: str
    before: str | None
    after: str | None
    says: str | None
    reasons: tuple[str, ...]


class Next(Struct, frozen=True):
    """What the next run would do with it: `nothing`, `pinned`, `reused` (an earlier result), `must` or `may` make it."""

    status: str
    reasons: tuple[str, ...]


class Lineage(Struct, frozen=True, rename="camel", kw_only=True, tag_field="format", tag=FORMAT):
    """Everything that is told of one artefact, as of the live revision or, before it has one, as it is planned."""

    movie: str
    artefact: str
    revision: str | None
    about: str
    says: str | None
    made: Making | None
    inputs: tuple[Setting, ...]
    sources: tuple[Source, ...]
    changes: tuple[Change, ...]
    results: int
    take: int
    feeds: tuple[str, ...]
    and_then: tuple[str, ...]
    next: Next


def lineage_of(movie: Movie, name: ArtefactId) -> Lineage:
    """The lineage of an artefact; `Refused` if the movie has none of this name. Reads, never writes."""
    job = movie.graph.maker(name)
    known = movie.known()
    archive = _Archive(movie, known)
    made = archive.made(name)
    direct = movie.graph.readers[name]
    later = [reader for reader in movie.graph.downstream([name]) if reader not in direct]
    return Lineage(
        movie=movie.id,
        artefact=str(name),
        revision=known.base.revision if known.base and known.base.output(name) else None,
        about=job.producer.about,
        says=_text(made.output) if made else None,
        made=archive.making(made) if made else None,
        inputs=tuple(archive.settings(job, made)),
        sources=tuple(archive.sources(job, {name})),
        changes=tuple(archive.changes(name)),
        results=archive.results(name),
        take=movie.request().take(job.makes),
        feeds=_makes(direct),
        and_then=_makes(later),
        next=_next(movie, known, job, name),
    )


def _makes(jobs: Iterable[Job]) -> tuple[str, ...]:
    return tuple(str(name) for job in jobs for name in job.makes)


def _next(movie: Movie, known: Known, job: Job, name: ArtefactId) -> Next:
    decision = decide(known, movie.request([name]))
    if job.id in decision.must:
        return Next("must", decision.must[job.id])
    if job.id in decision.may:
        return Next("may", decision.may[job.id])
    if name in decision.pinned:
        return Next("pinned", ("movie.yaml pins it",))
    return (
        Next("nothing", ())
        if _stands(known, decision, name)
        else Next("reused", ("same inputs as an earlier result",))
    )


def _stands(known: Known, decision: Decision, name: ArtefactId) -> bool:
    """Whether the live revision has what the next one would have."""
    record = known.base.artefacts.get(str(name)) if known.base else None
    return record is not None and (record.blob.digest, record.inputs_digest) == (
        decision.outputs[name].digest,
        decision.signatures[name].digest,
    )


@dataclass(frozen=True)
class _Archive:
    """What was ever logged and published of one movie."""

    movie: Movie
    known: Known

    @cached_property
    def edits(self) -> list[InputEvent]:
        return self.movie.store.events.inputs()

    @cached_property
    def events(self) -> list[ArtefactEvent]:
        return self.movie.store.events.artefacts()

    def made(self, name: ArtefactId) -> ArtefactEvent | None:
        """The success behind an artefact: that of the live revision, else its own latest."""
        record = self.known.base.artefacts.get(str(name)) if self.known.base else None
        if record is not None:
            return self.known.index.result(name.kind, record.inputs_digest)
        own = (event for event in reversed(self.events) if event.artefact_id == str(name))
        return next((event for event in own if event.status == "succeeded"), None)

    def making(self, event: ArtefactEvent) -> Making:
        assert event.output is not None
        return Making(
            made_for=event.artefact_id,
            revision=event.revision,
            created_at=event.created_at,
            run_id=event.run_id,
            editor=next((edit.editor for edit in self.edits if edit.run_id == event.run_id), ""),
            producer=event.produced_by,
            code_version=event.code_version,
            provider=event.provider,
            model=event.model,
            cost=event.cost,
            seconds=event.seconds,
            attempt=event.attempt,
            reasons=event.reasons,
            blob=event.output,
            fallback=fallback_of(event),
            encoder=event.diagnostics.get("encoder"),
        )

    def settings(self, job: Job, made: ArtefactEvent | None) -> Iterator[Setting]:
        """The inputs as they were read; as they are now, where nothing was made yet."""
        for wire in job.wires:
            if wire.reach is Reach.INPUT:
                yield self._setting(wire.names[0], made.inputs.get(wire.label) if made else None)

    def _setting(self, name: Name, digest: str | None) -> Setting:
        now = self.known.inputs[name]
        set_by = self._set_by(name, digest or now.digest)
        if set_by is not None:
            return Setting(str(name), set_by.payload, set_by.editor, set_by.created_at)
        return Setting(str(name), now.payload, "", "")

    def _set_by(self, name: Name, digest: str) -> InputEvent | None:
        """The edit by which an input got a value; a later one that only repeats it does not count."""
        found, standing = None, ""
        for edit in self.edits:
            if edit.id == str(name):
                found = edit if edit.digest == digest != standing else found
                standing = edit.digest or ""
        return found

    def sources(self, job: Job, told: set[ArtefactId]) -> Iterator[Source]:
        """The artefacts a job reads, and what those were made from."""
        for wire in job.wires:
            if wire.reach is Reach.EVERY:
                yield Source(wire.label, None, "", None, len(wire.names), False, ())
            elif wire.reach not in (Reach.INPUT, Reach.ORDINAL) and wire.names:
                yield self._source(wire, told)

    def _source(self, wire: Wire, told: set[ArtefactId]) -> Source:
        name = wire.names[0]
        made, again = self.made(name), name in told
        told.add(name)
        before = () if again else tuple(self.sources(self.movie.graph.maker(name), told))
        ref = made.output if made else None
        return Source(
            str(name),
            ref.digest if ref else None,
            made.provider if made else "",
            _text(ref),
            1,
            again,
            before,
        )

    def changes(self, name: ArtefactId) -> Iterator[Change]:
        """The revisions in which an artefact came, became another, or went."""
        before = None
        for manifest in self.movie.store.manifests.all():
            ref = manifest.output(name)
            after = ref.digest if ref else None
            if after != before:
                reasons = self._reasons(name, manifest)
                yield Change(manifest.revision, manifest.created_at, before, after, _text(ref), reasons)
            before = after

    def _reasons(self, name: ArtefactId, manifest: Manifest) -> tuple[str, ...]:
        record = manifest.artefacts.get(str(name))
        for event in reversed(self.events):
            if event.artefact_id == str(name) and event.revision == manifest.revision and event.output:
                return event.reasons if record and event.output.digest == record.blob.digest else ()
        return ()

    def results(self, name: ArtefactId) -> int:
        """How many different results there are of an artefact."""
        made = {
            event.inputs_digest for event in self.events if event.artefact_id == str(name) and event.output
        }
        return len(made)


def _text(ref: BlobRef | None) -> str | None:
    """What a short text says."""
    return ref.inline if ref is not None and ref.media_type.startswith("text/") else None

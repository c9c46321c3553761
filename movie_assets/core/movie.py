"""A movie: its inputs as they are now, its store, and what it takes to make it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import msgspec
from msgspec import structs

from movie_assets.core.artefact import ArtefactId, BlobRef, Name
from movie_assets.core.claim import Lease
from movie_assets.core.clock import Clock
from movie_assets.core.commit import edits_between, is_news, next_manifest
from movie_assets.core.errors import Conflict, MovieError
from movie_assets.core.expectation import expected_seconds
from movie_assets.core.foresight import Foresight
from movie_assets.core.graph import Graph, Job
from movie_assets.core.inputs import Input
from movie_assets.core.ledger import enter
from movie_assets.core.manifest import Manifest
from movie_assets.core.merge import check_plain, merge, wanted_by
from movie_assets.core.outcome import Outcome
from movie_assets.core.plan import Plan
from movie_assets.core.planner import Decision, Known, Price, decide, plan_of
from movie_assets.core.reason import provider_of
from movie_assets.core.record import Record, RunLog
from movie_assets.core.request import Request
from movie_assets.core.run import Means, run
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.task import Ports

__all__ = ["Files", "Gear", "Movie", "Movies", "Production"]

_MERGES = 5
"""How often a run that is overtaken again and again merges before it gives up."""


class Files(Protocol):
    """A person's files that the inputs refer to."""

    def read(self, ref: BlobRef) -> bytes | None:
        """The bytes of one of them, None for any other reference."""

    def deliver(self, store: MovieStore) -> None:
        """Brings their bytes into the store."""


@dataclass(frozen=True, slots=True)
class Gear:
    """What every movie of a process works with; `places` and `lane` as in `run.Means`.

    A run that does not show itself for `lease_seconds` counts as dead, and others take over what it was about to pay.
    """

    ports: Ports
    clock: Clock
    price: Price
    scratch: Path
    places: Mapping[str, int]
    lane: Callable[[str], str]
    editor: str = ""
    lease_seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class Movie:
    """One movie, ready to be planned and made."""

    id: str
    store: MovieStore
    graph: Graph
    inputs: Mapping[Name, Input]
    takes: Mapping[ArtefactId, int]
    pins: frozenset[ArtefactId]
    files: Files
    gear: Gear

    def known(self) -> Known:
        """Everything a decision is made from, as of now; reads, never writes."""
        known = Known(
            self.graph,
            self.inputs,
            self.store.manifests.live(),
            self.store.events.index(),
            self.store.present(),
        )
        reader = _Desk(self.files, self.store)
        foresight = Foresight(lambda name: self.inputs[name].payload, known.asked, reader, self.gear.ports)
        return replace(known, foresee=foresight)

    def request(self, targets: Collection[ArtefactId] | None = None) -> Request:
        """What is wanted: the whole movie, or some artefacts (`picture`: all pictures) and what they need."""
        return Request(None if targets is None else self.graph.named(targets), self.takes, self.pins)

    def plan(self, targets: Collection[ArtefactId] | None = None) -> Plan:
        """What would be made, and why; changes nothing."""
        known, request = self.known(), self.request(targets)
        return self._plan_of(known, request, decide(known, request))

    def produce(self, targets: Collection[ArtefactId] | None = None, *, run_id: str = "") -> Production:
        """Plans and stands ready to make it; nothing is written before `Production.begin`."""
        known, request = self.known(), self.request(targets)
        decision = decide(known, request)
        plan = self._plan_of(known, request, decision)
        log = RunLog(self.store, self.gear.clock, run_id or plan.plan_id, plan.revision)
        return Production(self, known, request, decision, plan, log)

    def _plan_of(self, known: Known, request: Request, decision: Decision) -> Plan:
        return plan_of(
            known,
            request,
            decision,
            movie=self.id,
            plan_id=self.gear.clock.new_id(),
            created_at=self.gear.clock.now(),
            price=self.gear.price,
            expected_seconds=self._expected_seconds(known, decision),
        )

    def _expected_seconds(self, known: Known, decision: Decision) -> float | None:
        def lane(job: Job) -> str:
            return self.gear.lane(provider_of(job, known.asked(job)))

        return expected_seconds(self.graph, decision.jobs, known.index, lane, self.gear.places)


@dataclass(frozen=True, slots=True)
class _Desk:
    """Reads a person's files before they are in the store, and everything that is."""

    files: Files
    store: MovieStore

    def read(self, ref: BlobRef) -> bytes:
        found = self.files.read(ref)
        return self.store.read(ref) if found is None else found

    def file(self, ref: BlobRef, scratch: Path) -> Path:
        return self.store.file(ref, scratch)


class Movies(Protocol):
    """The movies of one project."""

    def ids(self) -> list[str]: ...

    def open(self, movie: str) -> Movie: ...


@dataclass(slots=True)
class Production:
    """One run of one plan, from recording the inputs to publishing the revision."""

    movie: Movie
    known: Known
    request: Request
    decision: Decision
    plan: Plan
    log: RunLog
    stop: threading.Event = field(default_factory=threading.Event)
    failures: list[Outcome] = field(default_factory=list)
    begun: float = 0.0

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs that must or may run, in order."""
        return tuple(self.decision.jobs)

    @property
    def has_work(self) -> bool:
        """Whether there is a job to run, or a revision to publish though nothing is made for it."""
        whole = self.request.targets is None
        return bool(self.decision.jobs) or (whole and is_news(self.known, self.decision))

    def standing(self) -> Decision:
        """What of the whole movie is known already, whatever the targets of this run."""
        return self.decision if self.request.targets is None else decide(self.known, self.movie.request())

    def begin(self) -> None:
        """Records the inputs under which everything will be made, and the plan; `Conflict` if its base moved."""
        store = self.movie.store
        self.begun = self.movie.gear.clock.seconds()
        self._check_base(store.manifests.live())
        self.movie.files.deliver(store)
        recorded = store.events.index().inputs.values()
        before = {event.id: event.digest for event in recorded if event.digest is not None}
        edits = edits_between(before, self.movie.inputs, self.log, self.movie.gear.editor)
        store.events.append_inputs(edits)
        if self.decision.jobs:
            store.plans.save(self.plan)

    def outcomes(
        self, record: Record | None = None, on_start: Callable[[Job, str], None] = lambda job, provider: None
    ) -> Generator[Outcome, None, None]:
        """Makes what the plan says, yielding each job's outcome once it is recorded."""
        means = self._means(record or self.log, on_start)
        with closing(run(self.known, self.request, self.decision, means)) as outcomes:
            for outcome in outcomes:
                if outcome.status == "failed":
                    self.failures.append(outcome)
                yield outcome

    def publish(
        self, make: Callable[[Production], object] = lambda merged: list(merged.outcomes())
    ) -> Manifest | None:
        """Publishes the next revision if every artefact of the movie is there; else, or if nothing is new, None.

        If another revision was published since the plan was made, its edits are merged with ours, and `make` makes
        what that leaves to make; `Conflict` if both changed the same.
        """
        at, store = self, self.movie.store
        for _ in range(_MERGES + 1):
            known = at.movie.known()
            whole = decide(known, at.movie.request())
            if whole.jobs:
                return None
            if not is_news(known, whole):
                assert known.base is not None
                store.manifests.write_hint(known.base)
                return None
            if at._is_on(known.base):
                with suppress(Conflict):
                    return at._commit(known, whole)
            at = self._merged()
            make(at)
            if error := at.error():
                raise error
        raise Conflict(
            "others published again and again while this run merged",
            movie=self.movie.id,
            next_step=f"movies make {self.movie.id}",
        )

    def _merged(self) -> Production:
        """What is left to make for this run's edits together with those of the live revision, on top of it."""
        mine, live = self.movie, self.movie.store.manifests.live()
        assert live is not None
        graph, inputs = merge(self.known.base, live, mine.graph, mine.inputs)
        self._check_plain(live)
        movie = replace(mine, graph=graph, inputs=inputs)
        known, request = replace(movie.known(), base=live), movie.request()
        decision = decide(known, request)
        plan = structs.replace(movie._plan_of(known, request, decision), plan_id=self.plan.plan_id)
        log = replace(self.log, revision=plan.revision)
        return Production(movie, known, request, decision, plan, log, self.stop, begun=self.begun)

    def _check_plain(self, live: Manifest) -> None:
        graph, inputs = wanted_by(live, self.movie.graph)
        theirs = replace(self.movie, graph=graph, inputs=inputs).known()
        takes = {name: take for name, take in self.request.takes.items() if name in graph.makers}
        decision = decide(theirs, Request(takes=takes))
        check_plain(self.known.base, live, graph, decision, self.request.pins)

    def _commit(self, known: Known, whole: Decision) -> Manifest:
        header = {
            "movie": self.movie.id,
            "plan_id": self.plan.plan_id,
            "nonce": self.movie.gear.clock.new_id(),
            "created_at": self.movie.gear.clock.now(),
            "timeline": self._timeline(whole),
        }
        store = self.movie.store
        manifest = next_manifest(known, whole, store.events, self.log, header, self.movie.gear.editor)
        store.manifests.publish(manifest)
        enter(store, manifest, self.log.run_id, self.movie.gear.clock.seconds() - self.begun)
        store.plans.forget_before(manifest.number)
        return manifest

    def error(self) -> MovieError | None:
        """The failures of this run as one error, each named with what it blocked."""
        errors = [outcome.error for outcome in self.failures if outcome.error is not None]
        if len(errors) <= 1:
            return errors[0] if errors else None
        facts = [_failure(error) for error in errors]
        return type(errors[0])(
            f"{len(errors)} jobs failed:\n  " + "\n  ".join(facts),
            movie=self.movie.id,
            next_step=errors[0].next_step,
        )

    def _is_on(self, live: Manifest | None) -> bool:
        return (live.digest if live else None) == self.plan.manifest_base_digest

    def _check_base(self, live: Manifest | None) -> None:
        if not self._is_on(live):
            raise Conflict(
                "another revision was published after this plan was made",
                movie=self.movie.id,
                live=live.revision if live else None,
                next_step=f"plan again: movies make {self.movie.id}",
            )

    def _means(self, record: Record, on_start: Callable[[Job, str], None]) -> Means:
        gear, store = self.movie.gear, self.movie.store
        return Means(
            ports=gear.ports,
            reader=store,
            index=store.events.index,
            record=record,
            started=self.log.started,
            clock=gear.clock,
            scratch=gear.scratch / self.movie.id / self.log.run_id,
            places=gear.places,
            lane=gear.lane,
            lease=Lease(store.leases, store.claims, gear.clock, self.log.run_id, gear.lease_seconds),
            stop=self.stop,
            on_start=on_start,
        )

    def _timeline(self, whole: Decision) -> Any:
        ref = whole.outputs.get(Name("timeline"))
        return msgspec.json.decode(self.movie.store.read(ref)) if ref else None


def _failure(error: MovieError) -> str:
    blocks = error.labels.get("blocks")
    return f"{error.labels['artefact']}: {error.fact}" + (f" (blocks {blocks})" if blocks else "")

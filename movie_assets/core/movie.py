"""A movie: its inputs as they are now, its store, and what it takes to make it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import msgspec
from msgspec import structs

from movie_assets.core.artefact import ArtefactId, BlobRef, Name
from movie_assets.core.blueprint import Reach
from movie_assets.core.budget import Budget, Limit
from movie_assets.core.claim import Lease
from movie_assets.core.clock import Clock
from movie_assets.core.commit import edits_between, is_news, next_manifest
from movie_assets.core.encoder import Encoder
from movie_assets.core.errors import Conflict, MovieError, Transient
from movie_assets.core.expectation import expected_seconds
from movie_assets.core.fit import Fit
from movie_assets.core.foresight import Foresight
from movie_assets.core.graph import Graph, Job
from movie_assets.core.inputs import Input
from movie_assets.core.kin import Kin
from movie_assets.core.ledger import enter
from movie_assets.core.manifest import Manifest
from movie_assets.core.merge import check_plain, edited_since, merge, wanted_by
from movie_assets.core.outcome import Outcome
from movie_assets.core.plan import Allowance, Plan
from movie_assets.core.planner import Decision, Known, decide, plan_of
from movie_assets.core.progress import Progress, Silence
from movie_assets.core.prospect import Price
from movie_assets.core.reason import listed, provider_of
from movie_assets.core.record import Record, RunLog
from movie_assets.core.references import references
from movie_assets.core.request import Request
from movie_assets.core.reuse import Signature
from movie_assets.core.run import Means, run
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.task import Ports
from movie_assets.core.timeline import Timeline

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
    """One movie, ready to be planned and made; `budget_usd` bounds all that is ever spent on it.

    `encoder` tells what its encoder is on this machine, where it asks for another than usual; `fit` what a person's own
    clips must be held against, where there are any.
    """

    id: str
    store: MovieStore
    graph: Graph
    inputs: Mapping[Name, Input]
    takes: Mapping[ArtefactId, int]
    pins: frozenset[ArtefactId]
    files: Files
    gear: Gear
    budget_usd: float | None = None
    kin: Kin = field(default_factory=Kin)
    encoder: Encoder | None = None
    fit: Fit | None = None

    def known(self) -> Known:
        """Everything a decision is made from, as of now; reads, never writes."""
        known = Known(
            self.graph,
            self.inputs,
            self.store.manifests.live(),
            self.store.events.index(),
            self.store.present(),
        )
        reader = _Desk(self.files, self.store, self.kin)
        foresight = Foresight(lambda name: self.inputs[name].payload, known.asked, reader, self.gear.ports)
        return replace(known, foresee=foresight, read=foresight.read, elsewhere=self.kin.results)

    def request(self, targets: Collection[ArtefactId] | None = None) -> Request:
        """What is wanted: the whole movie, or some artefacts (`picture`: all pictures) and what they need."""
        return Request(None if targets is None else self.graph.named(targets), self.takes, self.pins)

    def plan(self, targets: Collection[ArtefactId] | None = None) -> Plan:
        """What would be made, and why; changes nothing."""
        known, request = self.known(), self.request(targets)
        return self._plan_of(known, request, decide(known, request))

    def made(self, name: ArtefactId) -> BlobRef | None:
        """An artefact as it is wanted now, if that is made already, published or not."""
        return decide(self.known(), self.request([name])).outputs.get(name)

    def produce(
        self,
        targets: Collection[ArtefactId] | None = None,
        *,
        run_id: str = "",
        budget_usd: float | None = None,
        shared: bool = False,
    ) -> Production:
        """Plans and stands ready to make it, for `budget_usd` at most; nothing is written before `Production.begin`.

        A `shared` one is one of several runs that make the same together, each artefact once.
        """
        known, request = self.known(), self.request(targets)
        decision = decide(known, request)
        plan = self._plan_of(known, request, decision, budget_usd)
        log = RunLog(self.store, self.gear.clock, run_id or plan.plan_id, plan.revision)
        return Production(self, known, request, decision, plan, log, budget_usd=budget_usd, shared=shared)

    def _plan_of(
        self, known: Known, request: Request, decision: Decision, budget_usd: float | None = None
    ) -> Plan:
        self._check_fit(known, decision)
        limits = self.limits(budget_usd, run_id="")
        return plan_of(
            known,
            request,
            decision,
            movie=self.id,
            plan_id=self.gear.clock.new_id(),
            created_at=self.gear.clock.now(),
            price=self.gear.price,
            expected_seconds=self._expected_seconds(known, decision),
            budgets=tuple(
                Allowance(each.usd, each.of, sum(known.index.spending.of(each.run_id))) for each in limits
            ),
            encoder=self.encoder,
        )

    def _check_fit(self, known: Known, decision: Decision) -> None:
        """Refuses a person's clip that is not as long as a timeline that is there already."""
        for kind, clip in (("timeline", "clip"), ("described_timeline", "described_clip")):
            ref = decision.outputs.get(Name(kind))
            if self.fit is not None and ref is not None:
                self.fit.check(msgspec.json.decode(known.read(ref), type=Timeline), clip)

    def limits(self, budget_usd: float | None, run_id: str) -> list[Limit]:
        """How much may be spent: on the movie in all, and by one run of it."""
        again = f"what was made is kept; movies make {self.id} --budget USD makes the rest"
        raised = f"what was made is kept; raise budget_usd in movie.yaml, then: movies make {self.id}"
        whole = [] if self.budget_usd is None else [Limit(self.budget_usd, "this movie", None, raised)]
        return whole + ([] if budget_usd is None else [Limit(budget_usd, "this run", run_id, again)])

    def _expected_seconds(self, known: Known, decision: Decision) -> float | None:
        def lane(job: Job) -> str:
            return self.gear.lane(provider_of(job, known.asked(job)))

        return expected_seconds(self.graph, decision.jobs, known.index, lane, self.gear.places)


@dataclass(frozen=True, slots=True)
class _Desk:
    """Reads a person's files before they are in the store, and everything that is."""

    files: Files
    store: MovieStore
    kin: Kin

    def read(self, ref: BlobRef) -> bytes:
        found = self.files.read(ref)
        if found is not None:
            return found
        ours = not self.kin.stores or ref.inline is not None or self.store.blobs.has(ref)
        return self.store.read(ref) if ours else self.kin.read(ref)

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
    budget_usd: float | None = None
    shared: bool = False

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs that must or may run, in order."""
        return tuple(self.decision.jobs)

    @property
    def has_work(self) -> bool:
        """Whether there is a job to run, or a revision to publish though nothing is made for it."""
        whole = self.request.targets is None
        return bool(self.decision.jobs or self.decision.adopted) or (
            whole and is_news(self.known, self.decision)
        )

    def standing(self) -> Decision:
        """What of the whole movie is known already, whatever the targets of this run."""
        return self.decision if self.request.targets is None else decide(self.known, self.movie.request())

    def begin(self) -> None:
        """Records the inputs under which everything will be made, and the plan; `Conflict` if its base moved.

        `Unready`, before anything is paid for, if there is something to code and its encoder does not work here.
        """
        if self.movie.encoder is not None and any(map(_is_coded, self.jobs)):
            self.movie.encoder.check()
        store = self.movie.store
        self.begun = self.movie.gear.clock.seconds()
        self._check_base(store.manifests.live())
        self.movie.files.deliver(store)
        recorded = store.events.index().inputs.values()
        before = {event.id: event.digest for event in recorded if event.digest is not None}
        edits = edits_between(before, self.movie.inputs, self.log, self.movie.gear.editor)
        store.events.append_inputs(edits)
        for job, found in self.decision.adopted:
            self._adopt(job, found)
        store.pending.clear(self._is_made)
        if self.decision.jobs:
            store.plans.save(self.plan)

    def rebased(self) -> Production:
        """The same upon what another run published since it was planned, both edits together.

        `Conflict` names what both changed, or what the other did if the two together cost more than this plan says.
        """
        live = self.movie.store.manifests.live()
        assert live is not None, "someone has published"
        together = self._merged(self.request.targets)
        if together.plan.cost.exceeds(self.plan.cost):
            raise Conflict(
                f"{live.revision} changed {listed(edited_since(self.known.base, live)) or 'the movie'} after this plan was "
                f"made, and both together may cost {together.plan.cost}, not {self.plan.cost}",
                movie=self.movie.id,
                live=live.revision,
                next_step=f"plan again: movies make {self.movie.id}",
            )
        return together

    def _adopt(self, job: Job, found: Signature) -> Mapping[ArtefactId, BlobRef] | None:
        movie, scratch = self.movie, self.movie.gear.scratch / self.movie.id / "kin"
        return movie.kin.adopt(job, found, movie.store, self.log, scratch)

    def outcomes(
        self, record: Record | None = None, progress: Progress | None = None
    ) -> Generator[Outcome, None, None]:
        """Makes what the plan says, yielding each job's outcome once it is recorded."""
        means = self._means(record or self.log, progress or Silence())
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
        lease = self._lease()
        with lease.held():
            return self._publish(lease, make)

    def _publish(self, lease: Lease, make: Callable[[Production], object]) -> Manifest | None:
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
                    return at._commit(known, whole, lease)
            at = self._merged()
            make(at)
            if error := at.error():
                raise error
        raise Conflict(
            "others published again and again while this run merged",
            movie=self.movie.id,
            next_step=f"movies make {self.movie.id}",
        )

    def _merged(self, targets: Collection[ArtefactId] | None = None) -> Production:
        """What is left to make for this run's edits together with those of the live revision, on top of it."""
        mine, live = self.movie, self.movie.store.manifests.live()
        assert live is not None
        graph, inputs = merge(self.known.base, live, mine.graph, mine.inputs)
        self._check_plain(live)
        movie = replace(mine, graph=graph, inputs=inputs)
        known, request = replace(movie.known(), base=live), movie.request(targets)
        decision = decide(known, request)
        plan = structs.replace(movie._plan_of(known, request, decision), plan_id=self.plan.plan_id)
        log = replace(self.log, revision=plan.revision)
        return Production(
            movie,
            known,
            request,
            decision,
            plan,
            log,
            self.stop,
            begun=self.begun,
            budget_usd=self.budget_usd,
            shared=self.shared,
        )

    def _check_plain(self, live: Manifest) -> None:
        graph, inputs = wanted_by(live, self.movie.graph)
        theirs = replace(self.movie, graph=graph, inputs=inputs).known()
        takes = {name: take for name, take in self.request.takes.items() if name in graph.makers}
        decision = decide(theirs, Request(takes=takes))
        check_plain(self.known.base, live, graph, decision, self.request.pins)

    def _commit(self, known: Known, whole: Decision, lease: Lease) -> Manifest:
        header = {
            "movie": self.movie.id,
            "plan_id": self.plan.plan_id,
            "nonce": self.movie.gear.clock.new_id(),
            "created_at": self.movie.gear.clock.now(),
            "timeline": self._timeline(whole),
        }
        store = self.movie.store
        manifest = next_manifest(known, whole, store.events, self.log, header, self.movie.gear.editor)
        self._keep_from_sweep([ref for _, ref in references(manifest)], lease.now())
        store.manifests.publish(manifest)
        enter(store, manifest, self.log.run_id, self.movie.gear.clock.seconds() - self.begun)
        store.events.checkpoint(manifest.number)
        store.plans.forget_before(manifest.number)
        return manifest

    def _secure(self, now: float) -> None:
        """What is reused stays until it is published."""
        self._keep_from_sweep(self.decision.outputs.values(), now)

    def _keep_from_sweep(self, refs: Iterable[BlobRef], now: float) -> None:
        """Makes what the base does not hold too young to be swept; `Conflict` if a sweep was first."""
        base = self.known.base
        held = {ref.digest for _, ref in references(base)} if base else set()
        gone = self.movie.store.blobs.freshen_all([ref for ref in refs if ref.digest not in held], now)
        if gone:
            raise Transient(
                "an old result that was to be reused was swept meanwhile",
                movie=self.movie.id,
                digest=gone[0].digest,
                next_step=f"movies make {self.movie.id} plans again and makes it anew",
            )

    def _lease(self) -> Lease:
        gear, store = self.movie.gear, self.movie.store
        return Lease(store.leases, store.claims, gear.clock, self.log.run_id, gear.lease_seconds)

    def error(self) -> MovieError | None:
        """The failures of this run as one error, each named with what it blocked."""
        errors = [outcome.error for outcome in self.failures if outcome.error is not None]
        if not errors:
            return None
        if len(errors) == 1:
            errors[0].labels = {"movie": self.movie.id, **errors[0].labels}
            return errors[0]
        alike: dict[str, list[MovieError]] = {}
        for error in errors:
            alike.setdefault(error.fact, []).append(error)
        facts = [_failure(group) for group in alike.values()]
        return type(errors[0])(
            f"{len(errors)} jobs failed:\n  " + "\n  ".join(facts),
            movie=self.movie.id,
            next_step="\n  and: ".join(dict.fromkeys(error.next_step for error in errors)),
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

    def _means(self, record: Record, progress: Progress) -> Means:
        gear, store = self.movie.gear, self.movie.store
        return Means(
            ports=gear.ports,
            reader=store,
            index=store.events.index,
            recent=store.events.recent,
            record=record,
            started=self.log.started,
            price=gear.price,
            budget=Budget(
                self.movie.limits(self.budget_usd, self.log.run_id), lambda: store.events.index().spending
            ),
            clock=gear.clock,
            scratch=gear.scratch / self.movie.id / self.log.run_id,
            places=gear.places,
            lane=gear.lane,
            lease=self._lease(),
            secure=self._secure,
            stop=self.stop,
            progress=progress,
            pending=store.pending.of,
            adopt=self._adopt,
            shared=self.shared,
        )

    def _is_made(self, kind: str, inputs_digest: str) -> bool:
        found = self.known.index.result(kind, inputs_digest)
        return found is not None and found.output is not None and self.known.present(found.output)

    def _timeline(self, whole: Decision) -> Any:
        ref = whole.outputs.get(Name("timeline"))
        return msgspec.json.decode(self.movie.store.read(ref)) if ref else None


def _is_coded(job: Job) -> bool:
    """Whether an encoder is needed for a job; what reads all clips joins them as they are."""
    reads = {wire.label: wire.reach for wire in job.wires}
    return "inputs/encoder" in reads and Reach.EVERY not in reads.values()


def _failure(alike: list[MovieError]) -> str:
    """What went wrong with a job, or with several in the same way."""
    names = listed([str(error.labels["artefact"]) for error in alike])
    blocks = alike[0].labels.get("blocks") if len(alike) == 1 else None
    return f"{names}: {alike[0].fact}" + (f" (blocks {blocks})" if blocks else "")

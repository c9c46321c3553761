"""The planner: decides, before anything is made, what must be, what may be, and why. Pure."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from movie_assets.core.artefact import ArtefactId, BlobRef, Name
from movie_assets.core.blueprint import Reach
from movie_assets.core.cost import Cost
from movie_assets.core.encoder import Encoder
from movie_assets.core.errors import Damaged
from movie_assets.core.fallback import choice_of
from movie_assets.core.graph import Graph, Job
from movie_assets.core.inputs import Input
from movie_assets.core.layers import layers_of
from movie_assets.core.manifest import Manifest
from movie_assets.core.plan import Allowance, Plan, PlannedJob
from movie_assets.core.prospect import Price, Prospect
from movie_assets.core.reason import listed, reasons_to_make
from movie_assets.core.request import Request
from movie_assets.core.reuse import Index, Signature, signature
from movie_assets.core.revision import revision_name

__all__ = ["Decision", "Known", "decide", "plan_of"]

Foresee = Callable[[Job, Mapping[ArtefactId, BlobRef]], Mapping[ArtefactId, BlobRef] | None]
"""What an instant job would give, worked out without recording it; None where that cannot be told."""


def _unreadable(ref: BlobRef) -> bytes:
    raise Damaged("nothing can be read here", next_step="movies verify")


Elsewhere = Callable[[Job, str], Mapping[ArtefactId, BlobRef] | None]
"""What a job would give, as another variation of the movie has made it under the same inputs digest."""


@dataclass(frozen=True, slots=True)
class Known:
    """Everything a decision is made from: the graph, the inputs as they are now, the base, the log, the blobs.

    `read` gives the bytes of what is there or foreseen.
    """

    graph: Graph
    inputs: Mapping[Name, Input]
    base: Manifest | None
    index: Index
    present: Callable[[BlobRef], bool]
    foresee: Foresee = lambda job, outputs: None
    elsewhere: Elsewhere = lambda job, inputs_digest: None
    read: Callable[[BlobRef], bytes] = _unreadable

    def asked(self, job: Job) -> Any:
        """The payload of the input that names a job's provider; None for our own steps."""
        if job.producer.asks is None:
            return None
        own = Name(job.producer.asks, job.segment)
        return self.inputs[own if own in self.inputs else Name(own.kind)].payload


@dataclass(slots=True)
class Decision:
    """What is known already (`outputs`, `signatures`), and the jobs that must or may run, in order, with reasons.

    `firsts` are the jobs that must run by inputs digest: another of the same digest awaits the first one's result.
    `foreseen` is what instant ones among the jobs will give: what reads them is decided already. The results of those
    `adopted` are another variation's, and are to be brought over.
    """

    outputs: dict[ArtefactId, BlobRef] = field(default_factory=dict)
    signatures: dict[ArtefactId, Signature] = field(default_factory=dict)
    must: dict[str, tuple[str, ...]] = field(default_factory=dict)
    may: dict[str, tuple[str, ...]] = field(default_factory=dict)
    jobs: list[Job] = field(default_factory=list)
    firsts: dict[str, Job] = field(default_factory=dict)
    foreseen: dict[ArtefactId, BlobRef] = field(default_factory=dict)
    pinned: set[ArtefactId] = field(default_factory=set)
    adopted: list[tuple[Job, Signature]] = field(default_factory=list)
    reused: int = 0


def decide(known: Known, request: Request) -> Decision:
    """Walks the graph in order and sorts every wanted job into reused, must run and may run.

    `Refused` if a target, a take or a pin is of no artefact of this movie.
    """
    graph = known.graph
    for name in (*request.takes, *request.pins):
        graph.maker(name)
    wanted = None if request.targets is None else graph.upstream(request.targets)
    inputs = {name: given.digest for name, given in known.inputs.items()}
    decision = Decision()
    digests: dict[ArtefactId, str] = {}
    for job in graph.jobs:
        if wanted is not None and wanted.isdisjoint(job.makes):
            continue
        found = signature(job, inputs, digests, request.take(job.makes))
        kept = _kept(known, request.pins, job) if request.pins else {}
        outputs = kept or _results(known, job, found) or _adopted(known, decision, job, found)
        if outputs is None:
            _plan_job(known, decision, job, found)
            outputs = _foreseen(known, decision, job, found)
        else:
            decision.reused += 1
            decision.pinned.update(kept)
            decision.outputs.update(outputs)
        for name, ref in outputs.items():
            digests[name] = ref.digest
        if found is not None:
            for name in job.makes:
                decision.signatures[name] = found
    return decision


def _kept(known: Known, pins: frozenset[ArtefactId], job: Job) -> dict[ArtefactId, BlobRef]:
    """What a pinned job keeps: all it made, since its artefacts belong together. The base must have them."""
    if known.base is None or pins.isdisjoint(job.makes):
        return {}
    kept = {name: ref for name in job.makes if (ref := known.base.output(name)) and known.present(ref)}
    return kept if len(kept) == len(job.makes) else {}


def _results(known: Known, job: Job, found: Signature | None) -> dict[ArtefactId, BlobRef] | None:
    """What an earlier call under the same inputs digest gave, if its bytes are there."""
    outputs = None if found is None else known.index.results(job, found.digest)
    return outputs if outputs is not None and all(map(known.present, outputs.values())) else None


def _adopted(
    known: Known, decision: Decision, job: Job, found: Signature | None
) -> Mapping[ArtefactId, BlobRef] | None:
    outputs = None if found is None else known.elsewhere(job, found.digest)
    if outputs is not None and found is not None:
        decision.adopted.append((job, found))
    return outputs


def _foreseen(
    known: Known, decision: Decision, job: Job, found: Signature | None
) -> Mapping[ArtefactId, BlobRef]:
    if found is None:
        return {}
    outputs = known.foresee(job, ChainMap(decision.foreseen, decision.outputs)) or {}
    decision.foreseen.update(outputs)
    return outputs


def _plan_job(known: Known, decision: Decision, job: Job, found: Signature | None) -> None:
    decision.jobs.append(job)
    if found is None:
        there = ChainMap(decision.foreseen, decision.outputs)
        unmade = dict.fromkeys(str(name) for name in job.needs() if name not in there)
        decision.may[job.id] = (f"reads {listed(list(unmade))}, made in this plan",)
    elif (first := decision.firsts.setdefault(found.digest, job)) is not job:
        decision.may[job.id] = (f"same inputs as {first.id}, made in this plan",)
    else:
        decision.must[job.id] = reasons_to_make(known.base, known.index, known.inputs, job, found)


def plan_of(
    known: Known,
    request: Request,
    decision: Decision,
    *,
    movie: str,
    plan_id: str,
    created_at: str,
    price: Price,
    expected_seconds: float | None = None,
    budgets: tuple[Allowance, ...] = (),
    encoder: Encoder | None = None,
) -> Plan:
    """Writes a decision down as the plan's document."""
    layer_of = layers_of(decision.jobs)
    layers: list[list[PlannedJob]] = [[] for _ in range(max(layer_of.values(), default=-1) + 1)]
    for job in decision.jobs:
        layers[layer_of[job.id]].append(_planned_job(known, decision, job, price))
    planned = [job for layer in layers for job in layer]
    return Plan(
        movie=movie,
        plan_id=plan_id,
        revision=revision_name(known.base.number + 1 if known.base else 1),
        manifest_base_digest=known.base.digest if known.base else None,
        created_at=created_at,
        targets=None if request.targets is None else tuple(sorted(map(str, request.targets))),
        edits=_edits(known),
        layers=tuple(map(tuple, layers)),
        reused=decision.reused,
        must_cost=Cost.of(job.cost for job in planned if job.status == "must"),
        may_cost=Cost.of(job.cost for job in planned if job.status == "may"),
        expected_seconds=expected_seconds,
        budgets=budgets,
        encoder=encoder,
    )


def _planned_job(known: Known, decision: Decision, job: Job, price: Price) -> PlannedJob:
    provider, cost = _estimate(known, decision, job, price)
    must, foreseen = job.id in decision.must, job.makes[0] in decision.signatures
    return PlannedJob(
        job_id=job.id,
        producer=job.producer.name,
        status="must" if must else "may",
        inputs=tuple(
            f"inputs/{name}" if wire.reach is Reach.INPUT else str(name)
            for wire in job.wires
            for name in wire.names
        ),
        makes=tuple(map(str, job.makes)),
        reasons=decision.must[job.id] if must else decision.may[job.id],
        context={"segment": job.segment, "provider": provider},
        cost=cost,
        guess=bool(cost) and not foreseen,
    )


def _estimate(known: Known, decision: Decision, job: Job, price: Price) -> tuple[str, float | None]:
    """Who is to do a job, and for how much; one that takes over what another of the same inputs gives costs nothing."""
    choice = choice_of(job, known.asked(job))
    found = decision.signatures.get(job.makes[0])
    if found is not None and decision.firsts[found.digest] is not job:
        return choice.provider, 0.0
    outputs = ChainMap(decision.foreseen, decision.outputs)
    prospect = Prospect(job, choice.provider, choice.settings, known.inputs, outputs, known.read)
    return choice.provider, price(prospect)


def _edits(known: Known) -> tuple[str, ...]:
    before = known.base.inputs if known.base else {}
    now = {str(name): given.digest for name, given in known.inputs.items()}
    changed = [name for name, digest in now.items() if name not in before or before[name].digest != digest]
    return tuple(changed + [name for name in before if name not in now])

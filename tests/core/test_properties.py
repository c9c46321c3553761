"""What holds for any blueprint, any edits, any failures and any interruptions."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movie_assets.core.artefact import Name, Scope
from movie_assets.core.blueprint import ORDINAL, Blueprint, Producer, Read, every, input_, previous, same
from movie_assets.core.errors import Failed
from movie_assets.core.manifest import Manifest, fold
from movie_assets.core.movie import Production
from movie_assets.core.ports import Result
from movie_assets.core.task import Task
from movie_assets.core.toy import Stage, Toy, fail

M, S = Scope.MOVIE, Scope.SEGMENT
MOST = 4  # segments


# --- any blueprint ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shape:
    """A producer of a random blueprint; a coarse one gives one of two results, so that an edit often stops at it."""

    name: str
    scope: Scope
    reads: tuple[Read, ...]
    makes: tuple[str, ...]
    asks: str | None
    coarse: bool

    def on(self, stage: Stage) -> Producer:
        return stage.producer(self.name, self.scope, self.reads, self.makes, asks=self.asks)


def possible_reads(scope: Scope, name: str, made: dict[str, Scope]) -> list[Read]:
    if scope is M:
        return [input_("title")] + [same(kind) if of is M else every(kind) for kind, of in made.items()]
    reads = [input_("title"), input_("text"), input_("picture"), ORDINAL, previous(name)]
    for kind, of in made.items():
        reads += [same(kind)] if of is M else [same(kind), previous(kind), every(kind)]
    return reads


@st.composite
def shapes(draw: st.DrawFn) -> tuple[Shape, ...]:
    found: list[Shape] = []
    made: dict[str, Scope] = {}
    for number in range(draw(st.integers(1, 6))):
        name, scope = f"p{number}", draw(st.sampled_from([S, S, M]))
        reads = draw(
            st.lists(st.sampled_from(possible_reads(scope, name, made)), min_size=1, max_size=3, unique=True)
        )
        asks = "picture" if input_("picture") in reads else None
        makes = (name, f"{name}_too") if draw(st.integers(0, 3)) == 0 else (name,)
        found.append(Shape(name, scope, tuple(reads), makes, asks, draw(st.booleans())))
        made.update(dict.fromkeys(makes, scope))
    return tuple(found)


def coarse(task: Task, made: dict[str, Result]) -> dict[str, Result]:
    return {
        kind: Result(bytes(result.body)[-1:].translate(bytes(b"01" * 128)), result.media_type, result.meta)
        for kind, result in made.items()
    }


@dataclass
class AnyToy(Toy):
    """A toy movie of a random blueprint."""

    shapes: tuple[Shape, ...] = ()
    broken: frozenset[str] = field(default_factory=frozenset)

    def blueprint(self) -> Blueprint:
        self.stage.acts = {shape.name: coarse for shape in self.shapes if shape.coarse}
        self.stage.acts.update(dict.fromkeys(self.broken, fail(Failed("broken"))))
        return Blueprint("any", tuple(shape.on(self.stage) for shape in self.shapes), {})

    def names(self) -> list[Name]:
        return list(self.movie().graph.makers)


# --- any script ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One thing a person does, or one run; numbers are taken modulo what there is."""

    verb: str
    at: int
    value: int

    def do(self, toy: AnyToy) -> None:
        getattr(self, self.verb)(toy, self.at % max(1, len(toy.texts)))

    def text(self, toy: AnyToy, at: int) -> None:
        toy.texts[at] = "abc"[self.value % 3]

    def picture(self, toy: AnyToy, at: int) -> None:
        toy.pictures[at] = {"provider": ("painter", "other", "local")[self.value % 3]}

    def title(self, toy: AnyToy, at: int) -> None:
        toy.title = f"title {self.value % 2}"

    def insert(self, toy: AnyToy, at: int) -> None:
        if len(toy.texts) < MOST:
            toy.texts.insert(at, "abc"[self.value % 3])

    def remove(self, toy: AnyToy, at: int) -> None:
        if len(toy.texts) > 1:
            del toy.texts[at]
            toy.pins = frozenset(toy.pins & set(toy.names()))
            toy.takes = {name: take for name, take in toy.takes.items() if name in toy.names()}

    def version(self, toy: AnyToy, at: int) -> None:
        toy.stage.versions[toy.shapes[self.at % len(toy.shapes)].name] = str(self.value % 2 + 1)

    def take(self, toy: AnyToy, at: int) -> None:
        toy.takes[self._name(toy)] = self.value % 2 + 1

    def pin(self, toy: AnyToy, at: int) -> None:
        toy.pins ^= {self._name(toy)}

    def make(self, toy: AnyToy, at: int) -> None:
        run(toy, [])

    def make_one(self, toy: AnyToy, at: int) -> None:
        run(toy, [self._name(toy)])

    def make_with_failures(self, toy: AnyToy, at: int) -> None:
        jobs = sorted({job.id for job in toy.movie().graph.jobs})
        toy.broken = frozenset(jobs[self.value % len(jobs) :: 3])
        run(toy, [])
        toy.broken = frozenset()

    def make_and_stop(self, toy: AnyToy, at: int) -> None:
        run(toy, [], most=self.value)

    def _name(self, toy: AnyToy) -> Name:
        names = toy.names()
        return names[self.value % len(names)]


VERBS = ["text", "text", "picture", "title", "insert", "remove", "version", "take", "pin"]
RUNS = ["make", "make", "make_one", "make_with_failures", "make_and_stop"]
steps = st.builds(Step, st.sampled_from(VERBS + RUNS), st.integers(0, 20), st.integers(0, 60))
scripts = st.lists(steps, min_size=1, max_size=12)


def run(toy: AnyToy, targets: list[Name], most: int | None = None) -> None:
    """Makes a movie, or stops after so many outcomes, and checks that it kept to its plan."""
    production = toy.movie().produce(targets or None)
    production.begin()
    outcomes = production.outcomes()
    if most is None:
        check_plan(production, {outcome.job.id: outcome.status for outcome in outcomes})
    else:
        for _ in zip(range(most), outcomes, strict=False):
            pass
        outcomes.close()
    production.publish()


def check_plan(production: Production, ended: dict[str, str]) -> None:
    """Nothing outside of must and may is made; all of must is made; the rest is reused, or told as failed or blocked."""
    status = {job.job_id: job.status for job in production.plan.jobs}
    assert ended.keys() == status.keys()
    must = {job for job in status if status[job] == "must"}
    assert {ended[job] for job in must} <= {"produced", "failed"}


# --- what holds ---------------------------------------------------------------------------------------------------


def check_paid_once(toy: AnyToy) -> None:
    succeeded = [
        (event.kind, event.inputs_digest)
        for event in toy.store.events.artefacts()
        if event.status == "succeeded"
    ]
    assert len(succeeded) == len(set(succeeded))


def check_folds(toy: AnyToy) -> None:
    base: Manifest | None = None
    edits, results = toy.store.events.inputs(), toy.store.events.artefacts()
    for number in toy.store.manifests.numbers():
        manifest = toy.store.manifests.read(number)
        header: dict[str, Any] = {
            name: getattr(manifest, name)
            for name in ("movie", "plan_id", "nonce", "created_at", "blueprint", "segments", "timeline")
        }
        mine = manifest.plan_id
        assert manifest == fold(
            base,
            [event for event in edits if event.run_id == mine],
            [event for event in results if event.run_id == mine],
            members=list(map(Name.parse, manifest.artefacts)),
            header=header,
        )
        base = manifest


def check_complete(toy: AnyToy) -> None:
    """Everything is made, and is what a build from nothing gives."""
    assert not toy.movie().produce().has_work
    fresh = AnyToy(
        toy.scratch, toy.texts, pictures=toy.pictures, title=toy.title, takes=toy.takes, shapes=toy.shapes
    )
    fresh.stage.versions = toy.stage.versions
    fresh.make()
    assert toy.bodies() == fresh.bodies()
    assert set(map(Name.parse, toy.bodies())) == set(toy.names())


@given(shapes(), st.lists(st.sampled_from("abc"), min_size=1, max_size=MOST), scripts)
@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
def test_a_movie_is_what_a_build_from_nothing_would_be(
    tmp_path_factory: pytest.TempPathFactory, shapes: tuple[Shape, ...], texts: list[str], script: list[Step]
) -> None:
    """After any script: one run completes it, it equals a fresh build, nothing was paid twice, each revision is a fold."""
    toy = AnyToy(scratch_in(tmp_path_factory), texts, shapes=shapes)
    for step in script:
        step.do(toy)
    toy.pins = frozenset()
    run(toy, [])
    check_complete(toy)
    check_paid_once(toy)
    check_folds(toy)


@given(shapes(), st.lists(st.sampled_from("abc"), min_size=1, max_size=MOST), scripts, st.integers(0, 60))
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_a_target_is_what_it_is_in_the_whole(
    tmp_path_factory: pytest.TempPathFactory,
    shapes: tuple[Shape, ...],
    texts: list[str],
    script: list[Step],
    at: int,
) -> None:
    """A partial run makes its targets as a whole run would, makes nothing else, and the whole run need not again."""
    toy = AnyToy(scratch_in(tmp_path_factory), texts, shapes=shapes)
    for step in script:
        step.do(toy)
    names = toy.names()
    target = names[at % len(names)]
    made = toy.make(str(target))
    needed = {toy.movie().graph.maker(name).id for name in toy.movie().graph.upstream([target])}
    assert set(made.jobs) <= needed
    assert not set(toy.make().jobs) & set(made.jobs)


def scratch_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.getbasetemp() / "scratch"

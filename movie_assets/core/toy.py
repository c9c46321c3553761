"""A toy movie for tests and benches: its parts are short texts made at once, by fakes that count and do as told."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, cast

from movie_assets.core.artefact import ArtefactId, BlobRef, Name, Scope
from movie_assets.core.blueprint import Blueprint, Producer, Read, every, input_, previous, same
from movie_assets.core.clock import Clock
from movie_assets.core.digest import digest_of, digest_of_bytes
from movie_assets.core.errors import MovieError, Stopped
from movie_assets.core.graph import Graph
from movie_assets.core.inputs import Input
from movie_assets.core.manifest import Manifest
from movie_assets.core.movie import Gear, Movie, Production
from movie_assets.core.outcome import Outcome
from movie_assets.core.plan import Plan
from movie_assets.core.ports import Meta, Result
from movie_assets.core.prospect import Price
from movie_assets.core.reason import LOCAL
from movie_assets.core.store.driver import Driver
from movie_assets.core.store.memory import MemoryDriver
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.task import Ports, Task

__all__ = [
    "PRICE",
    "SCOPES",
    "Act",
    "FakeClock",
    "Gate",
    "Made",
    "Stage",
    "Toy",
    "fail",
    "give",
    "give_only",
    "price",
    "sleep",
]

PRICE = 0.01
"""What a call costs in USD; provider `dear` does not tell."""

SCOPES = {"text": Scope.SEGMENT, "picture": Scope.SEGMENT, "voice": Scope.SEGMENT, "title": Scope.MOVIE}
"""The toy movie's inputs."""

Results = dict[str, Result]
Act = Callable[[Task, Results], Results]
"""What a fake does instead of giving what it made; it may take its time, give something else, or raise."""


class FakeClock:
    """A clock that stands still until `time` (seconds) is moved; its ids count."""

    def __init__(self) -> None:
        self.time = 0.0
        self._ids = count(1)

    def now(self) -> str:
        return f"2026-01-01T00:00:{self.time:06.3f}+00:00"

    def seconds(self) -> float:
        return self.time

    def new_id(self) -> str:
        return f"id-{next(self._ids):05d}"


# --- fakes --------------------------------------------------------------------------------------------------------


class Stage:
    """Makes producers whose results are a pure function of what they read, and counts their calls.

    `calls` are jobs and providers in the order of their calls. `acts` says by job (`picture[3]`) or producer what a
    fake does instead. `versions` holds those of the producers, 1 if not told.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.acts: dict[str, Act] = {}
        self.versions: dict[str, str] = {}
        self.most_at_once: Counter[str] = Counter()
        self._at_once: Counter[str] = Counter()
        self._lock = threading.Lock()

    def producer(
        self,
        name: str,
        scope: Scope,
        reads: tuple[Read, ...],
        makes: tuple[str, ...] = (),
        *,
        asks: str | None = None,
        media_type: str = "application/x-toy",
    ) -> Producer:
        """A producer played by this stage; without `makes` it makes one artefact of its own name."""
        makes = makes or (name,)
        make = partial(self._make, name, makes, asks, media_type)
        return Producer(name, self.versions.get(name, "1"), scope, reads, makes, make, asks=asks)

    def _make(
        self, name: str, makes: tuple[str, ...], asks: str | None, media_type: str, task: Task
    ) -> Results:
        job, settings = str(Name(name, task.segment)), task.given(asks) if asks else {}
        provider = LOCAL if settings.get("file") else settings.get("provider", LOCAL)
        with self._counted(job, provider):
            meta = Meta(provider, cost=price(provider))
            made = {kind: Result(_body(kind, task), media_type, meta) for kind in makes}
            if "file" in settings:
                made[makes[0]] = Result(task.person_file(settings["file"]).bytes(), media_type, meta)
            act = self.acts.get(job) or self.acts.get(name)
            return act(task, made) if act else made

    @contextmanager
    def _counted(self, job: str, provider: str) -> Iterator[None]:
        with self._lock:
            self.calls.append((job, provider))
            self._at_once[provider] += 1
            self.most_at_once[provider] = max(self.most_at_once[provider], self._at_once[provider])
        try:
            yield
        finally:
            with self._lock:
                self._at_once[provider] -= 1


def _body(kind: str, task: Task) -> bytes:
    """What the inputs and the artefacts read say, told apart by kind and take."""
    reads = {name: reading and reading.text() for name, reading in task.reads.items()}
    lists = {name: [reading.text() for reading in readings] for name, readings in task.lists.items()}
    return f"{kind} {digest_of([kind, task.take, dict(task.inputs), reads, lists])[:16]}".encode()


def price(provider: str) -> float | None:
    """What a call costs in USD."""
    return {LOCAL: 0.0, "dear": None}.get(provider, PRICE)


def fail(error: MovieError | Callable[[], BaseException]) -> Act:
    """Raises a new error of the same kind at each call."""

    def act(task: Task, made: Results) -> Results:
        raise type(error)(error.fact, next_step=error.next_step) if isinstance(error, MovieError) else error()

    return act


def give(body: bytes) -> Act:
    """Gives these bytes, whatever was read."""
    return lambda task, made: {
        kind: Result(body, result.media_type, result.meta) for kind, result in made.items()
    }


def give_only(kind: str) -> Act:
    """Gives one of several artefacts."""
    return lambda task, made: {kind: made[kind]}


def sleep(seconds: float) -> Act:
    """Takes its time, unless stopped."""

    def act(task: Task, made: Results) -> Results:
        if task.at.stop.wait(seconds):
            raise Stopped("stopped on request")
        return made

    return act


class Gate:
    """An act that waits, for five seconds at most, until it is let go; `entered` is set by the first that comes.

    A `deaf` one takes no notice of the stop.
    """

    def __init__(self, *, deaf: bool = False) -> None:
        self.entered, self.opened, self.deaf = threading.Event(), threading.Event(), deaf

    def __call__(self, task: Task, made: Results) -> Results:
        self.entered.set()
        for _ in range(1000):
            if self.opened.wait(0.005):
                break
            if task.at.stop.is_set() and not self.deaf:
                raise Stopped("stopped on request")
        return made


# --- the movie ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Made:
    """What came of making a movie: `jobs` are those whose producer was called, `paid` those of them that cost."""

    production: Production
    outcomes: tuple[Outcome, ...]
    jobs: tuple[str, ...]
    paid: tuple[str, ...]
    manifest: Manifest | None

    def ended(self, status: str) -> set[str]:
        """The jobs that ended so."""
        return {outcome.job.id for outcome in self.outcomes if outcome.status == status}


@dataclass
class Toy:
    """A toy movie over one store: text → picture, voice and times → clip, with the picture before → film.

    Change its fields as a person changes movie.yaml; what is not in `pictures` and `voices` is the usual one.
    """

    scratch: Path
    texts: list[str]
    driver: Driver = field(default_factory=MemoryDriver)
    stage: Stage = field(default_factory=Stage)
    clock: Clock = field(default_factory=FakeClock)
    picture: dict[str, Any] = field(default_factory=lambda: {"provider": "painter"})
    voice: dict[str, Any] = field(default_factory=lambda: {"provider": "speaker"})
    pictures: dict[int, dict[str, Any]] = field(default_factory=dict)
    voices: dict[int, dict[str, Any]] = field(default_factory=dict)
    title: str = "Toy"
    takes: dict[ArtefactId, int] = field(default_factory=dict)
    pins: frozenset[ArtefactId] = frozenset()
    places: dict[str, int] = field(default_factory=lambda: {LOCAL: 2, "painter": 2, "speaker": 2})
    files: list[bytes] = field(default_factory=list)
    lease_seconds: float = 20.0
    budget_usd: float | None = None
    price: Price = lambda prospect: price(prospect.provider)

    def __post_init__(self) -> None:
        self.store = MovieStore(self.driver, "toy")

    def blueprint(self) -> Blueprint:
        """Two providers, a job that makes two artefacts, a read of the segment before, and two fan-ins."""
        movie, segment, make = Scope.MOVIE, Scope.SEGMENT, self.stage.producer
        producers = (
            make("text", segment, (input_("text"),), media_type="text/plain"),
            make("picture", segment, (same("text"), input_("picture")), asks="picture"),
            make("voice", segment, (same("text"), input_("voice")), ("voice", "times"), asks="voice"),
            make("clip", segment, (same("picture"), previous("picture"), same("times"))),
            make("timing", movie, (every("times"),), media_type="text/plain"),
            make("film", movie, (every("clip"), same("timing"), input_("title"))),
        )
        return Blueprint("toy", producers, exports={"film.txt": "film"})

    def inputs(self) -> dict[Name, Input]:
        """What the person wants now."""
        payloads: dict[Name, Any] = {Name("title"): self.title}
        for segment, text in enumerate(self.texts):
            payloads[Name("text", segment)] = text
            payloads[Name("picture", segment)] = self.pictures.get(segment, self.picture)
            payloads[Name("voice", segment)] = self.voices.get(segment, self.voice)
        return {name: Input(name, payload, digest_of(payload)) for name, payload in payloads.items()}

    def movie(self) -> Movie:
        """The movie as it is wanted now."""
        gear = Gear(
            ports=cast(Ports, None),
            clock=self.clock,
            price=self.price,
            scratch=self.scratch,
            places=self.places,
            lane=lambda provider: provider,
            editor="somebody",
            lease_seconds=self.lease_seconds,
        )
        graph = Graph.of(self.blueprint(), len(self.texts), SCOPES)
        return Movie(
            "toy", self.store, graph, self.inputs(), self.takes, self.pins, self, gear, self.budget_usd
        )

    def plan(self, *targets: str) -> Plan:
        """What would be made."""
        return self.movie().plan([Name.parse(name) for name in targets] or None)

    def make(self, *targets: str, budget_usd: float | None = None) -> Made:
        """Plans, makes and publishes; what failed is in the outcomes."""
        before = len(self.stage.calls)
        wanted = [Name.parse(name) for name in targets] or None
        production = self.movie().produce(wanted, budget_usd=budget_usd)
        production.begin()
        outcomes = tuple(production.outcomes())
        manifest = production.publish()
        calls = self.stage.calls[before:]
        jobs, paid = (tuple(job for job, provider in calls if provider != free) for free in ("", LOCAL))
        return Made(production, outcomes, jobs, paid, manifest)

    def own(self, body: bytes) -> dict[str, Any]:
        """The settings by which a person's own file replaces what a provider would make."""
        self.files.append(body)
        return {
            "file": {"digest": digest_of_bytes(body), "size": len(body), "mediaType": "application/x-toy"}
        }

    def read(self, ref: BlobRef) -> bytes | None:
        """A person's own file."""
        return next((body for body in self.files if digest_of_bytes(body) == ref.digest), None)

    def deliver(self, store: MovieStore) -> None:
        """Brings the person's own files into the store."""
        for body in self.files:
            store.blobs.add(body, "application/x-toy")

    def bodies(self) -> dict[str, bytes]:
        """The bytes of every artefact of the live revision."""
        live = self.store.manifests.live()
        return {name: self.store.read(record.blob) for name, record in live.artefacts.items()} if live else {}

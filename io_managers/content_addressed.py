"""The content-addressed IO manager: values become blobs and events, and are read back from the live event log."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import dagster as dg

from io_managers.metadata import describe
from io_managers.value import read_value, write_value
from movie_assets.core.artefact import ArtefactId, BlobRef, Name, Scope, check_movie_id
from movie_assets.core.blueprint import Producer
from movie_assets.core.clock import Clock
from movie_assets.core.digest import digest_of
from movie_assets.core.errors import Refused
from movie_assets.core.graph import Job
from movie_assets.core.movie import Movie
from movie_assets.core.outcome import Outcome
from movie_assets.core.planner import decide
from movie_assets.core.ports import Meta, Result
from movie_assets.core.record import RunLog
from movie_assets.core.reuse import Signature, signature_of
from movie_assets.core.revision import revision_name
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.task import Task

__all__ = ["ContentAddressedIOManager"]


class Movies(Protocol):
    """Opens movies, and what is kept of them."""

    def open(self, movie: str) -> Movie: ...

    def store(self, movie: str) -> MovieStore: ...


class ContentAddressedIOManager(dg.IOManager):
    """Keeps what assets make in their movie's store; an asset's key is `[movie, artefact]`.

    A movie's own op hands over each `Outcome` the moment its job ends. A person's asset returns bytes, text, a PIL
    image or a JSON value (for several partitions in one run, a dict of them by partition key) and names this IO
    manager. Both are recorded the same way, by `record`.
    """

    def __init__(self, movies: Movies, clock: Clock) -> None:
        self._movies, self._clock = movies, clock

    # --- writing ---

    def keep(self, log: RunLog, outcome: Outcome) -> Outcome:
        """Records the end of a job, from whatever thread it ended in; durable when it returns."""
        return log(outcome)

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Stores a value and records it under its exact version; the same value from the same reads writes nothing."""
        if obj is None:
            return
        partitions = context.asset_partition_keys if context.has_asset_partitions else [None]
        values = {partitions[0]: obj} if len(partitions) == 1 else _by_partition(context, obj)
        digests = {
            partition: self._keep_value(context, partition, value) for partition, value in values.items()
        }
        version = digests[partitions[0]] if len(partitions) == 1 else digest_of(digests)
        context.step_context.set_data_version(context.asset_key, dg.DataVersion(version))

    def _keep_value(self, context: dg.OutputContext, partition: str | None, value: Any) -> str:
        movie, name = _artefact(context.asset_key, partition)
        store = self._movies.store(movie)
        data, media_type = write_value(value)
        job, found = self._person_job(context, movie, name)
        result = Result(data, media_type, Meta("person", cost=0.0))
        ref = _known(store, name, found, data)
        if ref is None:
            log = RunLog(store, self._clock, context.run_id, _next_revision(store))
            outcome = Outcome(job, "produced", found, ("materialized",), "person", {name: result})
            ref = self.keep(log, outcome).outputs[name]
        facts = self.describe(movie, name, found.digest, made=True)
        context.step_context.add_asset_metadata(facts, context.asset_key, partition)
        return ref.digest

    def _person_job(self, context: dg.OutputContext, movie: str, name: ArtefactId) -> tuple[Job, Signature]:
        """A person's asset as a job: its reads are its Dagster dependencies within the movie."""
        spec = context.asset_spec
        scope = Scope.MOVIE if name.segment is None else Scope.SEGMENT
        producer = Producer(name.kind, spec.code_version or "", scope, (), (name.kind,), _made_by_dagster)
        reads = {
            dep.asset_key.to_user_string(): self._version(dep.asset_key, name.segment) for dep in spec.deps
        }
        return Job(producer, name.segment, (), (name,)), signature_of(name.kind, producer.version, reads)

    def _version(self, key: dg.AssetKey, segment: int | None) -> str:
        """The digest of what an asset read: of one value, or of all partitions in order."""
        movie, kind = key.path[0], key.path[-1]
        index = self._movies.store(movie).events.index()
        if key.path[1:-1] == ["inputs"]:
            found = {Name.parse(text): event.digest for text, event in index.inputs.items()}
        else:
            found = {name: ref.digest for name, ref in self._current(movie).items()}
        same = [(name, digest) for name, digest in found.items() if name.kind == kind]
        own = [digest for name, digest in same if name.segment in (None, segment)]
        return own[0] if len(own) == 1 and own[0] else digest_of([digest for _, digest in sorted(same)])

    def describe(self, movie: str, name: ArtefactId, inputs_digest: str, made: bool) -> dict[str, Any]:
        """What Dagster's pages show of a result."""
        store = self._movies.store(movie)
        event = store.events.recent().result(name.kind, inputs_digest)
        return describe(store, event, made) if event else {}

    # --- reading ---

    def load_input(self, context: dg.InputContext) -> Any:
        """The current result of what is read: one value, or for many partitions a dict in their order."""
        wanted, key = context.dagster_type.typing_type, context.asset_key
        current = self._current(_artefact(key, None)[0])
        if not context.has_asset_partitions:
            return self._load(current, key, None, wanted)
        parts = sorted(context.asset_partition_keys)
        if len(parts) == 1 and context.has_partition_key and wanted is not dict:
            return self._load(current, key, parts[0], wanted)
        return {part: self._load(current, key, part, None) for part in parts}

    def _load(
        self, current: Mapping[ArtefactId, BlobRef], key: dg.AssetKey, partition: str | None, wanted: Any
    ) -> Any:
        movie, name = _artefact(key, partition)
        ref = current.get(name)
        if ref is None:
            raise Refused(
                f"{name} has not been made yet",
                movie=movie,
                next_step=f"movies make {movie} --only '{name}', or materialize it first",
            )
        store = self._movies.store(movie)
        if wanted is Path:
            return store.file(ref, Path.cwd())
        return read_value(store.read(ref), ref.media_type, wanted)

    def _current(self, movie: str) -> Mapping[ArtefactId, BlobRef]:
        """What every artefact is now: a movie's own as the planner resolves them, a person's as last recorded."""
        opened = self._movies.open(movie)
        known = opened.known()
        own = {
            event.name: event.output
            for event in known.index.latest.values()
            if event.output is not None and event.status != "failed"
        }
        return own | decide(known, opened.request()).outputs


def _artefact(key: dg.AssetKey, partition: str | None) -> tuple[str, ArtefactId]:
    if len(key.path) < 2:
        raise Refused(
            f"the asset {key.to_user_string()} belongs to no movie",
            next_step=f'give it the key ["<movie>", "{key.path[-1]}"]',
        )
    if partition is not None and not partition.isdecimal():
        raise Refused(
            f"{partition!r} is not a segment", next_step="use the movie's own partitions, 000, 001, ..."
        )
    segment = None if partition is None else int(partition)
    return check_movie_id(key.path[0]), Name.parse(str(Name(key.path[-1], segment)))


def _by_partition(context: dg.OutputContext, obj: Any) -> dict[str | None, Any]:
    keys = list(context.asset_partition_keys)
    if not isinstance(obj, dict) or sorted(obj) != sorted(keys):
        raise Refused(
            f"{context.asset_key.to_user_string()} was materialized for {len(keys)} partitions at once",
            next_step="return a dict with one value for each partition key",
        )
    return {key: obj[key] for key in keys}


def _known(store: MovieStore, name: ArtefactId, found: Signature, data: bytes) -> BlobRef | None:
    event = store.events.index().result(name.kind, found.digest)
    ref = event.output if event and event.name == name else None
    return ref if ref is not None and store.is_of(ref, data) else None


def _next_revision(store: MovieStore) -> str:
    live = store.manifests.live()
    return revision_name(live.number + 1 if live else 1)


def _made_by_dagster(task: Task) -> Mapping[str, Result]:
    raise AssertionError("a person's asset is run by Dagster, not by the movie's engine")

"""Preview: a draft of the film as it would be, from what is made already and placeholders for the rest; free."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any, NoReturn

from movie_assets.core.artefact import ArtefactId, BlobRef, Name
from movie_assets.core.digest import digest_of, digest_of_bytes, digest_of_stream
from movie_assets.core.errors import Failed, MovieError
from movie_assets.core.graph import Job
from movie_assets.core.layers import layers_of
from movie_assets.core.movie import Movie
from movie_assets.core.planner import Known, decide
from movie_assets.core.ports import Listener, Renderer, Result, Workspace
from movie_assets.core.reason import LOCAL, provider_of
from movie_assets.core.reuse import Signature, signature
from movie_assets.core.wiring import wired
from resources.draft import own_clip
from resources.placeholders import PLACEHOLDERS, VERSION, draft_size
from resources.scratch import own_scratch

__all__ = ["Cache", "Preview", "preview"]

_MOST_BYTES = 512 << 20
_SUFFIXES = {"video/mp4": ".mp4", "audio/mp4": ".m4a", "image/png": ".png"}
_FRAME = Name("frame")
_LENGTH = {"words", "inputs/pause", "inputs/frame"}  # of a clip

Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Preview:
    """What came of it: the file, for which artefacts it has placeholders, and which it had to render."""

    file: Path
    placeholders: tuple[ArtefactId, ...]
    rendered: tuple[ArtefactId, ...]


def preview(
    movie: Movie,
    to: Path,
    cache: Cache,
    renderer: Renderer,
    told: Told = lambda done, of: None,
) -> Preview:
    """Writes a draft of the movie's film or sound to the folder `to`; the movie's store is only read.

    No provider is called. What a draft was once rendered from is found in the cache. `told` hears how many jobs of how
    many are done.
    """
    at = Workspace(own_scratch() / "preview" / movie.id)
    try:
        return _Draft(movie, cache, _OurPorts(renderer, movie.gear.ports.listener), at).written(to, told)
    finally:
        shutil.rmtree(at.scratch, ignore_errors=True)


class Cache:
    """Rendered pieces of drafts in a folder that may be removed at any time; of 512 MB the least used go."""

    def __init__(self, folder: Path, most_bytes: int = _MOST_BYTES) -> None:
        self._folder, self._most = folder, most_bytes

    def find(self, kind: str, inputs_digest: str) -> tuple[Path, str] | None:
        """A piece and its media type."""
        for media_type, suffix in _SUFFIXES.items():
            path = self._folder / f"{kind}-{inputs_digest}{suffix}"
            try:
                os.utime(path)
            except FileNotFoundError:
                continue
            return path, media_type
        return None

    def keep(self, kind: str, inputs_digest: str, made: Path, media_type: str) -> Path:
        """Takes in a piece, whole or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{kind}-{inputs_digest}{_SUFFIXES[media_type]}"
        put(made, path)
        return path

    def trim(self, keeping: Collection[Path]) -> None:
        """Removes what was used least recently, until the rest fits; never what is to be kept."""
        found = sorted(self._sizes(), key=lambda each: each[0], reverse=True)
        left = self._most
        for _, size, path in found:
            left -= size
            if left < 0 and path not in keeping:
                path.unlink(missing_ok=True)

    def _sizes(self) -> Iterator[tuple[int, int, Path]]:
        for path in self._folder.glob("*"):
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue
            yield stat.st_mtime_ns, stat.st_size, path


def put(made: Path, path: Path) -> None:
    """Copies a file so that nobody ever sees half of it."""
    part = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    try:
        shutil.copyfile(made, part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _OurPorts:
    """What works on this machine for nothing; everyone else is out of reach."""

    renderer: Renderer
    listener: Listener

    def writer(self, provider: str) -> NoReturn:
        raise Failed("a preview calls no provider", provider=provider, next_step="run again with --debug")

    painter = speaker = animator = composer = surrounder = writer


@dataclass(slots=True)
class _Draft:
    """Walks a movie's graph in order: takes what is made, renders what is ours, and puts placeholders in between."""

    movie: Movie
    cache: Cache
    ports: _OurPorts
    at: Workspace
    known: Known = field(init=False)
    inputs: Mapping[Name, Any] = field(init=False)
    outputs: dict[ArtefactId, BlobRef] = field(default_factory=dict)
    placeholders: set[ArtefactId] = field(default_factory=set)
    rendered: set[ArtefactId] = field(default_factory=set)
    _digests: dict[ArtefactId, str] = field(default_factory=dict)
    _bytes: dict[str, bytes] = field(default_factory=dict)
    _files: dict[str, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.known = self.movie.known()
        self.inputs = {name: given.payload for name, given in self.known.inputs.items()}
        if _FRAME in self.inputs:
            self.inputs[_FRAME] = _draft_frame(self.inputs[_FRAME])
        decision = decide(self.known, self.movie.request())
        pinned = {name: decision.outputs[name] for name in decision.pinned}
        self.outputs.update(pinned)
        self._digests.update({name: ref.digest for name, ref in pinned.items()})

    def written(self, to: Path, told: Told) -> Preview:
        """Renders all there is to render, and writes the file."""
        graph = self.movie.graph
        exported, kind = next(iter(graph.blueprint.exports.items()))
        needed = graph.upstream({Name(kind)})
        jobs = [_uncoded(_fitting(job)) for job in graph.jobs if not needed.isdisjoint(job.makes)]
        self._settle_all(jobs, told)
        to.mkdir(parents=True, exist_ok=True)
        path = to / f"preview{Path(exported).suffix}"
        put(self.file(self.outputs[Name(kind)], self.at.scratch), path)
        self.cache.trim(set(self._files.values()))
        first = [job.makes[0] for job in jobs]
        return Preview(
            path,
            tuple(name for name in first if name in self.placeholders),
            tuple(name for name in first if name in self.rendered),
        )

    def _settle_all(self, jobs: list[Job], told: Told) -> None:
        layer_of, done = layers_of(jobs), 0
        with ThreadPoolExecutor(self.movie.gear.places.get(LOCAL) or os.cpu_count() or 2) as pool:
            try:
                in_order = sorted(jobs, key=lambda job: layer_of[job.id])
                for _, layer in groupby(in_order, lambda job: layer_of[job.id]):
                    for _ in pool.map(self._settle, layer):
                        told(done := done + 1, len(jobs))
            except BaseException:
                self.at.stop.set()
                pool.shutdown(cancel_futures=True)
                raise

    def _settle(self, job: Job) -> None:
        """Finds or makes what one job gives."""
        if all(name in self.outputs for name in job.makes):
            return
        found = self._signature(job)
        outputs = self._made(job, found)
        if outputs is None:
            asked = self.known.asked(job)
            free = provider_of(job, asked) == LOCAL or job.producer.instant(asked)
            if not free:
                self.placeholders.add(job.makes[0])
            outputs = self._drafted(job if free else _standing_in(job))
        self.outputs.update(outputs)
        self._digests.update({name: ref.digest for name, ref in outputs.items()})

    def _signature(self, job: Job) -> Signature:
        """Under the frame of the film for those who ask a provider, so that their results are found; else the draft's."""
        inputs = {name: given.digest for name, given in self.known.inputs.items()}
        if job.producer.asks is None and _FRAME in inputs:
            inputs[_FRAME] = digest_of(self.inputs[_FRAME])
        found = signature(job, inputs, self._digests, self.movie.request().take(job.makes))
        assert found is not None, "jobs come in order"
        return found

    def _made(self, job: Job, found: Signature) -> Mapping[ArtefactId, BlobRef] | None:
        """What the film itself would reuse."""
        outputs = self.known.index.results(job, found.digest)
        if outputs is not None and all(map(self.known.present, outputs.values())):
            return outputs
        return self.known.elsewhere(job, found.digest)

    def _drafted(self, job: Job) -> Mapping[ArtefactId, BlobRef]:
        """What our own work gives: kept of an earlier draft, or done now."""
        found = self._signature(job)
        kept = {name: self.cache.find(name.kind, found.digest) for name in job.makes}
        pieces = {name: piece for name, piece in kept.items() if piece is not None}
        if len(pieces) == len(kept):
            return {name: self._ref(*piece) for name, piece in pieces.items()}
        at = replace(self.at, scratch=self.at.scratch / job.id)
        at.scratch.mkdir(parents=True)
        payload = self.inputs.__getitem__
        task = wired(job, payload, self.outputs, take=found.take, ports=self.ports, reader=self, at=at)
        try:
            made = job.producer.make(task)
        except MovieError as error:
            raise error.with_labels(artefact=job.makes[0]) from None
        return {name: self._taken(name, found.digest, made[name.kind]) for name in job.makes}

    def _taken(self, name: ArtefactId, inputs_digest: str, result: Result) -> BlobRef:
        if isinstance(result.body, bytes):
            ref = BlobRef(digest_of_bytes(result.body), len(result.body), result.media_type)
            self._bytes[ref.digest] = result.body
            return ref
        self.rendered.add(name)
        path = self.cache.keep(name.kind, inputs_digest, result.body, result.media_type)
        return self._ref(path, result.media_type)

    def _ref(self, path: Path, media_type: str) -> BlobRef:
        with path.open("rb") as stream:
            ref = BlobRef(digest_of_stream(stream), path.stat().st_size, media_type)
        self._files[ref.digest] = path
        return ref

    # --- reading: the draft's own, the store's, a person's ---

    def read(self, ref: BlobRef) -> bytes:
        if ref.digest in self._files:
            return self._files[ref.digest].read_bytes()
        own = self._bytes.get(ref.digest)
        return self.known.read(ref) if own is None else own

    def file(self, ref: BlobRef, scratch: Path) -> Path:
        if ref.digest in self._files:
            return self._files[ref.digest]
        if ref.digest not in self._bytes and ref.inline is None and self.movie.store.blobs.has(ref):
            return self.movie.store.file(ref, scratch)
        path = scratch / ref.digest
        path.write_bytes(self.read(ref))
        return path


def _draft_frame(frame: Mapping[str, Any]) -> Mapping[str, Any]:
    """The frame of the draft; that it is one makes its clips others than the film's, even at the same size."""
    width, height = draft_size(frame["width"], frame["height"])
    return {**frame, "width": width, "height": height, "draft": VERSION}


def _fitting(job: Job) -> Job:
    """The same job, which brings a person's own clip to the draft's format; it reads what tells its length."""
    if job.instead is None or job.makes[0].kind != "clip":
        return job
    producer = replace(job.producer, name="own_clip_draft", version=VERSION, make=own_clip)
    lengths = tuple(wire for wire in job.instead.wires if wire.label in _LENGTH)
    return replace(job, wires=job.wires + lengths, producer=producer)


def _uncoded(job: Job) -> Job:
    """The same job whatever codes the film: every draft is coded by x264."""
    return replace(job, wires=tuple(wire for wire in job.wires if wire.label != "inputs/encoder"))


def _standing_in(job: Job) -> Job:
    """The same job, done by a placeholder."""
    name = job.producer.name
    stand_in = replace(job.producer, name=f"{name}_placeholder", version=VERSION, make=PLACEHOLDERS[name])
    return replace(job, producer=stand_in)

"""Kin: the variations of one movie. What one of them has made, the others need not pay for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from movie_assets.core.artefact import ArtefactId, BlobRef
from movie_assets.core.errors import Damaged
from movie_assets.core.event import ArtefactEvent
from movie_assets.core.graph import Job
from movie_assets.core.record import RunLog
from movie_assets.core.reuse import Signature
from movie_assets.core.store.movie_store import MovieStore

__all__ = ["Kin"]


@dataclass(frozen=True, slots=True)
class Kin:
    """What is kept of a movie's other variations, to be looked up by the same inputs digests."""

    stores: Sequence[MovieStore] = ()

    def results(self, job: Job, inputs_digest: str) -> Mapping[ArtefactId, BlobRef] | None:
        """What a job would give, as one of the kin has made it already."""
        found = self._found(job, inputs_digest)
        return (
            None
            if found is None
            else {name: event.output for name, event in found[1].items() if event.output}
        )

    def adopt(
        self, job: Job, found: Signature, into: MovieStore, log: RunLog, scratch: Path
    ) -> Mapping[ArtefactId, BlobRef] | None:
        """Brings a job's results over, bytes and events; None where none of the kin has them."""
        match = self._found(job, found.digest)
        if match is None:
            return None
        source, events = match
        scratch.mkdir(parents=True, exist_ok=True)
        for event in events.values():
            assert event.output is not None
            if event.output.inline is None:
                into.blobs.add_file(source.blobs.file(event.output, scratch), event.output.media_type)
        log.adopted(events, source.movie)
        return {name: event.output for name, event in events.items() if event.output}

    def read(self, ref: BlobRef) -> bytes:
        """The bytes of a result that is not brought over yet; `Damaged` where none of the kin has them."""
        for store in self.stores:
            if ref.inline is not None or store.blobs.has(ref):
                return store.read(ref)
        raise Damaged("a stored blob is missing", digest=ref.digest, next_step="movies verify")

    def _found(
        self, job: Job, inputs_digest: str
    ) -> tuple[MovieStore, dict[ArtefactId, ArtefactEvent]] | None:
        for store in self.stores:
            index = store.events.index()
            events = {name: index.result(name.kind, inputs_digest) for name in job.makes}
            kept = {name: event for name, event in events.items() if event and _is_there(store, event.output)}
            if len(kept) == len(job.makes):
                return store, kept
        return None


def _is_there(store: MovieStore, ref: BlobRef | None) -> bool:
    return ref is not None and (ref.inline is not None or store.blobs.has(ref))

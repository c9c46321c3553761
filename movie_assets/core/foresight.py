"""Foresight: what producers that only slice and rephrase would give, worked out while planning."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from movie_assets.core.artefact import ArtefactId, BlobRef, Name
from movie_assets.core.digest import digest_of_bytes
from movie_assets.core.errors import Refused
from movie_assets.core.graph import Job
from movie_assets.core.ports import Workspace
from movie_assets.core.task import Ports, Reader
from movie_assets.core.wiring import wired

__all__ = ["Foresight"]

_NOWHERE = Workspace(Path("/nonexistent"))


@dataclass(slots=True)
class Foresight:
    """Calls instant producers without recording anything, so that a plan sees past a rewritten script.

    `payload` gives an input's payload, `asked` the one that decides whether a producer is instant.
    """

    payload: Callable[[Name], Any]
    asked: Callable[[Job], Any]
    reader: Reader
    ports: Ports
    _bytes: dict[str, bytes] = field(default_factory=dict)

    def __call__(self, job: Job, outputs: Mapping[ArtefactId, BlobRef]) -> dict[ArtefactId, BlobRef] | None:
        """What a job will give, None where that cannot be told; `Refused` where it will be refused."""
        if not job.producer.instant(self.asked(job)):
            return None
        try:
            results = job.producer.make(
                wired(job, self.payload, outputs, take=1, ports=self.ports, reader=self, at=_NOWHERE)
            )
        except Refused:
            raise
        except Exception:
            # Whatever else goes wrong, the run will meet it, record it and say it; a plan only sees less far.
            return None
        return {
            name: self._kept(results[name.kind].body, results[name.kind].media_type) for name in job.makes
        }

    def read(self, ref: BlobRef) -> bytes:
        """Foreseen bytes, else the reader's."""
        found = self._bytes.get(ref.digest)
        if found is None:
            found = self._bytes[ref.digest] = self.reader.read(ref)
        return found

    def file(self, ref: BlobRef, scratch: Path) -> Path:
        raise NotImplementedError("an instant producer needs no files")

    def _kept(self, body: bytes | Path, media_type: str) -> BlobRef:
        assert isinstance(body, bytes)
        ref = BlobRef(digest_of_bytes(body), len(body), media_type)
        self._bytes[ref.digest] = body
        return ref

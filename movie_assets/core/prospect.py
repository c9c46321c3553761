"""A prospect: a call to a provider as far as it is known before it is made, for telling what it will cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from movie_assets.core.artefact import ArtefactId, BlobRef, Name
from movie_assets.core.errors import MovieError
from movie_assets.core.graph import Job
from movie_assets.core.inputs import Input

__all__ = ["Price", "Prospect"]


@dataclass(frozen=True, slots=True)
class Prospect:
    """A job that `provider` is about to do, or may do, by `settings`: the payload of the input that names it.

    `outputs` are the artefacts that are there already, or foreseen; `read` gives their bytes.
    """

    job: Job
    provider: str
    settings: Any
    inputs: Mapping[Name, Input]
    outputs: Mapping[ArtefactId, BlobRef]
    read: Callable[[BlobRef], bytes]

    def given(self, kind: str) -> Any:
        """The payload of an input, of this segment if it is one per segment; None where the movie has none."""
        found = self.inputs.get(Name(kind, self.job.segment)) or self.inputs.get(Name(kind))
        return found.payload if found else None

    def says(self, kind: str) -> str | None:
        """A text artefact of this segment or of the movie; None while it is not known."""
        ref = self.outputs.get(Name(kind, self.job.segment)) or self.outputs.get(Name(kind))
        if ref is None:
            return None
        try:
            return self.read(ref).decode(errors="replace")
        except MovieError:
            # Bytes that are lost or damaged are for the run to meet and to tell; an estimate does without.
            return None


Price = Callable[[Prospect], float | None]
"""What a call would cost in USD, by estimate; None where it cannot be told."""

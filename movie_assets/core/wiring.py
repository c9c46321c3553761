"""Wiring: a job's reads connected to the inputs and artefacts behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from movie_assets.core.artefact import ArtefactId, BlobRef, Name
from movie_assets.core.blueprint import Reach
from movie_assets.core.graph import Job
from movie_assets.core.ports import Workspace
from movie_assets.core.task import Ports, Reader, Reading, Task

__all__ = ["wired"]


def wired(
    job: Job,
    payload: Callable[[Name], Any],
    outputs: Mapping[ArtefactId, BlobRef],
    *,
    take: int,
    ports: Ports,
    reader: Reader,
    at: Workspace,
) -> Task:
    """What a job's producer is given; everything it reads must be there."""

    def reading(name: ArtefactId) -> Reading:
        return Reading(outputs[name], reader, at.scratch)

    inputs: dict[str, Any] = {}
    reads: dict[str, Reading | None] = {}
    lists: dict[str, tuple[Reading, ...]] = {}
    for wire in job.wires:
        if wire.reach is Reach.INPUT:
            inputs[wire.names[0].kind] = payload(wire.names[0])
        elif wire.reach is Reach.EVERY:
            lists[wire.label] = tuple(map(reading, wire.names))
        elif wire.reach is not Reach.ORDINAL:
            reads[wire.label] = reading(wire.names[0]) if wire.names else None
    return Task(inputs, reads, lists, job.segment, take, ports, reader, at)

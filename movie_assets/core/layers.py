"""Layers: in what order jobs can be done (the scheduler's order, not its doing)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from movie_assets.core.artefact import ArtefactId
from movie_assets.core.graph import Graph, Job

__all__ = ["layers_of", "urgency"]


def layers_of(jobs: Iterable[Job]) -> dict[str, int]:
    """The layer of each job: one past the last layer of what it reads among these jobs, which come in order."""
    layer_of_artefact: dict[ArtefactId, int] = {}
    layer_of_job: dict[str, int] = {}
    for job in jobs:
        layer = 1 + max((layer_of_artefact.get(name, -1) for name in job.needs()), default=-1)
        layer_of_job[job.id] = layer
        for name in job.makes:
            layer_of_artefact[name] = layer
    return layer_of_job


def urgency(graph: Graph, jobs: Iterable[Job], seconds: Callable[[Job], float]) -> Mapping[str, float]:
    """The expected seconds from a job's start to the end of the longest chain that waits for it."""
    rank: dict[str, float] = {}
    for job in reversed(list(jobs)):
        after = {reader.id for name in job.makes for reader in graph.readers[name]}
        rank[job.id] = seconds(job) + max((rank.get(reader, 0.0) for reader in after), default=0.0)
    return rank

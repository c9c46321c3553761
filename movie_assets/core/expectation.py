"""Expectation: how long jobs will take, from how long the like of them took."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from statistics import fmean

from movie_assets.core.graph import Graph, Job
from movie_assets.core.layers import urgency
from movie_assets.core.reuse import Index

__all__ = ["expected_seconds"]


def expected_seconds(
    graph: Graph, jobs: Iterable[Job], index: Index, lane: Callable[[Job], str], places: Mapping[str, int]
) -> float | None:
    """Seconds until all of the jobs are made; None where one of them has no like that was ever made.

    No lane is done before its work, shared among its places, nor anything before the longest chain.
    """
    wanted = list(jobs)
    took = _seconds_by_kind(index)
    if any(job.makes[0].kind not in took for job in wanted):
        return None
    loads: dict[str, float] = defaultdict(float)
    for job in wanted:
        loads[lane(job)] += took[job.makes[0].kind]
    default = max(places.values(), default=1)
    chains = urgency(graph, wanted, lambda job: took[job.makes[0].kind])
    busy = [load / places.get(name, default) for name, load in loads.items()]
    return round(max([*busy, *chains.values()], default=0.0), 1)


def _seconds_by_kind(index: Index) -> dict[str, float]:
    """The mean of the latest results of each kind."""
    return {kind: fmean(seconds) for kind, seconds in index.paces.items()}

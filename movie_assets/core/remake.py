"""Remake: what an old revision has lost, made again from what it was made of."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from movie_assets.core.artefact import ArtefactId
from movie_assets.core.manifest import Manifest
from movie_assets.core.merge import wanted_by
from movie_assets.core.movie import Movie, Production
from movie_assets.core.reuse import Signature

__all__ = ["remade"]


def remade(movie: Movie, revision: Manifest, lost: Collection[ArtefactId]) -> Production | None:
    """Stands ready to make what a revision lost, and changes nothing but that; None if it would be something else.

    So it is where another take was taken, or a producer has changed since.
    """
    graph, inputs = wanted_by(revision, movie.graph)
    past = replace(movie, graph=graph, inputs=inputs, takes={}, pins=frozenset())
    targets = [name for name in lost if name in graph.makers]
    if not targets:
        return None
    production = past.produce(targets)
    made = {name for job in production.jobs for name in job.makes}
    asked = production.decision.signatures
    same = all(_is_same(revision, name, asked[name]) for name in made.union(targets) if name in asked)
    return production if made.issuperset(targets) and same else None


def _is_same(revision: Manifest, name: ArtefactId, asked: Signature) -> bool:
    record = revision.artefacts.get(str(name))
    return record is not None and record.inputs_digest == asked.digest

"""Shape: which assets and partitions a movie has in Dagster, and in words what of that has changed since they were loaded."""

from __future__ import annotations

from msgspec import Struct

from movie_assets.core.digest import digest_of
from movie_assets.core.graph import Graph
from movie_assets.core.reason import listed

__all__ = ["Shape", "reshaped", "shape_of"]


class Shape(Struct, frozen=True):
    """What Dagster's definitions of a movie are made from: of a graph all that an edit may change."""

    blueprint: str
    segments: int
    artefacts: tuple[str, ...]
    inputs: tuple[str, ...]

    @property
    def mark(self) -> str:
        """Another text for every other shape."""
        return digest_of(self)[:16]


def shape_of(graph: Graph) -> Shape:
    """The shape of a movie's assets."""
    read = graph.blueprint
    return Shape(read.name, graph.segments, tuple(read.scopes), tuple(sorted(read.inputs)))


def reshaped(movie: str, now: Shape, then: Shape) -> str:
    """What a movie has now that Dagster has not loaded, or the other way round; nothing if it is all the same."""
    loaded = "when Dagster loaded it"
    if now.blueprint != then.blueprint:
        return f"{movie} is a {now.blueprint} movie now, and was {then.blueprint} {loaded}"
    if now.segments != then.segments:
        return f"{movie} has {now.segments} segments now, and had {then.segments} {loaded}"
    for here, there in ((now.artefacts, then.artefacts), (now.inputs, then.inputs)):
        if new := [name for name in here if name not in there]:
            return f"{movie} has {listed(new)} now, and had none {loaded}"
        if gone := [name for name in there if name not in here]:
            return f"{movie} has no {listed(gone)} any more, and had {loaded}"
    return ""

"""How the movie's names are spelt in Dagster: asset keys, partition keys, partition mappings."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import dagster as dg

from movie_assets.core.artefact import Name, Scope
from movie_assets.core.blueprint import Reach, Read
from movie_assets.core.digest import digest_of

__all__ = [
    "artefact_key",
    "input_key",
    "key_of_read",
    "mapping_of",
    "op_name",
    "partition_of",
    "partitions",
    "segment_of",
]


def op_name(movie: str) -> str:
    """The name of a movie's op and group, for Dagster takes no hyphens; `a-b` and `a_b` get different ones."""
    return f"{movie.replace('-', '_')}_{digest_of(movie)[:4]}" if "-" in movie else movie


def artefact_key(movie: str, kind: str) -> dg.AssetKey:
    """The asset of an artefact kind."""
    return dg.AssetKey([movie, kind])


def input_key(movie: str, kind: str) -> dg.AssetKey:
    """The asset of an input kind."""
    return dg.AssetKey([movie, "inputs", kind])


def key_of_read(movie: str, read: Read) -> dg.AssetKey:
    """The asset behind a read."""
    return (input_key if read.reach is Reach.INPUT else artefact_key)(movie, read.name)


def partition_of(name: Name) -> str | None:
    """`003` for segment 3, None for what the movie has once."""
    return None if name.segment is None else f"{name.segment:03d}"


def segment_of(partition: str | None) -> int | None:
    """3 for `003`."""
    return None if partition is None else int(partition)


def partitions(scope: Scope, segments: int) -> dg.StaticPartitionsDefinition | None:
    """One partition per segment. Static, so that ranges mean what they say and a fresh instance needs no registration."""
    if scope is Scope.MOVIE:
        return None
    return dg.StaticPartitionsDefinition([f"{segment:03d}" for segment in range(segments)])


def mapping_of(reads: Iterable[Read], segments: int) -> dg.PartitionMapping | None:
    """Which partitions of one kind a producer's reads mean, where Dagster's own default does not say it."""
    reaches = {read.reach for read in reads}
    if Reach.PREVIOUS not in reaches:
        return None
    keys = [f"{segment:03d}" for segment in range(segments)]
    own = {key: {key} if Reach.SAME in reaches else set() for key in keys}
    for before, after in pairwise(keys):
        own[before].add(after)
    return dg.StaticPartitionMapping(own)

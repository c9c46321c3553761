"""A movie's assets as Dagster's specs: one per artefact kind, one per input kind, all in the movie's group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import dagster as dg

from movie_assets.assets.keys import artefact_key, input_key, key_of_read, mapping_of, op_name, partitions
from movie_assets.core.artefact import Scope
from movie_assets.core.blueprint import Producer, Reach, Read
from movie_assets.core.graph import Graph

__all__ = ["artefact_specs", "check_specs", "input_specs"]

_KINDS = {
    "script": "text",
    "segment_text": "text",
    "picture_prompt": "text",
    "music_prompt": "text",
    "picture": "image",
    "narration": "audio",
    "description_text": "text",
    "description": "audio",
    "music": "audio",
    "ambience": "audio",
    "soundtrack": "audio",
    "clip": "video",
    "film": "video",
    "described_clip": "video",
    "described_soundtrack": "audio",
    "described_film": "video",
}


def artefact_specs(movie: str, graph: Graph, inputs: Mapping[str, Scope]) -> Iterator[dg.AssetSpec]:
    """What the movie's one op makes."""
    for producer in graph.blueprint.ordered(inputs):
        for kind in producer.makes:
            yield dg.AssetSpec(
                artefact_key(movie, kind),
                deps=list(_deps(movie, producer, graph.segments)),
                description=producer.about,
                group_name=op_name(movie),
                code_version=producer.version,
                partitions_def=partitions(producer.scope, graph.segments),
                kinds={_KINDS[kind]} if kind in _KINDS else {"json"},
                skippable=True,
            )


def input_specs(movie: str, graph: Graph, inputs: Mapping[str, Scope]) -> Iterator[dg.AssetSpec]:
    """What a person sets, so that lineage shows what an edit dirties."""
    read = graph.blueprint.inputs
    for kind, scope in inputs.items():
        if kind in read:
            yield dg.AssetSpec(
                input_key(movie, kind),
                description=f"What movies/{movie}/movie.yaml says of {kind}.",
                group_name=op_name(movie),
                partitions_def=partitions(scope, graph.segments),
                kinds={"yaml"},
                skippable=True,
            )


def check_specs(movie: str, graph: Graph) -> Iterator[dg.AssetCheckSpec]:
    """What is looked at in every artefact that is made, segment by segment."""
    for producer in graph.blueprint.producers:
        for check in producer.checks:
            yield dg.AssetCheckSpec(
                check.name,
                asset=artefact_key(movie, check.kind),
                description=check.about,
                blocking=check.blocking,
                partitions_def=partitions(producer.scope, graph.segments),
            )


def _deps(movie: str, producer: Producer, segments: int) -> Iterator[dg.AssetDep]:
    assets: dict[dg.AssetKey, list[Read]] = {}
    for read in producer.reads:
        if read.reach is not Reach.ORDINAL:
            assets.setdefault(key_of_read(movie, read), []).append(read)
    for key, reads in assets.items():
        yield dg.AssetDep(key, partition_mapping=mapping_of(reads, segments))

"""What a Dagster run was asked for, in the movie's own words."""

from __future__ import annotations

from dataclasses import dataclass

import dagster as dg

from movie_assets.assets.keys import segment_of
from movie_assets.core.artefact import ArtefactId, Name
from movie_assets.core.graph import Graph, Job

__all__ = ["Selection", "selection_of"]


@dataclass(frozen=True, slots=True)
class Selection:
    """The artefacts and the inputs that were selected."""

    artefacts: frozenset[ArtefactId]
    inputs: frozenset[Name]

    def includes(self, job: Job) -> bool:
        """Whether anything a job makes was selected."""
        return not self.artefacts.isdisjoint(job.makes)

    def targets(self, graph: Graph) -> frozenset[ArtefactId] | None:
        """What to ask of the planner; None for the whole movie, so that it is published."""
        return None if self.artefacts >= graph.makers.keys() else self.artefacts


def selection_of(context: dg.AssetExecutionContext) -> Selection:
    """Every selected kind, in each of the run's partitions if it has partitions; all of them where the run names none."""
    artefacts: set[ArtefactId] = set()
    inputs: set[Name] = set()
    ranged = context.has_partition_key or context.has_partition_key_range
    for key in context.selected_asset_keys:
        partitions = context.assets_def.specs_by_key[key].partitions_def
        keys = (
            (context.partition_keys if ranged else partitions.get_partition_keys()) if partitions else [None]
        )
        found = inputs if key.path[1:-1] == ["inputs"] else artefacts
        found.update(Name(key.path[-1], segment_of(partition)) for partition in keys)
    return Selection(frozenset(artefacts), frozenset(inputs))

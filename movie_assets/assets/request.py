"""What a production asks of Dagster: which assets, in which partitions, under which config."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import dagster as dg

from movie_assets.assets.keys import artefact_key, input_key, op_name, partition_of
from movie_assets.core.artefact import Name
from movie_assets.core.inputs import INPUTS
from movie_assets.core.movie import Production

__all__ = ["DagsterRequest", "request_of"]


@dataclass(frozen=True, slots=True)
class DagsterRequest:
    """One Dagster run."""

    assets: tuple[dg.AssetKey, ...]
    tags: Mapping[str, str]
    config: Mapping[str, Any]


def request_of(production: Production, *, shared: bool = False) -> DagsterRequest:
    """The run that makes what a production would make, or `shared` a part of it, and shows the edits it is made under."""
    movie, wanted = production.movie, production.request
    made = [name for job in production.jobs for name in job.makes]
    # A person's file in an artefact's place is shown there, and is no asset of its own.
    shown = [name for name in movie.inputs if name.kind in INPUTS]
    edits = set(production.plan.edits)
    edited = [name for name in shown if str(name) in edits]
    keys = [artefact_key(movie.id, name.kind) for name in made]
    # A run of nothing is none: what only needs publishing is asked for by any input.
    keys += [input_key(movie.id, name.kind) for name in edited or (shown[:1] if not made else [])]
    only = sorted(map(str, wanted.targets or ()))
    budget = {} if production.budget_usd is None else {"budget_usd": production.budget_usd}
    parts = {"shared": True} if shared else {}
    config = {"ops": {op_name(movie.id): {"config": {"only": only, **budget, **parts}}}}
    return DagsterRequest(tuple(dict.fromkeys(keys)), _range([*made, *edited]), config)


def _range(names: Iterable[Name]) -> dict[str, str]:
    """The range of partitions that covers all segments with work."""
    segments = sorted(name for name in {partition_of(name) for name in names} if name is not None)
    if not segments:
        return {}
    return {
        "dagster/asset_partition_range_start": segments[0],
        "dagster/asset_partition_range_end": segments[-1],
    }

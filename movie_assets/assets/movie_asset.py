"""A movie as one Dagster asset op: every artefact an asset, made by the core's own scheduler."""

# Dagster reads the annotations of `make` as objects, so they may not be postponed to strings here.

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager

import dagster as dg
from dagster import DagsterExecutionInterruptedError

from movie_assets.assets.keys import artefact_key, segment_of
from movie_assets.assets.report import Keeper, Report
from movie_assets.assets.specs import artefact_specs, input_specs
from movie_assets.core.artefact import ArtefactId, Scope
from movie_assets.core.graph import Graph
from movie_assets.core.movie import Movies, Production
from movie_assets.core.progress import Progress

__all__ = ["movie_asset"]


def movie_asset(movie: str, graph: Graph, inputs: Mapping[str, Scope]) -> dg.AssetsDefinition:
    """The assets of one movie, in one group, one step for any selection of them."""

    @dg.multi_asset(
        name=f"{movie.replace('-', '_')}_make",
        specs=[*artefact_specs(movie, graph, inputs), *input_specs(movie, graph, inputs)],
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def make(
        context: dg.AssetExecutionContext,
        movies: dg.ResourceParam[Movies],
        io_manager: dg.ResourceParam[Keeper],
        progress: dg.ResourceParam[Progress],
    ) -> Iterator[dg.AssetMaterialization]:
        opened = movies.open(movie)
        production = opened.produce(_targets(context, opened.graph), run_id=context.run.run_id)
        report = Report(context, production, io_manager)
        with _interruptible(context):
            _make(production, report, io_manager, progress)
        _finish(context, production)
        yield from ()

    return make


def _make(production: Production, report: Report, keeper: Keeper, progress: Progress) -> None:
    """Reports inputs, then what is reused, then each result as it ends: what was made is recorded before it is told."""
    production.begin()
    report.inputs()
    report.reused()
    outcomes = production.outcomes(lambda ended: keeper.keep(production.log, ended), progress.started)
    with closing(outcomes):
        for outcome in outcomes:
            progress.ended(outcome)
            report.ended(outcome)


@contextmanager
def _interruptible(context: dg.AssetExecutionContext) -> Iterator[None]:
    """A run that a person stops ends as cancelled; Dagster itself would call it failed, and its partitions too."""
    try:
        yield
    except DagsterExecutionInterruptedError:
        context.instance.report_run_canceling(context.run)
        raise


def _finish(context: dg.AssetExecutionContext, production: Production) -> None:
    error = production.error()
    if error is not None:
        raise error
    manifest = production.publish()
    if manifest is not None:
        context.log.info(f"published {manifest.movie} {manifest.revision}")


def _targets(context: dg.AssetExecutionContext, graph: Graph) -> frozenset[ArtefactId] | None:
    """What was selected; None for the whole movie, so that it is published."""
    chosen = context.selected_asset_keys
    with_partitions = context.has_partition_key or context.has_partition_key_range
    segments = (
        {segment_of(key) for key in context.partition_keys} if with_partitions else set(range(graph.segments))
    )
    movie = next(iter(chosen)).path[0]
    wanted = frozenset(
        name
        for name in graph.makers
        if artefact_key(movie, name.kind) in chosen and (name.segment is None or name.segment in segments)
    )
    return None if len(wanted) == len(graph.makers) else wanted

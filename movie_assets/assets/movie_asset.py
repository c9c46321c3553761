"""A movie as one Dagster asset op: every artefact an asset, made by the core's own scheduler."""

# Dagster reads the annotations of `make` as objects, so they may not be postponed to strings here.

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

import dagster as dg
from dagster import DagsterExecutionInterruptedError
from pydantic import Field

from movie_assets.assets.keys import op_name
from movie_assets.assets.report import Keeper, Report
from movie_assets.assets.selection import Selection, selection_of
from movie_assets.assets.shape import reshaped, shape_of
from movie_assets.assets.specs import artefact_specs, check_specs, input_specs
from movie_assets.core.artefact import Name, Scope
from movie_assets.core.errors import Conflict, MovieError, Refused
from movie_assets.core.graph import Graph
from movie_assets.core.manifest import Manifest
from movie_assets.core.movie import Movie, Movies, Production
from movie_assets.core.progress import Progress

__all__ = ["MakeConfig", "movie_asset"]


class Films(Protocol):
    """The folders in which a person looks for films."""

    def refresh(self, live: Manifest) -> list[Path]:
        """Brings one to this revision, where it is used on this machine; the paths of what it holds."""


class MakeConfig(dg.Config):
    """`only` names single artefacts such as picture[3], where a selection and a range of partitions say too much.

    `budget_usd` is what this run may spend at most. `shared` is said by each of several runs that make a movie together.
    """

    only: list[str] = Field(default_factory=list)
    budget_usd: float | None = Field(default=None, ge=0)
    shared: bool = False


def movie_asset(movie: str, graph: Graph, inputs: Mapping[str, Scope]) -> dg.AssetsDefinition:
    """The assets of one movie, in one group, one step for any selection of them."""

    @dg.multi_asset(
        name=op_name(movie),
        specs=[*artefact_specs(movie, graph, inputs), *input_specs(movie, graph, inputs)],
        check_specs=list(check_specs(movie, graph)),
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def make(
        context: dg.AssetExecutionContext,
        config: MakeConfig,
        movies: dg.ResourceParam[Movies],
        io_manager: dg.ResourceParam[Keeper],
        progress: dg.ResourceParam[Progress],
        agreed: dg.ResourceParam[Mapping[str, Production]],
        films: dg.ResourceParam[Films],
    ) -> Iterator[dg.MaterializeResult[None]]:
        selection, run_id = selection_of(context), context.run.run_id
        planned = agreed.get(run_id) or _planned(movies.open(movie), graph, config, selection, run_id)
        with _cancelled_when_interrupted(context):
            production = _begun(planned, graph)
            if production.plan.encoder is not None:
                context.log.info(f"encoder: {production.plan.encoder.said}")
            report = Report(context, production, selection, io_manager)
            _make(production, report, io_manager, progress)
            made = _finish(
                context, production, report, lambda merged: _run(merged, report, io_manager, progress)
            )
            if made is not None:
                _refresh(context, films, made)
        yield from _handed_on(context, report)

    return make


def _planned(
    movie: Movie, loaded: Graph, config: MakeConfig, selection: Selection, run_id: str
) -> Production:
    """What a run that nobody has planned yet is to make."""
    _check_shape(movie, loaded)
    targets = frozenset(map(Name.parse, config.only)) or selection.targets(movie.graph)
    return movie.produce(targets, run_id=run_id, budget_usd=config.budget_usd, shared=config.shared)


def _begun(production: Production, loaded: Graph) -> Production:
    """Begins; upon what another run published since it was planned, where both edits go together and cost no more."""
    try:
        production.begin()
        return production
    except Conflict:
        together = production.rebased()
        if shape_of(together.movie.graph) != shape_of(loaded):
            raise
    together.begin()
    return together


def _make(production: Production, report: Report, keeper: Keeper, progress: Progress) -> None:
    """Reports inputs, then what is reused, then each result as it ends: what was made is recorded before it is told."""
    report.inputs()
    report.reused()
    report.checks()
    _run(production, report, keeper, progress)


def _run(production: Production, report: Report, keeper: Keeper, progress: Progress) -> None:
    outcomes = production.outcomes(lambda ended: keeper.keep(production.log, ended), progress)
    with closing(outcomes):
        for outcome in outcomes:
            progress.ended(outcome)
            report.ended(outcome)
    report.settled()


def _handed_on(context: dg.AssetExecutionContext, report: Report) -> Iterator[dg.MaterializeResult[None]]:
    """Outputs of what other steps of this run wait for (a person's asset, a check): Dagster skips them otherwise.

    No others: an output has one version for all partitions, so its exact events must be told again after it.
    """
    graph, own = context.job_def.dependency_structure, context.op_execution_context.op_handle.name
    awaited = {output.output_name for output in graph.output_to_downstream_inputs_for_node(own)}
    for name, key in context.assets_def.keys_by_output_name.items():
        if name in awaited:
            yield dg.MaterializeResult(asset_key=key)
            report.again(key)


@contextmanager
def _cancelled_when_interrupted(context: dg.AssetExecutionContext) -> Iterator[None]:
    """A run that a person stops ends as cancelled; Dagster itself would call it failed, and its partitions too."""
    try:
        yield
    except DagsterExecutionInterruptedError:
        context.instance.report_run_canceling(context.run)
        raise


def _finish(
    context: dg.AssetExecutionContext,
    production: Production,
    report: Report,
    make: Callable[[Production], None],
) -> Manifest | None:
    """Publishes; `make` makes what a merge with another's revision leaves to make."""
    error = production.error()
    if error is not None:
        raise error
    manifest = production.publish(make)
    if manifest is not None:
        context.log.info(f"published {manifest.movie} {manifest.revision}")
        report.published(manifest)
    return manifest


def _refresh(context: dg.AssetExecutionContext, films: Films, manifest: Manifest) -> None:
    """The film is published: that a folder beside it cannot be written takes nothing away from that."""
    try:
        for path in films.refresh(manifest)[:1]:
            context.log.info(f"{path} is {manifest.revision}")
    except (MovieError, OSError) as error:
        context.log.warning(f"what lies in films/ is of an earlier revision: {error}")


def _check_shape(movie: Movie, loaded: Graph) -> None:
    """Dagster's assets and partitions are those of when the definitions were loaded."""
    if change := reshaped(movie.id, shape_of(movie.graph), shape_of(loaded)):
        raise Refused(
            change,
            movie=movie.id,
            next_step="reload the definitions in Dagster, then materialize again",
        )

"""A movie as one Dagster asset op: every artefact an asset, made by the core's own scheduler."""

# Dagster reads the annotations of `make` as objects, so they may not be postponed to strings here.

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager

import dagster as dg
from dagster import DagsterExecutionInterruptedError
from pydantic import Field

from movie_assets.assets.keys import op_name
from movie_assets.assets.report import Keeper, Report
from movie_assets.assets.selection import selection_of
from movie_assets.assets.specs import artefact_specs, check_specs, input_specs
from movie_assets.core.artefact import Name, Scope
from movie_assets.core.errors import Conflict, Refused
from movie_assets.core.graph import Graph
from movie_assets.core.movie import Movie, Movies, Production
from movie_assets.core.progress import Progress

__all__ = ["MakeConfig", "movie_asset"]


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
    ) -> Iterator[dg.MaterializeResult[None]]:
        opened = movies.open(movie)
        _check_segments(opened, graph)
        selection = selection_of(context)
        targets = frozenset(map(Name.parse, config.only)) or selection.targets(opened.graph)

        def planned() -> Production:
            run_id, budget = context.run.run_id, config.budget_usd
            return opened.produce(targets, run_id=run_id, budget_usd=budget, shared=config.shared)

        with _cancelled_when_interrupted(context):
            production = _begun(planned)
            report = Report(context, production, selection, io_manager)
            _make(production, report, io_manager, progress)
            _finish(context, production, report, lambda merged: _run(merged, report, io_manager, progress))
        yield from _handed_on(context, report)

    return make


def _begun(planned: Callable[[], Production]) -> Production:
    """Plans and begins; once more if another run published in between, for nobody has seen this run's plan yet."""
    production = planned()
    try:
        production.begin()
    except Conflict:
        production = planned()
        production.begin()
    return production


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
) -> None:
    """Publishes; `make` makes what a merge with another's revision leaves to make."""
    error = production.error()
    if error is not None:
        raise error
    manifest = production.publish(make)
    if manifest is not None:
        context.log.info(f"published {manifest.movie} {manifest.revision}")
        report.published(manifest)


def _check_segments(movie: Movie, loaded: Graph) -> None:
    """Dagster's partitions are those of when the definitions were loaded."""
    if (movie.graph.segments, movie.graph.blueprint.name) != (loaded.segments, loaded.blueprint.name):
        raise Refused(
            f"{movie.id} has {movie.graph.segments} segments now, and had {loaded.segments} when Dagster loaded it",
            movie=movie.id,
            next_step="reload the definitions in Dagster, then materialize again",
        )

"""A person's own assets and checks run in one run with the movie they read."""

from typing import Any

import dagster as dg

from movie_assets.assets.keys import partitions
from movie_assets.core.artefact import Scope
from movie_assets.core.digest import digest_of_bytes
from movie_assets.core.errors import Failed
from movie_assets.core.ports import FilmRequest
from movie_assets.definitions import definitions_of

SEGMENTS = partitions(Scope.SEGMENT, 3)
ONE_RUN = dg.BackfillPolicy.single_run()
PICTURE, POSTER, SHEET, FILM = (
    dg.AssetKey(["tale", kind]) for kind in ("picture", "poster", "sheet", "film")
)


@dg.asset(key=POSTER, ins={"picture": dg.AssetIn(PICTURE)}, partitions_def=SEGMENTS, backfill_policy=ONE_RUN)
def poster(context: dg.AssetExecutionContext, picture: Any) -> Any:
    """A poster of each picture: over a range of partitions, a dict of them."""
    several = len(context.partition_keys) > 1
    return {key: f"poster of {key}" for key in picture} if several else f"poster of {context.partition_key}"


@dg.asset(key=SHEET, ins={"posters": dg.AssetIn(POSTER)}, deps=[FILM], backfill_policy=ONE_RUN)
def sheet(posters: dict) -> str:
    """All posters on one sheet."""
    return " ".join(posters.values())


@dg.asset_check(asset=PICTURE)
def pictures_are_fine() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


def run(
    project: Any, *keys: dg.AssetKey, span: tuple[str, str] = ("000", "002")
) -> dg.ExecuteInProcessResult:
    own = dg.Definitions(assets=[poster, sheet], asset_checks=[pictures_are_fine])
    merged = dg.Definitions.merge(definitions_of(project.studio, ["tale"]), own)
    tags = dict(
        zip(("dagster/asset_partition_range_start", "dagster/asset_partition_range_end"), span, strict=True)
    )
    job = merged.resolve_implicit_global_asset_job_def()
    return job.execute_in_process(
        instance=project.instance, asset_selection=list(keys) or None, tags=tags, raise_on_error=False
    )


def steps(result: dg.ExecuteInProcessResult, kind: dg.DagsterEventType) -> set[str]:
    return {event.step_key or "" for event in result.all_events if event.event_type is kind}


def test_they_run_after_the_movie_in_the_same_run(project: Any) -> None:
    """Nothing is skipped, and the movie's versions stay exact and fresh."""
    result = run(project)
    assert result.success
    assert not steps(result, dg.DagsterEventType.STEP_SKIPPED)
    assert len(steps(result, dg.DagsterEventType.STEP_SUCCESS)) == 4
    assert project.stale() == set()
    picture = project.latest("picture[1]")
    store = project.studio.store("tale")
    known = {str(event.name): event.output.digest for event in store.events.artefacts() if event.output}
    assert (picture.tags or {})["dagster/data_version"] == known["picture[1]"]
    assert (project.latest("sheet").tags or {})["dagster/data_version"] == digest_of_bytes(
        b"poster of 000 poster of 001 poster of 002"
    )


def test_they_wait_when_the_movie_fails(project: Any) -> None:
    """A film that fails leaves the poster undone, and only what failed is red."""

    def refuse(request: Any) -> None:
        if isinstance(request, FilmRequest):
            raise Failed("no film today")

    project.ports.before = refuse
    assert not run(project).success
    assert project.painted("picture") == ["MATERIALIZED"] * 3

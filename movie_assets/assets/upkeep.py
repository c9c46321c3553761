"""The schedule that looks after the store: every byte of every movie is verified, and what is unused swept."""

# Dagster reads the annotations of the op as objects, so they may not be postponed to strings here.

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import dagster as dg
from dagster import OpExecutionContext

from movie_assets.core.clock import Clock
from movie_assets.core.errors import Conflict, MovieError
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.store.sweep import Terms, sweep
from movie_assets.core.store.verify import verify

__all__ = ["Stores", "upkeep"]

_DAYS = 7
_CRON = "0 4 * * *"


class Stores(Protocol):
    """What is kept of each movie of a project."""

    @property
    def clock(self) -> Clock: ...

    def store(self, movie: str) -> MovieStore: ...


class _Row(NamedTuple):
    """What came of one movie; `damage` is empty where all is sound."""

    movie: str
    verified: str
    swept: str
    damage: str = ""


def upkeep(
    ids: Callable[[], Sequence[str]], keep_revisions: int | None
) -> tuple[dg.JobDefinition, dg.ScheduleDefinition]:
    """The job and its schedule; nothing is swept unless it is said how many revisions to keep."""

    # A capital, which no movie's op has.
    @dg.op(name="Upkeep", description="Verifies every movie, and sweeps it if MOVIES_KEEP_REVISIONS is set.")
    def look_after(context: OpExecutionContext, movies: dg.ResourceParam[Stores]) -> None:
        rows = [_row(context, movies, movie, keep_revisions) for movie in ids()]
        metadata = {"movies": dg.MetadataValue.md(_table(rows))}
        damage = [row.damage for row in rows if row.damage]
        if damage:
            raise dg.Failure("\n".join(damage), metadata=metadata, allow_retries=False)
        context.add_output_metadata(metadata)

    @dg.job(name="upkeep", description="Verifies and sweeps the stores of all movies.")
    def job() -> None:
        look_after()

    schedule = dg.ScheduleDefinition(
        name="upkeep", job=job, cron_schedule=_CRON, default_status=dg.DefaultScheduleStatus.STOPPED
    )
    return job, schedule


def _row(context: OpExecutionContext, movies: Stores, movie: str, keep_revisions: int | None) -> _Row:
    store = MovieStore(movies.store(movie).driver, movie)
    try:
        report = verify(store)
    except MovieError as error:
        return _Row(movie, "could not be read", "no", f"{movie}: {error}")
    read = f"{report.files} files, {report.bytes / 1e6:.1f} MB"
    for finding in report.findings:
        context.log.warning(f"{finding.key}: {finding.says}\n  next: {finding.next}")
    damage = [finding for finding in report.findings if finding.harm != "remark"]
    if damage:
        said = f"{movie}: {len(damage)} damaged, such as {damage[0].key}: {damage[0].says}"
        said += f"\n  next: movies verify {movie} --repair"
        return _Row(movie, f"{read}; {len(damage)} damaged", "no, for it is damaged", said)
    return _Row(movie, f"{read}; sound", _swept(context, store, movies.clock, keep_revisions))


def _swept(context: OpExecutionContext, store: MovieStore, clock: Clock, keep_revisions: int | None) -> str:
    if keep_revisions is None:
        return "no: set MOVIES_KEEP_REVISIONS"
    try:
        swept = sweep(store, Terms(_DAYS * 86400.0, keep_revisions), clock)
    except Conflict as error:
        context.log.info(str(error))
        return f"no: {error.fact}"
    pruned = f"{len(swept.pruned)} revisions pruned, " if swept.pruned else ""
    return f"{pruned}{swept.blobs} blobs deleted, {swept.freed / 1e6:.1f} MB freed"


def _table(rows: Sequence[_Row]) -> str:
    lines = [f"| {row.movie} | {row.verified} | {row.swept} |" for row in rows]
    return "\n".join(["| movie | verified | swept |", "|---|---|---|", *lines])

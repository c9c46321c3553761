"""Upkeep of one movie's store for a person: what is damaged is told, mended, and made again; what is unused goes."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path

import click
from msgspec import Struct

from movie_assets.core.artefact import check_movie_id
from movie_assets.core.errors import MovieError, Refused
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.store.repair import repair
from movie_assets.core.store.sweep import Swept, Terms, sweep, would_sweep
from movie_assets.core.store.verify import Report, verify
from movie_assets.making import is_free, make
from movie_assets.screen_upkeep import reading, show_repaired, show_report, show_swept
from resources.studio import Studio

__all__ = ["KEEP_REVISIONS", "Verified", "swept_movie", "verify_movie"]

KEEP_REVISIONS = "MOVIES_KEEP_REVISIONS"
"""The environment variable that says how many revisions a sweep keeps."""


class Verified(Struct, frozen=True, rename="camel"):
    """What verify found, what was repaired, and what a second look found after that; as `--json` prints it."""

    report: Report
    repaired: tuple[str, ...] = ()
    after: Report | None = None

    @property
    def sound(self) -> bool:
        """Whether nothing is damaged now."""
        return (self.after or self.report).sound


def verify_movie(studio: Studio, movie: str, *, mend: bool, quiet: bool) -> Verified:
    """Reads everything; to mend also makes again what the live revision lost, if that costs nothing."""
    report = _look(studio, movie, quiet)
    if report.sound or not mend:
        return Verified(report)
    with tempfile.TemporaryDirectory() as scratch:
        done = repair(_store(studio, movie), report.findings, studio.clock, Path(scratch))
    if not quiet:
        show_repaired(done)
        _make_again(studio, movie)
    return Verified(report, tuple(done), _look(studio, movie, quiet))


def swept_movie(studio: Studio, movie: str, terms: Terms, *, dry_run: bool, quiet: bool) -> Swept:
    """Sweeps, or says what a sweep would do."""
    store = _store(studio, movie)
    if dry_run:
        swept = would_sweep(store, terms, datetime.fromisoformat(studio.clock.now()).timestamp())
    else:
        swept = sweep(store, terms, studio.clock)
    if not quiet:
        show_swept(swept, dry_run=dry_run)
    return swept


def _look(studio: Studio, movie: str, quiet: bool) -> Report:
    store = _store(studio, movie)
    if quiet:
        return verify(store)
    with reading(movie) as on_read:
        report = verify(store, on_read)
    show_report(report)
    return report


def _store(studio: Studio, movie: str) -> MovieStore:
    """Looked at afresh: what this process remembers may be what is damaged."""
    store = MovieStore(studio.driver, check_movie_id(movie))
    if next(iter(store.driver.list(f"{movie}/")), None) is None:
        raise Refused(f"nothing is kept of {movie}", store=studio.root, next_step=f"movies make {movie}")
    return store


def _make_again(studio: Studio, movie: str) -> None:
    try:
        plan = studio.open(movie).plan()
    except MovieError as error:
        click.echo(f"what is missing is not made again yet: {error}", err=True)
        return
    if is_free(plan) and not plan.edits:
        make(studio, movie, lambda plan: False)
    else:
        click.echo(f"next: movies plan {movie} says what is to be made again, movies make {movie} makes it")

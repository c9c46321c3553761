"""Upkeep of one movie's store for a person: what is damaged is told, mended, and made again; what is unused goes."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import nullcontext, redirect_stdout
from datetime import datetime
from pathlib import Path

import click
from msgspec import Struct

from movie_assets.core.artefact import BlobRef, Name, check_movie_id
from movie_assets.core.errors import MovieError, Refused
from movie_assets.core.manifest import Manifest
from movie_assets.core.movie import Movie
from movie_assets.core.reason import listed
from movie_assets.core.remake import remade
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
    """Reads everything; to mend also makes again what was lost, if that costs nothing. A quiet one tells stderr."""
    report = _look(studio, movie, quiet)
    if report.sound or not mend:
        return Verified(report)
    with tempfile.TemporaryDirectory() as scratch:
        done = repair(_store(studio, movie), report.findings, studio.clock, Path(scratch))
    with redirect_stdout(sys.stderr) if quiet else nullcontext():
        show_repaired(done)
        _make_again(studio, movie, report)
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


def _make_again(studio: Studio, movie: str, report: Report) -> None:
    try:
        opened = studio.open(movie)
        plan = opened.plan()
        if not is_free(plan) or plan.edits:
            click.echo(
                f"next: movies plan {movie} says what is to be made again, movies make {movie} makes it"
            )
        elif plan.layers:
            make(studio, movie, lambda plan: False)
        for revision, lost in _lost(opened, report):
            _remake(opened, revision, lost)
    except MovieError as error:
        click.echo(f"what is missing is not made again yet: {error}", err=True)


def _lost(movie: Movie, report: Report) -> Iterator[tuple[Manifest, list[Name]]]:
    """What each old revision lost that is not in the live one, newest revision first."""
    kept = movie.store.manifests.all()
    live = kept[-1].revision if kept else ""
    for revision in reversed(kept[:-1]):
        artefacts = {
            artefact
            for finding in report.findings
            if revision.revision in finding.revisions and live not in finding.revisions
            for artefact in finding.artefacts
            if artefact in revision.artefacts and not _is_there(movie, revision.artefacts[artefact].blob)
        }
        if artefacts:
            yield revision, sorted(map(Name.parse, artefacts))


def _is_there(movie: Movie, ref: BlobRef | None) -> bool:
    return ref is None or ref.inline is not None or movie.store.blobs.has(ref)


def _remake(movie: Movie, revision: Manifest, lost: Sequence[Name]) -> None:
    """Only what costs nothing, and would be the same."""
    production = remade(movie, revision, lost)
    what = f"{listed([str(name) for name in lost])} of {revision.revision}"
    if production is None or not is_free(production.plan):
        click.echo(f"{what}: not made again, for it cost something, or would be something else today")
        return
    click.echo(f"making again {what}")
    list(production.outcomes())
    if error := production.error():
        raise error

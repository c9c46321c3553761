"""Commands that look after the store."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from movie_assets.commands.command import (
    FAILED,
    ID,
    JSON,
    Finite,
    command,
    print_json,
)
from movie_assets.core.store.sweep import Terms
from movie_assets.legacy_import import import_legacy as import_movie
from movie_assets.store_sync import sync_stores
from movie_assets.upkeep import KEEP_REVISIONS, swept_movie, verify_movie
from resources.studio import Studio

__all__ = ["import_legacy", "sweep", "sync_store", "verify"]


@command("verify")
@ID
@click.option("--repair", "mend", is_flag=True, help="Put aside what is damaged and rebuild what can be.")
@JSON
@click.pass_obj
def verify(studio: Studio, movie: str, mend: bool, as_json: bool) -> None:
    """Read every byte that is kept of a movie, and name what is damaged or missing; exit 1 if something is."""
    found = verify_movie(studio, movie, mend=mend, quiet=as_json)
    if as_json:
        print_json(found)
    if not found.sound:
        sys.exit(FAILED)


@command("sweep")
@ID
@click.option("--dry-run", is_flag=True, help="Say what would go; change nothing.")
@click.option(
    "--keep-revisions",
    type=click.IntRange(min=1),
    envvar=KEEP_REVISIONS,
    show_envvar=True,
    metavar="N",
    help="Prune all but the newest N revisions; all are kept if not given.",
)
@click.option(
    "--older-than",
    type=Finite(min=1),
    default=7,
    show_default=True,
    metavar="DAYS",
    help="Take nothing that is younger.",
)
@JSON
@click.pass_obj
def sweep(
    studio: Studio, movie: str, dry_run: bool, keep_revisions: int | None, older_than: float, as_json: bool
) -> None:
    """Delete what no revision and no unpublished result refers to, and say how many bytes that frees."""
    terms = Terms(older_than * 86400, keep_revisions)
    swept = swept_movie(studio, movie, terms, dry_run=dry_run, quiet=as_json)
    if as_json:
        print_json(swept)


@command("sync-store")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.argument("movies", metavar="[ID]...", nargs=-1)
@click.option(
    "--mirror",
    is_flag=True,
    help="Follow FROM also in what was pruned; refuse if TO has revisions of its own.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be brought; change nothing.")
@JSON
@click.pass_obj
def sync_store(
    studio: Studio,
    source: str,
    target: str,
    movies: tuple[str, ...],
    mirror: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Bring what one root keeps (a folder, s3://bucket/prefix) to another: only what is new, each byte checked."""
    done, error = sync_stores(studio, (source, target), movies, mirror=mirror, dry_run=dry_run, quiet=as_json)
    if as_json:
        print_json(done)
    if error is not None:
        raise error


@command("import-legacy")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--as", "movie", metavar="ID", help="What it is to be called here.")
@click.option("--dry-run", is_flag=True, help="Say what would be taken; change nothing.")
@click.option(
    "--report", type=click.Path(path_type=Path, dir_okay=False), help="Write all that is said here (JSON)."
)
@JSON
@click.pass_obj
def import_legacy(
    studio: Studio, folder: Path, movie: str | None, dry_run: bool, report: Path | None, as_json: bool
) -> None:
    """Take over a movie of the predecessor, builds/<movieId> with its dag/ and assets/: all its revisions."""
    said = import_movie(studio, folder, movie, dry_run=dry_run, report=report, quiet=as_json)
    if as_json:
        print_json(said)

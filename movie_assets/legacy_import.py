"""Importing the predecessor's movies for a person: what was taken, what it is called here, what was left out."""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec
from rich.console import Console

from movie_assets.core.artefact import check_movie_id
from movie_assets.core.blueprints import BLUEPRINTS
from movie_assets.core.errors import Refused
from movie_assets.core.movie_file import read_movie
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.screen_upkeep import bytes_said
from resources.legacy.importing import Import, Imported
from resources.legacy.records import read_legacy
from resources.legacy.tree import Tree
from resources.studio import Studio

__all__ = ["import_legacy"]

_SHOWN = 20


def import_legacy(
    studio: Studio, folder: Path, movie: str | None, *, dry_run: bool, report: Path | None, quiet: bool
) -> Imported:
    """Imports, or says what an import would take; the whole report goes into a file where one is named."""
    tree = Tree(folder)
    if report is not None and report.resolve().is_relative_to(tree.root):
        raise Refused("the report would lie in the folder that is imported", next_step="name another place")
    legacy = read_legacy(tree)
    store = MovieStore(studio.driver, _id(movie or legacy.movie_id))
    work = Import(folder, tree, legacy, store, studio.movies / store.movie)
    _check_readable(studio, store.movie, work)
    if dry_run:
        said = work.would()
    else:
        with tempfile.TemporaryDirectory() as scratch:
            said = work.take(studio.clock, Path(scratch))
    if report is not None:
        report.write_bytes(msgspec.json.format(msgspec.json.encode(said), indent=2) + b"\n")
    if not quiet:
        _show(said, dry_run)
    return said


def _id(movie: str) -> str:
    try:
        return check_movie_id(movie)
    except Refused as error:
        raise Refused(error.fact, next_step=f"name it anew with --as: {error.next_step}") from None


def _check_readable(studio: Studio, movie: str, work: Import) -> None:
    """What this program writes for a person it must read itself."""
    read_movie(movie, work.movie_yaml, "movie.yaml", blueprints=BLUEPRINTS, providers=studio.offered)


def _show(said: Imported, dry_run: bool) -> None:
    out, would = Console(highlight=False, soft_wrap=True, markup=False), "would be " if dry_run else ""
    for revision in said.revisions:
        what = f"{revision.artefacts} artefacts" if revision.artefacts else "nothing was kept of it"
        told = what if revision.is_new else f"{what}; imported before" if revision.artefacts else what
        out.print(f"{revision.legacy} is {revision.revision}: {told}")
    out.print(
        f"{said.movie}: {said.new_revisions} revisions, {said.events} events, "
        f"{said.blobs} blobs ({bytes_said(said.bytes)}) {would}new"
    )
    for each in said.left_out[:_SHOWN]:
        out.print(f"left out: {each.what}: {each.why}")
    if len(said.left_out) > _SHOWN:
        out.print(f"… and {len(said.left_out) - _SHOWN} more; --report FILE or --json tells all")
    if said.files:
        out.print(f"{would}written: {said.files[-1]}, and {len(said.files) - 1} files it names")
    out.print(f"next: movies show {said.movie}; movies plan {said.movie} says what a film of it takes")

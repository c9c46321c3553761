"""Syncing stores for a person: the movies of one root brought to another, each told as it is done."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from movie_assets.core.artefact import check_movie_id
from movie_assets.core.clock import Clock
from movie_assets.core.errors import Damaged, Failed, MovieError, Refused, Stopped
from movie_assets.core.store.driver import Driver
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.sync import Synced, movies_in, sync, would_sync
from movie_assets.screen_upkeep import carrying, show_synced
from resources.roots import driver_of
from resources.studio import Studio

__all__ = ["sync_stores"]


def sync_stores(
    studio: Studio,
    roots: tuple[str, str],
    movies: Sequence[str],
    *,
    mirror: bool,
    dry_run: bool,
    quiet: bool,
) -> tuple[list[Synced], MovieError | None]:
    """Syncs the movies named, else all there are; one that fails holds up no other.

    Also says what went wrong, None if nothing did.
    """
    source, target = (driver_of(root, studio.project) for root in roots)
    _check_apart(source, target, roots[0])
    wanted = movies or movies_in(source)
    if not wanted:
        raise Refused(
            "no movie is kept there", store=roots[0], next_step="look whether it is the right place"
        )
    done, failed = [], dict[str, MovieError]()
    for movie in wanted:
        try:
            said = _sync_one(source, target, check_movie_id(movie), studio.clock, mirror, dry_run, quiet)
            done.append(said)
            if said.left_out:
                failed[movie] = _left_out(said, roots[0])
        except Stopped:
            raise
        except MovieError as error:
            failed[movie] = error.with_labels(movie=movie)
    return done, _all_of(failed)


def _check_apart(source: Driver, target: Driver, root: str) -> None:
    here, there = (driver.address("x").removesuffix("x") for driver in (source, target))
    if here == there:
        raise Refused("both are the same place", store=root, next_step="name two different ones")
    if here.startswith(there) or there.startswith(here):
        raise Refused("one of them lies in the other", store=root, next_step="name places beside each other")


def _sync_one(
    source: Driver, target: Driver, movie: str, clock: Clock, mirror: bool, dry_run: bool, quiet: bool
) -> Synced:
    here, there = MovieStore(source, movie), MovieStore(target, movie)
    if next(iter(source.list(f"{movie}/")), None) is None:
        raise Refused(f"nothing is kept of {movie}", store=source.address(movie))
    if dry_run:
        said = would_sync(here, there, mirror=mirror)
    else:
        with tempfile.TemporaryDirectory() as scratch, carrying(movie, quiet) as on_carried:
            said = sync(here, there, clock, Path(scratch), mirror=mirror, on_carried=on_carried)
    if not quiet:
        show_synced(said, dry_run=dry_run)
    return said


def _left_out(said: Synced, root: str) -> MovieError:
    return Damaged(
        f"some of {said.movie} could not be brought: {'; '.join(said.left_out)}",
        next_step=f"movies verify {said.movie} --repair --root {root}, then run the same command again",
    )


def _all_of(failed: dict[str, MovieError]) -> MovieError | None:
    if len(failed) < 2:
        return next(iter(failed.values()), None)
    for error in failed.values():
        click.echo(f"error: {error}", err=True)
    return Failed(f"{', '.join(failed)} could not be synced", next_step=next(iter(failed.values())).next_step)

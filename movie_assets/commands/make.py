"""Commands that make films."""

from __future__ import annotations

from pathlib import Path

import click

from movie_assets.commands.command import (
    ID,
    JSON,
    ONLY,
    TO,
    USD,
    command,
    print_json,
    targets_of,
)
from movie_assets.core.errors import Failed, MovieError, Refused, Stopped
from movie_assets.making import asking
from movie_assets.making import make as make_movie
from movie_assets.screen import Screen
from movie_assets.watch import Allowance
from movie_assets.watch import watch as watch_movie
from resources.studio import Studio

__all__ = ["batch", "make", "plan", "preview", "watch"]


@command("plan")
@ID
@ONLY
@JSON
@click.pass_obj
def plan(studio: Studio, movie: str, only: tuple[str, ...], as_json: bool) -> None:
    """Say what would be made, why, what is reused and what it costs. Changes nothing."""
    found = studio.open(movie).plan(targets_of(only))
    if as_json:
        print_json(found)
    else:
        Screen().plan(found)


@command("make")
@ID
@ONLY
@click.option("--budget", type=USD, metavar="USD", help="What this run may spend at most.")
@click.option("--yes", is_flag=True, help="Do not ask before what costs money.")
@TO
@click.pass_obj
def make(
    studio: Studio, movie: str, only: tuple[str, ...], budget: float | None, yes: bool, to: Path | None
) -> None:
    """Plan, make, publish and export the film."""
    if not make_movie(studio, movie, asking(yes), targets_of(only), budget, to):
        raise click.Abort


@command("watch")
@ID
@click.option("--budget", type=USD, metavar="USD", help="Do not ask while all of it costs no more.")
@click.option("--yes", is_flag=True, help="Do not ask at all.")
@click.pass_obj
def watch(studio: Studio, movie: str, budget: float | None, yes: bool) -> None:
    """Make the film again after each edit of its files: the plan, your consent, the new film."""
    watch_movie(studio, movie, Allowance(budget, yes))


@command("preview")
@ID
@TO
@click.option("--open-ended", is_flag=True, help="Again after each edit, until Ctrl-C.")
@click.pass_obj
def preview(studio: Studio, movie: str, to: Path | None, open_ended: bool) -> None:
    """Write a small draft of the film quickly, with placeholders for what is not made yet. Costs nothing."""
    from movie_assets import preview as previewing  # what renders takes a while to import

    (previewing.follow if open_ended else previewing.preview)(studio, movie, to)


@command("batch")
@ID
@click.option("--yes", is_flag=True, help="Do not ask before what costs money.")
@click.option("--budget", type=USD, metavar="USD", help="What each movie's run may spend.")
@click.pass_obj
def batch(studio: Studio, movie: str, yes: bool, budget: float | None) -> None:
    """Make a movie and all its variations, one after another; one that fails holds up no other."""
    failed: dict[str, MovieError] = {}
    for each in studio.family(movie):
        click.echo(f"{each}:")
        try:
            make_movie(studio, each, asking(yes), budget=budget)
        except Stopped:
            raise
        except MovieError as error:
            if error.fact not in {told.fact for told in failed.values()}:
                click.echo(f"error: {error}", err=True)
            failed[each] = error
    if failed:
        refused = all(isinstance(error, Refused) for error in failed.values())
        raise (Refused if refused else Failed)(
            f"{', '.join(failed)} could not be made",
            next_step=f"do what is said above, then: movies batch {movie}",
        )

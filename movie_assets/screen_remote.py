"""What a person sees of a movie that is made elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import click

from movie_assets.core.errors import MovieError
from movie_assets.remote import Build, Made, Step
from resources.roots import link_to_address

__all__ = ["show_builds", "show_made", "show_steps"]


def show_steps(steps: Iterable[Step]) -> None:
    """A line for each artefact that was made or failed; what stood already is counted, once for several runs."""
    made: dict[str, Step] = {}
    reused: set[str] = set()
    try:
        for step in steps:
            if step.outcome == "reused":
                reused.add(step.artefact)
            elif made.get(step.artefact) != step:
                made[step.artefact] = step
                click.echo(step)
    finally:
        costs = sum(step.cost or 0.0 for step in made.values())
        count = sum(step.outcome == "made" for step in made.values())
        click.echo(f"{count} made for {costs:.4f} USD, {len(reused - made.keys())} reused", err=True)


def show_builds(movie: str, builds: Sequence[Build]) -> None:
    """A line for each run, newest first."""
    for build in builds:
        click.echo(f"{build.run_id}  {build.status.lower()}  {_time(build.began)}  {_took(build)}".rstrip())
    if not builds:
        click.echo(f"{movie} was not started yet: movies remote start {movie}")


def show_made(movie: str, found: Sequence[Made], seconds: int) -> None:
    """Where each lies: a link that opens for so long where this machine has the store's keys, else the store's own name."""
    for made in found:
        try:
            click.echo(f"{made.artefact}  {link_to_address(made.file, seconds)}")
        except MovieError as error:
            click.echo(f"{made.artefact}  {made.file}")
            click.echo(f"no link: {error}", err=True)
    if not found:
        click.echo(f"nothing of {movie} is made yet: movies remote start {movie}")


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _took(build: Build) -> str:
    if build.began is None or build.ended is None:
        return ""
    return f"{build.ended - build.began:.0f} s"

"""Commands to begin with: a new movie file, what is wrong in one, and what a film needs."""

from __future__ import annotations

import sys

import click

from movie_assets.commands.command import (
    FAILED,
    ID,
    JSON,
    REFUSED,
    command,
    print_json,
)
from movie_assets.core.artefact import check_movie_id
from movie_assets.core.blueprints import BLUEPRINTS
from movie_assets.core.errors import MovieError, Refused
from movie_assets.core.movie_file import read_movie
from movie_assets.core.new_movie import movie_template
from movie_assets.screen_doctor import show_findings
from resources.studio import Studio

__all__ = ["check", "doctor", "new"]


@command("new")
@ID
@click.option("--brief", required=True, help="What the film is about.")
@click.option("--title", help="Its title; the ID if not given.")
@click.option("--segments", type=click.IntRange(1, 1000), default=6, show_default=True)
@click.pass_obj
def new(studio: Studio, movie: str, brief: str, title: str | None, segments: int) -> None:
    """Write a commented movies/ID/movie.yaml to start from."""
    folder = studio.movies / check_movie_id(movie)
    text = movie_template(
        movie, title or movie.replace("-", " ").replace("_", " ").capitalize(), brief, segments
    )
    read_movie(movie, text, "movie.yaml", blueprints=BLUEPRINTS, providers=studio.offered)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with (folder / "movie.yaml").open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise Refused(
            f"{folder / 'movie.yaml'} exists already", next_step="edit it, or choose another id"
        ) from None
    click.echo(f"wrote {folder / 'movie.yaml'}\n  next: edit it, then movies make {movie}")


@command("check")
@click.argument("movies", metavar="[ID]...", nargs=-1)
@click.pass_obj
def check(studio: Studio, movies: tuple[str, ...]) -> None:
    """Read movie files and say everything that is wrong with them."""
    _ = studio.connections  # a providers.yaml with problems is told once, not for each movie
    wanted = dict.fromkeys(each for movie in movies for each in _checked(studio, movie)) or studio.ids()
    found = (error for movie in wanted if (error := _problem_of(studio, movie)))
    # What is wrong with a movie is wrong with each of its variations, too.
    problems = list({error.fact: error for error in found}.values())
    for error in problems:
        click.echo(f"error: {error}", err=True)
    if problems:
        sys.exit(REFUSED if all(isinstance(error, Refused) for error in problems) else FAILED)
    click.echo(
        "no problems found"
        if movies or studio.ids()
        else "there are no movies yet: movies new ID --brief ..."
    )


def _checked(studio: Studio, movie: str) -> list[str]:
    """A movie with its variations; one of them alone."""
    family = studio.family(movie)
    return family if movie == family[0] else [movie]


def _problem_of(studio: Studio, movie: str) -> MovieError | None:
    try:
        studio.open(movie)
    except MovieError as error:
        return error
    return None


@command("doctor")
@JSON
@click.pass_obj
def doctor(studio: Studio, as_json: bool) -> None:
    """Look at everything that a film needs: programs, fonts, storage, keys, models. Costs nothing."""
    from resources.doctor.examine import examine

    findings = examine(studio)
    if as_json:
        print_json(findings)
    else:
        show_findings(findings)
    if any(found.state == "missing" for found in findings):
        sys.exit(FAILED)

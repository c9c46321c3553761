"""Commands for a deployment elsewhere."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from movie_assets.commands.command import (
    EXPIRES,
    ID,
    JSON,
    ONLY,
    USD,
    Command,
    main,
    print_json,
)
from movie_assets.core.artefact import check_movie_id
from movie_assets.core.errors import Refused, Stopped
from movie_assets.remote import Remote
from movie_assets.screen_remote import show_builds, show_made, show_steps
from resources.studio import Studio

__all__ = ["remote"]


@main.group("remote")
def remote() -> None:
    """Make movies on a running deployment, by the address of its Dagster pages."""


def _at_deployment(body: Callable[..., None]) -> Callable[..., None]:
    """--url and the credentials, which become `deployment`."""

    @click.option("--url", envvar="MOVIES_REMOTE_URL", show_envvar=True, required=True, help="Where it is.")
    @click.option(
        "--token", envvar="MOVIES_REMOTE_TOKEN", show_envvar=True, help="Sent as Authorization: Bearer TOKEN."
    )
    @click.option(
        "--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="Sent as well; repeatable."
    )
    @functools.wraps(body)
    def command(url: str, token: str | None, headers: tuple[str, ...], **options: Any) -> None:
        sent = dict(map(_header, headers)) | ({"Authorization": f"Bearer {token}"} if token else {})
        body(Remote(url, sent), **options)

    return command


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise Refused("a --header has no colon", next_step="write it as 'Name: value'")
    return name.strip(), value.strip()


def _remote_command(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    return remote.command(name, cls=Command)


_DETACHED = click.option("--detach", is_flag=True, help="Do not wait for its end.")


@_remote_command("start")
@ID
@ONLY
@click.option("--budget", type=USD, metavar="USD", help="What this run may spend at most.")
@click.option("--upload", is_flag=True, help="Send movies/ID from here first, in place of what is there.")
@_DETACHED
@_at_deployment
@click.pass_obj
def remote_start(
    studio: Studio,
    deployment: Remote,
    movie: str,
    only: tuple[str, ...],
    budget: float | None,
    upload: bool,
    detach: bool,
) -> None:
    """Start making a movie there, and follow it to its end."""
    if upload:
        deployment.upload(movie, studio.movies / check_movie_id(movie))
        click.echo(f"{movie} was taken in")
    _start(deployment, movie, only, budget, detach)


@_remote_command("resume")
@ID
@_DETACHED
@_at_deployment
def remote_resume(deployment: Remote, movie: str, detach: bool) -> None:
    """Go on with a movie that failed or was cancelled there: only what is left is made."""
    _start(deployment, movie, (), None, detach)


def _start(deployment: Remote, movie: str, only: tuple[str, ...], budget: float | None, detach: bool) -> None:
    runs = deployment.start(movie, only, budget)
    for run in runs:
        click.echo(f"started run {run}")
    if not detach:
        try:
            show_steps(deployment.follow(runs, movie))
        except KeyboardInterrupt:
            raise Stopped(
                "it is still made there", next_step=f"movies remote cancel {movie} ends it"
            ) from None
        click.echo(f"{movie} is made\n  next: movies remote results {movie}")


@_remote_command("status")
@ID
@JSON
@_at_deployment
def remote_status(deployment: Remote, movie: str, as_json: bool) -> None:
    """The latest runs of a movie there, newest first."""
    builds = deployment.status(movie)
    print_json(builds) if as_json else show_builds(movie, builds)


@_remote_command("cancel")
@ID
@_at_deployment
def remote_cancel(deployment: Remote, movie: str) -> None:
    """End the runs of a movie that are under way there; what was finished is kept."""
    ended = deployment.cancel(movie)
    for run in ended:
        click.echo(f"cancelled run {run}")
    if not ended:
        click.echo(f"no run of {movie} is under way")


@_remote_command("results")
@ID
@click.argument("artefacts", metavar="[ARTEFACT]...", nargs=-1)
@EXPIRES
@JSON
@_at_deployment
def remote_results(
    deployment: Remote, movie: str, artefacts: tuple[str, ...], expires: int, as_json: bool
) -> None:
    """Where the film lies and what goes with it; on S3 a link, signed by this machine's own keys."""
    found = deployment.results(movie, artefacts)
    print_json(found) if as_json else show_made(movie, found, expires * 60)

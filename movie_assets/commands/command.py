"""What all commands share: their options, and errors that are a sentence and an exit code."""

from __future__ import annotations

import errno
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterable
from io import TextIOWrapper
from math import isfinite
from pathlib import Path
from typing import Any, NoReturn

import click
import msgspec
from click.core import ParameterSource

from movie_assets.core.artefact import ArtefactId, Name
from movie_assets.core.errors import Failed, MovieError, Refused, Stopped, Unready
from movie_assets.core.manifest import Manifest
from movie_assets.core.revision import parse_revision
from movie_assets.core.store.movie_store import MovieStore
from resources.studio import Studio

__all__ = [
    "EXPIRES",
    "FAILED",
    "ID",
    "JSON",
    "ONLY",
    "REFUSED",
    "STOPPED",
    "TO",
    "USD",
    "Command",
    "Finite",
    "command",
    "main",
    "print_json",
    "revision_of",
    "targets_of",
]

REFUSED, FAILED, STOPPED = 2, 1, 130
_PLACES = "movie_assets.places"


class Command(click.Command):
    """A command with --root, --project and --debug, whose errors are a sentence and an exit code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += [
            click.Option(
                ["--root"],
                default="builds",
                show_default=True,
                envvar="MOVIES_ROOT",
                help="Where results are kept: a folder, or s3://bucket/prefix.",
            ),
            click.Option(
                ["--project"], type=click.Path(path_type=Path), help="The folder that holds movies/."
            ),
            click.Option(["--debug"], is_flag=True, help="Show a traceback with an error."),
        ]

    def invoke(self, context: click.Context) -> Any:
        _show_what_can_be_shown()
        root, project, debug = (context.params.pop(name) for name in ("root", "project", "debug"))
        context.meta[_PLACES] = {"root": root, "project": project}
        context.obj = Studio((project or _project()).resolve(), root)
        try:
            return super().invoke(context)
        except MovieError as error:
            if debug:
                raise
            _leave(error, context)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except OSError as error:
            if debug:
                raise
            _leave(_unexpected(error) if error.filename is None else _in_the_way(error), context)
        except Exception as error:
            if debug:
                raise
            _leave(_unexpected(error), context)
        except KeyboardInterrupt:
            _leave(Stopped("stopped on request", next_step="run the same command again to go on"), context)


def _show_what_can_be_shown() -> None:
    """A terminal may know fewer letters than a movie has."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def _in_the_way(error: OSError) -> MovieError:
    """A file or folder of a person's that cannot be written or read as it was to be."""
    wrong = error.errno in (errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENOENT, errno.ENAMETOOLONG)
    return (Refused if wrong else Unready)(
        f"{os.fsdecode(error.filename)} cannot be used: {error.strerror}",
        next_step="look at what is there, or name another place",
    )


def _unexpected(error: Exception) -> MovieError:
    what = f"{type(error).__name__}: {error}".split("\n", 1)[0]
    return Failed(
        f"something unexpected happened: {what}", next_step="run it again with --debug and report it"
    )


def _leave(error: MovieError, context: click.Context) -> NoReturn:
    error.next_step = _with_places(error.next_step, context)
    click.echo(f"{'stopped' if isinstance(error, Stopped) else 'error'}: {error}", err=True)
    sys.exit(REFUSED if isinstance(error, Refused) else STOPPED if isinstance(error, Stopped) else FAILED)


def _with_places(step: str, context: click.Context) -> str:
    """A next step that is a command, at the places that were named in this one: typed as it stands, it works there."""
    places = "".join(
        f" --{name} {shlex.quote(str(value))}"
        for name, value in context.meta[_PLACES].items()
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE and f"--{name}" not in step
    )
    commands = "|".join(map(re.escape, main.commands))
    return re.sub(rf"\bmovies ({commands})\b", lambda found: found.group() + places, step)


def _project() -> Path:
    """The nearest folder upward that holds movies/, else this one."""
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / "movies").is_dir()), here)


@click.group()
def main() -> None:
    """Makes films from movies/ID/movie.yaml, and makes again only what an edit changes."""


def command(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    return main.command(name, cls=Command)


class Finite(click.FloatRange):
    """A number in a range, which neither nan nor an end that is open lets pass."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = float(super().convert(value, param, ctx))
        if not isfinite(found):
            self.fail(f"{value!r} is not a number that can be counted.", param, ctx)
        return found


USD = Finite(min=0)
ID = click.argument("movie", metavar="ID")
ONLY = click.option(
    "--only",
    "--up-to",
    "only",
    multiple=True,
    metavar="ARTEFACT",
    help="Only this and what it needs: picture[3], or picture for all of them; repeatable.",
)
TO = click.option(
    "--to", type=click.Path(path_type=Path, file_okay=False), help="A folder; films/ID if not given."
)
JSON = click.option("--json", "as_json", is_flag=True, help="For programs.")


def targets_of(only: Iterable[str]) -> frozenset[ArtefactId] | None:
    return frozenset(map(Name.parse, only)) or None


def revision_of(studio: Studio, store: MovieStore, revision: str | None) -> Manifest:
    """The revision that is asked for, else the live one."""
    manifest = store.manifests.read(parse_revision(revision)) if revision else store.manifests.live()
    if manifest is None:
        studio.file(store.movie)  # says so where there is no such movie at all
        raise Refused(f"{store.movie} has no revision yet", next_step=f"movies make {store.movie}")
    return manifest


def print_json(value: Any) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


EXPIRES = click.option(
    "--expires",
    type=click.IntRange(1, 7 * 24 * 60),
    default=60,
    show_default=True,
    metavar="MINUTES",
    help="For how long a link opens.",
)

"""Commands that read what was made, and bring it back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import click

from movie_assets.commands.command import (
    EXPIRES,
    ID,
    JSON,
    TO,
    command,
    print_json,
    revision_of,
)
from movie_assets.core.artefact import Name
from movie_assets.core.blueprints import BLUEPRINTS
from movie_assets.core.difference import difference, wanted_edits
from movie_assets.core.errors import Refused
from movie_assets.core.event import ArtefactEvent, InputEvent, write_event
from movie_assets.core.ledger import ledger_of
from movie_assets.core.lineage import lineage_of
from movie_assets.core.manifest import Manifest
from movie_assets.core.restore import restore as restore_revision
from movie_assets.core.revision import parse_revision, revision_name
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.making import export_film
from movie_assets.screen import Screen
from movie_assets.screen_history import History
from resources.export import export as write_files
from resources.export import write_difference
from resources.films import Films
from resources.providers import FREE_OF_CHARGE
from resources.roots import link_to
from resources.studio import Studio

__all__ = ["diff", "export", "link", "log", "restore", "show", "why"]


def _possibly_paid(studio: Studio, store: MovieStore) -> list[ArtefactEvent]:
    """What works on this machine costs nothing."""
    now = datetime.fromisoformat(studio.clock.now()).timestamp()
    return [call for call in store.possibly_paid(now) if call.provider not in FREE_OF_CHARGE]


@command("show")
@ID
@click.argument("revision", required=False)
@click.option("--cost", is_flag=True, help="What was paid and what reuse saved, per revision and provider.")
@JSON
@click.pass_obj
def show(studio: Studio, movie: str, revision: str | None, cost: bool, as_json: bool) -> None:
    """Show revisions, artefacts, what they cost and where the film is."""
    store, history = studio.store(movie), History()
    if cost:
        print_json(ledger_of(store)) if as_json else history.ledger(ledger_of(store))
        return
    if not as_json:
        history.possibly_paid(_possibly_paid(studio, store))
    manifest = revision_of(studio, store, revision)
    if as_json:
        print_json(manifest)
        return
    if revision is None:
        history.revisions(store)
    history.revision(store, manifest, Films(studio).folder(movie))


@command("why")
@ID
@click.argument("artefact")
@JSON
@click.pass_obj
def why(studio: Studio, movie: str, artefact: str, as_json: bool) -> None:
    """Say what an artefact was made from, by whom, for how much, what it feeds, and what would make it again."""
    found = lineage_of(studio.open(movie), Name.parse(artefact))
    print_json(found) if as_json else History().lineage(found)


@command("diff")
@ID
@click.argument("before")
@click.argument("after")
@click.option(
    "--page", type=click.Path(path_type=Path, dir_okay=False), help="Write them side by side here (HTML)."
)
@JSON
@click.pass_obj
def diff(studio: Studio, movie: str, before: str, after: str, page: Path | None, as_json: bool) -> None:
    """Compare two revisions: what was set otherwise, by whom, and what came out otherwise."""
    store = studio.store(movie)
    older, newer = revision_of(studio, store, before), revision_of(studio, store, after)
    found = difference(older, newer, store.events.inputs())
    print_json(found) if as_json else History().difference(found)
    if page:
        click.echo(write_difference(store, older, newer, page), err=as_json)


@command("restore")
@ID
@click.argument("revision")
@click.pass_obj
def restore(studio: Studio, movie: str, revision: str) -> None:
    """Publish an old revision as the newest, making nothing, and say what movie.yaml would change of it."""
    store, gear = studio.store(movie), studio.gear
    number = parse_revision(revision)
    manifest = restore_revision(store, number, gear.clock, gear.editor)
    if manifest is None:
        click.echo(f"nothing to do: {movie} is what it was at {revision_name(number)}")
        return
    click.echo(f"{movie} is at {manifest.revision}, restored from {revision_name(number)}")
    export_film(studio, manifest, None)
    _say_what_differs(studio, manifest)


def _say_what_differs(studio: Studio, restored: Manifest) -> None:
    """What the next make would do: movie.yaml is a person's and stays as it is."""
    movie = studio.open(restored.movie)
    edits = wanted_edits(restored, movie.inputs)
    if edits:
        click.echo("movie.yaml says otherwise, and movies make would go by it:")
        History().edits(edits)
    Screen().plan(movie.plan())


@command("log")
@ID
@click.option("--inputs", is_flag=True, help="What was set, instead of what was made.")
@JSON
@click.pass_obj
def log(studio: Studio, movie: str, inputs: bool, as_json: bool) -> None:
    """Print the event log, oldest first; with --json one plain JSON object per line."""
    events = studio.store(movie).events
    found: Iterable[InputEvent | ArtefactEvent] = events.inputs() if inputs else events.artefacts()
    history = History()
    for event in found:
        click.echo(write_event(event)) if as_json else history.event(event)


@command("link")
@ID
@click.argument("artefact")
@click.argument("revision", required=False)
@EXPIRES
@click.pass_obj
def link(studio: Studio, movie: str, artefact: str, revision: str | None, expires: int) -> None:
    """Print where an artefact can be had: on S3 a link that anyone can open until it expires, else a path.

    A short text is printed itself. Without a revision, of the live one; before there is any, what is made of it by now.
    """
    store, name = studio.store(movie), Name.parse(artefact)
    if revision is None and store.manifests.live() is None:
        ref, where = studio.open(movie).made(name), "it by now"
    else:
        manifest = revision_of(studio, store, revision)
        ref, where = manifest.output(name), manifest.revision
    if ref is None:
        raise Refused(
            f"there is no {artefact} of {where}", movie=movie, next_step=f"movies why {movie} {artefact}"
        )
    if ref.inline is not None:
        click.echo("a short text, which needs no file:", err=True)
        click.echo(ref.inline)
        return
    click.echo(link_to(studio.driver, store.keys.blob(ref.digest), expires * 60))


@command("export")
@ID
@click.argument("revision", required=False)
@TO
@click.pass_obj
def export(studio: Studio, movie: str, revision: str | None, to: Path | None) -> None:
    """Write the film of a revision and what goes with it: subtitles, page, timeline for editors, also bundled."""
    store, folder = studio.store(movie), to or Films(studio).folder(movie)
    manifest = revision_of(studio, store, revision)
    blueprint = BLUEPRINTS[manifest.blueprint]
    Screen().exported(write_files(store, manifest, {**blueprint.exports, **blueprint.on_request}, folder))
    main = next(iter(blueprint.exports.values()))
    if manifest.output(Name(main)) is None:
        click.echo(f"{manifest.revision} has no {main}, for it was imported: these are its media", err=True)

"""The `movies` command: the short way to what Dagster does the long way."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import click
import msgspec

from movie_assets.core.artefact import ArtefactId, Name, check_movie_id
from movie_assets.core.blueprints import BLUEPRINTS
from movie_assets.core.difference import difference, wanted_edits
from movie_assets.core.errors import Failed, MovieError, Refused, Stopped
from movie_assets.core.event import ArtefactEvent, InputEvent, write_event
from movie_assets.core.ledger import ledger_of
from movie_assets.core.lineage import lineage_of
from movie_assets.core.manifest import Manifest
from movie_assets.core.movie_file import read_movie
from movie_assets.core.new_movie import movie_template
from movie_assets.core.restore import restore as restore_revision
from movie_assets.core.revision import parse_revision, revision_name
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.store.sweep import Terms
from movie_assets.legacy_import import import_legacy as import_movie
from movie_assets.making import asking, export_film
from movie_assets.making import make as make_movie
from movie_assets.remote import Remote
from movie_assets.screen import Screen
from movie_assets.screen_doctor import show_findings
from movie_assets.screen_history import History
from movie_assets.screen_remote import show_builds, show_made, show_steps
from movie_assets.store_sync import sync_stores
from movie_assets.upkeep import KEEP_REVISIONS, swept_movie, verify_movie
from movie_assets.watch import Allowance
from movie_assets.watch import watch as watch_movie
from resources.export import export as write_files
from resources.export import write_difference
from resources.providers import FREE_OF_CHARGE
from resources.roots import link_to
from resources.studio import Studio

__all__ = ["main"]

REFUSED, FAILED, STOPPED = 2, 1, 130


# --- what all commands share ------------------------------------------------------------------------------------


class _Command(click.Command):
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
        root, project, debug = (context.params.pop(name) for name in ("root", "project", "debug"))
        context.obj = Studio((project or _project()).resolve(), root)
        try:
            return super().invoke(context)
        except MovieError as error:
            if debug:
                raise
            _leave(error)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if debug:
                raise
            _leave(_unexpected(error))
        except KeyboardInterrupt:
            _leave(Stopped("stopped on request", next_step="run the same command again to go on"))


def _unexpected(error: Exception) -> MovieError:
    what = f"{type(error).__name__}: {error}".split("\n", 1)[0]
    return Failed(
        f"something unexpected happened: {what}", next_step="run it again with --debug and report it"
    )


def _leave(error: MovieError) -> NoReturn:
    click.echo(f"{'stopped' if isinstance(error, Stopped) else 'error'}: {error}", err=True)
    sys.exit(REFUSED if isinstance(error, Refused) else STOPPED if isinstance(error, Stopped) else FAILED)


def _project() -> Path:
    """The nearest folder upward that holds movies/, else this one."""
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / "movies").is_dir()), here)


@click.group()
def main() -> None:
    """Makes films from movies/ID/movie.yaml, and makes again only what an edit changes."""


def _command(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    return main.command(name, cls=_Command)


_ID = click.argument("movie", metavar="ID")
_ONLY = click.option(
    "--only",
    "--up-to",
    "only",
    multiple=True,
    metavar="ARTEFACT",
    help="Only this and what it needs: picture[3], or picture for all of them; repeatable.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="For programs.")


def _targets(only: Iterable[str]) -> frozenset[ArtefactId] | None:
    return frozenset(map(Name.parse, only)) or None


def _revision(store: MovieStore, revision: str | None) -> Manifest:
    """The revision that is asked for, else the live one."""
    manifest = store.manifests.read(parse_revision(revision)) if revision else store.manifests.live()
    if manifest is None:
        raise Refused(f"{store.movie} has no revision yet", next_step=f"movies make {store.movie}")
    return manifest


def _possibly_paid(studio: Studio, store: MovieStore) -> list[ArtefactEvent]:
    """What works on this machine costs nothing."""
    now = datetime.fromisoformat(studio.clock.now()).timestamp()
    return [call for call in store.possibly_paid(now) if call.provider not in FREE_OF_CHARGE]


def _print_json(value: Any) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


# --- commands -----------------------------------------------------------------------------------------------------


@_command("new")
@_ID
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


@_command("check")
@click.argument("movies", metavar="[ID]...", nargs=-1)
@click.pass_obj
def check(studio: Studio, movies: tuple[str, ...]) -> None:
    """Read movie files and say everything that is wrong with them."""
    _ = studio.connections  # a providers.yaml with problems is told once, not for each movie
    problems = [error for movie in movies or studio.ids() if (error := _problem_of(studio, movie))]
    for error in problems:
        click.echo(f"error: {error}", err=True)
    if problems:
        sys.exit(REFUSED if all(isinstance(error, Refused) for error in problems) else FAILED)
    click.echo(
        "no problems found"
        if movies or studio.ids()
        else "there are no movies yet: movies new ID --brief ..."
    )


def _problem_of(studio: Studio, movie: str) -> MovieError | None:
    try:
        studio.open(movie)
    except MovieError as error:
        return error
    return None


@_command("plan")
@_ID
@_ONLY
@_JSON
@click.pass_obj
def plan(studio: Studio, movie: str, only: tuple[str, ...], as_json: bool) -> None:
    """Say what would be made, why, what is reused and what it costs. Changes nothing."""
    found = studio.open(movie).plan(_targets(only))
    if as_json:
        _print_json(found)
    else:
        Screen().plan(found)


@_command("make")
@_ID
@_ONLY
@click.option(
    "--budget", type=click.FloatRange(min=0), metavar="USD", help="What this run may spend at most."
)
@click.option("--yes", is_flag=True, help="Do not ask before what costs money.")
@click.option("--to", type=click.Path(path_type=Path), help="Where the film goes; films/ID if not given.")
@click.pass_obj
def make(
    studio: Studio, movie: str, only: tuple[str, ...], budget: float | None, yes: bool, to: Path | None
) -> None:
    """Plan, make, publish and export the film."""
    if not make_movie(studio, movie, asking(yes), _targets(only), budget, to):
        raise click.Abort


@_command("watch")
@_ID
@click.option(
    "--budget", type=click.FloatRange(min=0), metavar="USD", help="Do not ask while all of it costs no more."
)
@click.option("--yes", is_flag=True, help="Do not ask at all.")
@click.pass_obj
def watch(studio: Studio, movie: str, budget: float | None, yes: bool) -> None:
    """Make the film again after each edit of its files: the plan, your consent, the new film."""
    watch_movie(studio, movie, Allowance(budget, yes))


@_command("preview")
@_ID
@click.option("--to", type=click.Path(path_type=Path), help="A folder; films/ID if not given.")
@click.option("--open-ended", is_flag=True, help="Again after each edit, until Ctrl-C.")
@click.pass_obj
def preview(studio: Studio, movie: str, to: Path | None, open_ended: bool) -> None:
    """Write a small draft of the film quickly, with placeholders for what is not made yet. Costs nothing."""
    from movie_assets import preview as previewing  # what renders takes a while to import

    (previewing.follow if open_ended else previewing.preview)(studio, movie, to)


@_command("batch")
@_ID
@click.option("--yes", is_flag=True, help="Do not ask before what costs money.")
@click.option(
    "--budget", type=click.FloatRange(min=0), metavar="USD", help="What each movie's run may spend."
)
@click.pass_obj
def batch(studio: Studio, movie: str, yes: bool, budget: float | None) -> None:
    """Make a movie and all its variations, one after another; one that fails holds up no other."""
    failed = {}
    for each in studio.family(movie):
        click.echo(f"{each}:")
        try:
            make_movie(studio, each, asking(yes), budget=budget)
        except Stopped:
            raise
        except MovieError as error:
            failed[each] = error
            click.echo(f"error: {error}", err=True)
    if failed:
        raise Failed(
            f"{', '.join(failed)} could not be made", next_step=next(iter(failed.values())).next_step
        )


@_command("show")
@_ID
@click.argument("revision", required=False)
@click.option("--cost", is_flag=True, help="What was paid and what reuse saved, per revision and provider.")
@_JSON
@click.pass_obj
def show(studio: Studio, movie: str, revision: str | None, cost: bool, as_json: bool) -> None:
    """Show revisions, artefacts, what they cost and where the film is."""
    store, history = studio.store(movie), History()
    if cost:
        _print_json(ledger_of(store)) if as_json else history.ledger(ledger_of(store))
        return
    if not as_json:
        history.possibly_paid(_possibly_paid(studio, store))
    manifest = _revision(store, revision)
    if as_json:
        _print_json(manifest)
        return
    if revision is None:
        history.revisions(store)
    history.revision(store, manifest, studio.project / "films" / movie)


@_command("why")
@_ID
@click.argument("artefact")
@_JSON
@click.pass_obj
def why(studio: Studio, movie: str, artefact: str, as_json: bool) -> None:
    """Say what an artefact was made from, by whom, for how much, what it feeds, and what would make it again."""
    found = lineage_of(studio.open(movie), Name.parse(artefact))
    _print_json(found) if as_json else History().lineage(found)


@_command("diff")
@_ID
@click.argument("before")
@click.argument("after")
@click.option(
    "--page", type=click.Path(path_type=Path, dir_okay=False), help="Write them side by side here (HTML)."
)
@_JSON
@click.pass_obj
def diff(studio: Studio, movie: str, before: str, after: str, page: Path | None, as_json: bool) -> None:
    """Compare two revisions: what was set otherwise, by whom, and what came out otherwise."""
    store = studio.store(movie)
    older, newer = _revision(store, before), _revision(store, after)
    found = difference(older, newer, store.events.inputs())
    _print_json(found) if as_json else History().difference(found)
    if page:
        click.echo(write_difference(store, older, newer, page), err=as_json)


@_command("restore")
@_ID
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


@_command("log")
@_ID
@click.option("--inputs", is_flag=True, help="What was set, instead of what was made.")
@_JSON
@click.pass_obj
def log(studio: Studio, movie: str, inputs: bool, as_json: bool) -> None:
    """Print the event log, oldest first; with --json one plain JSON object per line."""
    events = studio.store(movie).events
    found: Iterable[InputEvent | ArtefactEvent] = events.inputs() if inputs else events.artefacts()
    history = History()
    for event in found:
        click.echo(write_event(event)) if as_json else history.event(event)


_EXPIRES = click.option(
    "--expires",
    type=click.IntRange(1, 7 * 24 * 60),
    default=60,
    show_default=True,
    metavar="MINUTES",
    help="For how long a link opens.",
)


@_command("link")
@_ID
@click.argument("artefact")
@click.argument("revision", required=False)
@_EXPIRES
@click.pass_obj
def link(studio: Studio, movie: str, artefact: str, revision: str | None, expires: int) -> None:
    """Print where an artefact can be had: on S3 a link that anyone can open until it expires, else a path."""
    store = studio.store(movie)
    manifest = _revision(store, revision)
    ref = manifest.output(Name.parse(artefact))
    if ref is None or ref.inline is not None:
        raise Refused(
            f"{artefact} of {manifest.revision} is a short text in the manifest, or not made at all",
            movie=movie,
            next_step=f"movies why {movie} {artefact}",
        )
    click.echo(link_to(studio.driver, store.keys.blob(ref.digest), expires * 60))


@_command("verify")
@_ID
@click.option("--repair", "mend", is_flag=True, help="Put aside what is damaged and rebuild what can be.")
@_JSON
@click.pass_obj
def verify(studio: Studio, movie: str, mend: bool, as_json: bool) -> None:
    """Read every byte that is kept of a movie, and name what is damaged or missing; exit 1 if something is."""
    found = verify_movie(studio, movie, mend=mend, quiet=as_json)
    if as_json:
        _print_json(found)
    if not found.sound:
        sys.exit(FAILED)


@_command("sweep")
@_ID
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
    type=click.FloatRange(min=1),
    default=7,
    show_default=True,
    metavar="DAYS",
    help="Take nothing that is younger.",
)
@_JSON
@click.pass_obj
def sweep(
    studio: Studio, movie: str, dry_run: bool, keep_revisions: int | None, older_than: float, as_json: bool
) -> None:
    """Delete what no revision and no unpublished result refers to, and say how many bytes that frees."""
    terms = Terms(older_than * 86400, keep_revisions)
    swept = swept_movie(studio, movie, terms, dry_run=dry_run, quiet=as_json)
    if as_json:
        _print_json(swept)


@_command("sync-store")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.argument("movies", metavar="[ID]...", nargs=-1)
@click.option(
    "--mirror",
    is_flag=True,
    help="Follow FROM also in what was pruned; refuse if TO has revisions of its own.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be brought; change nothing.")
@_JSON
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
        _print_json(done)
    if error is not None:
        raise error


@_command("import-legacy")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--as", "movie", metavar="ID", help="What it is to be called here.")
@click.option("--dry-run", is_flag=True, help="Say what would be taken; change nothing.")
@click.option(
    "--report", type=click.Path(path_type=Path, dir_okay=False), help="Write all that is said here (JSON)."
)
@_JSON
@click.pass_obj
def import_legacy(
    studio: Studio, folder: Path, movie: str | None, dry_run: bool, report: Path | None, as_json: bool
) -> None:
    """Take over a movie of the predecessor, builds/<movieId> with its dag/ and assets/: all its revisions."""
    said = import_movie(studio, folder, movie, dry_run=dry_run, report=report, quiet=as_json)
    if as_json:
        _print_json(said)


@_command("doctor")
@_JSON
@click.pass_obj
def doctor(studio: Studio, as_json: bool) -> None:
    """Look at everything that a film needs: programs, fonts, storage, keys, models. Costs nothing."""
    from resources.doctor.examine import examine

    findings = examine(studio)
    if as_json:
        _print_json(findings)
    else:
        show_findings(findings)
    if any(found.state == "missing" for found in findings):
        sys.exit(FAILED)


@_command("export")
@_ID
@click.argument("revision", required=False)
@click.option("--to", type=click.Path(path_type=Path), help="A folder; films/ID if not given.")
@click.pass_obj
def export(studio: Studio, movie: str, revision: str | None, to: Path | None) -> None:
    """Write the film of a revision and what goes with it: subtitles, page, timeline for editors, also bundled."""
    store, folder = studio.store(movie), to or studio.project / "films" / movie
    manifest = _revision(store, revision)
    blueprint = BLUEPRINTS[manifest.blueprint]
    Screen().exported(write_files(store, manifest, {**blueprint.exports, **blueprint.on_request}, folder))
    main = next(iter(blueprint.exports.values()))
    if manifest.output(Name(main)) is None:
        click.echo(f"{manifest.revision} has no {main}, for it was imported: these are its media", err=True)


# --- a deployment elsewhere ---------------------------------------------------------------------------------------


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
    return remote.command(name, cls=_Command)


_DETACHED = click.option("--detach", is_flag=True, help="Do not wait for its end.")


@_remote_command("start")
@_ID
@_ONLY
@click.option(
    "--budget", type=click.FloatRange(min=0), metavar="USD", help="What this run may spend at most."
)
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
@_ID
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
@_ID
@_JSON
@_at_deployment
def remote_status(deployment: Remote, movie: str, as_json: bool) -> None:
    """The latest runs of a movie there, newest first."""
    builds = deployment.status(movie)
    _print_json(builds) if as_json else show_builds(movie, builds)


@_remote_command("cancel")
@_ID
@_at_deployment
def remote_cancel(deployment: Remote, movie: str) -> None:
    """End the runs of a movie that are under way there; what was finished is kept."""
    ended = deployment.cancel(movie)
    for run in ended:
        click.echo(f"cancelled run {run}")
    if not ended:
        click.echo(f"no run of {movie} is under way")


@_remote_command("results")
@_ID
@click.argument("artefacts", metavar="[ARTEFACT]...", nargs=-1)
@_EXPIRES
@_JSON
@_at_deployment
def remote_results(
    deployment: Remote, movie: str, artefacts: tuple[str, ...], expires: int, as_json: bool
) -> None:
    """Where the film lies and what goes with it; on S3 a link, signed by this machine's own keys."""
    found = deployment.results(movie, artefacts)
    _print_json(found) if as_json else show_made(movie, found, expires * 60)


if __name__ == "__main__":
    main()

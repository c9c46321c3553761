"""The composition root for Dagster: the movies of this project as assets, with what they work with."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

warnings.filterwarnings("ignore", category=dg.BetaWarning)
warnings.filterwarnings("ignore", category=dg.PreviewWarning)

from io_managers.content_addressed import ContentAddressedIOManager  # noqa: E402
from movie_assets.assets.keys import artefact_key, op_name  # noqa: E402
from movie_assets.assets.movie_asset import movie_asset  # noqa: E402
from movie_assets.assets.notices import Notices  # noqa: E402
from movie_assets.assets.notify import notify  # noqa: E402
from movie_assets.assets.places import RUNS, tags_of  # noqa: E402
from movie_assets.assets.receive import receive_movie  # noqa: E402
from movie_assets.assets.sensor import Loaded, config_edits  # noqa: E402
from movie_assets.assets.upkeep import upkeep  # noqa: E402
from movie_assets.core.errors import MovieError  # noqa: E402
from movie_assets.core.graph import Graph  # noqa: E402
from movie_assets.core.inputs import INPUTS  # noqa: E402
from movie_assets.core.movie import Production  # noqa: E402
from movie_assets.core.progress import Progress  # noqa: E402
from resources.films import Films  # noqa: E402
from resources.provider_keys import provider_keys  # noqa: E402
from resources.secrets import Secrets  # noqa: E402
from resources.studio import Studio  # noqa: E402
from resources.webhook import Webhook  # noqa: E402

__all__ = ["definitions_of", "defs", "resources_of"]

_MOST_RUNS = 64


def resources_of(
    studio: Studio, progress: Progress, agreed: Mapping[str, Production] | None = None
) -> dict[str, object]:
    """What the assets of a studio's movies ask for; `agreed` are the plans by run that a person has agreed to."""
    return {
        "movies": studio,
        "io_manager": ContentAddressedIOManager(studio, studio.clock),
        "progress": progress,
        "agreed": dict(agreed or {}),
        "films": Films(studio),
    }


def definitions_of(
    studio: Studio,
    chosen: Collection[str] | None = None,
    keep_revisions: int | None = None,
    runs: int = 1,
) -> dg.Definitions:
    """One asset group and one job per movie, of all there are or those chosen; what watches them, and their upkeep.

    A movie is made by so many `runs` together.
    """

    def ids() -> list[str]:
        return [movie for movie in studio.ids() if chosen is None or movie in chosen]

    loaded = dict(_loaded(studio, ids()))
    assets = [movie_asset(movie, each.graph, INPUTS) for movie, each in loaded.items()]
    jobs = [_job(movie, each.graph, runs) for movie, each in loaded.items()]
    upkeep_job, upkeep_schedule = upkeep(ids, keep_revisions)
    webhook = Webhook.of(Secrets(studio.project))
    return dg.Definitions(
        assets=assets,
        jobs=[*jobs, upkeep_job, receive_movie()],
        schedules=[upkeep_schedule],
        sensors=[config_edits(loaded, assets, ids, runs), *(notify(ids) if webhook else [])],
        resources={**resources_of(studio, Notices()), **_hook(webhook), **_keys(studio)},
        executor=dg.in_process_executor,
    )


def _hook(webhook: Webhook | None) -> dict[str, object]:
    return {"webhook": webhook} if webhook else {}


def _keys(studio: Studio) -> dict[str, object]:
    """What shows the variables of providers' keys; the movies are made with the studio's own, from .env as well."""
    try:
        return {**provider_keys(studio.connections.values())}
    except MovieError as error:
        logging.getLogger(__name__).warning("%s", error)
        return {}


def _loaded(studio: Studio, movies: list[str]) -> Iterator[tuple[str, Loaded]]:
    """The movies that can be read; one that cannot keeps no other from being made, and the sensor tells of it."""
    for movie in movies:
        glance = studio.glance(movie)
        try:
            yield movie, Loaded(studio.graph(movie), glance)
        except MovieError as error:
            logging.getLogger(__name__).warning("%s is not loaded: %s", movie, error)
        except Exception:  # one movie's bad luck is no other's
            logging.getLogger(__name__).exception("%s is not loaded", movie)


def _job(movie: str, graph: Graph, runs: int) -> UnresolvedAssetJobDefinition:
    """Makes the whole movie: its exports and all they need. They have no partitions, so no one asks for any."""
    wanted = dict.fromkeys(graph.blueprint.exports.values())
    selection = dg.AssetSelection.assets(*(artefact_key(movie, kind) for kind in wanted))
    # Over how many runs `movies remote start` is to spread it; started by hand, it is one run of its own.
    tags = {**tags_of(movie, 1, 1), RUNS: str(runs)}
    return dg.define_asset_job(f"{op_name(movie)}_make", selection, tags=tags)


def _studio() -> Studio:
    project = Path(os.environ.get("MOVIES_PROJECT", Path.cwd()))
    return Studio(project, os.environ.get("MOVIES_ROOT", "builds"))


def _chosen() -> list[str] | None:
    """`MOVIES=a,b` limits what is loaded: beyond about 150 movies Dagster's pages slow down."""
    chosen = os.environ.get("MOVIES")
    return [movie.strip() for movie in chosen.split(",")] if chosen else None


def _keep_revisions() -> int | None:
    """`MOVIES_KEEP_REVISIONS`: how many revisions the schedule's sweep keeps; unset, it sweeps nothing."""
    said = os.environ.get("MOVIES_KEEP_REVISIONS")
    if said and not (said.isdecimal() and int(said)):
        logging.getLogger(__name__).warning("MOVIES_KEEP_REVISIONS is not a number from 1: nothing is swept")
        return None
    return int(said) if said else None


def _runs() -> int:
    """`MOVIES_RUNS_PER_MOVIE`: over how many runs at once a movie is spread, each artefact made by one of them."""
    said = os.environ.get("MOVIES_RUNS_PER_MOVIE") or "1"
    if not (said.isdecimal() and 1 <= int(said) <= _MOST_RUNS):
        logging.getLogger(__name__).warning(
            "MOVIES_RUNS_PER_MOVIE is not 1 to %s: it counts as 1", _MOST_RUNS
        )
        return 1
    return int(said)


@dg.definitions
def defs() -> dg.Definitions:
    """What `dagster dev`, `dg` and `dagster asset` load."""
    return definitions_of(_studio(), _chosen(), _keep_revisions(), _runs())

"""The composition root for Dagster: the movies of this project as assets, with what they work with."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

warnings.filterwarnings("ignore", category=dg.BetaWarning)

from io_managers.content_addressed import ContentAddressedIOManager  # noqa: E402
from movie_assets.assets.keys import artefact_key  # noqa: E402
from movie_assets.assets.movie_asset import movie_asset, op_name  # noqa: E402
from movie_assets.core.inputs import INPUTS  # noqa: E402
from movie_assets.core.progress import Progress, Silence  # noqa: E402
from resources.studio import Studio  # noqa: E402

__all__ = ["definitions_of", "defs", "resources_of"]


def resources_of(studio: Studio, progress: Progress) -> dict[str, object]:
    """What the assets of a studio's movies ask for."""
    return {
        "movies": studio,
        "io_manager": ContentAddressedIOManager(studio, studio.clock),
        "progress": progress,
    }


def definitions_of(studio: Studio, movies: list[str]) -> dg.Definitions:
    """One asset group and one job per movie."""
    assets = [movie_asset(movie, studio.graph(movie), INPUTS) for movie in movies]
    jobs = [_job(studio, movie) for movie in movies]
    return dg.Definitions(
        assets=assets, jobs=jobs, resources=resources_of(studio, Silence()), executor=dg.in_process_executor
    )


def _job(studio: Studio, movie: str) -> UnresolvedAssetJobDefinition:
    """Makes the whole movie: its exports and all they need. They have no partitions, so no one asks for any."""
    wanted = dict.fromkeys(studio.graph(movie).blueprint.exports.values())
    selection = dg.AssetSelection.assets(*(artefact_key(movie, kind) for kind in wanted))
    return dg.define_asset_job(f"{op_name(movie)}_make", selection, tags={"movie": movie})


def _studio() -> Studio:
    project = Path(os.environ.get("MOVIES_PROJECT", Path.cwd()))
    return Studio(project, os.environ.get("MOVIES_ROOT", "builds"))


def _chosen(studio: Studio) -> list[str]:
    """`MOVIES=a,b` limits what is loaded: beyond about 150 movies Dagster's pages slow down."""
    chosen = os.environ.get("MOVIES")
    return [movie.strip() for movie in chosen.split(",")] if chosen else studio.ids()


@dg.definitions
def defs() -> dg.Definitions:
    """What `dagster dev`, `dg` and `dagster asset` load."""
    studio = _studio()
    return definitions_of(studio, _chosen(studio))

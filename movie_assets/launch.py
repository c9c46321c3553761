"""Launching a movie's assets from our own commands: one Dagster run in this process, as the UI would show it."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
from dagster._core.instance.ref import InstanceRef
from sqlalchemy.exc import SQLAlchemyError

warnings.filterwarnings("ignore", category=dg.BetaWarning)
warnings.filterwarnings("ignore", category=dg.PreviewWarning)

from movie_assets.assets.movie_asset import movie_asset  # noqa: E402
from movie_assets.assets.places import MOVIE  # noqa: E402
from movie_assets.assets.request import DagsterRequest, request_of  # noqa: E402
from movie_assets.core.errors import MovieError, Stopped, Unready  # noqa: E402
from movie_assets.core.inputs import INPUTS  # noqa: E402
from movie_assets.core.movie import Production  # noqa: E402
from movie_assets.core.progress import Progress  # noqa: E402
from movie_assets.definitions import resources_of  # noqa: E402
from resources.scratch import sweep_scratch  # noqa: E402
from resources.studio import Studio  # noqa: E402

__all__ = ["launch"]

_JOB = "movies_make"
_NO_COMPUTE_LOGS = {
    "compute_logs": {
        "module": "dagster._core.storage.noop_compute_log_manager",
        "class": "NoOpComputeLogManager",
    }
}
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
# What the project's own dagster.yaml says, for a folder that has none.
_DEFAULTS = {
    "telemetry": {"enabled": False},
    "storage": {
        "custom": {
            "module": "resources.kept_sqlite",
            "class": "KeptSqlite",
            "config": {"base_dir": ".dagster"},
        }
    },
}


def launch(studio: Studio, production: Production, progress: Progress) -> None:
    """Materialises what a production would make, as a run of the same id (for Dagster a UUID); raises its error as it was."""
    movie, asked = production.movie, request_of(production)
    job = _job(studio, production, asked, progress)
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    sweep_scratch()
    with _instance(studio.project) as instance:
        try:
            job.execute_in_process(
                run_id=production.log.run_id,
                instance=instance,
                tags={"movies/command": "make", MOVIE: movie.id, **asked.tags},
                run_config={**asked.config, **_QUIET},
            )
        except MovieError:
            raise
        except SQLAlchemyError as error:
            raise _unkept(error, instance) from error
        except (KeyboardInterrupt, dg.DagsterExecutionInterruptedError):
            raise Stopped(
                "stopped on request; what was finished is kept",
                movie=movie.id,
                next_step=f"movies make {movie.id} goes on where this stopped",
            ) from None


def _job(
    studio: Studio, production: Production, asked: DagsterRequest, progress: Progress
) -> dg.JobDefinition:
    movie = production.movie
    definitions = dg.Definitions(
        assets=[movie_asset(movie.id, movie.graph, INPUTS)],
        jobs=[dg.define_asset_job(_JOB, list(asked.assets))],
        resources=resources_of(studio, progress, {production.log.run_id: production}),
    )
    return definitions.resolve_job_def(_JOB)


def _unkept(error: SQLAlchemyError, instance: dg.DagsterInstance) -> MovieError:
    """Dagster's own records lie beside the store, and their disk may be full or read-only, too."""
    return Unready(
        f"Dagster's records cannot be written: {getattr(error, 'orig', error)}",
        folder=instance.root_directory,
        next_step="make room there, or name another folder by DAGSTER_HOME; what was made is kept",
    )


@contextmanager
def _instance(project: Path) -> Iterator[dg.DagsterInstance]:
    """Dagster's records: those of DAGSTER_HOME, else what the project's dagster.yaml says.

    Compute logs are off: they would take the terminal's stdout and stderr away from the progress display.
    """
    home = Path(os.environ.get("DAGSTER_HOME") or project / ".dagster")
    home.mkdir(parents=True, exist_ok=True)
    config = next((folder for folder in (home, project) if (folder / "dagster.yaml").exists()), None)
    overrides = _NO_COMPUTE_LOGS if config else {**_NO_COMPUTE_LOGS, **_DEFAULTS}
    reference = InstanceRef.from_dir(str(home), config_dir=str(config or home), overrides=overrides)
    with _in(project), dg.DagsterInstance.from_ref(reference) as instance:
        yield instance


@contextmanager
def _in(folder: Path) -> Iterator[None]:
    """dagster.yaml may name folders relative to the project, wherever the command was typed."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)

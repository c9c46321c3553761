"""The engine through Dagster: what a job costs with its events stored, against the core alone in the same run.

    python bench/through_dagster.py [--quick]

Four jobs per segment by providers that take no time. The floor is the same movie made by the core alone.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(1, str(Path(__file__).resolve().parent))

import dagster as dg
from engine import Four

from io_managers.content_addressed import ContentAddressedIOManager
from movie_assets.assets.movie_asset import movie_asset
from movie_assets.core.manifest import Manifest
from movie_assets.core.movie import Movie
from movie_assets.core.progress import Silence
from movie_assets.core.store.local import LocalDriver
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.toy import SCOPES
from resources.clock import SystemClock

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class Movies:
    """Opens the one toy movie."""

    def __init__(self, toy: Four) -> None:
        self._toy = toy

    def open(self, movie: str) -> Movie:
        return self._toy.movie()

    def store(self, movie: str) -> MovieStore:
        return self._toy.store


def toy(folder: Path, segments: int) -> Four:
    """A movie of that many segments with its own store."""
    texts = [f"text {number}" for number in range(segments)]
    return Four(folder / "scratch", texts, driver=LocalDriver(folder / "builds"), clock=SystemClock())


def alone(folder: Path, segments: int) -> float:
    """Seconds of the core alone."""
    movie, begin = toy(folder, segments), time.perf_counter()
    movie.make()
    return time.perf_counter() - begin


def through_dagster(folder: Path, segments: int) -> float:
    """Seconds of a run in a Dagster instance on disk, from its creation to its end."""
    movie = toy(folder, segments)
    asset = movie_asset("toy", movie.movie().graph, SCOPES)
    with dg.DagsterInstance.get() as instance:
        begin = time.perf_counter()
        dg.materialize(
            [asset],
            instance=instance,
            resources={
                "movies": Movies(movie),
                "io_manager": ContentAddressedIOManager(Movies(movie), movie.clock),  # type: ignore[arg-type]
                "progress": Silence(),
                "agreed": {},
                "films": Nowhere(),
            },
            tags={
                "dagster/asset_partition_range_start": "000",
                "dagster/asset_partition_range_end": f"{segments - 1:03d}",
            },
            run_config=QUIET,
        )
        return time.perf_counter() - begin


class Nowhere:
    """Nobody looks for films here."""

    def refresh(self, live: Manifest) -> list[Path]:
        return []


def main() -> None:
    """Prints a table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="fewer segments")
    counts = (10, 50) if options.parse_args().quick else (100, 1000)
    print(f"{'segments':>9} {'jobs':>6} {'core':>12} {'Dagster':>12} {'ratio':>6}")
    for segments in counts:
        jobs = 4 * segments + 1
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder) / "home"
            home.mkdir()
            (home / "dagster.yaml").write_text(
                "telemetry: {enabled: false}\nstorage: {custom: {module: resources.kept_sqlite, class: KeptSqlite, "
                f"config: {{base_dir: {home}}}}}}}\n"
            )
            os.environ["DAGSTER_HOME"] = str(home)
            core = alone(Path(folder) / "core", segments)
            whole = through_dagster(Path(folder) / "dagster", segments)
        each = [f"{seconds / jobs * 1000:.2f} ms/job" for seconds in (core, whole)]
        print(f"{segments:>9} {jobs:>6} {each[0]:>12} {each[1]:>12} {whole / core:>6.1f}")


if __name__ == "__main__":
    main()

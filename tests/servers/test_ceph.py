"""On a real S3 server, Ceph's gateway: the conformance suite runs there too (tests/core/store), and these."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from movie_assets.core.errors import Conflict
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.toy import Toy
from resources.rehearsal.s3_server import Bucket
from resources.s3.driver import S3Driver

pytestmark = pytest.mark.heavy
SPAWN = multiprocessing.get_context("spawn")
"""A forked child of a process with threads could hang."""


@pytest.fixture
def bucket(ceph_server: Any) -> Bucket:
    return ceph_server.bucket()


def test_a_film_is_made_and_edited(
    bucket: Bucket, tiny_project: Callable[[], Path], shell_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole of it, with instant providers: made, edited, nothing to do, exported."""
    from resources.instant import InstantPorts

    for name, value in bucket.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MOVIES_ROOT", f"{bucket.root}/films")
    project = tiny_project()
    (project / "movies" / "tiny").rename(project / "movies" / "tale")
    shell = shell_in(project, InstantPorts(), monkeypatch)
    assert "films/tale/film.mp4" in shell("make tale")
    shell.edit("segments: 2", "segments: 3")
    assert "films/tale/film.mp4" in shell("make tale")
    assert "nothing to do" in shell("make tale")
    assert shell("link tale film").startswith("http://127.0.0.1")


def publish(bucket: Bucket, number: int, rounds: int) -> list[str]:
    """One process that publishes edit after edit; what it was told it published."""
    published = []
    store = S3Driver(bucket.name, "films", bucket.settings)
    for turn in range(rounds):
        toy = Toy(Path("/nonexistent"), [f"by {number} at {turn}"], driver=store)
        try:
            manifest = toy.make()
        except Conflict:
            continue
        published.append(manifest.revision)
    return published

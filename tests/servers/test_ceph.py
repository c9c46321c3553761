"""On a real S3 server, Ceph's gateway: the conformance suite runs there too (tests/core/store), and these."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from movie_assets.core.store.keys import Keys
from movie_assets.core.store.object_log import ObjectLog
from resources.instant import InstantPorts
from resources.rehearsal.s3_server import Bucket
from resources.s3.driver import S3Driver
from resources.s3.settings import S3Settings

pytestmark = pytest.mark.heavy
FORK = multiprocessing.get_context("fork")


@pytest.fixture
def bucket(ceph_server: Any) -> Bucket:
    return ceph_server.bucket()


def test_a_film_is_made_and_edited(
    bucket: Bucket, tiny_project: Callable[[], Path], shell_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole of it, with instant providers: made, edited, exported, and then nothing to do."""
    for name, value in bucket.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MOVIES_ROOT", f"{bucket.root}/films")
    project = tiny_project()
    (project / "movies" / "tiny").rename(project / "movies" / "tale")
    shell = shell_in(project, InstantPorts(), monkeypatch)
    assert "films/tale/film.mp4" in shell("make tale")
    shell.edit("segments: 2", "segments: 3")
    assert "films/tale/film.mp4" in shell("make tale")
    assert "nothing to do" in shell("plan tale")
    assert shell("link tale film").startswith("http://127.0.0.1")


def publish(name: str, settings: S3Settings, number: int, rounds: int) -> dict[int, bytes]:
    """One process that takes the next number again and again; what it was told is its own."""
    driver, keys = S3Driver(name, "films", settings), Keys("movie")
    won: dict[int, bytes] = {}
    while len(won) < rounds:
        taken = [keys.revision_of(key) or 0 for key in driver.list(keys.manifests)]
        data = b"%d %d" % (number, len(won))
        if driver.create(keys.manifest(max(taken, default=0) + 1), data):
            won[max(taken, default=0) + 1] = data
    return won


def test_of_many_publishers_one_wins_each_revision(bucket: Bucket) -> None:
    """8 processes publish 4 times each: no number is won twice, none is left out, and each holds its winner's bytes."""
    with FORK.Pool(8) as processes:
        asked = [(bucket.name, bucket.settings, number, 4) for number in range(8)]
        all_won = processes.starmap(publish, asked, chunksize=1)
    merged = {revision: data for won in all_won for revision, data in won.items()}
    assert sum(map(len, all_won)) == len(merged) == 32
    assert sorted(merged) == list(range(1, 33))
    driver = S3Driver(bucket.name, "films", bucket.settings)
    assert all(driver.get(Keys("movie").manifest(revision)) == data for revision, data in merged.items())


def test_a_race_has_one_winner(bucket: Bucket) -> None:
    """30 rounds of 16 threads with 2 MB each, where a server that looks and then writes would let two win."""
    driver = S3Driver(bucket.name, "race", bucket.settings)
    bodies = [bytes([index]) * 2_000_000 for index in range(16)]
    with ThreadPoolExecutor(16) as threads:
        for turn in range(30):
            won = list(
                threads.map(lambda index, key=f"k{turn}": driver.create(key, bodies[index]), range(16))
            )
            assert sum(won) == 1
            assert driver.get(f"k{turn}") == bodies[won.index(True)]


def test_sixteen_writers_lose_no_event(bucket: Bucket) -> None:
    """Each with a sequence of its own; a reader that follows all along sees every entry once."""
    keys = Keys("movie")

    def log() -> ObjectLog:
        return ObjectLog(S3Driver(bucket.name, "films", bucket.settings), keys, keys.artefacts_entries)

    def write(writer: int) -> None:
        mine = log()
        for n in range(15):
            mine.append(b"%d %d" % (writer, n))

    reader, at, seen = log(), 0, list[bytes]()
    with ThreadPoolExecutor(16) as threads:
        writing = [threads.submit(write, writer) for writer in range(16)]
        while not all(each.done() for each in writing):
            new, at, _ = reader.tail(at)
            seen += new
    for each in writing:
        each.result()
    seen += reader.tail(at)[0]
    assert len(seen) == len(set(seen)) == 16 * 15
    for writer in range(16):
        assert [n for w, n in (entry.split() for entry in seen) if int(w) == writer] == [
            b"%d" % n for n in range(15)
        ]

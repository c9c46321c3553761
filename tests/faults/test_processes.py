"""Many processes on one movie, killed at random: one wins each revision, and what was acknowledged is there."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from movie_assets.core.artefact import BlobRef
from movie_assets.core.errors import Conflict
from movie_assets.core.manifest import ArtefactRecord, Manifest, sealed
from movie_assets.core.revision import revision_name
from movie_assets.core.store.local import LocalDriver
from movie_assets.core.store.log import AppendLog
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.store.verify import verify

pytestmark = pytest.mark.heavy

FORK = multiprocessing.get_context("fork")
PUBLISHERS, WRITERS = 32, 16
SECONDS = 5.0


def next_revision(store: MovieStore, who: str) -> Manifest:
    """A revision with a blob of its own, on whatever is live."""
    live = store.manifests.live()
    number = live.number + 1 if live else 1
    ref: BlobRef = store.blobs.add(f"made by {who} for {number}".encode() * 50, "application/x-toy")
    record = ArtefactRecord(ref, "0" * 64, revision_name(number), "film", "1")
    return sealed(
        Manifest(
            movie="race",
            revision=revision_name(number),
            base_revision=live.revision if live else None,
            base_digest=live.digest if live else None,
            plan_id=who,
            nonce=os.urandom(8).hex(),
            created_at="2026",
            blueprint="toy",
            segments=0,
            inputs={},
            artefacts={"film": record},
        )
    )


def acknowledge(acknowledged: int, *words: object) -> None:
    os.write(acknowledged, (" ".join(map(str, words)) + "\n").encode())


def publish_for_ever(root: Path, who: str, acknowledged: int) -> None:
    store = MovieStore(LocalDriver(root), "race")
    while True:
        manifest = next_revision(store, who)
        try:
            store.manifests.publish(manifest)
        except Conflict:
            acknowledge(acknowledged, "conflict", manifest.number, manifest.digest)
        else:
            acknowledge(acknowledged, "published", manifest.number, manifest.digest)


def append_for_ever(root: Path, who: str, acknowledged: int) -> None:
    log = AppendLog(LocalDriver(root), "race/events/artefacts.log")
    for number in range(1_000_000):
        name = f"{who}.{number}"
        log.append(f"{name} {'x' * (number * 997 % 5000)}".encode())
        acknowledge(acknowledged, name)


def killed_at_random(
    count: int, work: Callable[[Path, str, int], None], root: Path, meanwhile: Callable[[], None]
) -> tuple[int, list[list[str]]]:
    """So many processes at work, of which one dies every moment and another begins; kills, and acknowledged words."""
    chance, record = random.Random(1), root.parent / "acknowledged"
    acknowledged = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def begin(life: int) -> multiprocessing.process.BaseProcess:
        child = FORK.Process(target=work, args=(root, f"life-{life}", acknowledged), daemon=True)
        child.start()
        return child

    children, kills = [begin(life) for life in range(count)], 0
    end = time.monotonic() + SECONDS
    try:
        while time.monotonic() < end:
            meanwhile()
            at = chance.randrange(count)
            os.kill(children[at].pid or 0, signal.SIGKILL)
            children[at].join()
            kills += 1
            children[at] = begin(count + kills)
    finally:
        for child in children:
            child.kill()
            child.join()
        os.close(acknowledged)
    return kills, [line.split() for line in record.read_text().splitlines()]


def test_of_32_publishers_one_wins_each_revision(tmp_path: Path) -> None:
    """None that was acknowledged is lost, losers are told, and readers see no torn or dangling state meanwhile."""
    root, stop = tmp_path / "builds", threading.Event()
    reads, wrong = [0], list[str]()

    def read() -> None:
        while not stop.is_set():
            store = MovieStore(LocalDriver(root), "race")
            try:
                live = store.manifests.live()
                if live is not None:
                    store.blobs.read(live.artefacts["film"].blob)
                    reads[0] += 1
            except Exception as error:
                wrong.append(repr(error))

    reader = threading.Thread(target=read)
    began = False

    def meanwhile() -> None:
        nonlocal began
        if not began:
            began = True
            reader.start()
        time.sleep(0.02)

    try:
        kills, told = killed_at_random(PUBLISHERS, publish_for_ever, root, meanwhile)
    finally:
        stop.set()
        reader.join(20)
    assert wrong == []
    assert reads[0] > 5
    store = MovieStore(LocalDriver(root), "race")
    manifests = store.manifests.all()
    assert [manifest.number for manifest in manifests] == list(range(1, len(manifests) + 1))
    for before, after in itertools.pairwise(manifests):
        assert after.base_digest == before.digest
    published = {int(number): digest for how, number, digest in told if how == "published"}
    wins = Counter(number for how, number, _ in told if how == "published")
    assert set(wins.values()) == {1}
    digests = {manifest.number: manifest.digest for manifest in manifests}
    assert {number: digests[number] for number in published} == published
    assert len(published) > 5
    assert kills > 5
    lost = {digest for how, _, digest in told if how == "conflict"}
    assert not lost & set(digests.values())
    assert verify(store).sound


def test_of_16_writers_no_acknowledged_event_is_lost(tmp_path: Path) -> None:
    """And each writer's own are in the order it wrote them."""
    root = tmp_path / "builds"
    kills, told = killed_at_random(WRITERS, append_for_ever, root, lambda: time.sleep(0.02))
    payloads, _, _ = AppendLog(LocalDriver(root), "race/events/artefacts.log").tail(0)
    names = [payload.split()[0].decode() for payload in payloads]
    acknowledged = {name for (name,) in told}
    assert acknowledged <= set(names)
    assert len(acknowledged) > 100
    assert kills > 5
    for who in {name.partition(".")[0] for name in acknowledged}:
        numbers = [int(name.partition(".")[2]) for name in names if name.startswith(f"{who}.")]
        assert numbers == sorted(numbers)

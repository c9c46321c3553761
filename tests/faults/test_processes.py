"""Many processes on one movie, killed at random: one wins each revision, and what was acknowledged is there."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from movie_assets.core.store.events import logs_of
from movie_assets.core.store.keys import Keys
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.store.verify import verify

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(360)]  # a busy machine takes longer, and nothing else


@dataclass(frozen=True)
class Size:
    """Processes and threads of publishers, how many processes are killed, and how much must have been acknowledged."""

    publishers: tuple[int, int]
    kills: int
    revisions: int


SIZES = {
    "local": Size(publishers=(32, 1), kills=60, revisions=90),
    # moto is slow: 32 publishers are in 8 processes, and each kill ends four of them.
    "s3": Size(publishers=(8, 4), kills=6, revisions=6),
    "ceph": Size(publishers=(32, 1), kills=8, revisions=8),
}


def test_of_32_publishers_one_wins_each_revision(place: Any) -> None:
    """None that was acknowledged is lost, losers are told, and readers see no torn or dangling state meanwhile."""
    size = SIZES[place.kind]
    processes, threads = size.publishers
    crowd = {"processes": processes, "threads": threads, "kills": size.kills, "enough": size.revisions}
    store, reads = MovieStore(place.driver, "race"), list[int]()
    with place.program("crowd.py", work="publish", **crowd) as works:
        while works():
            live = store.manifests.live()
            anew = MovieStore(place.driver, "race").manifests.live()
            for seen in filter(None, (live, anew)):
                store.blobs.read(seen.artefacts["film"].blob)
                reads.append(seen.number)
    assert reads == sorted(reads)
    manifests = store.manifests.all()
    assert [manifest.number for manifest in manifests] == list(range(1, len(manifests) + 1))
    for before, after in itertools.pairwise(manifests):
        assert after.base_digest == before.digest
    published = [(int(number), digest) for how, number, digest in place.told() if how == "done"]
    assert set(Counter(number for number, _ in published).values()) == {1}
    digests = {manifest.number: manifest.digest for manifest in manifests}
    assert {number: digests[number] for number, _ in published} == dict(published)
    lost = {digest for how, _, digest in place.told() if how == "conflict"}
    assert lost
    assert not lost & set(digests.values())
    assert verify(store).sound


def test_of_16_writers_no_acknowledged_event_is_lost(place: Any) -> None:
    """And each writer's own are in the order it wrote them; a reader that follows all along misses none."""
    read, at = list[bytes](), 0
    _, log = logs_of(place.driver, Keys("race"))
    crowd = {"processes": 16, "threads": 1, "kills": SIZES[place.kind].kills, "enough": 100}
    with place.program("crowd.py", work="append", **crowd) as works:
        while works():
            new, at, _ = log.tail(at)
            read += new
    read += log.tail(at)[0]
    _, anew = logs_of(place.driver, Keys("race"))
    payloads, _, _ = anew.tail(0)
    assert sorted(payloads) == sorted(read)
    names = [payload.split()[0].decode() for payload in payloads]
    assert len(names) == len(set(names))
    assert {name for _, name in place.told()} <= set(names)
    for who in {name.partition(".")[0] for name in names}:
        numbers = [int(name.partition(".")[2]) for name in names if name.startswith(f"{who}.")]
        assert numbers == sorted(numbers)

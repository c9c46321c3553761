"""A film over S3 while the network and the server go wrong: it equals the one made in peace."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from movie_assets.core.errors import Transient
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.store.verify import verify
from movie_assets.core.toy import Toy
from resources.rehearsal.fault_proxy import FaultProxy
from resources.s3.driver import S3Driver

if TYPE_CHECKING:
    from resources.rehearsal.s3_server import Bucket

pytestmark = pytest.mark.heavy

FAULTS = dict.fromkeys(["cut", "lost", "half", "500", "503", "409", "late"], 0.02)


@pytest.fixture(params=["s3", "ceph"])
def server(request: pytest.FixtureRequest) -> Any:
    """moto's server made atomic, and a real one where that is installed."""
    return request.getfixturevalue(f"{request.param}_server")


@pytest.fixture
def bucket(server: Any) -> Bucket:
    return server.bucket()


def toy_behind(proxy: FaultProxy, bucket: Bucket, prefix: str, scratch: Path, attempts: int) -> Toy:
    settings = replace(bucket.settings, endpoint_url=proxy.url, max_attempts=attempts)
    return Toy(
        scratch, list("abc"), driver=S3Driver(bucket.name, prefix, settings, sleep=lambda seconds: None)
    )


def test_a_film_behind_a_bad_network_is_the_film(server: Any, bucket: Bucket, tmp_path: Path) -> None:
    """2 % of the requests each are cut, lost, halved, late, or answered by 500, 503 and 409."""
    calm = Toy(tmp_path, list("abc"))
    calm.make()
    with FaultProxy(server.url, FAULTS, random.Random(1).random, late_seconds=0.01) as proxy:
        toy = toy_behind(proxy, bucket, "bad-network", tmp_path, attempts=8)
        made = toy.make()
        assert not made.ended("failed"), [str(outcome.error) for outcome in made.outcomes]
        assert len(made.paid) == len(set(made.paid)) == 6
        proxy.rates = {}
        assert toy.bodies() == calm.bodies()
        assert verify(MovieStore(toy.driver, "toy")).sound
    assert len(proxy.counts) > 3


def test_a_server_that_never_answers_is_transient(server: Any, bucket: Bucket, tmp_path: Path) -> None:
    """In a sentence with what to do; nothing is published."""
    with FaultProxy(server.url, {"503": 1.0}, random.Random(1).random) as proxy:
        toy = toy_behind(proxy, bucket, "silent", tmp_path, attempts=2)
        with pytest.raises(Transient) as told:
            toy.make()
        assert told.value.next_step
        proxy.rates = {}
        assert list(toy.driver.list("")) == []


def test_no_answer_to_a_put_if_absent_is_needed(server: Any, bucket: Bucket, tmp_path: Path) -> None:
    """Each claim, event and manifest is stored and the connection cut before that is told: reading back tells whose it is."""
    with FaultProxy(server.url, {"unheard": 1.0}, random.Random(1).random) as proxy:
        toy = toy_behind(proxy, bucket, "unheard", tmp_path, attempts=3)
        for number, title in enumerate(("first", "second", "third"), 1):
            toy.title = title
            made = toy.make()
            assert not made.ended("failed"), [str(outcome.error) for outcome in made.outcomes]
            assert made.manifest is not None
            assert (made.manifest.number, len(made.paid)) == (number, 6 if number == 1 else 0)
        kinds = {path.split("/")[4] for _, path in proxy.struck}
    assert kinds >= {"claims", "events", "manifests"}
    driver = S3Driver(bucket.name, "unheard", bucket.settings)
    store = MovieStore(driver, "toy")
    written = [event.event_id for event in store.events.artefacts()]
    assert len(written) == len(set(written))
    assert list(driver.list("toy/claims/")) == []
    assert store.manifests.numbers() == [1, 2, 3]
    assert verify(store).sound


def test_of_those_who_hear_no_answer_one_wins(server: Any, bucket: Bucket) -> None:
    """Eight publish every number at once and none is told what came of it: one knows that he won, the others that not."""
    with FaultProxy(server.url, {"unheard": 1.0}, random.Random(1).random) as proxy:
        settings = replace(bucket.settings, endpoint_url=proxy.url)
        drivers = [S3Driver(bucket.name, "race", settings, sleep=lambda seconds: None) for _ in range(8)]
        with ThreadPoolExecutor(8) as threads:
            for number in range(6):
                key = f"race/manifests/rev-{number:04}.json"
                won = list(threads.map(lambda at, key=key: drivers[at].create(key, b"%d" % at), range(8)))
                assert sum(won) == 1
                assert drivers[0].get(key) == b"%d" % won.index(True)
        assert proxy.counts["unheard"] >= 6 * 8

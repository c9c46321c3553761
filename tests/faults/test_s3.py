"""A film over S3 while the network and the server go wrong: it equals the one made in peace."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from movie_assets.core.errors import Transient
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.store.verify import verify
from movie_assets.core.toy import Toy
from resources.rehearsal.fault_proxy import FaultProxy

if TYPE_CHECKING:
    from resources.rehearsal.s3_server import Bucket, S3Server

pytestmark = pytest.mark.heavy

FAULTS = dict.fromkeys(["cut", "lost", "half", "500", "503", "409", "late"], 0.02)


def toy_behind(proxy: FaultProxy, bucket: Bucket, prefix: str, scratch: Path, attempts: int) -> Toy:
    from resources.s3.driver import S3Driver

    settings = replace(bucket.settings, endpoint_url=proxy.url, max_attempts=attempts)
    return Toy(
        scratch, list("abc"), driver=S3Driver(bucket.name, prefix, settings, sleep=lambda seconds: None)
    )


def test_a_film_behind_a_bad_network_is_the_film(
    s3_server: S3Server, s3_bucket: Bucket, tmp_path: Path
) -> None:
    """2 % of the requests each are cut, lost, halved, late, or answered by 500, 503 and 409."""
    calm = Toy(tmp_path, list("abc"))
    calm.make()
    with FaultProxy(s3_server.url, FAULTS, random.Random(1).random, late_seconds=0.01) as proxy:
        toy = toy_behind(proxy, s3_bucket, "bad-network", tmp_path, attempts=8)
        made = toy.make()
        assert not made.ended("failed"), [str(outcome.error) for outcome in made.outcomes]
        assert len(made.paid) == len(set(made.paid)) == 6
        proxy.rates = {}
        assert toy.bodies() == calm.bodies()
        assert verify(MovieStore(toy.driver, "toy")).sound
    assert len(proxy.counts) > 3


def test_a_server_that_never_answers_is_transient(
    s3_server: S3Server, s3_bucket: Bucket, tmp_path: Path
) -> None:
    """In a sentence with what to do; nothing is published."""
    with FaultProxy(s3_server.url, {"503": 1.0}, random.Random(1).random) as proxy:
        toy = toy_behind(proxy, s3_bucket, "silent", tmp_path, attempts=2)
        with pytest.raises(Transient) as told:
            toy.make()
        assert told.value.next_step
        proxy.rates = {}
        assert list(toy.driver.list("")) == []

"""What the tests of the store share: every driver, and forked children."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from movie_assets.core.store.driver import Driver
from movie_assets.core.store.local import LocalDriver
from movie_assets.core.store.memory import MemoryDriver

if TYPE_CHECKING:
    from resources.rehearsal.ceph import CephServer
    from resources.rehearsal.s3_server import Bucket

FORK = multiprocessing.get_context("fork")


@pytest.fixture(params=["local", "memory", "s3", pytest.param("ceph", marks=pytest.mark.heavy)])
def new_driver(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], Driver]:
    """Makes empty stores; whatever holds for one driver holds for all."""
    makers: dict[str, Callable[[], Driver]] = {
        "local": lambda: LocalDriver(tmp_path_factory.mktemp("store") / "root"),
        "memory": MemoryDriver,
    }
    return makers.get(request.param) or request.getfixturevalue(f"new_{request.param}")


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int:
    """How often to try what may go wrong only sometimes; over HTTP each verb takes longer."""
    return 8 if request.node.name.endswith(("[s3]", "[ceph]")) else 30


@pytest.fixture
def new_s3(s3_bucket: Bucket) -> Callable[[], Driver]:
    """Makes empty stores in one bucket, each below a prefix of its own."""
    return _stores_in(s3_bucket)


@pytest.fixture
def new_ceph(ceph_server: CephServer) -> Callable[[], Driver]:
    """The same on a real server."""
    return _stores_in(ceph_server.bucket())


def _stores_in(bucket: Bucket) -> Callable[[], Driver]:
    from resources.s3.driver import S3Driver

    prefixes = (f"tenant/{number}" for number in count())
    return lambda: S3Driver(bucket.name, next(prefixes), bucket.settings)


@pytest.fixture
def driver(new_driver: Callable[[], Driver]) -> Driver:
    return new_driver()


@pytest.fixture
def local(tmp_path: Path) -> LocalDriver:
    return LocalDriver(tmp_path / "root")


@pytest.fixture
def in_children() -> Callable[[int, Callable[[int], Any]], list[Any]]:
    """Runs a body in that many forked children at once and returns what each answered."""

    def run(count: int, body: Callable[[int], Any]) -> list[Any]:
        together = FORK.Barrier(count)
        pipes = [FORK.Pipe(duplex=False) for _ in range(count)]

        def child(index: int) -> None:
            together.wait(20)
            pipes[index][1].send(body(index))

        children = [FORK.Process(target=child, args=(index,), daemon=True) for index in range(count)]
        for process in children:
            process.start()
        for process in children:
            process.join(30)
        assert [process.exitcode for process in children] == [0] * count
        return [receiving.recv() for receiving, _ in pipes]

    return run

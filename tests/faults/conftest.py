"""Films made while the store goes wrong, and seeded faults."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from movie_assets.core.movie import Movie
from movie_assets.core.store.driver import Driver
from movie_assets.core.store.faulty import Fault, FaultyDriver
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.toy import Toy
from resources.instant import InstantPorts
from resources.roots import driver_of
from resources.studio import Studio

YAML = """\
title: Test
brief: A test.
segments: 3
duration: 20
script: {provider: offline, source: script.md}
overrides:
  1: {motion: animated}
"""
SECONDS = 150
SCRIPT = "# Test\n\nA summary.\n\n## One\n\nThe first.\n\n## Two\n\nThe second.\n\n## Three\n\nThe third.\n"


@pytest.fixture
def new_film(tmp_path: Path) -> Callable[[Driver], Movie]:
    """A movie of the real blueprint by instant providers, over any driver."""
    folder = tmp_path / "movies" / "tale"
    folder.mkdir(parents=True)
    (folder / "movie.yaml").write_text(YAML)
    (folder / "script.md").write_text(SCRIPT)

    def make(driver: Driver) -> Movie:
        studio = Studio(tmp_path, ports=InstantPorts())  # type: ignore[arg-type]
        return replace(studio.open("tale"), store=MovieStore(driver, "tale"))

    return make


@pytest.fixture
def new_toy(tmp_path: Path) -> Callable[..., Toy]:
    """Makes a toy movie of the given texts; fields of `Toy` by keyword."""

    def make(*texts: str, **fields: Any) -> Toy:
        return Toy(tmp_path / "scratch", list(texts), **fields)

    return make


@pytest.fixture
def new_faulty() -> Callable[..., FaultyDriver]:
    """Wraps a driver; rates by the fault's name."""

    def make(driver: Driver, seed: int, **rates: float) -> FaultyDriver:
        chance: Any = random.Random(seed).random
        return FaultyDriver(driver, {Fault[name.upper()]: rate for name, rate in rates.items()}, chance)

    return make


@dataclass(frozen=True)
class Place:
    """A store that programs can be told of."""

    kind: str
    root: str
    environment: dict[str, str]
    scratch: Path

    @property
    def driver(self) -> Driver:
        return driver_of(self.root, self.scratch)

    @contextmanager
    def program(self, name: str, **told: Any) -> Iterator[Callable[[], bool]]:
        """A program beside this file, and whether it still works a moment later. At the end it has done all it was told."""
        told = {"root": self.root, "told": str(self.scratch / "told"), **told}
        program = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name(name)), json.dumps(told)],
            env={"PYTHONPATH": ":".join(sys.path), **self.environment},
        )

        def works() -> bool:
            try:
                return program.wait(0.1) is None
            except subprocess.TimeoutExpired:
                return True

        try:
            yield works
            assert program.wait(SECONDS) == 0
        finally:
            program.kill()
            program.wait()

    def told(self) -> list[list[str]]:
        """The words of each line that a program wrote down."""
        return [line.split() for line in (self.scratch / "told").read_text().splitlines()]


@pytest.fixture(params=["local", "s3", "ceph"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """On local disk, on moto's server made atomic, and on a real S3 server where that is installed."""
    if request.param == "local":
        return Place(request.param, str(tmp_path / "builds"), {}, tmp_path)
    bucket = request.getfixturevalue(f"{request.param}_server").bucket()
    for name, value in bucket.environment.items():
        monkeypatch.setenv(name, value)
    return Place(request.param, f"{bucket.root}/tenant/films", bucket.environment, tmp_path)

"""Films made while the store goes wrong, and seeded faults."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from movie_assets.core.movie import Movie
from movie_assets.core.store.driver import Driver
from movie_assets.core.store.faulty import Fault, FaultyDriver
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.toy import Toy
from resources.instant import InstantPorts
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

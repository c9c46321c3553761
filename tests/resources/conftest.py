"""What the tests of every provider's adapters need: lines as films use them, prices, somewhere to work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from movie_assets.core.ports import Workspace
from resources.connection import Connection, Limits
from resources.line import PacedLine
from resources.pacing import Pace
from resources.price_list import PriceList
from resources.slots import Slots


@pytest.fixture
def paced(tmp_path: Path) -> Callable[..., PacedLine]:
    """A line with so many attempts, without a pause worth the name."""

    def made(connection: Connection, attempts: int = 3) -> PacedLine:
        limits = Limits(attempts=attempts, pause=0.01, patience=30.0 if attempts > 1 else 0.0)
        pace = Pace(limits, Slots(tmp_path / "slots", limits))
        return PacedLine(replace(connection, limits=limits), pace)

    return made


@pytest.fixture
def prices() -> PriceList:
    return PriceList.read()


@pytest.fixture
def at(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)

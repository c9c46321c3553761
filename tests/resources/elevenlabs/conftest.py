"""A rehearsal server, and lines to it as films use them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from movie_assets.core.ports import Workspace
from resources.connection import Connection, Limits
from resources.line import Line, PacedLine
from resources.pacing import Pace
from resources.price_list import PriceList
from resources.rehearsal.elevenlabs_server import ElevenLabsServer
from resources.slots import Slots

KEY = "sk_do-not-tell-anyone-0123456789"


@pytest.fixture
def server() -> Iterator[ElevenLabsServer]:
    with ElevenLabsServer(key=KEY) as server:
        yield server


@pytest.fixture
def connection(server: ElevenLabsServer) -> Connection:
    return Connection("elevenlabs", "elevenlabs", server.url, KEY, "ELEVENLABS_API_KEY", timeout=30.0)


@pytest.fixture
def paced(tmp_path: Path) -> Callable[[Connection, int], Line]:
    """A line with so many attempts, without a pause worth the name."""

    def made(connection: Connection, attempts: int = 3) -> PacedLine:
        limits = Limits(attempts=attempts, pause=0.01, patience=30.0 if attempts > 1 else 0.0)
        pace = Pace(limits, Slots(tmp_path / "slots", limits))
        return PacedLine(replace(connection, limits=limits), pace)

    return made


@pytest.fixture
def line(connection: Connection, paced: Callable[[Connection, int], Line]) -> Line:
    """A line that asks once."""
    return paced(connection, 1)


@pytest.fixture
def prices() -> PriceList:
    return PriceList.read()


@pytest.fixture
def at(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)

"""A rehearsal server, and the official SDK's adapters connected to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import pytest

from movie_assets.core.ports import Workspace
from resources.connection import Connection, Limits
from resources.line import Answer, PacedLine
from resources.pacing import Pace
from resources.price_list import PriceList
from resources.rehearsal.openai_server import OpenAIServer
from resources.slots import Slots

T = TypeVar("T")

KEY = "sk-proj-do-not-tell-anyone-0123456789"


@dataclass
class DirectLine:
    """A line that asks once, and counts."""

    connection: Connection
    asked: list[object] = field(default_factory=list)

    def call(self, ask: Callable[[], T], at: Workspace) -> Answer[T]:
        self.asked.append(ask)
        return Answer(ask(), 1)


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(key=KEY) as server:
        yield server


@pytest.fixture
def connection(server: OpenAIServer) -> Connection:
    return Connection("openai", "openai", server.url, KEY, "OPENAI_API_KEY", timeout=30.0)


@pytest.fixture
def line(connection: Connection) -> DirectLine:
    return DirectLine(connection)


@pytest.fixture
def paced(tmp_path: Path) -> Callable[[Connection], PacedLine]:
    """A line as films use it, with retries, but without a pause worth the name."""
    limits = Limits(attempts=3, pause=0.01)

    def made(connection: Connection) -> PacedLine:
        pace = Pace(limits, Slots(tmp_path / "slots", limits))
        return PacedLine(replace(connection, limits=limits), pace)

    return made


@pytest.fixture
def prices() -> PriceList:
    return PriceList.read()


@pytest.fixture
def at(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)

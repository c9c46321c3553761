"""A rehearsal server, and a line to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from resources.connection import Connection
from resources.line import Line
from resources.rehearsal.elevenlabs_server import ElevenLabsServer

KEY = "sk_do-not-tell-anyone-0123456789"


@pytest.fixture
def server() -> Iterator[ElevenLabsServer]:
    with ElevenLabsServer(key=KEY) as server:
        yield server


@pytest.fixture
def connection(server: ElevenLabsServer) -> Connection:
    return Connection("elevenlabs", "elevenlabs", server.url, KEY, "ELEVENLABS_API_KEY", timeout=30.0)


@pytest.fixture
def line(connection: Connection, paced: Callable[[Connection, int], Line]) -> Line:
    """A line that asks once."""
    return paced(connection, 1)

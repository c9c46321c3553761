"""A rehearsal server, and the official SDK's adapters connected to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from resources.connection import Connection
from resources.line import DirectLine
from resources.rehearsal.openai_server import OpenAIServer

KEY = "sk-proj-do-not-tell-anyone-0123456789"


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(key=KEY) as server:
        yield server


@pytest.fixture
def connection(server: OpenAIServer) -> Connection:
    return Connection("openai", "openai", server.url, KEY, "OPENAI_API_KEY", timeout=30.0)


@pytest.fixture
def line(connection: Connection) -> DirectLine:
    """A line that asks once."""
    return DirectLine(connection)

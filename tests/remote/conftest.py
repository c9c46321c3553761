"""What a deployment's neighbours are played by: whoever takes its webhook, and a webserver that answers as told."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@dataclass
class Taker:
    """A server on loopback: keeps what is posted to it, and answers what `answers` says next, then `usual`."""

    usual: tuple[int, bytes] = (200, b"{}")
    answers: deque[tuple[int, bytes]] = field(default_factory=deque)
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    def __enter__(self) -> Taker:
        taker = self

        class Answering(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                taker.taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
                status, said = taker.answers.popleft() if taker.answers else taker.usual
                self.send_response(status)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *said: Any) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.taken]


@pytest.fixture
def taker() -> Iterator[Taker]:
    """One for this test alone."""
    with Taker() as server:
        yield server


@pytest.fixture(scope="module")
def module_taker() -> Iterator[Taker]:
    """One for all tests of a file."""
    with Taker() as server:
        yield server

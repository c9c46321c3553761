"""A proxy on loopback in front of an HTTP server, such as S3's, that does to its requests what networks do."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import urlsplit

__all__ = ["FaultProxy"]

_ANSWERS = {
    "500": (500, "InternalError"),
    "503": (503, "SlowDown"),
    "409": (409, "ConditionalRequestConflict"),
}
_NOT_PASSED_ON = {"connection", "transfer-encoding", "content-length", "date", "server"}
_TIMEOUT_SECONDS = 60.0
_POLL_SECONDS = 0.05  # how long it takes to end


class FaultProxy:
    """Serves on a port of the system's choice, in threads of this process, while the context lasts.

    Each fault happens at its rate, by a `chance` of numbers below 1: `cut` breaks off before the server is asked,
    `lost` after it has done what was asked, `half` in the middle of the answer; `500` and `503` are answered in its
    place; `late` waits `late_seconds` first. To conditional puts alone: `409` is answered, and `unheard` is as `lost`.
    `counts` says how often each did, `struck` to what path.
    """

    def __init__(
        self, server: str, rates: Mapping[str, float], chance: Callable[[], float], late_seconds: float = 0.05
    ) -> None:
        self.rates, self.counts = dict(rates), Counter[str]()
        self.struck: list[tuple[str, str]] = []
        self.late_seconds = late_seconds
        self.server = urlsplit(server)
        self._chance = chance
        self._lock = threading.Lock()
        self._proxy: ThreadingHTTPServer | None = None

    def __enter__(self) -> FaultProxy:
        handler = type("Handler", (_Handler,), {"faults": self})
        self._proxy = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._proxy.daemon_threads = True
        threading.Thread(
            target=self._proxy.serve_forever, args=(_POLL_SECONDS,), daemon=True, name="fault-proxy"
        ).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._proxy is not None
        self._proxy.shutdown()
        self._proxy.server_close()

    @property
    def url(self) -> str:
        assert self._proxy is not None
        return f"http://127.0.0.1:{self._proxy.server_port}"

    def hits(self, fault: str, path: str) -> bool:
        """Whether a fault happens now; noted."""
        with self._lock:
            rate = self.rates.get(fault, 0.0)
            if not rate or self._chance() >= rate:
                return False
            self.counts[fault] += 1
            self.struck.append((fault, path))
            return True


class _Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    faults: FaultProxy
    protocol_version = "HTTP/1.1"

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        conditional = "If-None-Match" in self.headers
        if self._hits("late"):
            time.sleep(self.faults.late_seconds)
        if self._hits("cut"):
            self._hang_up()
            return
        for fault in ("500", "503", *(("409",) if conditional else ())):
            if self._hits(fault):
                self._refuse(*_ANSWERS[fault])
                return
        status, headers, data = self._ask(body)
        if self._hits("lost") or (conditional and self._hits("unheard")):
            self._hang_up()
            return
        self._answer(status, headers, data)

    def _hits(self, fault: str) -> bool:
        return self.faults.hits(fault, self.path)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _pass_on

    def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        server = self.faults.server
        connection = http.client.HTTPConnection(server.hostname or "", server.port, timeout=_TIMEOUT_SECONDS)
        try:
            connection.request(self.command, self.path, body, dict(self.headers.items()))
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], data: bytes) -> None:
        length = (
            dict(headers).get("Content-Length", str(len(data))) if self.command == "HEAD" else str(len(data))
        )
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in _NOT_PASSED_ON:
                self.send_header(name, value)
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command == "HEAD":
            return
        if len(data) > 1 and self._hits("half"):
            self.wfile.write(data[: len(data) // 2])
            self._hang_up()
            return
        self.wfile.write(data)

    def _refuse(self, status: int, code: str) -> None:
        self._answer(
            status, [("Content-Type", "application/xml")], f"<Error><Code>{code}</Code></Error>".encode()
        )

    def _hang_up(self) -> None:
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""

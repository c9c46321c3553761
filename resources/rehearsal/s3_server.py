"""An S3 server on loopback for tests and benches: moto's own, made atomic."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterable
from contextlib import nullcontext
from types import TracebackType
from typing import Any

import boto3
from botocore.config import Config
from moto.moto_server.werkzeug_app import create_backend_app
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from resources.s3.settings import S3Settings

__all__ = ["Bucket", "S3Server"]

_POLL_SECONDS = 0.05  # how long it takes to end


class Bucket:
    """A new bucket on a server, and what a process needs in its environment to use it."""

    def __init__(self, url: str, name: str, key_id: str, secret: str) -> None:
        self.name, self.root = name, f"s3://{name}"
        self.environment = {
            "MOVIES_S3_ENDPOINT_URL": url,
            "MOVIES_S3_REGION_NAME": "us-east-1",
            "MOVIES_S3_AWS_ACCESS_KEY_ID": key_id,
            "MOVIES_S3_AWS_SECRET_ACCESS_KEY": secret,
        }
        self.settings = S3Settings.said_by(self.environment.get)
        self.client = boto3.client(
            "s3",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            config=Config(request_checksum_calculation="when_required"),
        )
        self.client.create_bucket(Bucket=name)


class S3Server:
    """Serves on a port of the system's choice, in threads of this process, while the context lasts.

    moto looks for a key and writes it in two steps; one writer at a time makes a conditional put atomic.
    `script` is what to do to the next requests, one each: "503" answers that instead of doing it, "lost" does it and
    answers 500, "cut" does it and breaks off in the middle of the answer, "" does it well. `asked` tells the method and
    path of every request. With `ignores_conditions` it takes no notice of If-None-Match.
    """

    def __init__(self, *, ignores_conditions: bool = False) -> None:
        self.script: deque[str] = deque()
        self.asked: list[tuple[str, str]] = []
        self._app = create_backend_app("s3")
        self._ignores = ignores_conditions
        self._writing = threading.Lock()
        self._server: BaseWSGIServer | None = None
        self._buckets = 0

    def __enter__(self) -> S3Server:
        logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True, request_handler=_Quiet)
        threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), daemon=True, name="s3-server"
        ).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_port}"

    def bucket(self) -> Bucket:
        """A bucket of its own."""
        self._buckets += 1
        port = self.url.rpartition(":")[2]  # all servers of a process share what moto keeps
        return Bucket(self.url, f"movies-{port}-{self._buckets}", "rehearsal", "not-a-secret")

    def _answer(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.asked.append((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        fault = self.script.popleft() if self.script else ""
        if fault.isdecimal():
            return _refusal(fault, environ, start_response)
        if fault == "lost":
            list(self._do(environ, lambda *_: None))
            return _refusal("500", environ | {"CONTENT_LENGTH": ""}, start_response)
        answer = self._do(environ, start_response)
        return _cut(b"".join(answer)) if fault == "cut" else answer

    def _do(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if self._ignores:
            environ.pop("HTTP_IF_NONE_MATCH", None)
        turn = nullcontext() if environ["REQUEST_METHOD"] in ("GET", "HEAD") else self._writing
        with turn:
            answer: Iterable[bytes] = self._app(environ, start_response)
            return answer


def _refusal(status: str, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    codes = {
        "503": "SlowDown",
        "409": "ConditionalRequestConflict",
        "403": "AccessDenied",
        "501": "NotImplemented",
    }
    body = f"<Error><Code>{codes.get(status, 'InternalError')}</Code><Message>no</Message></Error>".encode()
    start_response(f"{status} No", [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def _cut(body: bytes) -> Iterable[bytes]:
    yield body[: len(body) // 2]
    raise ConnectionError("cut")


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # a connection serves many requests

    def log(self, type: str, message: str, *args: Any) -> None:
        """Says nothing."""

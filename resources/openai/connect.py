"""Reaching an OpenAI-compatible server by the official SDK: its client, and one request over a line."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TypeVar

import httpx  # noqa: F401 - the SDK takes it from sys.modules, where another thread may be half-way importing it
import httpx2
from openai import DefaultHttpxClient, OpenAI, OpenAIError

from movie_assets.core.errors import MovieError, Unready
from movie_assets.core.ports import Workspace
from resources.connection import Connection
from resources.line import Answer, Line
from resources.openai.refusals import translated

__all__ = ["asked", "client"]

T = TypeVar("T")

_CONNECT_SECONDS = 10.0
_LARGEST_ANSWER = 256 * 1024 * 1024


def asked(line: Line, model: str, at: Workspace, request: Callable[[OpenAI], T]) -> Answer[T]:
    """What one request gives; its errors are ours, labelled with provider, model and request id."""

    def ask() -> T:
        try:
            return request(client(line.connection))
        except OpenAIError as error:
            raise translated(error, line.connection, model) from None
        except UnicodeEncodeError:
            raise _no_key(line.connection) from None
        except MovieError as error:
            raise error.with_labels(provider=line.connection.name, model=model) from None

    return line.call(ask, at)


def _no_key(connection: Connection) -> Unready:
    # A key goes into a header, where only ASCII may stand.
    return Unready(
        f"{connection.key_name or 'the key'} holds a character that no key has",
        provider=connection.name,
        next_step="copy the key again, then: movies doctor",
    )


def client(connection: Connection) -> OpenAI:
    """The SDK's client with its own retries off."""
    assert connection.key is not None, "a line leads to a connection that is ready"
    return _client(connection.key or "none", connection.base_url, connection.timeout)


@lru_cache(maxsize=32)
def _client(key: str, base_url: str | None, seconds: float) -> OpenAI:
    """One for all calls to a server, for it keeps connections open."""
    timeout = httpx2.Timeout(seconds, connect=min(_CONNECT_SECONDS, seconds))
    http = DefaultHttpxClient(timeout=timeout, event_hooks={"response": [_bounded(seconds)]})
    return OpenAI(api_key=key, base_url=base_url, timeout=timeout, max_retries=0, http_client=http)


def _bounded(seconds: float) -> Callable[[httpx2.Response], None]:
    """Timeouts of the HTTP client are between two reads; this bounds an answer that begins and never ends."""

    def bound(response: httpx2.Response) -> None:
        if isinstance(response.stream, httpx2.SyncByteStream):
            request_id = response.headers.get("x-request-id")
            response.stream = _Bounded(response.stream, time.monotonic() + seconds, request_id)

    return bound


class _Bounded(httpx2.SyncByteStream):
    """An answer's bytes; what is not over by its time, or is beyond any sense, counts as timed out.

    An error in the middle of an answer carries its `request_id`.
    """

    def __init__(self, stream: httpx2.SyncByteStream, until: float, request_id: str | None) -> None:
        self._stream = stream
        self._until = until
        self._request_id = request_id

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._chunks()
        except httpx2.TransportError as error:
            error.request_id = self._request_id  # type: ignore[attr-defined]
            raise

    def _chunks(self) -> Iterator[bytes]:
        size = 0
        for chunk in self._stream:
            size += len(chunk)
            if time.monotonic() > self._until or size > _LARGEST_ANSWER:
                raise httpx2.ReadTimeout("the answer does not end")
            yield chunk

    def close(self) -> None:
        self._stream.close()

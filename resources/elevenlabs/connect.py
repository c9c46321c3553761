"""Reaching ElevenLabs by the official SDK: its client, and one request over a line."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import httpx
from elevenlabs.client import ElevenLabs
from elevenlabs.core import ApiError
from elevenlabs.core.http_response import HttpResponse
from elevenlabs.core.request_options import RequestOptions

from movie_assets.core.errors import Failed, MovieError, Refused, Transient, Unready
from movie_assets.core.ports import Meta, Workspace
from resources.connection import Connection
from resources.elevenlabs.refusals import translated
from resources.elevenlabs.settings import MEDIA_TYPES
from resources.inspection import inspected
from resources.line import Answer, Line
from resources.prices import Prices

__all__ = ["ONCE", "Heard", "asked", "decoded", "made_by", "streamed"]

T = TypeVar("T")

ONCE = RequestOptions(max_retries=0)
"""How each request is sent: the SDK's own retries are off, for a line retries."""

_LARGEST_ANSWER = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Heard:
    """A sound that can be read, how long it is, and what the answer told of itself."""

    sound: bytes
    media_type: str
    seconds: float
    request_id: str | None
    credits: float | None


def asked(line: Line, model: str, at: Workspace, request: Callable[[ElevenLabs], T]) -> Answer[T]:
    """What one request gives; its errors are ours, labelled with provider, model and request id."""

    def ask() -> T:
        try:
            return request(_client_of(line.connection))
        except (ApiError, httpx.HTTPError, httpx.InvalidURL) as error:
            raise translated(error, line.connection).with_labels(model=model) from None
        except MovieError as error:
            error.with_labels(provider=line.connection.name, model=model)
            raise

    return line.call(ask, at)


def streamed(answer: AbstractContextManager[HttpResponse[Iterator[bytes]]], at: Workspace) -> Heard:
    """A sound that comes as a stream of bytes, whole."""
    with answer as raw:
        request_id = raw.headers.get("request-id")
        content_type = raw.headers.get("content-type", "").split(";")[0]
        if not content_type.startswith("audio/") and content_type != "application/octet-stream":
            raise Failed(
                f"the answer is {content_type or 'of no type'}, not sound",
                request_id=request_id,
                next_step="correct base_url in providers.yaml: the API's root, without /v1",
            )
        return _heard(b"".join(raw.data), raw.headers, at)


def decoded(text: object, headers: Mapping[str, str], at: Workspace) -> Heard:
    """A sound that comes as base64."""
    try:
        sound = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        raise _broken("the sound is no base64", headers) from None
    return _heard(sound, headers, at)


def _heard(sound: bytes, headers: Mapping[str, str], at: Workspace) -> Heard:
    """A sound that can be read to its end; `Transient` where there is none in it."""
    if not sound:
        raise _broken("the sound is empty", headers)
    at.scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=at.scratch) as folder:
        file = Path(folder, "heard")
        file.write_bytes(sound)
        try:
            found = inspected(file).sound
        except Refused:
            found = None
    if found is None or found.seconds <= 0:
        raise _broken("the sound cannot be read", headers)
    return Heard(sound, _media_type(sound), found.seconds, headers.get("request-id"), _credits(headers))


def made_by(
    line: Line, prices: Prices, model: str, answer: Answer[Heard], amounts: Mapping[str, float], begun: float
) -> Meta:
    """How one sound came about that took these amounts; `begun` is by the monotonic clock."""
    heard, name = answer.value, line.connection.name
    return Meta(
        name,
        model,
        heard.request_id,
        usage={**amounts, **({} if heard.credits is None else {"credits": heard.credits})},
        cost=prices.cost(name, model, amounts),
        seconds=time.monotonic() - begun,
        attempts=answer.attempts,
    )


def _broken(fact: str, headers: Mapping[str, str]) -> Transient:
    return Transient(fact, request_id=headers.get("request-id"), next_step="try again later")


def _media_type(sound: bytes) -> str:
    if sound[:4] == b"RIFF":
        return MEDIA_TYPES["wav"]
    return MEDIA_TYPES["opus" if sound[:4] == b"OggS" else "mp3"]


def _credits(headers: Mapping[str, str]) -> float | None:
    """What ElevenLabs counted the request as; not every answer tells."""
    try:
        return float(headers["character-cost"])
    except (KeyError, ValueError):
        return None


# --- the client -------------------------------------------------------------------------------------------------


def _client_of(connection: Connection) -> ElevenLabs:
    if connection.key is None:
        name = connection.key_name or "its key"
        raise Unready(
            f"{name} is not set",
            provider=connection.name,
            next_step=f"write {name}=... into .env, or export it, then: movies doctor",
        )
    return _client(connection.key, connection.base_url, connection.timeout)


@lru_cache(maxsize=32)
def _client(key: str, base_url: str | None, seconds: float) -> ElevenLabs:
    """One for all calls to a server, for it keeps connections open."""
    http = httpx.Client(follow_redirects=True, event_hooks={"response": [_bounded(seconds)]})
    # The SDK's default is whatever the environment held when it was imported: the key is always told.
    return ElevenLabs(api_key=key, base_url=base_url, timeout=seconds, httpx_client=http)


def _bounded(seconds: float) -> Callable[[httpx.Response], None]:
    """Timeouts of the HTTP client are between two reads; this bounds an answer that begins and never ends."""

    def bound(response: httpx.Response) -> None:
        if isinstance(response.stream, httpx.SyncByteStream):
            response.stream = _Bounded(response.stream, time.monotonic() + seconds)

    return bound


class _Bounded(httpx.SyncByteStream):
    """An answer's bytes; what is not over by its time, or is beyond any sense, counts as timed out."""

    def __init__(self, stream: httpx.SyncByteStream, until: float) -> None:
        self._stream = stream
        self._until = until

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for chunk in self._stream:
            size += len(chunk)
            if time.monotonic() > self._until or size > _LARGEST_ANSWER:
                raise httpx.ReadTimeout("the answer does not end")
            yield chunk

    def close(self) -> None:
        self._stream.close()

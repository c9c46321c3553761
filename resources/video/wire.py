"""Requests to a video service over plain HTTP, and what goes wrong with them told as our errors."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from movie_assets.core.errors import (
    Exhausted,
    Failed,
    MovieError,
    Refused,
    Throttled,
    Transient,
    Unreached,
    Unready,
    Unsure,
)
from resources.connection import Connection
from resources.video.api import found

__all__ = ["Wire", "failure", "sending", "status_error", "timeouts"]

_LARGEST_ANSWER = 16 * 1024 * 1024
_CONNECT_SECONDS = 10.0
_LONGEST_QUOTE = 300
_REQUEST_IDS = ("x-request-id", "request-id", "x-fal-request-id")
_WORDS_AT = ("error.message", "error", "message", "detail[0].msg", "detail", "title", "failure")
_OUT_OF_MONEY = re.compile(r"quota|insufficient|billing|balance|credit", re.I)
_MODERATED = re.compile(r"moderat|safety|nsfw|content.?policy|prohibited|sensitive", re.I)
_UNANSWERED = frozenset({408, 500, 502, 504})
"""After these a service may have begun a job all the same."""


class Wire:
    """One service: its root, and the headers that hold the key, which go nowhere else."""

    def __init__(self, connection: Connection, headers: Mapping[str, str], client: httpx.Client) -> None:
        assert connection.base_url is not None
        self.connection, self._client = connection, client
        self.root = httpx.URL(connection.base_url.rstrip("/") + "/")
        usual = {"Authorization": "Bearer {key}"} if connection.key else {}
        self._headers = {
            name: text.replace("{key}", connection.key or "") for name, text in {**usual, **headers}.items()
        }

    def url(self, path: str) -> httpx.URL:
        """A path below the root, or an address the service gave; `Refused` if that leads to another host."""
        url = httpx.URL(path) if "://" in path else httpx.URL(str(self.root) + path.lstrip("/"))
        if (url.scheme, url.host, url.port) != (self.root.scheme, self.root.host, self.root.port):
            raise Refused(
                f"the service sends us to {url.host} for its answers, where its key must not go",
                next_step="correct base_url, or poll.path and result.path, in providers.yaml",
            )
        return url

    def ask(self, method: str, path: str, *, again: bool = True, **content: Any) -> Any:
        """The JSON a request is answered with; if it may not be sent `again`, a lost answer is `Unsure`."""
        extra = content.pop("headers", {})
        with self.open(method, path, again=again, headers=extra, **content) as response:
            body = self._whole(response, again)
            try:
                return json.loads(body)
            except ValueError:
                raise _lost("the answer is no JSON", again).with_labels(
                    request_id=request_id(response)
                ) from None

    @contextmanager
    def open(self, method: str, path: str, *, again: bool = True, **content: Any) -> Iterator[httpx.Response]:
        """A response with the key sent along, and its body not yet read; its bad statuses are errors."""
        headers = {**self._headers, **content.pop("headers", {})}
        url = self.url(path)
        with (
            sending(self.connection, again),
            self._client.stream(method, url, headers=headers, **content) as got,
        ):
            if not got.is_success and not got.has_redirect_location:
                raise status_error(got, self._words(got), self.connection, again)
            yield got

    def _whole(self, response: httpx.Response, again: bool) -> bytes:
        if response.has_redirect_location:
            raise Refused(
                "the service answers with a redirect",
                status=response.status_code,
                next_step="correct base_url in providers.yaml",
            )
        return self._bounded(response, lambda: _lost("the answer does not end", again))

    def _bounded(self, response: httpx.Response, endless: Callable[[], MovieError]) -> bytes:
        """Timeouts are between two reads: this bounds an answer that begins and never ends."""
        body, until = bytearray(), time.monotonic() + self.connection.timeout
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > _LARGEST_ANSWER or time.monotonic() > until:
                raise endless()
        return bytes(body)

    def _words(self, response: httpx.Response) -> str:
        """The service's own sentence about an error."""
        try:
            said = json.loads(self._bounded(response, lambda: Failed("")))
        except (ValueError, MovieError, httpx.HTTPError):
            return ""
        texts = (found(said, path) for path in _WORDS_AT)
        return next((_quoted(text) for text in texts if isinstance(text, str) and text.strip()), "")


def timeouts(connection: Connection) -> httpx.Timeout:
    """How long a request may be silent, in seconds."""
    return httpx.Timeout(connection.timeout, connect=min(_CONNECT_SECONDS, connection.timeout))


# --- errors -----------------------------------------------------------------------------------------------------


@contextmanager
def sending(connection: Connection, again: bool) -> Iterator[None]:
    """Tells what httpx raises as our errors; what never reached the service may always be sent again."""
    try:
        yield
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise Refused(f"the address cannot be used: {error}", next_step="correct providers.yaml") from None
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
        raise Unreached(
            f"{connection.name} cannot be reached: {error}", next_step="movies doctor; then try again"
        ) from None
    except httpx.TimeoutException:
        raise _lost(f"no whole answer within {connection.timeout:g} seconds", again) from None
    except httpx.HTTPError as error:
        raise _lost(f"the connection failed: {error}", again) from None


def status_error(
    response: httpx.Response, words: str, connection: Connection, again: bool = True
) -> MovieError:
    """What a status means, in the service's own words where it gave any."""
    fact = words or f"the service answered with status {response.status_code}"
    error = _of_status(response, fact, connection, again)
    return error.with_labels(status=response.status_code, request_id=request_id(response))


def failure(words: str) -> MovieError:
    """A job that the service could not finish."""
    if _MODERATED.search(words):
        return _moderated(words)
    return Failed(
        words or "the service could not make the video",
        next_step="movies make begins another; if it fails again change the prompt, the picture or the model",
    )


def _of_status(response: httpx.Response, fact: str, connection: Connection, again: bool) -> MovieError:
    status = response.status_code
    if status == 402 or (status in (403, 429) and _OUT_OF_MONEY.search(fact)):
        return Exhausted(fact, next_step="add credit at the provider's, or raise its limit")
    if status in _UNANSWERED and not again:
        return _lost(fact, again)
    if status in (408, 409, 425, 429) or status >= 500:
        return _later(fact, _pause(response), is_busy=status == 429)
    if status == 401:
        return Unready(fact, next_step=f"set a valid {connection.key_name or 'key'}, then: movies doctor")
    if _MODERATED.search(fact):
        return _moderated(fact)
    return Refused(fact, next_step="correct what the provider names, in movie.yaml or providers.yaml")


def _later(fact: str, pause: float | None, *, is_busy: bool) -> Transient:
    if is_busy or pause is not None:
        return Throttled(fact, retry_after=pause, next_step="try again later")
    return Transient(fact, next_step="try again later")


def _moderated(fact: str) -> Refused:
    return Refused(
        fact, next_step="say it otherwise in movie.yaml (motion.prompt or the picture), then make it again"
    )


def _lost(fact: str, again: bool) -> MovieError:
    """An answer that did not come, or not whole."""
    if again:
        return Transient(fact, next_step="try again later")
    return Unsure(
        f"{fact}: whether the video was begun, and is paid for, cannot be told",
        next_step="look at the provider's list of jobs; movies make begins another one",
    )


def request_id(response: httpx.Response) -> str | None:
    """How the service names a request of ours."""
    return next((response.headers[name] for name in _REQUEST_IDS if name in response.headers), None)


def _quoted(text: str) -> str:
    folded = " ".join(text.split())
    return folded if len(folded) <= _LONGEST_QUOTE else f"{folded[:_LONGEST_QUOTE]}…"


def _pause(response: httpx.Response) -> float | None:
    """Seconds the service asks to wait, told as a number or as a date."""
    asked = response.headers.get("retry-after", "")
    try:
        return max(0.0, float(asked))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(asked).timestamp() - time.time())
    except ValueError:
        return None

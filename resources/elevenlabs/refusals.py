"""What the ElevenLabs SDK raises, told as one of our errors: the class says what to do about it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from elevenlabs.core import ApiError

from movie_assets.core.errors import (
    Exhausted,
    Failed,
    MovieError,
    Refused,
    Throttled,
    Transient,
    Unreached,
    Unready,
)
from resources.connection import Connection

__all__ = ["translated"]

_DOCTOR = "movies doctor"
_LATER = "try again later"
_LONGEST = 500
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)

_OUT_OF_MONEY = {
    "quota_exceeded",
    "insufficient_credits",
    "payment_required",
    "payment_issue",
    "subscription_required",
    "detected_unusual_activity",
}
_BAD_KEY = {"invalid_api_key", "needs_authorization", "missing_permissions", "invalid_authorization_header"}
_QUEUE = {"too_many_concurrent_requests", "concurrent_limit_exceeded", "rate_limit_exceeded"}
_BUSY = {"system_busy"}
_PASSING = {408, 409, 425, 429}


def translated(error: ApiError | httpx.HTTPError | httpx.InvalidURL, connection: Connection) -> MovieError:
    """The one translation of the SDK's errors, with provider, status and request id, and never the key."""
    if isinstance(error, ApiError):
        made = _unreadable(error) if (error.status_code or 0) < 300 else _of_answer(error, connection)
        headers = httpx.Headers(error.headers or {})
        request_id = headers.get("request-id") or _id_in(error.body)
        made.with_labels(status=error.status_code, code=_code(error.body), request_id=request_id)
    elif isinstance(error, _NOT_SENT):
        place = connection.base_url or "the provider"
        made = Unreached(
            f"it cannot be reached: {error}", next_step=f"see whether {place} can be reached: {_DOCTOR}"
        )
    elif isinstance(error, httpx.TimeoutException):
        made = Transient(
            f"no whole answer within {connection.timeout:g} seconds",
            next_step=f"try again; a slow server needs a larger timeout for {connection.name} in providers.yaml",
        )
    elif isinstance(error, (httpx.InvalidURL, httpx.UnsupportedProtocol)):
        made = Refused("base_url is no address", next_step=f"correct {connection.name} in providers.yaml")
    else:
        place = connection.base_url or "the provider"
        made = Transient(
            f"the connection failed: {error}", next_step=f"see whether {place} can be reached: {_DOCTOR}"
        )
    made.fact = made.fact.replace(connection.key, "(key)") if connection.key else made.fact
    return made.with_labels(provider=connection.name)


def _of_answer(error: ApiError, connection: Connection) -> MovieError:
    status, said, fact = error.status_code or 0, _codes(error.body), _fact(error)
    if status == 402 or said & _OUT_OF_MONEY:
        return Exhausted(
            fact, next_step=f"add credit at ElevenLabs or wait for the next period, then: {_DOCTOR}"
        )
    if status == 401 or said & _BAD_KEY:
        return Unready(fact, next_step=f"set a valid {connection.key_name or 'key'}, then: {_DOCTOR}")
    if status >= 500 or status in _PASSING or said & (_QUEUE | _BUSY):
        return _later(status, said, fact, _pause(error))
    return _refused(status, said, fact)


def _later(status: int, said: set[str], fact: str, pause: float | None) -> Transient:
    """Queueing is what a full account asks for; a busy system is an error like others, unless it says how long."""
    if pause is not None or said & _QUEUE or (status == 429 and not said & _BUSY):
        return Throttled(fact, retry_after=pause, next_step=_LATER)
    return Transient(fact, next_step=_LATER)


def _refused(status: int, said: set[str], fact: str) -> Refused:
    if "voice_not_found" in said:
        return Refused(
            fact, next_step="name a voice of your ElevenLabs account, or its id, as `voice` in movie.yaml"
        )
    if "model_not_found" in said or status == 404:
        return Refused(
            fact, next_step=f"{_DOCTOR} tells which models there are; change `model` in movie.yaml"
        )
    if status == 403:
        return Refused(fact, next_step=f"see what this key and plan may use: {_DOCTOR}")
    return Refused(fact, next_step="correct what the provider names, in movie.yaml")


def _unreadable(error: ApiError) -> MovieError:
    """An answer of status 200 that the SDK could not read."""
    content_type = httpx.Headers(error.headers or {}).get("content-type", "").split(";")[0]
    if "json" in content_type:
        return Transient("the answer breaks off: it is no JSON", next_step=_LATER)
    return Failed(
        f"the answer is {content_type or 'of no type'}, not json",
        next_step="correct base_url in providers.yaml: the API's root, without /v1",
    )


def _detail(body: Any) -> Any:
    return body.get("detail") if isinstance(body, Mapping) else None


def _codes(body: Any) -> set[str]:
    """What an error is called: `status` in documented answers, `code` or `type` in newer ones."""
    detail = _detail(body)
    if not isinstance(detail, Mapping):
        return set()
    return {str(detail[name]) for name in ("status", "code", "type") if detail.get(name)}


def _code(body: Any) -> str | None:
    """What an error is called first of all."""
    detail = _detail(body)
    found = (detail.get("status") or detail.get("code")) if isinstance(detail, Mapping) else None
    return str(found) if found else None


def _fact(error: ApiError) -> str:
    """The server's own sentence; a page of HTML or nothing at all is not quoted."""
    detail = _detail(error.body)
    if isinstance(detail, list):
        said = "; ".join(filter(None, map(_of_field, detail)))
    else:
        message = detail.get("message") if isinstance(detail, Mapping) else detail
        said = message if isinstance(message, str) else ""
    folded = " ".join(said.split())
    if not folded:
        return f"the provider answered with status {error.status_code}"
    return folded if len(folded) <= _LONGEST else f"{folded[:_LONGEST]}…"


def _of_field(problem: Any) -> str:
    """A validation error: which field, and what is wrong with it."""
    if not isinstance(problem, Mapping):
        return ""
    where = problem.get("loc")
    path = [str(part) for part in where if part != "body"] if isinstance(where, list) else []
    return ": ".join(filter(None, [".".join(path), str(problem.get("msg") or "")]))


def _id_in(body: Any) -> str | None:
    detail = _detail(body)
    found = detail.get("request_id") if isinstance(detail, Mapping) else None
    return str(found) if found else None


def _pause(error: ApiError) -> float | None:
    """Seconds the server asks to wait: Retry-After as seconds or as a date."""
    told = httpx.Headers(error.headers or {}).get("retry-after")
    if told is None:
        return None
    try:
        return max(0.0, float(told))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(told).timestamp() - time.time())
    except ValueError:
        return None

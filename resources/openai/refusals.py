"""What the OpenAI SDK raises, told as one of our errors: the class says what to do about it."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import openai

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

__all__ = ["LATER", "scrubbed", "told", "translated"]

_DOCTOR = "movies doctor"
LATER = "run the same command again later; what is made is kept"
_CORRECTION = "correct in movie.yaml what the provider names"
_CORRECTIONS = {
    403: f"see what this key may use: {_DOCTOR}",
    404: f"see which models there are and until when: {_DOCTOR}; then name another one than {{model}}",
}
_OUT_OF_MONEY = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "quota_exceeded"}
_MODERATED = {
    "moderation_blocked",
    "content_policy_violation",
    "image_content_policy_violation",
    "content_filter",
    "bio_policy",
    "misalignment_policy_violation",
}
_KEY = re.compile(r"\b(?:sk|sess|pk)-[\w*.\-]+")
_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)
_SHORTEST_KEY = 6  # what is shorter is no secret, and would be found in ordinary words
_LONGEST = 500


def translated(error: openai.OpenAIError, connection: Connection, model: str) -> MovieError:
    """The one translation of the SDK's errors, with provider, model and request id, and never the key."""
    if isinstance(error, openai.APIStatusError):
        made = _of_status(error, connection, model)
        made.with_labels(status=error.status_code, request_id=error.request_id)
    elif isinstance(error, openai.APIConnectionError) and isinstance(error.__cause__, _NOT_SENT):
        made = Unreached(
            f"it cannot be reached: {error.__cause__}",
            next_step=f"see whether {connection.base_url or 'the provider'} can be reached: {_DOCTOR}",
        )
    elif isinstance(error, openai.APITimeoutError):
        made = Transient(
            f"no whole answer within {connection.timeout:g} seconds",
            next_step=f"try again; a slow server needs a larger timeout for {connection.name} in providers.yaml",
        )
    elif isinstance(error, openai.APIConnectionError):
        made = Transient(
            f"the connection failed: {error.__cause__ or error}",
            next_step=f"see whether {connection.base_url or 'the provider'} can be reached: {_DOCTOR}",
        )
    else:
        made = Failed(str(error), next_step=_DOCTOR)
    made.with_labels(request_id=getattr(error.__cause__, "request_id", None))
    made.fact = scrubbed(made.fact, connection)
    made.args = (made.fact,)
    return made.with_labels(provider=connection.name, model=model)


def told(body: Mapping[str, Any]) -> MovieError:
    """What an error inside an answer of status 200 says: `{code, message}`."""
    code, message = str(body.get("code") or ""), _shortened(str(body.get("message") or "no reason given"))
    if code in _OUT_OF_MONEY:
        return _exhausted(message)
    if code in _MODERATED or code == "invalid_prompt":
        return _moderated(message)
    if code == "rate_limit_exceeded":
        return Throttled(message, next_step=LATER)
    if code == "server_error" or code.startswith("5"):
        return Transient(message, next_step=LATER)
    return Failed(message, next_step=_DOCTOR)


def scrubbed(text: str, connection: Connection) -> str:
    """A message without the key, whole or in part, that the server may have repeated."""
    key = connection.key or ""
    return _KEY.sub("(key)", text.replace(key, "(key)") if len(key) >= _SHORTEST_KEY else text)


def _of_status(error: openai.APIStatusError, connection: Connection, model: str) -> MovieError:
    fact, pause = _fact(error), _pause(error)
    if error.status_code == 402 or {error.code, error.type} & _OUT_OF_MONEY:
        return _exhausted(fact)
    if error.code in _MODERATED:
        return _moderated(fact)
    if error.status_code == 429 or (error.status_code >= 500 and pause is not None):
        return Throttled(fact, retry_after=pause, next_step=LATER)
    if error.status_code in (408, 409) or error.status_code >= 500:
        return Transient(fact, next_step=LATER)
    if error.status_code == 401:
        return Unready(fact, next_step=f"set a valid {connection.key_name or 'key'}, then: {_DOCTOR}")
    return Refused(fact, next_step=_CORRECTIONS.get(error.status_code, _CORRECTION).format(model=model))


def _exhausted(fact: str) -> Exhausted:
    return Exhausted(fact, next_step=f"add credit at the provider's, or raise its limit, then: {_DOCTOR}")


def _moderated(fact: str) -> Refused:
    return Refused(
        fact, next_step="say it otherwise in movie.yaml (prompt, brief or style), then make it again"
    )


def _fact(error: openai.APIStatusError) -> str:
    """The server's own sentence; a page of HTML or nothing at all is not quoted."""
    body = error.body
    message = body.get("message") if isinstance(body, dict) else None
    if not isinstance(message, str) or not message.strip():
        return f"the provider answered with status {error.status_code}"
    return _shortened(message)


def _shortened(text: str) -> str:
    folded = " ".join(text.split())
    return folded if len(folded) <= _LONGEST else f"{folded[:_LONGEST]}…"


def _pause(error: openai.APIStatusError) -> float | None:
    """Seconds the server asks to wait: Retry-After-Ms, or Retry-After as seconds or as a date."""
    headers = error.response.headers
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[name]) * scale)
        except (KeyError, ValueError):
            continue
    try:
        return max(0.0, parsedate_to_datetime(headers["retry-after"]).timestamp() - time.time())
    except (KeyError, ValueError):
        return None

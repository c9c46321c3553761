"""The webhook: a signed message to an address of the operator's when a run has ended."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from movie_assets.core.errors import Failed, Transient
from resources.secrets import Secret, Secrets

__all__ = ["Webhook", "signature"]

_URL, _SECRET = "MOVIES_WEBHOOK_URL", "MOVIES_WEBHOOK_SECRET"
_PAUSES = (1.0, 2.0)
_TIMEOUT_SECONDS = 2.5
"""Five runs may be told of in one tick of a sensor, which Dagster ends after 60 s."""

_LATER = (408, 425, 429)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What the header X-Movies-Signature says: of the time as well, so that an old message cannot be sent again."""
    return f"sha256={hmac.new(secret.encode(), timestamp.encode() + b'.' + body, hashlib.sha256).hexdigest()}"


@dataclass(frozen=True)
class Webhook:
    """Where to, and signed with what. The address is a secret, too: some carry a token."""

    url: Secret
    secret: Secret
    pause: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.time

    @staticmethod
    def of(secrets: Secrets) -> Webhook | None:
        """The webhook of MOVIES_WEBHOOK_URL and MOVIES_WEBHOOK_SECRET; None unless both say something of use."""
        url, secret = secrets.get(_URL), secrets.get(_SECRET)
        if url is None:
            return None
        if secret is None or urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            wrong = f"{_SECRET} is not set" if secret is None else f"{_URL} is not an http(s) address"
            logging.getLogger(__name__).warning("%s: no webhook is called", wrong)
            return None
        return Webhook(url, secret)

    def send(self, message: Mapping[str, Any], delivery: str) -> None:
        """Sends it, three times at most; `Transient` if nobody took it, `Failed` if it was not wanted.

        `delivery` is the same for what may be sent twice.
        """
        body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
        said = self._post(body, delivery)
        for pause in _PAUSES:
            if not said:
                return
            self.pause(pause)
            said = self._post(body, delivery)
        if said:
            raise Transient(
                f"the webhook was not delivered: {said}",
                next_step=f"look at what {_URL} names; what comes next is sent all the same",
            )

    def _post(self, body: bytes, delivery: str) -> str:
        """Nothing once it is taken, else why it may be tried again."""
        import httpx

        timestamp = str(int(self.now()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "movie-assets",
            "X-Movies-Delivery": delivery,
            "X-Movies-Timestamp": timestamp,
            "X-Movies-Signature": signature(self.secret, timestamp, body),
        }
        try:
            answer = httpx.post(str(self.url), content=body, headers=headers, timeout=_TIMEOUT_SECONDS)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return type(error).__name__
        if answer.is_success:
            return ""
        if answer.status_code >= 500 or answer.status_code in _LATER:
            return f"it answered {answer.status_code}"
        raise Failed(
            f"the webhook was not taken: it answered {answer.status_code}",
            next_step=f"look at what {_URL} names, and whether it knows the same {_SECRET}",
        )

"""Asking a Dagster webserver by GraphQL, with its refusals as sentences."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from movie_assets.core.errors import Conflict, Failed, Refused, Transient

__all__ = ["ask", "checked_address", "fine"]

_TIMEOUT_SECONDS = 60


def checked_address(url: str) -> str:
    """The address of a webserver; `Refused` if it is none, or would show a password with it."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.username is not None:
        raise Refused(
            "that is not the address of a Dagster webserver",
            next_step="give one like https://films.example.com, without a name or password in it",
        )
    return urlunsplit(parts._replace(query="", fragment="")).rstrip("/").removesuffix("/graphql")


def ask(url: str, headers: Mapping[str, str], query: str, variables: Mapping[str, Any]) -> Any:
    """The data of the answer, whose parts may yet be errors of Dagster's."""
    import httpx

    body = json.dumps({"query": query, "variables": variables}).encode()
    sent = {"Content-Type": "application/json", **headers}
    try:
        answer = httpx.post(
            f"{url}/graphql", content=body, headers=sent, timeout=_TIMEOUT_SECONDS, verify=_trust()
        )
    except httpx.HTTPError as error:
        raise Transient(
            f"{url} does not answer: {type(error).__name__}",
            next_step="look whether Dagster's webserver runs there, then do it again",
        ) from None
    return _answer(_json(answer.status_code, answer.content, url))


@lru_cache
def _trust() -> ssl.SSLContext:
    """Whose certificates count: httpx would read them anew for each question."""
    import httpx

    return httpx.create_ssl_context()


def _json(status: int, body: bytes, shown: str) -> Any:
    if status in (301, 302, 303, 307, 308, 401, 403):
        refused = "does not let these credentials in" if status == 403 else "asks who you are"
        raise Refused(
            f"{shown} {refused} (HTTP {status})",
            next_step="give a valid --token, or the --header that its authentication wants",
        )
    if status >= 500 or status == 429:
        raise Transient(f"{shown} answered HTTP {status}", next_step="do it again in a while")
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not {"data", "errors"} & found.keys():
        raise Refused(
            f"there is no Dagster webserver at {shown} (HTTP {status})",
            next_step="give the address of Dagster's pages, with the path they are under if there is one",
        )
    return found


def _answer(found: Any) -> Any:
    if found.get("errors"):
        said = "; ".join(str(error.get("message", error)) for error in found["errors"])
        raise Failed(
            f"Dagster did not understand the question: {said[:500]}",
            next_step="use the movie-assets of the same version as the deployment",
        )
    return found["data"]


def fine(answer: Any) -> Any:
    """An answer that is no error of Dagster's."""
    kind = str(answer.get("__typename", ""))
    if kind == "UnauthorizedError":
        raise Refused("the deployment is read-only for you", next_step="ask for the right to launch runs")
    if kind == "RunConfigValidationInvalid":
        raise Refused("; ".join(error["message"] for error in answer["errors"]))
    if kind == "RunConflict":
        raise Conflict("there is such a run already", next_step="start it again")
    if kind.endswith(("Error", "NotFound", "NotSupported", "Invalid")):
        raise Failed(str(answer.get("message") or kind).strip())
    return answer

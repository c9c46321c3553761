"""Whether a connection can be used: its key, its server, and the models that are asked of it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from movie_assets.core.errors import MovieError, Unready
from resources.connection import Connection
from resources.doctor.finding import Finding, fault, ok
from resources.scrub import Scrub

__all__ = ["Named", "check_connection"]

_TIMEOUT_SECONDS = 8.0

Named = Collection[tuple[str, str]]
"""Sections of movie.yaml, each with a model that is named for it."""

Check = Callable[[Connection, Named], list[Finding]]


def check_connection(connection: Connection, named: Named, *, needed: bool) -> list[Finding]:
    """What a free request to the provider tells; of one that no movie uses, nothing is missing."""
    if connection.key is None:
        if not needed:
            return [ok(connection.name, f"not used; set {connection.key_name} to use it")]
        step = f"set {connection.key_name} in the environment or in the project's .env file"
        return [fault(connection.name, Unready(f"{connection.key_name} is not set", next_step=step))]
    quick = replace(connection, timeout=min(connection.timeout, _TIMEOUT_SECONDS))
    scrub = Scrub.of([(connection.key_name, connection.key)])
    try:
        findings = _CHECKS[connection.speaks](quick, named)
    except MovieError as error:
        findings = [fault(connection.name, error, needed=needed)]
    return [
        Finding(each.what, each.state, scrub.text(each.told), scrub.text(each.next_step)) for each in findings
    ]


def _openai(connection: Connection, named: Named) -> list[Finding]:
    from resources.openai.check import check

    return check(connection, named)


def _elevenlabs(connection: Connection, named: Named) -> list[Finding]:
    from resources.elevenlabs.check import check

    return check(connection, named)


def _video(connection: Connection, named: Named) -> list[Finding]:
    """There is no request that is free at every such service: only whether something answers at the address."""
    place = urlsplit(connection.base_url or "")
    port = place.port or (443 if place.scheme == "https" else 80)
    try:
        socket.create_connection((place.hostname or "", port), _TIMEOUT_SECONDS).close()
    except OSError as error:
        step = f"see whether base_url of {connection.name} in providers.yaml is right and its server runs"
        raise Unready(f"{connection.base_url} cannot be reached: {error}", next_step=step) from error
    return [ok(connection.name, f"{connection.base_url} answers; its key shows with the first video")]


_CHECKS: Mapping[str, Check] = {"openai": _openai, "elevenlabs": _elevenlabs, "video": _video}

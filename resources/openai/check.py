"""What one free request to an OpenAI-compatible server tells: the key, the models, and until when there are any."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from movie_assets.core.errors import MovieError
from movie_assets.core.ports import Workspace
from resources.connection import Connection
from resources.doctor.finding import Finding, ok, warning
from resources.doctor.reach import Named
from resources.line import DirectLine
from resources.openai.connect import asked

__all__ = ["check"]

_SOON_DAYS = 90


def check(connection: Connection, named: Named) -> list[Finding]:
    """Whether the key is taken and each named model exists; raises what the server says against it."""
    at = Workspace(Path(tempfile.gettempdir()))
    try:
        answer = asked(DirectLine(connection), "", at, lambda sdk: list(sdk.models.list()))
    except MovieError as error:
        error.labels.pop("model", None)
        if error.labels.get("status") == 404:
            return [_no_list(connection)]
        raise
    listed = {model.id: model for model in answer.value}
    key = f"{connection.key_name} is valid" if connection.key_name else f"{connection.base_url} answers"
    today = datetime.now(UTC).date()
    return [ok(connection.name, f"{key}, {len(listed)} models"), *_models(connection, named, listed, today)]


def _no_list(connection: Connection) -> Finding:
    return warning(
        connection.name,
        f"{connection.base_url} lists no models: whether it has them shows when a film is made",
        "see that base_url in providers.yaml is what the server documents; it often ends in /v1",
    )


def _models(
    connection: Connection, named: Named, listed: Mapping[str, Any], today: date
) -> Iterator[Finding]:
    for model in sorted({model for _, model in named}):
        # Ollama says llama3:latest of what is asked for as llama3.
        found = listed.get(model) or listed.get(f"{model}:latest")
        what = f"{connection.name} {model}"
        step = f"name another model in {', '.join(sorted({section for section, each in named if each == model}))}"
        if found is None:
            yield Finding(what, "missing", "there is no such model, or the key may not use it", step)
            continue
        ends = _date(getattr(found, "shutdown_date", None))
        if ends is None or (ends - today).days > _SOON_DAYS:
            yield ok(what, f"there until {ends}" if ends else "there")
        elif ends <= today:
            yield Finding(what, "missing", f"was shut down on {ends}", step)
        else:
            yield warning(what, f"will be shut down on {ends}, in {(ends - today).days} days", step)


def _date(told: object) -> date | None:
    try:
        return date.fromisoformat(str(told)[:10])
    except ValueError:
        return None

"""What one free request to an OpenAI-compatible server tells: the key, the models, and until when there are any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

import openai

from resources.connection import Connection
from resources.doctor.finding import Finding, ok, warning
from resources.doctor.reach import Named
from resources.openai.connect import client
from resources.openai.refusals import translated

__all__ = ["check"]

_SOON_DAYS = 90


def check(connection: Connection, named: Named) -> list[Finding]:
    """Whether the key is taken and each named model exists; raises what the server says against it."""
    try:
        listed = {model.id: model for model in client(connection).models.list()}
    except openai.NotFoundError:
        told = f"{connection.base_url} lists no models: whether it has them shows when a film is made"
        return [warning(connection.name, told, "see that base_url in providers.yaml ends as the server says, often in /v1")]
    except openai.OpenAIError as error:
        failed = translated(error, connection, "")
        failed.labels.pop("model", None)
        raise failed from None
    key = f"{connection.key_name} is valid" if connection.key_name else f"{connection.base_url} answers"
    today = datetime.now(UTC).date()
    return [ok(connection.name, f"{key}, {len(listed)} models"), *_models(connection, named, listed, today)]


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

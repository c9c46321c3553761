"""What free requests to ElevenLabs tell: the key, what is left of the quota, and the models."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from elevenlabs.types import Model, Subscription

from movie_assets.core.errors import MovieError
from movie_assets.core.ports import Workspace
from resources.connection import Connection
from resources.doctor.finding import Finding, ok, warning
from resources.doctor.reach import Named
from resources.elevenlabs.connect import ONCE, asked
from resources.line import DirectLine

__all__ = ["check"]

_LITTLE = 0.1
"""The share of a quota that is soon used up."""

_SPOKEN = ("narration", "descriptions")


def check(connection: Connection, named: Named) -> list[Finding]:
    """Whether the key is taken, and what it may still use; raises what the server says against it."""
    line, at = DirectLine(connection), Workspace(Path(tempfile.gettempdir()))
    models = asked(line, "", at, lambda sdk: sdk.models.list(request_options=ONCE)).value
    try:
        plan = asked(line, "", at, lambda sdk: sdk.user.subscription.get(request_options=ONCE)).value
    except MovieError as error:
        quota = _untold(connection, error)
    else:
        quota = _quota(connection, plan)
    return [quota, *_models(connection, named, models)]


def _untold(connection: Connection, error: MovieError) -> Finding:
    """A key may be allowed to speak and not to look at its account; one that is not valid is an error."""
    if "missing_permissions" not in str(error) and error.labels.get("status") != 403:
        raise error
    step = f"give {connection.key_name} the permission user_read to see it here"
    return warning(connection.name, f"{connection.key_name} is valid, and may not read its quota", step)


def _quota(connection: Connection, plan: Subscription) -> Finding:
    limit, left = plan.character_limit, max(0, plan.character_limit - plan.character_count)
    anew = plan.next_character_count_reset_unix
    until = f" until {datetime.fromtimestamp(anew, UTC):%Y-%m-%d}" if anew else ""
    told = f"{connection.key_name} is valid, plan {plan.tier}, {left:,} of {limit:,} characters left{until}"
    if left > limit * _LITTLE:
        return ok(connection.name, told)
    step = "wait until then, or add to the plan at elevenlabs.io"
    return Finding(connection.name, "warning" if left else "missing", told, step)


def _models(connection: Connection, named: Named, models: list[Model]) -> Iterator[Finding]:
    """Only models that speak are listed."""
    there = {model.model_id for model in models}
    for model in sorted({model for section, model in named if section in _SPOKEN}):
        what = f"{connection.name} {model}"
        if model in there:
            yield ok(what, "there")
        else:
            told = "there is no such model, or the key may not use it"
            yield Finding(
                what, "missing", told, f"name another model in narration: {', '.join(sorted(there))}"
            )

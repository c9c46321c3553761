"""Sensors that tell the webhook of a movie's runs: made, failed or cancelled."""

# Dagster reads the annotations of the sensors as objects, so they may not be postponed to strings here.

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import dagster as dg

from movie_assets.assets.places import FIRST, MOVIE, PART
from movie_assets.core.artefact import Name
from movie_assets.core.blueprints import BLUEPRINTS
from movie_assets.core.manifest import Manifest
from movie_assets.core.store.movie_store import MovieStore

__all__ = ["Sending", "notify"]

_SECONDS = 5
_STATUSES = {
    "succeeded": dg.DagsterRunStatus.SUCCESS,
    "failed": dg.DagsterRunStatus.FAILURE,
    "cancelled": dg.DagsterRunStatus.CANCELED,
}


class Sending(Protocol):
    """The webhook."""

    def send(self, message: Mapping[str, Any], delivery: str) -> None: ...


class Stores(Protocol):
    """What is kept of each movie of a project."""

    def store(self, movie: str) -> MovieStore: ...


def notify(ids: Callable[[], Sequence[str]]) -> list[dg.SensorDefinition]:
    """A sensor for each way in which a run ends; what cannot be delivered fails the tick, never the run."""
    return [_sensor(said, status, ids) for said, status in _STATUSES.items()]


def _sensor(
    said: str, status: dg.DagsterRunStatus, ids: Callable[[], Sequence[str]]
) -> dg.RunStatusSensorDefinition:
    @dg.run_status_sensor(
        run_status=status,
        name=f"webhook_{said}",
        description=f"Tells MOVIES_WEBHOOK_URL of each run of a movie that {said}.",
        minimum_interval_seconds=_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        monitor_all_code_locations=True,  # what `movies make` runs has no location
    )
    def sensor(
        context: dg.RunStatusSensorContext,
        movies: dg.ResourceParam[Stores],
        webhook: dg.ResourceParam[Sending],
    ) -> None:
        run = context.dagster_run
        for movie in _movies_of(run, ids()):
            if said == "failed" or run.tags.get(PART, FIRST) == FIRST:
                message = _message(movies.store(movie), run, said, _errors(context))
                webhook.send(message, f"{run.run_id}-{movie}-{said}")

    return sensor


def _movies_of(run: dg.DagsterRun, ids: Sequence[str]) -> list[str]:
    named = {run.tags.get(MOVIE), *(key.path[0] for key in run.asset_selection or ())}
    return [movie for movie in ids if movie in named]


def _message(store: MovieStore, run: dg.DagsterRun, said: str, errors: Sequence[str]) -> dict[str, Any]:
    live = store.manifests.live()
    spent, _ = store.events.index().spending.of(run.run_id)
    return {
        "movie": store.movie,
        "status": said,
        "run_id": run.run_id,
        "revision": live.revision if live else None,
        "film": _film(store, live),
        "cost_usd": round(spent, 6),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        **({"error": "\n".join(errors)} if errors else {}),
    }


def _film(store: MovieStore, live: Manifest | None) -> str | None:
    """Where the first of what the live revision is exported as lies: a key or a path, never a signed link."""
    if live is None:
        return None
    kind = next(iter(BLUEPRINTS[live.blueprint].exports.values()))
    ref = live.output(Name(kind))
    return (
        None if ref is None or ref.inline is not None else store.driver.address(store.keys.blob(ref.digest))
    )


def _errors(context: dg.RunStatusSensorContext) -> list[str]:
    """What went wrong, in the words of whatever raised it; a run that died before its step has but a message."""
    if context.dagster_event.event_type is not dg.DagsterEventType.RUN_FAILURE:
        return []
    failure = context.for_run_failure()
    found = [_sentence(event.step_failure_data.error) for event in failure.get_step_failure_events()]
    return [text for text in found if text] or [failure.failure_event.message or ""]


def _sentence(error: Any) -> str:
    while error is not None and error.cause is not None:
        error = error.cause
    if error is None:
        return ""
    message = str(error.message).strip()
    return message.removeprefix(f"{error.cls_name}: ").removeprefix(
        f"movie_assets.core.errors.{error.cls_name}: "
    )

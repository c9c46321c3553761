"""The sensor: an edit of a movie's files leads to one run that makes what it changed."""

# Dagster reads the annotations of `config_edits` as objects, so they may not be postponed to strings here.

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import dagster as dg
import msgspec
from dagster import SensorEvaluationContext
from msgspec import Struct

from movie_assets.assets.places import tags_of
from movie_assets.assets.request import request_of
from movie_assets.assets.shape import reshaped, shape_of
from movie_assets.core.digest import digest_of
from movie_assets.core.errors import MovieError
from movie_assets.core.graph import Graph
from movie_assets.core.movie import Movies, Production

__all__ = ["Loaded", "Watched", "config_edits"]

_IN_FLIGHT = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_SECONDS = 5
_RELOAD = "\n  next: reload the definitions in Dagster (Deployment, Reload); it is made then"
_LOG = logging.getLogger(__name__)


class Watched(Movies, Protocol):
    """The movies of a project, and a cheap look at their files."""

    def glance(self, movie: str) -> str:
        """Another text once a file of the movie was edited; reads no file."""


class Loaded(Struct, frozen=True):
    """A movie as Dagster loaded it: its graph, and a glance at its files from before it was read."""

    graph: Graph
    glance: str


class Seen(Struct, frozen=True):
    """A glance at what was last looked at of a movie, and what is to be said of it until it is edited or reloaded.

    `loaded` is the mark of the shape in which Dagster had it then.
    """

    glance: str
    said: str = ""
    loaded: str = ""


def config_edits(
    loaded: Mapping[str, Loaded],
    assets: Sequence[dg.AssetsDefinition],
    ids: Callable[[], Sequence[str]],
    runs: int = 1,
) -> dg.SensorDefinition:
    """Watches the movies that `ids` tells of; what was edited since they were loaded counts from the first tick.

    Each edit is made by one run, or by several together.
    """

    @dg.sensor(
        name="config_edits",
        description="Makes a movie when its movie.yaml, or a file beside it, was edited.",
        asset_selection=dg.AssetSelection.assets(*assets) if assets else None,
        minimum_interval_seconds=_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def sensor(context: SensorEvaluationContext, movies: dg.ResourceParam[Watched]) -> dg.SensorResult:
        return _Tick(loaded, movies, context.instance, context.cursor, runs).result(ids())

    return sensor


class _Tick:
    """One look at all movies."""

    def __init__(
        self,
        loaded: Mapping[str, Loaded],
        movies: Watched,
        instance: dg.DagsterInstance,
        cursor: str | None,
        runs: int,
    ) -> None:
        self._loaded, self._movies, self._instance, self._runs = loaded, movies, instance, runs
        self._shapes = {movie: shape_of(at.graph) for movie, at in loaded.items()}
        seen = _read(cursor) if cursor else None
        self._seen = {movie: Seen(at.glance) for movie, at in loaded.items()} if seen is None else seen
        self._requests: list[dg.RunRequest] = []

    def result(self, ids: Sequence[str]) -> dg.SensorResult:
        """The runs to start, or in words why there are none."""
        glances = {movie: self._glance(movie) for movie in ids}
        edited = [movie for movie, glance in glances.items() if self._is_due(movie, glance)]
        busy = _busy(self._instance) if edited else set()
        seen = {movie: each for movie, each in self._seen.items() if movie in glances}
        for movie in edited:
            if movie not in busy:
                seen[movie] = Seen(glances[movie], self._look(movie, glances[movie]), self._loaded_as(movie))
        said = [each.said for each in seen.values() if each.said]
        said += [f"{movie} is being made; its edits are next" for movie in edited if movie in busy]
        said += [_gone(movie) for movie in self._loaded if movie not in glances]
        return dg.SensorResult(
            run_requests=self._requests,
            skip_reason=None if self._requests else "\n".join(said) or "nothing was edited",
            cursor=msgspec.json.encode(seen).decode(),
        )

    def _glance(self, movie: str) -> str:
        """What is wrong with a movie that cannot even be glanced at, is told by the look at it that this leads to."""
        try:
            return self._movies.glance(movie)
        except Exception as error:
            return f"{type(error).__name__}: {error}"

    def _is_due(self, movie: str, glance: str) -> bool:
        """Whether a movie is new or was edited, or was loaded anew since something was said of it."""
        seen = self._seen.get(movie)
        return (
            seen is None
            or seen.glance != glance
            or (bool(seen.said) and seen.loaded != self._loaded_as(movie))
        )

    def _loaded_as(self, movie: str) -> str:
        return self._shapes[movie].mark if movie in self._shapes else ""

    def _look(self, movie: str, glance: str) -> str:
        """Asks for a run if an edited movie needs one; what there is to say of it instead."""
        try:
            return self._asked(movie, glance)
        except MovieError as error:
            return f"{movie} cannot be made as it is now: {error}"
        except OSError as error:
            return f"{movie} cannot be read: {error}\n  next: see to that file; saving any of the movie's files tries again"
        except Exception as error:  # one movie's bad luck is no other's
            _LOG.exception("%s cannot be planned", movie)
            return (
                f"{movie} cannot be planned: {type(error).__name__}: {error}"
                "\n  next: please report it; the log of Dagster's code server has more"
            )

    def _asked(self, movie: str, glance: str) -> str:
        opened = self._movies.open(movie)
        if movie not in self._shapes:
            return f"{movie} is new: Dagster has not loaded it{_RELOAD}"
        if change := reshaped(movie, shape_of(opened.graph), self._shapes[movie]):
            return f"{change}{_RELOAD}"
        production = opened.produce()
        if production.has_work:
            self._requests += [self._run(production, glance, part) for part in range(1, self._runs + 1)]
        return ""

    def _run(self, production: Production, glance: str, part: int) -> dg.RunRequest:
        """Once per edit and part: Dagster starts no second run under one key, even if this tick is repeated."""
        movie, asked = production.movie.id, request_of(production, shared=self._runs > 1)
        return dg.RunRequest(
            run_key=f"{movie}-{digest_of(glance)[:16]}" + (f"-{part}" if part > 1 else ""),
            asset_selection=list(asked.assets),
            run_config=dict(asked.config),
            tags={**tags_of(movie, part, self._runs), **asked.tags},
        )


def _gone(movie: str) -> str:
    return (
        f"{movie} has no movie.yaml any more; what was made of it is kept"
        "\n  next: put it back, or reload the definitions in Dagster to take its assets off the pages"
    )


def _busy(instance: dg.DagsterInstance) -> set[str]:
    """The movies that Dagster is making, or is about to. Runs of `movies make` are guarded by claims, not here."""
    runs = instance.get_runs(dg.RunsFilter(statuses=_IN_FLIGHT))
    ours = [run for run in runs if "movies/command" not in run.tags]
    tagged = {run.tags["movie"] for run in ours if "movie" in run.tags}
    return tagged | {key.path[0] for run in ours for key in run.asset_selection or ()}


def _read(cursor: str) -> dict[str, Seen] | None:
    """None for a cursor that an earlier version left."""
    try:
        return msgspec.json.decode(cursor, type=dict[str, Seen])
    except msgspec.MsgspecError:
        return None

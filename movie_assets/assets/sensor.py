"""The sensor: an edit of a movie's files leads to one run that makes what it changed."""

# Dagster reads the annotations of `config_edits` as objects, so they may not be postponed to strings here.

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import dagster as dg
import msgspec
from dagster import SensorEvaluationContext
from msgspec import Struct

from movie_assets.assets.places import tags_of
from movie_assets.assets.request import request_of
from movie_assets.core.digest import digest_of
from movie_assets.core.errors import MovieError
from movie_assets.core.graph import Graph
from movie_assets.core.movie import Movie, Movies, Production

__all__ = ["Loaded", "Watched", "config_edits"]

_IN_FLIGHT = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_SECONDS = 5


class Watched(Movies, Protocol):
    """The movies of a project, and a cheap look at their files."""

    def glance(self, movie: str) -> str:
        """Another text once a file of the movie was edited; reads no file."""


class Loaded(Struct, frozen=True):
    """A movie as Dagster loaded it: its graph, and a glance at its files from before it was read."""

    graph: Graph
    glance: str


class Seen(Struct, frozen=True):
    """What was last looked at of a movie, and what is to be said of it until it is edited again."""

    mark: str
    said: str = ""


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
        self._seen = (
            _read(cursor) if cursor else {movie: Seen(_mark(at.glance, at)) for movie, at in loaded.items()}
        )
        self._requests: list[dg.RunRequest] = []

    def result(self, ids: Sequence[str]) -> dg.SensorResult:
        """The runs to start, or in words why there are none."""
        marks = {movie: _mark(self._movies.glance(movie), self._loaded.get(movie)) for movie in ids}
        edited = [
            movie
            for movie, mark in marks.items()
            if movie not in self._seen or self._seen[movie].mark != mark
        ]
        busy = _busy(self._instance) if edited else set()
        seen = {movie: each for movie, each in self._seen.items() if movie in marks}
        for movie in edited:
            if movie not in busy:
                seen[movie] = Seen(marks[movie], self._look(movie, marks[movie]))
        said = [each.said for each in seen.values() if each.said]
        said += [f"{movie} is being made; its edits are next" for movie in edited if movie in busy]
        said += [_gone(movie) for movie in self._loaded if movie not in marks]
        return dg.SensorResult(
            run_requests=self._requests,
            skip_reason=None if self._requests else "\n".join(said) or "nothing was edited",
            cursor=msgspec.json.encode(seen).decode(),
        )

    def _look(self, movie: str, mark: str) -> str:
        """Asks for a run if an edited movie needs one; what there is to say of it instead."""
        try:
            opened = self._movies.open(movie)
            reload = _reload(opened, self._loaded.get(movie))
            if not reload:
                self._request(opened, mark)
        except (MovieError, OSError) as error:
            return f"{movie} cannot be made as it is now: {error}"
        return reload

    def _request(self, opened: Movie, mark: str) -> None:
        production = opened.produce()
        if production.has_work:
            self._requests += [self._run(production, mark, part) for part in range(1, self._runs + 1)]

    def _run(self, production: Production, mark: str, part: int) -> dg.RunRequest:
        """Once per edit and part: Dagster starts no second run under one key, even if this tick is repeated."""
        movie, asked = production.movie.id, request_of(production, shared=self._runs > 1)
        return dg.RunRequest(
            run_key=f"{movie}-{digest_of(mark)[:16]}" + (f"-{part}" if part > 1 else ""),
            asset_selection=list(asked.assets),
            run_config=dict(asked.config),
            tags={**tags_of(movie, part, self._runs), **asked.tags},
        )


def _mark(glance: str, loaded: Loaded | None) -> str:
    """Changes with an edit, and with a reload of the definitions that brings another graph."""
    shape = f"{loaded.graph.blueprint.name} {loaded.graph.segments}" if loaded else "not loaded"
    return f"{glance} {shape}"


def _reload(movie: Movie, loaded: Loaded | None) -> str:
    """What to do before Dagster can make a movie; nothing if its assets are those that are loaded."""
    todo = "\n  next: reload the definitions in Dagster (Deployment, Reload); it is made then"
    if loaded is None:
        return f"{movie.id} is new: Dagster has not loaded it{todo}"
    now, then = movie.graph, loaded.graph
    if now.blueprint.name != then.blueprint.name:
        return f"{movie.id} is a {now.blueprint.name} movie now, and was {then.blueprint.name} when Dagster loaded it{todo}"
    if now.segments != then.segments:
        return f"{movie.id} has {now.segments} segments now, and had {then.segments} when Dagster loaded it{todo}"
    return ""


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


def _read(cursor: str) -> dict[str, Seen]:
    return msgspec.json.decode(cursor, type=dict[str, Seen])

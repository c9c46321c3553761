"""The job that takes in a movie's folder that was sent to Dagster, as nothing else of a deployment can be written to."""

# Dagster reads the annotations of the op as objects, so they may not be postponed to strings here.

from collections.abc import Mapping
from typing import Protocol

import dagster as dg
from dagster import OpExecutionContext

__all__ = ["RECEIVE", "Receiving", "receive_movie"]

RECEIVE = "receive_movie"
"""The job's name, by which `movie_assets.remote` asks for it."""


class Receiving(Protocol):
    """A project that takes in movies."""

    def receive(self, movie: str, parcel: Mapping[str, str]) -> bool: ...


class Parcel(dg.Config):
    """The files of a movie's folder by their relative paths, in base64; movie.yaml is one of them."""

    movie: str
    files: dict[str, str]


def receive_movie() -> dg.JobDefinition:
    """Checks everything before it changes anything; what was there before under that id is replaced."""

    # A capital, which no movie's op has.
    @dg.op(name="Receive", description="Checks a movie's folder and puts it in its place.")
    def receive(context: OpExecutionContext, config: Parcel, movies: dg.ResourceParam[Receiving]) -> None:
        changed = movies.receive(config.movie, config.files)
        context.log.info(f"{config.movie} {'was taken in' if changed else 'is the same as before'}")

    @dg.job(name=RECEIVE, description="Takes in a movie that `movies remote start --upload` sends.")
    def job() -> None:
        receive()

    return job

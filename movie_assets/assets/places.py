"""How the runs of one movie share Dagster's queue: one at a time, unless a setting spreads a movie over several."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["FIRST", "MOVIE", "PART", "PLACE", "RUNS", "tags_of"]

MOVIE, PLACE, RUNS, PART = "movie", "movies/place", "movies/runs", "movies/part"
"""The tags of a run: its movie; the place it takes in the queue, each for one run; of how many runs, and which."""

FIRST = "1"


def tags_of(movie: str, part: int, runs: int) -> Mapping[str, str]:
    """The tags of one of several runs that make a movie together; `part` counts from 1."""
    if runs == 1:
        return {MOVIE: movie, PLACE: movie}
    place = movie if part == 1 else f"{movie} {part}"
    return {MOVIE: movie, PLACE: place, RUNS: str(runs), PART: str(part)}

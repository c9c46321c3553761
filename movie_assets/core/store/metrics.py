"""Metrics in the store: counted at each commit, a copy of what the event log says."""

from __future__ import annotations

from contextlib import suppress

from movie_assets.core.errors import MovieError
from movie_assets.core.metrics import Metrics, read_metrics, write_metrics
from movie_assets.core.revision import parse_revision
from movie_assets.core.store.driver import Absent, Driver
from movie_assets.core.store.keys import Keys

__all__ = ["MetricsFiles"]


class MetricsFiles:
    """The metrics of one movie's revisions."""

    def __init__(self, driver: Driver, keys: Keys) -> None:
        self._driver, self._keys = driver, keys

    def save(self, metrics: Metrics) -> None:
        """Writes the metrics of a revision that is published already, so to fail at it is no failure."""
        with suppress(MovieError):
            self._driver.put(self._keys.metrics(parse_revision(metrics.revision)), write_metrics(metrics))

    def find(self, number: int) -> Metrics | None:
        """The metrics of a revision, if they were written and can be read."""
        try:
            return read_metrics(self._driver.get(self._keys.metrics(number)))
        except (Absent, MovieError):
            return None

"""Notices: what providers say while a run of Dagster's waits for them, in the log of its process."""

from __future__ import annotations

import logging

from movie_assets.core.graph import Job
from movie_assets.core.progress import Silence

__all__ = ["Notices"]

_LOG = logging.getLogger("movie_assets.providers")


class Notices(Silence):
    """Progress for where nobody watches: Dagster itself shows what begins and ends."""

    def told(self, job: Job, what: str) -> None:
        _LOG.warning("%s %s", job.id, what)

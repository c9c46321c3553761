"""A run's lease, and the claims it holds under it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from movie_assets.core.clock import Clock
from movie_assets.core.errors import MovieError
from movie_assets.core.store.claims import Claims
from movie_assets.core.store.leases import LeaseRecord, Leases

__all__ = ["Lease"]

_BEATS = 4
"""Renewals per lease: some may fail, or come late."""

_PATIENCE_SECONDS = 1.0
_GLANCE_SECONDS = 0.2


class Lease:
    """Keeps a run's lease alive by a thread of its own, from `begin` to `end`, and claims results under it."""

    def __init__(self, leases: Leases, claims: Claims, clock: Clock, run_id: str, seconds: float) -> None:
        self._leases, self._claims, self._clock = leases, claims, clock
        self._record = LeaseRecord(run_id, seconds)
        self._id = clock.new_id()
        self._ahead = self._renewed = 0.0
        self._ended = threading.Event()
        self._heart = threading.Thread(target=self._beat, daemon=True, name="movie-lease")

    def begin(self) -> None:
        """Shows that this run is alive, waits for a sweep to end, and clears away what dead runs have left."""
        self._renew()
        self._heart.start()
        while self._leases.is_sweeping(self.now()):
            self._ended.wait(_GLANCE_SECONDS)
        with suppress(MovieError):
            self._clear()

    def end(self, *, clean: bool) -> None:
        """Lets the lease go; if not `clean`, for a call is still under way, it runs out by itself."""
        self._ended.set()
        if self._heart.is_alive():
            self._heart.join(_PATIENCE_SECONDS)
        if clean:
            with suppress(MovieError):
                self._leases.end(self._id)

    @contextmanager
    def held(self) -> Iterator[None]:
        """The lease, from `begin` to `end`."""
        try:
            self.begin()
            yield
        finally:
            self.end(clean=True)

    @contextmanager
    def claim(self, kind: str, inputs_digest: str) -> Iterator[bool]:
        """Claims a result while it is made; False while another run's claim to it stands."""
        if self._clock.seconds() - self._renewed > self._record.seconds / 2:
            self._renew()
        claim = self._claims.take(kind, inputs_digest, self._id, self._is_over)
        try:
            yield claim is not None
        finally:
            if claim is not None:
                self._claims.release(claim)

    def _clear(self) -> None:
        """Claims first: a lease that is still there says that there may be some."""
        left = self._leases.over(self.now())
        if left:
            self._claims.clear(self._id, self._is_over)
        for lease in left:
            self._leases.end(lease)

    def _beat(self) -> None:
        while not self._ended.wait(self._record.seconds / _BEATS):
            with suppress(MovieError):
                self._renew()

    def _renew(self) -> None:
        begun = self._clock.seconds()
        time = self._leases.renew(self._id, self._record)
        self._ahead, self._renewed = time - self._clock.seconds(), begun

    def now(self) -> float:
        """The time by the store's clock: this may be a little behind it, never ahead."""
        return self._ahead + self._clock.seconds()

    def _is_over(self, lease: str) -> bool:
        return lease != self._id and self._leases.is_over(lease, self.now())

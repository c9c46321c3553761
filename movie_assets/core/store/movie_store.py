"""Everything kept of one movie, behind one door."""

from __future__ import annotations

from pathlib import Path

from movie_assets.core.artefact import BlobRef, check_movie_id
from movie_assets.core.digest import digest_of_bytes
from movie_assets.core.errors import Damaged
from movie_assets.core.event import ArtefactEvent
from movie_assets.core.ports import Result
from movie_assets.core.store.blob_cache import BlobCache
from movie_assets.core.store.blobs import Blobs
from movie_assets.core.store.claims import Claims
from movie_assets.core.store.driver import Driver
from movie_assets.core.store.events import Events
from movie_assets.core.store.keys import Keys
from movie_assets.core.store.leases import Leases
from movie_assets.core.store.manifests import Manifests
from movie_assets.core.store.metrics import MetricsFiles
from movie_assets.core.store.pending import PendingFiles
from movie_assets.core.store.plans import Plans

__all__ = ["INLINE_BYTES", "MovieStore"]

INLINE_BYTES = 4096
"""Texts up to this size lie in the event and the manifest themselves."""

_TEXTS = ("text/", "application/json", "application/x-subrip")


class MovieStore:
    """One movie's blobs, events, manifests, plans and metrics over a driver.

    The variations of a movie claim what they pay for in one place, under the name of the `family`.
    """

    def __init__(
        self, driver: Driver, movie: str, cache: BlobCache | None = None, family: str | None = None
    ) -> None:
        self.movie = check_movie_id(movie)
        self.driver = driver
        self.keys = Keys(movie)
        self.blobs = Blobs(driver, self.keys, cache)
        self.events = Events(driver, self.keys)
        self.manifests = Manifests(driver, self.keys)
        self.plans = Plans(driver, self.keys)
        shared = Keys(family or movie)
        self.claims = Claims(driver, shared)
        self.leases = Leases(driver, shared)
        self.pending = PendingFiles(driver, self.keys)
        self.metrics = MetricsFiles(driver, self.keys)

    def keep(self, result: Result) -> BlobRef:
        """Stores what was made; a small text goes inline."""
        if isinstance(result.body, Path):
            return self.blobs.add_file(result.body, result.media_type)
        inline = _inline(result.body, result.media_type)
        if inline is None:
            return self.blobs.add(result.body, result.media_type)
        return BlobRef(digest_of_bytes(result.body), len(result.body), result.media_type, inline)

    def possibly_paid(self, now: float) -> list[ArtefactEvent]:
        """Calls that ended runs began and never told the end of, oldest first; `now` by the store's clock."""
        alive = self.leases.runs(now)
        return [event for event in self.events.index().unended.values() if event.run_id not in alive]

    def is_of(self, ref: BlobRef, data: bytes) -> bool:
        """Whether a reference is of these very bytes, and they are there."""
        return ref.digest == digest_of_bytes(data) and (ref.inline is not None or self.blobs.has(ref))

    def append_artefacts(self, events: list[ArtefactEvent]) -> None:
        """Adds the events of one job together; durable when it returns."""
        self.events.append_artefacts(events)

    def read(self, ref: BlobRef) -> bytes:
        """The bytes of a reference; `Damaged` if they are not what it says."""
        if ref.inline is None:
            return self.blobs.read(ref)
        data = ref.inline.encode()
        if digest_of_bytes(data) != ref.digest:
            raise Damaged(
                "an inline text does not match its digest", digest=ref.digest, next_step="movies verify"
            )
        return data

    def file(self, ref: BlobRef, scratch: Path) -> Path:
        """A file with the bytes of a reference, for reading only."""
        if ref.inline is None:
            return self.blobs.file(ref, scratch)
        path = scratch / ref.digest
        path.write_bytes(self.read(ref))
        return path

    def present(self) -> Presence:
        """Whether blobs are there, as of now.

        Where a look at a file costs little each is looked up, elsewhere many by one listing.
        """
        return Presence(self.blobs, {} if self.driver.capabilities.paths else self.blobs.sizes())


class Presence:
    """Answers for many blobs, by the sizes that are known; others are looked up, once."""

    def __init__(self, blobs: Blobs, sizes: dict[str, int]) -> None:
        self._blobs, self._sizes = blobs, sizes

    def __call__(self, ref: BlobRef) -> bool:
        if ref.inline is not None or self._sizes.get(ref.digest) == ref.size:
            return True
        if not self._blobs.has(ref):
            return False
        self._sizes[ref.digest] = ref.size
        return True


def _inline(data: bytes, media_type: str) -> str | None:
    if len(data) > INLINE_BYTES or not media_type.startswith(_TEXTS):
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None

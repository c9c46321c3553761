"""Sweep: deletes the bytes that nothing refers to, safe beside builds.

Three belts. A sweep raises a flag and then looks for the leases of runs; a run begins its lease and then looks for the
flag: of any two, one sees the other and waits. Only what is old by the store's clock goes, and whoever is about to
refer to old bytes makes them young first. And before they are gone for good they are looked at again: where there are
paths they lie in the trash until then, elsewhere they are condemned first, and deleted by a sweep a day later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from msgspec import Struct

from movie_assets.core.artefact import BlobRef
from movie_assets.core.clock import Clock
from movie_assets.core.errors import Conflict, Damaged, MovieError, Refused
from movie_assets.core.event import FORMAT
from movie_assets.core.manifest import Pruned
from movie_assets.core.references import files_in, references
from movie_assets.core.revision import parse_revision, revision_name
from movie_assets.core.seal import seal, unseal
from movie_assets.core.store.driver import Absent, Stat
from movie_assets.core.store.leases import LeaseRecord
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.store.retention import expired, prune

__all__ = ["LEAST_SECONDS", "Condemned", "Swept", "Terms", "read_condemned", "sweep", "would_sweep"]

LEAST_SECONDS = 24 * 3600.0
"""Nothing younger is swept: what is being made is not referred to yet."""

_FLAG_SECONDS = 60.0
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Terms:
    """What may go: bytes older than so many seconds, and all but the newest revisions if a number is given."""

    older_than: float
    keep_revisions: int | None = None

    def __post_init__(self) -> None:
        if self.older_than < LEAST_SECONDS:
            raise Refused(
                "a sweep takes nothing that is younger than a day",
                next_step="results that are being made are not part of a revision yet: --older-than 1 or more",
            )


class Swept(Struct, frozen=True, rename="camel", kw_only=True):
    """What a sweep did, or would do. `condemned` bytes go with a sweep at least a day later."""

    movie: str
    pruned: tuple[str, ...] = ()
    blobs: int = 0
    freed: int = 0
    condemned: int = 0
    condemned_bytes: int = 0
    files: int = 0
    restored: int = 0


class Condemned(Struct, frozen=True, rename="camel", tag_field="format", tag=FORMAT):
    """`condemned.json`: since when, by the store's clock, nothing refers to a blob."""

    movie: str
    since: dict[str, float]


def would_sweep(store: MovieStore, terms: Terms, now: float) -> Swept:
    """What a sweep would do at a time; changes nothing."""
    gone = expired(store, terms.keep_revisions)
    found = _Candidates.of(store, terms, now, gone)
    files = list(_old_files(store, terms, now))
    condemned = {} if store.driver.capabilities.paths else found.sizes
    going = found.sizes if store.driver.capabilities.paths else _ripe(store, found, now)
    return Swept(
        movie=store.movie,
        pruned=tuple(map(revision_name, gone)),
        blobs=len(going),
        freed=sum(going.values()),
        condemned=len(condemned.keys() - going.keys()),
        condemned_bytes=sum(size for digest, size in condemned.items() if digest not in going),
        files=len(files),
    )


def sweep(store: MovieStore, terms: Terms, clock: Clock) -> Swept:
    """Prunes and deletes; `Conflict` while runs or another sweep are under way, `Damaged` if a root cannot be read."""
    with _flag(store, clock) as flag:
        restored = _recover(store)
        pruned = expired(store, terms.keep_revisions, flag.over)
        # What refers to bytes is read before anything is changed: if some of it cannot be, nothing is.
        found = _Candidates.of(store, terms, flag.now(), pruned, flag.over)
        for number in flag.over(pruned):
            assert terms.keep_revisions is not None
            prune(store, number, terms.keep_revisions, clock.now())
        files = list(_old_files(store, terms, flag.now()))
        for key in flag.over(files):
            store.driver.delete(key)
        take = _through_trash if store.driver.capabilities.paths else _by_condemning
        gone, condemned = take(store, found, flag)
    return Swept(
        movie=store.movie,
        pruned=tuple(map(revision_name, pruned)),
        blobs=len(gone),
        freed=sum(gone.values()),
        condemned=len(condemned),
        condemned_bytes=sum(condemned.values()),
        files=len(files),
        restored=restored,
    )


# --- what may go --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Blobs that nothing refers to and that are old, by digest with their size; and the last revision looked at."""

    sizes: dict[str, int]
    last: int
    oldest: float

    @classmethod
    def of(
        cls,
        store: MovieStore,
        terms: Terms,
        now: float,
        pruned: list[int],
        over: Callable[[Iterable[int]], Iterable[int]] = iter,
    ) -> _Candidates:
        """Blobs are listed before roots are read: what is referred to later was made young before, or is newer."""
        blobs = dict(store.driver.scan(store.keys.blobs))
        numbers = store.manifests.numbers()
        roots = _roots(store, over([number for number in numbers if number not in set(pruned)]))
        last = numbers[-1] if numbers else 0
        oldest = terms.older_than
        sizes = {
            digest: found.size
            for key, found in blobs.items()
            if (digest := store.keys.digest_of(key)) and digest not in roots and now - found.modified > oldest
        }
        return cls(sizes, last, oldest)


def _roots(store: MovieStore, numbers: Iterable[int]) -> set[str]:
    """What revisions, unpublished results and inputs refer to; an unreadable one ends the sweep."""
    return {ref.digest for ref in (*_of_revisions(store, numbers), *_of_log(store))}


def _of_revisions(store: MovieStore, numbers: Iterable[int]) -> Iterator[BlobRef]:
    for number in numbers:
        try:
            manifest = store.manifests.read(number)
        except Pruned:
            continue
        except Damaged as error:
            raise Damaged(
                f"{revision_name(number)} cannot be read, so it is not known what it refers to: nothing is swept",
                movie=store.movie,
                because=error.fact,
                next_step=f"movies verify {store.movie} --repair",
            ) from error
        for _, ref in references(manifest):
            yield ref


def _of_log(store: MovieStore) -> Iterator[BlobRef]:
    index = store.events.index()
    numbers = store.manifests.numbers()
    live = numbers[-1] if numbers else 0
    for event in (*index.successes.values(), *index.latest.values()):
        if event.output is not None and parse_revision(event.revision) > live:
            yield event.output
    for edit in index.inputs.values():
        yield from files_in(edit.payload)


def _old_files(store: MovieStore, terms: Terms, now: float) -> Iterator[str]:
    """Plans that were given up, notes of what was begun and never asked for, damaged bytes put aside, lost packs."""
    keys, told = store.keys, store.events.packs()
    for prefix in (keys.plans, keys.all_pending, keys.quarantine, keys.packs):
        for key, found in store.driver.scan(prefix):
            if now - found.modified > terms.older_than and key not in told:
                yield key


# --- the flag -----------------------------------------------------------------------------------------------------


class _Flag:
    """Raised while a sweep is under way, and renewed as it goes on."""

    def __init__(self, store: MovieStore, clock: Clock) -> None:
        self._leases, self._clock = store.leases, clock
        self.id = clock.new_id()
        self._record = LeaseRecord(f"sweep-{self.id}", _FLAG_SECONDS)
        self._ahead = self._renewed = 0.0
        self._movie = store.movie

    def now(self) -> float:
        """The time by the store's clock."""
        return self._ahead + self._clock.seconds()

    def up(self) -> None:
        """Raises the flag, or `Conflict`."""
        self._told(self._leases.renew(self.id, self._record))
        if not self._leases.begin_sweep(self._record, self.now):
            raise self._conflict("another sweep is under way")
        runs = self._leases.runs(self.now()) - {self._record.run_id}
        if runs:
            self.down()
            raise self._conflict(f"{len(runs)} {'run is' if len(runs) == 1 else 'runs are'} under way")

    def renew(self) -> None:
        """Keeps it up, if that is due; `Conflict` if this sweep was taken for dead meanwhile."""
        if self._clock.seconds() - self._renewed > _FLAG_SECONDS / 4:
            time = self._leases.renew_sweep(self._record)
            if time is None:
                raise self._conflict("another sweep has begun meanwhile")
            self._told(time)

    def over(self, items: Iterable[_T]) -> Iterator[_T]:
        """What takes long, item by item, while it is kept up."""
        for item in items:
            self.renew()
            yield item

    def down(self) -> None:
        """Takes it down."""
        self._leases.end_sweep(self._record)

    def _told(self, time: float) -> None:
        self._renewed = self._clock.seconds()
        self._ahead = time - self._renewed

    def _conflict(self, fact: str) -> Conflict:
        return Conflict(
            f"{fact}, so nothing is swept",
            movie=self._movie,
            next_step=f"movies sweep {self._movie} again when it has ended",
        )


@contextmanager
def _flag(store: MovieStore, clock: Clock) -> Iterator[_Flag]:
    flag = _Flag(store, clock)
    try:
        flag.up()
        try:
            yield flag
        finally:
            flag.down()
    finally:
        with suppress(MovieError):
            store.leases.end(flag.id)


# --- where there are paths: the trash -----------------------------------------------------------------------------

_Taken = tuple[dict[str, int], dict[str, int]]


def _through_trash(store: MovieStore, found: _Candidates, flag: _Flag) -> _Taken:
    """Moves blobs to the trash, looks again what was published meanwhile, and empties it of the rest."""
    trashed = {}
    for digest, size in flag.over(found.sizes.items()):
        if _is_old(store.driver.stat(store.keys.blob(digest)), found, flag):
            _trash(store, digest)
            trashed[digest] = size
    wanted = _newer_roots(store, found.last)
    for digest in trashed.keys() & wanted:
        _put_back(store, digest)
    gone = {digest: size for digest, size in trashed.items() if digest not in wanted}
    for digest in gone:
        store.driver.delete(store.keys.trashed(digest))
    return gone, {}


def _is_old(found: Stat | None, candidates: _Candidates, flag: _Flag) -> bool:
    return found is not None and flag.now() - found.modified > candidates.oldest


def _trash(store: MovieStore, digest: str) -> None:
    place = store.driver.path(store.keys.blob(digest))
    assert place is not None
    store.driver.put_file(store.keys.trashed(digest), place)
    store.blobs.discard(digest)


def _put_back(store: MovieStore, digest: str) -> None:
    place = store.driver.path(store.keys.trashed(digest))
    assert place is not None
    if store.driver.stat(store.keys.blob(digest)) is None:
        store.driver.put_file(store.keys.blob(digest), place)
    store.driver.delete(store.keys.trashed(digest))


def _newer_roots(store: MovieStore, last: int) -> set[str]:
    return _roots(store, [number for number in store.manifests.numbers() if number > last])


def _recover(store: MovieStore) -> int:
    """Puts back what a sweep that was killed left in the trash; how many blobs. What may go goes with a later one."""
    keys = list(store.driver.list(store.keys.trash))
    for key in keys:
        _put_back(store, key.removeprefix(store.keys.trash))
    return len(keys)


# --- where there are none: condemned first ------------------------------------------------------------------------


def _by_condemning(store: MovieStore, found: _Candidates, flag: _Flag) -> _Taken:
    """Deletes what was condemned a day ago or more and is still not wanted; condemns the rest."""
    gone = {}
    for digest, size in flag.over(_ripe(store, found, flag.now()).items()):
        if _is_old(store.driver.stat(store.keys.blob(digest)), found, flag):
            store.blobs.discard(digest)
            gone[digest] = size
    left = {digest: size for digest, size in found.sizes.items() if digest not in gone}
    before = _condemned(store)
    since = {digest: before.get(digest, flag.now()) for digest in left}
    store.driver.put(store.keys.condemned, seal(msgspec.json.encode(Condemned(store.movie, since))))
    return gone, left


def _ripe(store: MovieStore, found: _Candidates, now: float) -> dict[str, int]:
    since = _condemned(store)
    return {
        digest: size
        for digest, size in found.sizes.items()
        if digest in since and now - since[digest] > LEAST_SECONDS
    }


def _condemned(store: MovieStore) -> dict[str, float]:
    try:
        return read_condemned(store.driver.get(store.keys.condemned)).since
    except (Absent, Damaged):
        return {}  # they are condemned anew


def read_condemned(data: bytes) -> Condemned:
    """Reads `condemned.json`; a torn or unknown one is `Damaged`, and can be deleted."""
    try:
        return msgspec.json.decode(unseal(data), type=Condemned)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Damaged("condemned.json cannot be read", because=error, next_step="delete it") from error

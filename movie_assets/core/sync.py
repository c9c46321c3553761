"""Sync: brings what one store keeps of a movie into another; blobs first, then events, and manifests last."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct

from movie_assets.core.artefact import BlobRef, check_movie_id
from movie_assets.core.claim import Lease
from movie_assets.core.clock import Clock
from movie_assets.core.errors import Conflict, Damaged, Refused
from movie_assets.core.manifest import Pruned, read_manifest, read_tombstone
from movie_assets.core.metrics import read_metrics
from movie_assets.core.reason import listed
from movie_assets.core.references import references
from movie_assets.core.revision import revision_name
from movie_assets.core.store.driver import Absent, Driver
from movie_assets.core.store.events import logs_of
from movie_assets.core.store.log import Log
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.store.pending import read_notes

__all__ = ["Synced", "movies_in", "sync", "would_sync"]

_CHUNK = 1 << 20
_CARRIERS = 4
_LOOKS = 3  # wires and memory flip bits, too: what is wrong each time is wrong where it comes from
_BATCH = 256 * 1024
_LEASE_SECONDS = 20.0

OnCarried = Callable[[int, int], None]
"""Is told how many bytes of how many were carried."""


class Synced(Struct, frozen=True, rename="camel", kw_only=True):
    """What was brought to the target, or would be.

    `revisions`: also those of which a tombstone is all that is left. `ahead`: revisions that only the target has.
    `left_out`: what could not be brought, and why; another sync tries again.
    """

    movie: str
    blobs: int
    bytes: int
    events: int
    revisions: tuple[str, ...]
    notes: int
    ahead: tuple[str, ...]
    left_out: tuple[str, ...] = ()


def movies_in(driver: Driver) -> list[str]:
    """The movies that a store keeps anything of; one page of its listing for each."""
    found, after = [], ""
    while (key := next(iter(driver.list("", after=after)), None)) is not None:
        movie, slash, _ = key.partition("/")
        after = f"{movie}/~" if slash else key  # `~` sorts behind all that a key is written in
        with suppress(Refused):
            found += [check_movie_id(movie)] if slash else []
    return found


def would_sync(source: MovieStore, target: MovieStore, *, mirror: bool) -> Synced:
    """What a sync would bring; changes nothing. `Conflict` as `sync` has it."""
    return _News.of(source, target, mirror).told(source.movie, {}, {})


def sync(
    source: MovieStore,
    target: MovieStore,
    clock: Clock,
    scratch: Path,
    *,
    mirror: bool,
    on_carried: OnCarried = lambda done, of: None,
) -> Synced:
    """Brings all that the target lacks, each blob checked by its digest; killed anywhere, the next one goes on.

    Nothing that the target has is taken away, and nothing is written to the source. To `mirror` is to follow the
    source also in what is pruned. `Conflict` if a revision of one number is another in each, or if a target that is
    to mirror has revisions of its own.
    """
    lease = Lease(target.leases, target.claims, clock, clock.new_id(), _LEASE_SECONDS)
    with lease.held():  # so that no sweep takes meanwhile what the next manifest refers to
        news = _News.of(source, target, mirror)
        in_use = _in_use(target)
        lost = _carry_all(source, target, news.blobs, scratch, on_carried)
        _append(target, news, lease.now())
        _copy(source.driver, target.driver, news.notes, read_notes)
        left_out = _publish_all(source, target, news.numbers, in_use | news.blobs.keys(), lease)
        _copy(source.driver, target.driver, news.metrics, read_metrics)
        _settle(target, news)
    return news.told(source.movie, lost, left_out)


# --- what is new --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _News:
    """What the source has and the target has not. Manifests are listed first, then events, then blobs: whatever is
    added to the source meanwhile, all that a listed manifest names is in what is listed after it."""

    numbers: list[int]
    ahead: list[int]
    inputs: list[bytes]
    artefacts: list[bytes]
    blobs: dict[str, int]
    notes: list[str]
    metrics: list[str]

    @classmethod
    def of(cls, source: MovieStore, target: MovieStore, mirror: bool) -> _News:
        ours, theirs = _sizes(source), _sizes(target)
        changed = _compared(source, target, ours, theirs)
        ahead = [number for number in theirs if number not in ours]
        if ahead and mirror:
            raise _ahead(source, target, ahead)
        inputs, artefacts = _new_lines(source, target)
        here, there = source.blobs.sizes(), target.blobs.sizes()
        return cls(
            numbers=[number for number in ours if number not in theirs or (mirror and number in changed)],
            ahead=ahead,
            inputs=inputs,
            artefacts=artefacts,
            blobs={digest: size for digest, size in here.items() if there.get(digest) != size},
            notes=_new_notes(source, target),
            metrics=_new_keys(source.driver, target.driver, source.keys.all_metrics),
        )

    def told(self, movie: str, lost: Mapping[str, str], left_out: Mapping[int, str]) -> Synced:
        """What was brought of it, but for the blobs and revisions that could not be, by reason."""
        said = [f"blob {digest[:12]}: {why}" for digest, why in lost.items()]
        said += [f"{revision_name(number)}: {why}" for number, why in left_out.items()]
        return Synced(
            movie=movie,
            blobs=len(self.blobs) - len(lost),
            bytes=sum(size for digest, size in self.blobs.items() if digest not in lost),
            events=len(self.inputs) + len(self.artefacts),
            revisions=tuple(revision_name(number) for number in self.numbers if number not in left_out),
            notes=len(self.notes),
            ahead=tuple(map(revision_name, self.ahead)),
            left_out=tuple(said),
        )


def _sizes(store: MovieStore) -> dict[int, int]:
    """The size of every manifest's file, by revision, ascending."""
    found = store.driver.scan(store.keys.manifests)
    return {number: stat.size for key, stat in found if (number := store.keys.revision_of(key)) is not None}


def _compared(
    source: MovieStore, target: MovieStore, ours: Mapping[int, int], theirs: Mapping[int, int]
) -> set[int]:
    """The revisions that one store has pruned and the other has not.

    Each manifest seals the digest of the one before, so the newest that both have answers for those of equal size.
    """
    both = [number for number in ours if number in theirs]
    pruned = set()
    for number in {number for number in both if ours[number] != theirs[number]} | set(both[-1:]):
        here, there = _seal(source, number), _seal(target, number)
        if None not in (here.digest, there.digest) and here.digest != there.digest:
            raise _diverged(source, target, number, here, there)
        if here.pruned != there.pruned:
            pruned.add(number)
    return pruned


class _Seal(NamedTuple):
    """The digest of a revision's manifest; None where its tombstone does not tell."""

    digest: str | None
    pruned: bool


def _seal(store: MovieStore, number: int) -> _Seal:
    return _seal_of(store.driver.get(store.keys.manifest(number)))


def _seal_of(data: bytes) -> _Seal:
    try:
        return _Seal(read_manifest(data).digest, False)
    except Pruned:
        return _Seal(read_tombstone(data).digest, True)


def _diverged(source: MovieStore, target: MovieStore, number: int, here: _Seal, there: _Seal) -> Conflict:
    return Conflict(
        f"{revision_name(number)} is one revision here and another there: the two stores have gone different ways",
        movie=source.movie,
        here=f"{source.driver.address(source.keys.manifest(number))} {str(here.digest)[:12]}",
        there=f"{target.driver.address(target.keys.manifest(number))} {str(there.digest)[:12]}",
        next_step="choose one of them: sync it to a place of its own, and go on there",
    )


def _ahead(source: MovieStore, target: MovieStore, ahead: list[int]) -> Conflict:
    return Conflict(
        f"what is to be a mirror has {listed([*map(revision_name, ahead)])} of its own, and no revision is ever deleted",
        movie=source.movie,
        mirror=target.driver.address(target.keys.manifest(ahead[0])),
        next_step="sync it the other way, or without --mirror",
    )


def _new_lines(source: MovieStore, target: MovieStore) -> tuple[list[bytes], list[bytes]]:
    """What the logs of the target lack: of inputs and of artefacts, as the source has them and in its order."""
    pairs = zip(_logs(source), _logs(target), strict=True)
    inputs, artefacts = (_missing(here.tail(0)[0], there.tail(0)[0]) for here, there in pairs)
    return inputs, artefacts


def _logs(store: MovieStore) -> tuple[Log, Log]:
    return logs_of(store.driver, store.keys)


class _Id(Struct, rename="camel"):
    """What every event has, of whatever format."""

    event_id: str


_id_of = msgspec.json.Decoder(_Id).decode


def _missing(lines: Iterable[bytes], known_lines: Iterable[bytes]) -> list[bytes]:
    known = {_id_of(line).event_id for line in known_lines}
    missing = {event_id: line for line in lines if (event_id := _id_of(line).event_id) not in known}
    return list(missing.values())


def _new_keys(source: Driver, target: Driver, prefix: str) -> list[str]:
    there = set(target.list(prefix))
    return [key for key in source.list(prefix) if key not in there]


def _new_notes(source: MovieStore, target: MovieStore) -> list[str]:
    """Notes of what was begun at providers and not recorded in the target: it can go on with it, too."""
    keys = _new_keys(source.driver, target.driver, source.keys.all_pending)
    if not keys:
        return []
    index = target.events.index()
    return [key for key in keys if index.result(*source.keys.job_of(key)) is None]


# --- carrying -----------------------------------------------------------------------------------------------------


def _carry_all(
    source: MovieStore, target: MovieStore, blobs: Mapping[str, int], scratch: Path, on_carried: OnCarried
) -> dict[str, str]:
    """Brings blobs, several at a time; those that could not be brought, and why."""
    lost, done, of = dict[str, str](), 0, sum(blobs.values())

    def carry(digest: str) -> str:
        return _carry(source, target, digest, scratch / digest)

    with ThreadPoolExecutor(_CARRIERS) as carriers:
        try:
            for (digest, size), why in zip(blobs.items(), carriers.map(carry, blobs), strict=True):
                lost |= {digest: why} if why else {}
                done += size
                on_carried(done, of)
        finally:
            carriers.shutdown(cancel_futures=True)
    return lost


def _carry(source: MovieStore, target: MovieStore, digest: str, copy: Path) -> str:
    """Brings one blob by way of a file, its digest taken on the way; why it could not be, "" if it was."""
    key = source.keys.blob(digest)
    try:
        for _ in range(_LOOKS):
            if _fetch(source.driver, key, copy) == digest:
                target.driver.put_file(key, copy)
                return ""
    except Absent:
        return "it was swept meanwhile"
    finally:
        copy.unlink(missing_ok=True)
    return f"its bytes do not match its digest; movies verify {source.movie} --repair looks after it"


def _fetch(driver: Driver, key: str, to: Path) -> str:
    digest = hashlib.sha256()
    with driver.open(key) as stream, to.open("wb") as file:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


def _append(target: MovieStore, news: _News, now: float) -> None:
    """Adds what is missing to the target's logs, whichever form they have there.

    A writer's name tells its time, so that of two syncs in one second, by the store's clock, the later sorts last.
    """
    inputs, artefacts = logs_of(target.driver, target.keys, lambda: f"{int(now * 1000):016x}")
    for log, lines in ((inputs, news.inputs), (artefacts, news.artefacts)):
        for batch in _batches(lines):
            log.append(*batch)


def _batches(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    batch, size = list[bytes](), 0
    for line in lines:
        if batch and size + len(line) > _BATCH:
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line)
    if batch:
        yield batch


def _copy(source: Driver, target: Driver, keys: Iterable[str], read: Callable[[bytes], object]) -> None:
    """Brings small files that the target has not, and that can be read."""
    for key in keys:
        with suppress(Absent, Damaged):
            data = source.get(key)
            read(data)
            target.create(key, data)


# --- publishing ---------------------------------------------------------------------------------------------------


def _in_use(target: MovieStore) -> set[str]:
    """The blobs that no sweep takes, for the live revision refers to them."""
    live = target.manifests.live()
    return {ref.digest for _, ref in references(live)} if live else set()


def _publish_all(
    source: MovieStore, target: MovieStore, numbers: Iterable[int], safe: set[str], lease: Lease
) -> dict[int, str]:
    """Brings manifests, the oldest first, each once all that it names is there; those that lack something, and what.

    The blobs that are `safe` need not be freshened.
    """
    left_out, present = dict[int, str](), target.present()
    for number in numbers:
        data = source.driver.get(source.keys.manifest(number))
        try:
            refs = _refs(source, number, data)
        except Damaged as error:
            left_out[number] = error.fact
            continue
        gone = [ref for ref in refs.values() if not present(ref)]
        gone += target.blobs.freshen_all([refs[digest] for digest in refs.keys() - safe], lease.now())
        if gone:
            left_out[number] = f"{listed([ref.digest[:12] for ref in gone])} could not be brought"
        else:
            _publish(target, number, data)
            safe |= refs.keys()
    return left_out


def _refs(source: MovieStore, number: int, data: bytes) -> dict[str, BlobRef]:
    """The blobs that a revision refers to, none if it was pruned; `Damaged` if it is not what its key says."""
    try:
        manifest = read_manifest(data)
        if (manifest.movie, manifest.number) != (source.movie, number):
            raise Damaged(f"it is {manifest.revision} of {manifest.movie}")
        return {ref.digest: ref for _, ref in references(manifest) if source.keys.blob(ref.digest)}
    except Pruned:
        return {}
    except (Refused, msgspec.MsgspecError) as error:
        raise Damaged(f"what it refers to cannot be read: {error}") from error


def _publish(target: MovieStore, number: int, data: bytes) -> None:
    """Creates a revision, or puts its other form, whole or pruned, in the place of the one that is there."""
    key = target.keys.manifest(number)
    if target.driver.create(key, data):
        return
    wanted, found = _seal_of(data), _seal(target, number)
    if None not in (wanted.digest, found.digest) and wanted.digest != found.digest:
        raise Conflict(
            f"{revision_name(number)} was published by someone else meanwhile",
            movie=target.movie,
            store=target.driver.address(key),
            next_step="run the same command again: it says how the two stores differ",
        )
    target.driver.put(key, data)


def _settle(target: MovieStore, news: _News) -> None:
    """The copies that each store makes for itself."""
    live = target.manifests.live() if news.numbers or news.artefacts or news.inputs else None
    if live is not None:
        target.manifests.write_hint(live)
        target.events.checkpoint(live.number)

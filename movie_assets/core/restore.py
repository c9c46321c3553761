"""Restore: an old revision becomes the newest, and nothing is made for it."""

from __future__ import annotations

from typing import Any

from movie_assets.core.artefact import Name
from movie_assets.core.claim import Lease
from movie_assets.core.clock import Clock
from movie_assets.core.commit import edits_between
from movie_assets.core.errors import Damaged
from movie_assets.core.event import ArtefactEvent
from movie_assets.core.inputs import Input
from movie_assets.core.ledger import enter
from movie_assets.core.manifest import Manifest, fold
from movie_assets.core.reason import listed
from movie_assets.core.record import RunLog
from movie_assets.core.revision import revision_name
from movie_assets.core.store.movie_store import MovieStore

__all__ = ["restore"]

_LEASE_SECONDS = 20.0


def restore(store: MovieStore, number: int, clock: Clock, editor: str) -> Manifest | None:
    """Publishes revision `number` as the next one, a fold over the live one; None if the live one says the same.

    `Refused` if there is no such revision any more, `Damaged` if some of its results are gone, `Conflict` if someone
    publishes meanwhile.
    """
    # Under a lease, so that no sweep takes meanwhile what the old revision refers to.
    with Lease(store.leases, store.claims, clock, clock.new_id(), _LEASE_SECONDS).held():
        return _restored(store, number, clock, editor)


def _restored(store: MovieStore, number: int, clock: Clock, editor: str) -> Manifest | None:
    old, live = store.manifests.read(number), store.manifests.live()
    assert live is not None, "a revision that can be read is the live one or before it"
    if _says_the_same(old, live):
        return None
    results = _results(store, old)
    begun = clock.seconds()
    log = RunLog(store, clock, clock.new_id(), revision_name(live.number + 1))
    edits = edits_between(_digests(live), _inputs(old), log, editor)
    store.events.append_inputs(edits)
    changed = [(Name.parse(name), results[name]) for name in old.artefacts if not _same(name, old, live)]
    skipped = log.skipped(changed, reason=f"restored from {old.revision}")
    manifest = fold(
        live, edits, skipped, members=[*map(Name.parse, old.artefacts)], header=_header(old, log, clock)
    )
    store.manifests.publish(manifest)
    enter(store, manifest, log.run_id, clock.seconds() - begun)
    store.events.checkpoint(manifest.number)
    return manifest


def _header(old: Manifest, log: RunLog, clock: Clock) -> dict[str, Any]:
    return {
        "movie": old.movie,
        "plan_id": log.run_id,
        "nonce": clock.new_id(),
        "created_at": clock.now(),
        "blueprint": old.blueprint,
        "segments": old.segments,
        "timeline": old.timeline,
    }


def _says_the_same(old: Manifest, live: Manifest) -> bool:
    return (
        (old.blueprint, old.segments) == (live.blueprint, live.segments)
        and _digests(old) == _digests(live)
        and old.artefacts.keys() == live.artefacts.keys()
        and all(_same(name, old, live) for name in old.artefacts)
    )


def _same(name: str, old: Manifest, live: Manifest) -> bool:
    """Whether two revisions say the same of an artefact, whichever revision made it."""
    one, other = old.artefacts.get(name), live.artefacts.get(name)
    return (one and (one.blob, one.inputs_digest)) == (other and (other.blob, other.inputs_digest))


def _digests(manifest: Manifest) -> dict[str, str]:
    return {name: record.digest for name, record in manifest.inputs.items()}


def _inputs(manifest: Manifest) -> dict[Name, Input]:
    names = {Name.parse(name): record for name, record in manifest.inputs.items()}
    return {name: Input(name, record.payload, record.digest) for name, record in names.items()}


def _results(store: MovieStore, old: Manifest) -> dict[str, ArtefactEvent]:
    """The event that made each artefact; `Damaged` names those whose bytes or whose event are gone."""
    present = store.present()
    made = {
        (event.kind, event.inputs_digest, event.output.digest): event
        for event in store.events.artefacts()
        if event.output is not None and event.status == "succeeded"
    }
    found, gone = {}, []
    for name, record in old.artefacts.items():
        event = made.get((Name.parse(name).kind, record.inputs_digest, record.blob.digest))
        if event is not None and present(record.blob):
            found[name] = event
        else:
            gone.append(name)
    if gone:
        raise Damaged(
            f"{old.revision} cannot be restored: {listed(gone)} {'is' if len(gone) == 1 else 'are'} no longer in the store",
            movie=old.movie,
            next_step="set movie.yaml to what it said then, and movies make makes again what is missing",
        )
    return found

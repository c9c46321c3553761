"""The ledger: what each revision took and what was paid for it, from the event log."""

from __future__ import annotations

from movie_assets.core.event import ArtefactEvent
from movie_assets.core.manifest import ArtefactRecord, Manifest
from movie_assets.core.metrics import Metrics, Sums, metrics_of
from movie_assets.core.revision import revision_name
from movie_assets.core.store.movie_store import MovieStore

__all__ = ["enter", "ledger_of", "taken_by"]


def enter(store: MovieStore, manifest: Manifest, run_id: str, wall_seconds: float) -> None:
    """Writes down what a revision took that was just published by a run.

    Failed and partial runs that prepared it are counted too; that it cannot be written is no failure.
    """
    index = store.events.index()
    events = [
        event
        for event in index.recent.artefacts
        if event.revision == manifest.revision or event.run_id == run_id
    ]
    store.metrics.save(
        metrics_of(
            manifest.movie,
            manifest.revision,
            manifest.artefacts,
            events,
            index,
            run_id=run_id,
            wall_seconds=wall_seconds,
        )
    )


def taken_by(store: MovieStore, run_id: str) -> Sums:
    """What one run took, whatever revisions it prepared and whoever published them."""
    index = store.events.index()
    events = [event for event in index.recent.artefacts if event.run_id == run_id]
    return metrics_of(store.movie, "", None, events, index).total


def ledger_of(store: MovieStore) -> list[Metrics]:
    """The metrics of every revision, and of one that was prepared but not published. Each event is in one of them."""
    published: dict[str, dict[str, ArtefactRecord]] = {
        revision_name(number): {} for number in store.manifests.numbers()
    }
    published |= {manifest.revision: manifest.artefacts for manifest in store.manifests.all()}
    prepared: dict[str, list[ArtefactEvent]] = {revision: [] for revision in published}
    for event in store.events.artefacts():
        prepared.setdefault(event.revision, []).append(event)
    index = store.events.index()
    return [
        metrics_of(store.movie, revision, published.get(revision), prepared[revision], index)
        for revision in sorted(prepared)
    ]

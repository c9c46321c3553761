"""Retention: of old revisions a tombstone is left, and what belongs to them goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

from movie_assets.core.errors import Refused
from movie_assets.core.manifest import Pruned
from movie_assets.core.store.movie_store import MovieStore

__all__ = ["expired", "prune"]


def expired(
    store: MovieStore, keep: int | None, over: Callable[[Iterable[int]], Iterable[int]] = iter
) -> list[int]:
    """The revisions that are no longer kept if only the newest `keep` are; never the live one. None keeps all."""
    if keep is None:
        return []
    if keep < 1:
        raise Refused("at least one revision is kept", next_step="--keep-revisions 1 keeps the live one")
    numbers = [number for number in over(store.manifests.numbers()) if _is_kept(store, number)]
    return numbers[:-keep]


def _is_kept(store: MovieStore, number: int) -> bool:
    with suppress(Pruned):
        store.manifests.read(number)
        return True
    return False


def prune(store: MovieStore, number: int, keep: int, when: str) -> None:
    """Puts a tombstone in a revision's place, and removes its plans and metrics."""
    because = f"the newest {keep} revisions are kept" if keep > 1 else "only the newest revision is kept"
    with suppress(Pruned):
        manifest = store.manifests.read(number)
        store.manifests.bury(number, manifest.digest, when, because)
    store.driver.delete(store.keys.metrics(number))

"""Sweeps that are killed, beside builds in other processes: nothing that is wanted goes, and no build fails by it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from movie_assets.core.manifest import Manifest, Pruned
from movie_assets.core.references import references
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.store.verify import verify

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(360)]  # a busy machine takes longer, and nothing else


def lost(store: MovieStore, manifest: Manifest) -> list[str]:
    """What a revision refers to and is not there, though the revision is still kept."""
    there = store.blobs.sizes()
    gone = [str(name) for name, ref in references(manifest) if ref.inline is None and ref.digest not in there]
    with suppress(Pruned):
        store.manifests.read(manifest.number)
        return gone
    return []


@pytest.mark.parametrize("place", ["local", "s3"], indirect=True)
def test_killed_sweeps_beside_builds_harm_none(place: Any) -> None:
    """Two builders bring garbage back to life, and sweepers die half way; every kept revision is whole all the time."""
    store = MovieStore(place.driver, "toy")
    kills = 3 if place.kind == "local" else 1
    with place.program("sweeping.py", builders=2, builds=2, kills=kills) as works:
        while works():
            for manifest in store.manifests.all():
                assert lost(store, manifest) == []
    store = MovieStore(place.driver, "toy")
    live = store.manifests.live()
    assert live is not None
    last = {line[1]: line[2] for line in place.told() if line[0] == "built"}
    assert {who: live.inputs[f"text[{who}]"].payload for who in last} == last
    report = verify(store)
    assert report.sound, report.findings

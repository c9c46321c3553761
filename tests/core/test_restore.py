"""Restore: an old revision becomes the newest, nothing is made, and the fold holds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from movie_assets.core.artefact import Name
from movie_assets.core.errors import Conflict, Damaged, Refused
from movie_assets.core.manifest import Manifest, fold
from movie_assets.core.restore import restore
from movie_assets.core.store.memory import MemoryDriver
from movie_assets.core.toy import Toy

NewToy = Callable[..., Toy]


@pytest.fixture
def toy(new_toy: NewToy) -> Toy:
    """A movie with three revisions: the first, another text, and a segment more."""
    toy = new_toy("a", "b")
    toy.make()
    toy.texts[1] = "x"
    toy.make()
    toy.texts.append("c")
    toy.make()
    return toy


def restored(toy: Toy, number: int) -> Manifest:
    manifest = restore(toy.store, number, toy.clock, "somebody")
    assert manifest is not None
    return manifest


def blobs(manifest: Manifest) -> dict[str, str]:
    return {name: record.blob.digest for name, record in manifest.artefacts.items()}


def kept(toy: Toy) -> dict[str, bytes]:
    driver = toy.driver
    assert isinstance(driver, MemoryDriver)
    return {key: driver.get(key) for key in driver.list("toy/")}


@pytest.mark.parametrize("number", [1, 2])
def test_the_newest_revision_says_what_the_old_one_said(toy: Toy, number: int) -> None:
    """Inputs, artefacts, segments; nobody was called, and the old one is still there."""
    calls, old = len(toy.stage.calls), toy.store.manifests.read(number)
    manifest = restored(toy, number)
    assert manifest == toy.store.manifests.live()
    assert (manifest.number, manifest.base_revision) == (4, "rev-0003")
    assert (manifest.inputs, blobs(manifest)) == (old.inputs, blobs(old))
    assert (manifest.segments, manifest.blueprint) == (old.segments, old.blueprint)
    assert len(toy.stage.calls) == calls
    assert toy.store.manifests.read(number) == old


def test_it_is_a_fold_of_its_events(toy: Toy) -> None:
    """Edits by whoever restored it, and earlier results that stand again."""
    manifest = restored(toy, 1)
    edits = [event for event in toy.store.events.inputs() if event.run_id == manifest.plan_id]
    results = [event for event in toy.store.events.artefacts() if event.run_id == manifest.plan_id]
    fields = ("movie", "plan_id", "nonce", "created_at", "blueprint", "segments", "timeline")
    assert manifest == fold(
        toy.store.manifests.read(3),
        edits,
        results,
        members=list(map(Name.parse, manifest.artefacts)),
        header={name: getattr(manifest, name) for name in fields},
    )
    assert {event.id: event.payload for event in edits} == {
        "text[1]": "b", "text[2]": None, "picture[2]": None, "voice[2]": None,
    }  # fmt: skip
    assert {event.editor for event in edits} == {"somebody"}
    assert {(event.status, event.reasons, event.cost) for event in results} == {
        ("skipped", ("restored from rev-0001",), 0.0)
    }


def test_each_artefact_says_since_when_the_movie_holds_it(toy: Toy) -> None:
    """What came back is here since it was restored, what nobody touched since it was made; the event says by whom."""
    manifest = restored(toy, 1)
    since = {name: record.revision for name, record in manifest.artefacts.items()}
    assert (since["picture[0]"], since["text[1]"], since["film"]) == ("rev-0001", "rev-0004", "rev-0004")
    film = manifest.artefacts["film"]
    made = toy.store.events.index().result("film", film.inputs_digest)
    assert made is not None and made.revision == "rev-0001"


def test_what_movie_yaml_says_is_planned_from_there(toy: Toy) -> None:
    """It was all made once, so going on by it publishes the former state and pays nothing."""
    former = toy.bodies()
    restored(toy, 1)
    plan = toy.plan()
    assert plan.jobs == () and "text[1]" in plan.edits
    made = toy.make()
    assert made.jobs == () and made.manifest is not None and made.manifest.number == 5
    assert toy.bodies() == former


def test_an_edit_upon_a_restored_revision_makes_only_what_it_changes(toy: Toy) -> None:
    """Once movie.yaml says what was restored."""
    restored(toy, 1)
    toy.texts = ["a", "b"]
    assert not toy.movie().produce().has_work
    toy.texts[0] = "y"
    assert set(toy.make().jobs) == {
        "text[0]",
        "picture[0]",
        "voice[0]",
        "clip[0]",
        "clip[1]",
        "timing",
        "film",
    }


def test_the_live_revision_is_not_restored(toy: Toy) -> None:
    """Nor one that says the same; nothing is written."""
    before = kept(toy)
    assert restore(toy.store, 3, toy.clock, "somebody") is None
    assert kept(toy) == before
    restored(toy, 1)
    before = kept(toy)
    assert restore(toy.store, 1, toy.clock, "somebody") is None
    assert kept(toy) == before


def test_a_revision_that_is_none_is_refused(toy: Toy) -> None:
    """With where to look."""
    with pytest.raises(Refused, match="there is no rev-0009"):
        restore(toy.store, 9, toy.clock, "somebody")


def test_a_revision_whose_bytes_are_gone_is_not_restored(toy: Toy) -> None:
    """They are named, and nothing is written."""
    gone = toy.store.manifests.read(1).artefacts["picture[1]"].blob
    toy.driver.delete(toy.store.keys.blob(gone.digest))
    before = kept(toy)
    with pytest.raises(Damaged, match=r"rev-0001 cannot be restored: picture\[1\]"):
        restore(toy.store, 1, toy.clock, "somebody")
    assert kept(toy) == before
    assert restored(toy, 2).number == 4


def test_whoever_publishes_first_is_the_newest(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Someone who publishes between the look at the live revision and the restored one makes it a conflict."""
    look = toy.store.manifests.live()
    toy.texts[0] = "y"
    toy.make()
    monkeypatch.setattr(toy.store.manifests, "live", lambda: look)
    with pytest.raises(Conflict, match="rev-0004 was published by someone else"):
        restore(toy.store, 1, toy.clock, "somebody")
    monkeypatch.undo()
    live = toy.store.manifests.live()
    assert live is not None and (live.number, live.inputs["text[0]"].payload) == (4, "y")


def test_a_restored_revision_costs_nothing(toy: Toy) -> None:
    """Its metrics say so, and what that saved."""
    metrics = toy.store.metrics.find(restored(toy, 1).number)
    assert metrics is not None
    assert (metrics.total.made, metrics.total.cost.usd) == (0, 0.0)
    assert metrics.total.saved.usd > 0

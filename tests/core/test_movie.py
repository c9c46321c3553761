"""A movie and its productions: the inputs first, then the work, then the revision."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from movie_assets.core.artefact import Name, Scope
from movie_assets.core.blueprint import Blueprint, input_
from movie_assets.core.errors import Conflict, Failed
from movie_assets.core.ports import Result
from movie_assets.core.store.memory import MemoryDriver
from movie_assets.core.toy import Toy, fail, give

NewToy = Callable[..., Toy]


@pytest.fixture
def toy(new_toy: NewToy) -> Toy:
    """A movie of two segments, made."""
    toy = new_toy("a", "b")
    toy.make()
    return toy


def kept(toy: Toy) -> dict[str, bytes]:
    driver = toy.driver
    assert isinstance(driver, MemoryDriver)
    return {key: driver.get(key) for key in driver.list("toy/")}


def test_a_movie_that_is_made_has_no_work(toy: Toy) -> None:
    """Until something is wanted that is not there."""
    assert not toy.movie().produce().has_work
    toy.texts[1] = "x"
    assert toy.movie().produce().has_work


def test_what_is_new_but_made_is_work_for_a_whole_run_only(toy: Toy) -> None:
    """After going back to an earlier value there is a revision to publish, which a partial run does not."""
    toy.texts[1] = "x"
    toy.make()
    toy.texts[1] = "b"
    assert toy.movie().produce().has_work
    assert not toy.movie().produce([Name("film")]).has_work


def test_to_stand_ready_changes_nothing(toy: Toy) -> None:
    """Nothing is written before `begin`."""
    toy.texts[1] = "x"
    before = kept(toy)
    toy.movie().produce()
    assert kept(toy) == before


def test_edits_are_recorded_before_anything_made_from_them(toy: Toy) -> None:
    """With the value, who wrote it, and for which revision."""
    toy.texts[1] = "x"
    del toy.texts[0]
    production = toy.movie().produce()
    production.begin()
    edits = [event for event in toy.store.events.inputs() if event.revision == "rev-0002"]
    assert {event.id: event.payload for event in edits} == {
        "text[0]": "x", "text[1]": None, "picture[1]": None, "voice[1]": None,
    }  # fmt: skip
    assert {event.id for event in edits if event.digest is None} == {"text[1]", "picture[1]", "voice[1]"}
    assert {event.editor for event in edits} == {"somebody"}
    assert {event.run_id for event in edits} == {production.plan.plan_id}


def test_an_edit_is_recorded_once(toy: Toy) -> None:
    """A second attempt of the same edit has nothing to add."""
    toy.texts[1] = "x"
    for _ in range(2):
        toy.movie().produce().begin()
    assert [event.payload for event in toy.store.events.inputs() if event.id == "text[1]"] == ["b", "x"]


def test_an_edit_taken_back_after_a_failure_is_recorded(toy: Toy) -> None:
    """The log of inputs ends with what is wanted, as soon as there is work again."""
    toy.stage.acts["text[1]"] = fail(Failed("no"))
    toy.texts[1] = "x"
    toy.make()
    toy.texts[1], toy.title = "b", "New"
    toy.make()
    assert [event.payload for event in toy.store.events.inputs() if event.id == "text[1]"] == ["b", "x", "b"]


def test_the_plan_is_kept_for_as_long_as_it_is_of_use(toy: Toy) -> None:
    """Written where there is work, readable, and nothing breaks when it is deleted."""
    toy.texts[1] = "x"
    production = toy.movie().produce()
    production.begin()
    plan = production.plan
    assert toy.store.plans.load(plan.revision, plan.plan_id) == plan
    toy.driver.delete(toy.store.keys.plan(2, plan.plan_id))
    list(production.outcomes())
    assert production.publish() is not None


def test_a_run_of_another_system_lends_its_id(toy: Toy) -> None:
    """Dagster's run id is in every event, and what it published is a fold of them."""
    toy.texts[1] = "x"
    production = toy.movie().produce(run_id="dagster-7")
    production.begin()
    list(production.outcomes())
    manifest = production.publish()
    assert manifest is not None
    made = [event for event in toy.store.events.artefacts() if event.revision == manifest.revision]
    assert {event.run_id for event in made} == {"dagster-7"}


def test_a_repeated_run_of_one_id_does_not_undo_a_later_one(toy: Toy) -> None:
    """A run retried after others published says what is wanted now, not what it made then."""
    toy.texts[1] = "x"
    for text in ("x", "y", "z"):
        toy.texts[1] = text
        production = toy.movie().produce(run_id="again" if text != "y" else "other")
        production.begin()
        list(production.outcomes())
        production.publish()
    live = toy.store.manifests.live()
    assert live is not None
    assert (live.number, live.inputs["text[1]"].payload) == (4, "z")
    assert not toy.movie().produce().has_work


def test_a_person_s_files_are_in_the_store_before_they_are_read(new_toy: NewToy) -> None:
    """Delivered when the run begins, not when it is planned."""
    toy = new_toy("a")
    toy.pictures[0] = toy.own(b"mine")
    production = toy.movie().produce()
    assert kept(toy) == {}
    production.begin()
    assert b"mine" in kept(toy).values()


def test_a_timeline_is_part_of_the_manifest(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the blueprint makes one, so that a reader of manifests knows what plays when."""
    assert toy.store.manifests.read(1).timeline is None
    timeline = toy.stage.producer("timeline", Scope.MOVIE, (input_("title"),), media_type="application/json")
    monkeypatch.setattr(toy, "blueprint", lambda: Blueprint("toy", (timeline,), {}))
    toy.stage.acts["timeline"] = give(b'{"fps":30}')
    toy.make()
    assert toy.store.manifests.read(2).timeline == {"fps": 30}


def test_a_run_that_was_overtaken_pays_nothing(new_toy: NewToy, toy: Toy) -> None:
    """It is refused before its first call, and what it would have recorded is not there."""
    toy.texts[1] = "x"
    production = toy.movie().produce()
    new_toy("y", "b", driver=toy.driver, clock=toy.clock).make()
    before = kept(toy)
    with pytest.raises(Conflict):
        production.begin()
    assert kept(toy) == before


def test_everything_asked_for_at_once(new_toy: NewToy) -> None:
    """A target given twice, or with what it needs, is one target."""
    toy = new_toy("a", "b")
    assert set(toy.make("clip[1]", "clip[1]", "picture[0]").jobs) == {
        "text[0]", "text[1]", "picture[0]", "picture[1]", "voice[1]", "clip[1]",
    }  # fmt: skip


def test_large_and_small_results_are_read_alike(new_toy: NewToy) -> None:
    """Small texts lie in the log and the manifest, everything else in blobs; readers do not tell them apart."""
    toy = new_toy("a")
    toy.stage.acts["text"] = lambda task, made: {
        "text": Result(b"long " * 2000, "text/plain", made["text"].meta)
    }
    toy.make()
    artefacts = toy.store.manifests.read(1).artefacts
    assert artefacts["timing"].blob.inline is not None
    assert artefacts["text[0]"].blob.inline is None
    assert toy.bodies()["text[0]"] == b"long " * 2000

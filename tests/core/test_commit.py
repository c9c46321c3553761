"""Commit: a revision is a fold of one run's events over its base, and only one can follow another."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from movie_assets.core.artefact import Name
from movie_assets.core.errors import Conflict, Failed, MovieError, Unready
from movie_assets.core.event import ArtefactEvent
from movie_assets.core.manifest import Manifest, fold
from movie_assets.core.store.manifests import Manifests
from movie_assets.core.store.memory import MemoryDriver
from movie_assets.core.toy import Made, Toy, fail

NewToy = Callable[..., Toy]


@pytest.fixture
def toy(new_toy: NewToy) -> Toy:
    """A movie of two segments, made."""
    toy = new_toy("a", "b")
    toy.make()
    return toy


def published(made: Made) -> Manifest:
    assert made.manifest is not None
    return made.manifest


def skipped(toy: Toy) -> list[ArtefactEvent]:
    return [event for event in toy.store.events.artefacts() if event.status == "skipped"]


def folded_again(toy: Toy, manifest: Manifest) -> Manifest:
    """A revision from its base and the events of its run."""
    base = toy.store.manifests.read(manifest.number - 1) if manifest.base_revision else None
    return fold(
        base,
        [event for event in toy.store.events.inputs() if event.run_id == manifest.plan_id],
        [event for event in toy.store.events.artefacts() if event.run_id == manifest.plan_id],
        members=list(map(Name.parse, manifest.artefacts)),
        header={
            name: getattr(manifest, name)
            for name in ("movie", "plan_id", "nonce", "created_at", "blueprint", "segments", "timeline")
        },
    )


def test_every_revision_is_a_fold_of_its_run_s_events(toy: Toy) -> None:
    """Through edits, reverts, takes, pins, failures, partial runs and changes of the number of segments."""
    toy.texts[1] = "x"
    toy.make("picture[1]")
    toy.make()
    toy.texts[1] = "b"
    toy.make()
    toy.takes = {Name("picture", 0): 2}
    toy.make()
    toy.pins, toy.texts[0] = frozenset({Name("picture", 0)}), "y"
    toy.make()
    toy.texts.insert(1, "z")
    toy.stage.acts["voice[1]"] = fail(Failed("no"))
    toy.make()
    toy.stage.acts.clear()
    toy.make()
    toy.texts = toy.texts[1:]
    toy.make()
    numbers = toy.store.manifests.numbers()
    assert len(numbers) == 7
    for number in numbers:
        manifest = toy.store.manifests.read(number)
        assert folded_again(toy, manifest) == manifest


def test_a_manifest_is_complete_and_of_successes_only(toy: Toy) -> None:
    """Every artefact of the graph, every input, and who made what from what."""
    manifest = toy.store.manifests.read(1)
    assert set(map(Name.parse, manifest.artefacts)) == toy.movie().graph.makers.keys()
    assert manifest.inputs.keys() == {str(name) for name in toy.inputs()}
    assert manifest.inputs["text[1]"].payload == "b"
    assert (manifest.blueprint, manifest.segments) == ("toy", 2)
    success = toy.store.events.index().result("times", manifest.artefacts["times[1]"].inputs_digest)
    assert success is not None
    assert success.output == manifest.artefacts["times[1]"].blob


def test_what_is_not_complete_is_not_published(toy: Toy) -> None:
    """A failure leaves the last revision live."""
    toy.stage.acts["picture[1]"] = fail(Failed("no"))
    toy.texts = ["x", "y"]
    assert toy.make().manifest is None
    assert toy.store.manifests.numbers() == [1]


def test_a_partial_run_leaves_the_rest_to_a_whole_one(toy: Toy) -> None:
    """It publishes nothing; the whole one pays nothing again and says what both made."""
    toy.texts[1] = "x"
    assert toy.make("picture[1]").manifest is None
    made = toy.make()
    assert "picture[1]" not in made.jobs
    assert published(made).inputs["text[1]"].payload == "x"
    assert published(made).artefacts["picture[1]"].revision == "rev-0002"


def test_nothing_new_is_no_revision(toy: Toy) -> None:
    """However often it is made."""
    assert toy.make().manifest is None
    assert toy.make().manifest is None
    assert toy.store.manifests.numbers() == [1]


def test_an_edit_that_nothing_is_made_for_is_a_revision(new_toy: NewToy) -> None:
    """Its inputs are not those of the last one, though every artefact is."""
    toy = new_toy("a", "b", pins=frozenset({Name("film")}))
    toy.make()
    toy.title = "New"
    made = toy.make()
    assert made.jobs == ()
    assert published(made).inputs["title"].payload == "New"


def test_going_back_pays_nothing_and_is_told_as_skipped(toy: Toy) -> None:
    """v1 → v2 → v1: a revision with the artefacts of the first, recorded as earlier results that stand again."""
    first = toy.bodies()
    toy.texts[1] = "x"
    toy.make()
    toy.texts[1] = "b"
    made = toy.make()
    assert made.jobs == ()
    assert toy.bodies() == first
    assert {event.artefact_id for event in skipped(toy)} == {
        "text[1]", "picture[1]", "voice[1]", "times[1]", "clip[1]", "timing", "film",
    }  # fmt: skip
    assert all(event.cost == 0.0 and event.revision == "rev-0003" for event in skipped(toy))
    succeeded = {event.event_id for event in toy.store.events.artefacts() if event.status == "succeeded"}
    assert {event.diagnostics["reused"] for event in skipped(toy)} <= succeeded


def test_a_result_made_for_another_segment_is_told_as_skipped(new_toy: NewToy) -> None:
    """The second twin has no success of its own."""
    toy = new_toy("same", "same")
    toy.make()
    assert {event.artefact_id for event in skipped(toy)} == {"text[1]", "picture[1]", "voice[1]", "times[1]"}


def test_removed_segments_leave_the_manifest(toy: Toy) -> None:
    """Their inputs too; their events stay."""
    del toy.texts[1]
    manifest = published(toy.make())
    assert not [name for name in (*manifest.artefacts, *manifest.inputs) if name.endswith("[1]")]
    assert manifest.segments == 1
    assert "picture[1]" in {event.artefact_id for event in toy.store.events.artefacts()}


def test_an_edit_recorded_by_a_failed_run_is_carried_over(toy: Toy) -> None:
    """The run that publishes says it again as its own."""
    toy.texts[1] = "x"
    toy.stage.acts["picture"] = fail(Failed("no"))
    toy.make()
    toy.stage.acts.clear()
    manifest = published(toy.make())
    assert manifest.inputs["text[1]"].payload == "x"
    assert folded_again(toy, manifest) == manifest


def test_a_pinned_artefact_stays_what_it_was_made_from(toy: Toy) -> None:
    """The manifest does not claim that it was made from the new text."""
    before = toy.store.manifests.read(1).artefacts["picture[1]"]
    toy.pins, toy.texts[1] = frozenset({Name("picture", 1)}), "x"
    assert published(toy.make()).artefacts["picture[1]"] == before


def test_another_version_that_gives_the_same_is_news(toy: Toy) -> None:
    """The manifest says what an artefact was made from and by which version."""
    before = toy.bodies()
    toy.stage.versions["picture"] = "2"
    manifest = published(toy.make())
    assert manifest.artefacts["picture[1]"].code_version == "2"
    assert toy.bodies() == before


# --- races --------------------------------------------------------------------------------------------------------


def test_two_that_made_the_same_publish_it_once(new_toy: NewToy, toy: Toy) -> None:
    """The second finds nothing to do, which is no conflict."""
    other = new_toy("x", "b", driver=toy.driver, stage=toy.stage, clock=toy.clock)
    toy.texts[0] = "x"
    productions = [each.movie().produce() for each in (toy, other)]
    for production in productions:
        production.begin()
    calls = len(toy.stage.calls)
    assert {outcome.status for outcome in productions[0].outcomes()} == {"produced"}
    assert {outcome.status for outcome in productions[1].outcomes()} == {"reused"}
    assert len(toy.stage.calls) == calls + 7
    assert productions[0].publish() is not None
    assert productions[1].publish() is None


def test_the_number_itself_decides_a_race(toy: Toy) -> None:
    """Of two manifests for one number the store takes the first, whatever both had looked at before."""
    one = published_as(toy, "one")
    toy.store.manifests.publish(one)
    with pytest.raises(Conflict, match="rev-0002 was published by someone else"):
        toy.store.manifests.publish(published_as(toy, "other"))
    assert toy.store.manifests.live() == one


def published_as(toy: Toy, nonce: str) -> Manifest:
    base = toy.store.manifests.read(1)
    header = {
        "movie": "toy",
        "plan_id": nonce,
        "nonce": nonce,
        "created_at": "t",
        "blueprint": "toy",
        "segments": 2,
    }
    return fold(base, [], [], members=toy.movie().graph.makers.keys(), header=header)


def test_a_lost_acknowledgement_is_no_conflict(toy: Toy) -> None:
    """A store that says no though it was this very manifest that it took."""

    class Forgetful(MemoryDriver):
        def create(self, key: str, data: bytes) -> bool:
            return super().create(key, data) and False

    manifest, forgetful = published_as(toy, "one"), Forgetful()
    Manifests(forgetful, toy.store.keys).publish(manifest)
    assert Manifests(forgetful, toy.store.keys).live() == manifest


def test_a_plan_whose_base_moved_is_refused(new_toy: NewToy, toy: Toy) -> None:
    """At its beginning, before anything is paid for."""
    other = new_toy("a", "y", driver=toy.driver, clock=toy.clock)
    toy.texts[0] = "x"
    production = toy.movie().produce()
    assert other.make().manifest is not None
    calls = len(toy.stage.calls)
    with pytest.raises(Conflict, match="next: plan again") as raised:
        production.begin()
    assert raised.value.labels["live"] == "rev-0002"
    assert len(toy.stage.calls) == calls


# --- the hint -----------------------------------------------------------------------------------------------------


HINTS = {
    "missing": None,
    "empty": b"",
    "torn": b'{"format":1,"revision":"rev-0002","man',
    "not text": b"\xff\xfe\x00{",
    "of another format": b'{"format":2,"revision":"rev-0002","manifest":"toy/manifests/rev-0002.json","digest":"d"}',
    "behind": b'{"format":1,"revision":"rev-0001","manifest":"toy/manifests/rev-0001.json","digest":"d"}',
    "ahead": b'{"format":1,"revision":"rev-0009","manifest":"toy/manifests/rev-0009.json","digest":"d"}',
    "elsewhere": b'{"format":1,"revision":"rev-0002","manifest":"other/manifests/rev-0009.json","digest":"d"}',
}


@pytest.mark.parametrize("hint", HINTS.values(), ids=HINTS.keys())
def test_a_bad_hint_is_rebuilt_and_nothing_made_again(toy: Toy, hint: bytes | None) -> None:
    """The live revision is the highest-numbered, whatever current.json says."""
    toy.texts[1] = "x"
    second = published(toy.make())
    good = toy.driver.get(toy.store.keys.current)
    toy.driver.delete(toy.store.keys.current)
    if hint is not None:
        toy.driver.put(toy.store.keys.current, hint)
    assert toy.store.manifests.live() == second
    made = toy.make()
    assert (made.jobs, made.manifest) == ((), None)
    assert toy.driver.get(toy.store.keys.current) == good


def test_a_hint_that_cannot_be_written_is_no_failure(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """The revision is published all the same."""

    def put(key: str, data: bytes) -> None:
        if key == toy.store.keys.current:
            raise Unready("read-only")
        MemoryDriver.put(toy.driver, key, data)

    monkeypatch.setattr(toy.driver, "put", put)
    toy.texts[1] = "x"
    assert published(toy.make()).number == 2
    assert toy.store.manifests.live() == toy.store.manifests.read(2)


def test_a_damaged_live_manifest_is_named(toy: Toy) -> None:
    """Rather than passed over for an older one."""
    key = toy.store.keys.manifest(1)
    toy.driver.put(key, toy.driver.get(key).replace(b'"b"', b'"c"'))
    with pytest.raises(MovieError, match="a manifest's digest does not match"):
        toy.plan()


def test_a_base_is_followed_by_its_digest(toy: Toy) -> None:
    """Each revision names the digest of the one before."""
    toy.texts[1] = "x"
    toy.make()
    one, two = map(toy.store.manifests.read, (1, 2))
    assert (two.base_revision, two.base_digest) == ("rev-0001", one.digest)

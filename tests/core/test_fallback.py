"""Fallback: another provider only where a person lists one, only when the first cannot, and told wherever it shows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_assets.core.artefact import BlobRef, Name
from movie_assets.core.errors import (
    Exhausted,
    Failed,
    MovieError,
    Refused,
    Stopped,
    Throttled,
    Transient,
    Unready,
    Unsure,
)
from movie_assets.core.event import ArtefactEvent
from movie_assets.core.fallback import fallback_of
from movie_assets.core.inputs import resolve
from movie_assets.core.ledger import ledger_of
from movie_assets.core.lineage import lineage_of
from movie_assets.core.movie_file import read_movie
from movie_assets.core.reason import LOCAL
from movie_assets.core.task import Task
from movie_assets.core.toy import PRICE, Act, Gate, Results, Toy, price

NewToy = Callable[..., Toy]
LIST = {"provider": "painter", "otherwise": [{"provider": "second"}, {"provider": LOCAL}]}


def unable(**errors: MovieError) -> Act:
    """Providers that cannot; the others can."""

    def act(task: Task, made: Results) -> Results:
        error = errors.get(task.given("picture")["provider"])
        if error is not None:
            raise type(error)(error.fact, next_step=error.next_step)
        return made

    return act


def told(toy: Toy, artefact: str) -> list[tuple[str, str]]:
    """Status and provider of every event of an artefact."""
    events = toy.store.events.artefacts()
    return [(event.status, event.provider) for event in events if event.artefact_id == artefact]


def made_of(toy: Toy, kind: str, segment: int | None = None) -> ArtefactEvent:
    event = toy.store.events.index().latest[str(Name(kind, segment))]
    assert event.status == "succeeded"
    return event


@pytest.fixture
def toy(new_toy: NewToy) -> Toy:
    return new_toy("a", "b", picture=LIST)


# --- when ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", [Unready("no key"), Exhausted("the quota is used up"), Transient("no answer"), Throttled("wait")]
)
def test_the_next_is_tried_where_the_first_cannot(toy: Toy, error: MovieError) -> None:
    """And the result says from whom and why, as its provider who really did it; each call leaves its traces."""
    toy.stage.acts["picture[0]"] = unable(painter=error)
    assert toy.make().manifest is not None
    event = made_of(toy, "picture", 0)
    assert event.provider == "second"
    assert fallback_of(event) == {"from": "painter", "because": error.fact}
    assert told(toy, "picture[0]") == [
        ("started", "painter"), ("failed", "painter"), ("started", "second"), ("succeeded", "second"),
    ]  # fmt: skip
    assert fallback_of(made_of(toy, "picture", 1)) is None


@pytest.mark.parametrize("error", [Refused("moderation"), Failed("nonsense"), Unsure("who knows")])
def test_no_other_is_tried_where_the_request_is_at_fault(toy: Toy, error: MovieError) -> None:
    """Another would be asked the same, or it may have been paid."""
    toy.stage.acts["picture[0]"] = unable(painter=error)
    made = toy.make()
    assert made.manifest is None and isinstance(made.production.error(), type(error))
    assert told(toy, "picture[0]") == [("started", "painter"), ("failed", "painter")]


def test_nobody_else_is_tried_without_a_list(new_toy: NewToy) -> None:
    """A fallback is only what a person wrote down."""
    toy = new_toy("a")
    toy.stage.acts["picture"] = unable(painter=Exhausted("the quota is used up"))
    assert toy.make().manifest is None
    assert [provider for _, provider in told(toy, "picture[0]")] == ["painter", "painter"]


def test_the_list_is_tried_in_order_to_its_end(toy: Toy) -> None:
    """Every reason is told; of ourselves no call is noted."""
    toy.stage.acts["picture[0]"] = unable(painter=Transient("no answer"), second=Unready("no key"))
    assert toy.make().manifest is not None
    event = made_of(toy, "picture", 0)
    assert (event.provider, fallback_of(event)) == (
        LOCAL,
        {"from": "painter", "because": "no answer; second: no key"},
    )


def test_if_none_can_each_is_told(toy: Toy) -> None:
    """The last one's error, with what came before."""
    error = Exhausted("the quota is used up")
    toy.stage.acts["picture[0]"] = unable(painter=error, second=error, local=Unready("no brush"))
    made = toy.make()
    said = str(made.production.error())
    assert "no brush" in said and "painter: the quota is used up; second: the quota is used up" in said
    assert made.ended("failed") == {"picture[0]"}


def test_a_used_up_budget_falls_back_on_what_is_free(toy: Toy) -> None:
    """As the quota of a provider does."""
    toy.budget_usd = 0.0
    toy.voice = {"provider": LOCAL}
    assert toy.make().manifest is not None
    fallback = fallback_of(made_of(toy, "picture", 0))
    assert fallback is not None and "the budget of 0.0000 USD" in fallback["because"]
    assert not [job for job, provider in toy.stage.calls if provider != LOCAL]


# --- what comes of it ---------------------------------------------------------------------------------------------


def test_it_is_not_made_again_until_a_take_asks_for_it(toy: Toy) -> None:
    """The inputs are the same, so the result stands; another take is made by the first again."""
    toy.stage.acts["picture[0]"] = unable(painter=Exhausted("the quota is used up"))
    toy.make()
    toy.stage.acts.clear()
    assert toy.make().jobs == ()
    toy.takes = {Name("picture", 0): 2}
    assert "picture[0]" in toy.make().paid
    assert made_of(toy, "picture", 0).provider == "painter"


def test_the_provider_is_given_its_own_settings(toy: Toy) -> None:
    """Without the others' and without the list."""
    seen: list[Any] = []

    def look(task: Task, made: Results) -> Results:
        seen.append(task.given("picture"))
        if task.given("picture")["provider"] == "painter":
            raise Transient("no answer")
        return made

    toy.picture = {"provider": "painter", "size": 1, "otherwise": [{"provider": "second", "size": 2}]}
    toy.stage.acts["picture[0]"] = look
    toy.make("picture[0]")
    assert seen == [{"provider": "painter", "size": 1}, {"provider": "second", "size": 2}]


def test_it_goes_by_the_limit_of_who_does_it(new_toy: NewToy) -> None:
    """Two at once of the first's lane become one at a time in the second's."""
    toy = new_toy(*"abcd", picture=LIST, places={LOCAL: 1, "painter": 4, "second": 1, "speaker": 2})
    toy.stage.acts["picture"] = unable(painter=Unready("no key"))
    assert toy.make().manifest is not None
    assert toy.stage.most_at_once["second"] == 1
    assert {made_of(toy, "picture", n).provider for n in range(4)} == {"second"}


def test_a_stop_is_no_reason_to_go_elsewhere(toy: Toy) -> None:
    """What was asked of the first ends with the run."""
    gate = Gate()
    toy.stage.acts["picture[0]"] = gate
    production = toy.movie().produce([Name("picture", 0)])
    production.begin()

    def stop() -> None:
        gate.entered.wait(10)
        production.stop.set()

    stopper = threading.Thread(target=stop)
    stopper.start()
    with pytest.raises(Stopped):
        list(production.outcomes())
    stopper.join(10)
    assert told(toy, "picture[0]") == [("started", "painter")]


def test_the_ledger_counts_it_and_what_it_cost(toy: Toy) -> None:
    """A failed call of the first, a result of the second; what the failed one may have cost is told apart."""
    toy.stage.acts["picture[0]"] = unable(painter=Transient("no answer"))
    toy.make()
    (metrics,) = ledger_of(toy.store)
    by = metrics.by_provider()
    assert (by["painter"].made, by["painter"].failed, by["painter"].fallbacks) == (1, 1, 0)
    assert by["painter"].unsettled.usd == PRICE and by["painter"].cost.usd == PRICE
    assert (by["second"].made, by["second"].failed, by["second"].fallbacks) == (1, 0, 1)
    assert by["second"].cost.usd == PRICE and by["second"].unsettled.usd == 0
    assert metrics.total.fallbacks == 1


def test_why_tells_it(toy: Toy) -> None:
    """From whom, and because of what."""
    toy.stage.acts["picture[0]"] = unable(painter=Unready("no key"))
    toy.make()
    made = lineage_of(toy.movie(), Name("picture", 0)).made
    assert made is not None and made.provider == "second"
    assert made.fallback == {"from": "painter", "because": "no key"}


def test_a_plan_counts_on_the_first(toy: Toy) -> None:
    """What is wanted is what is priced and named."""
    job = next(job for job in toy.plan().jobs if job.job_id == "picture[0]")
    assert job.context["provider"] == "painter" and job.cost == price("painter")


# --- movie.yaml ---------------------------------------------------------------------------------------------------

SECTIONS = ("script", "picture", "narration", "motion", "music")


def inputs(text: str) -> Mapping[Name, Any]:
    known = {section: ["offline", "openai", "other"] for section in SECTIONS}
    movie = read_movie(
        "m", f"title: A\nsegments: 3\n{text}", "m.yaml", blueprints=["narrated"], providers=known
    )
    resolved = resolve(movie, lambda name: BlobRef("0" * 64, 1, "image/png"))
    return {name: each.payload for name, each in resolved.items()}


def test_a_section_is_a_list_of_who_may_do_it() -> None:
    """Later entries are as the first, but for what only its provider understands; a bare word is a provider."""
    found = inputs(
        "picture: [{provider: openai, style: ink, quality: high, settings: {seed: 1}}, {provider: offline}]\n"
        "narration: [{provider: openai, voice: a, speed: 1.2}, {provider: other, voice: b}, offline]\n"
        "music: [{provider: openai, mood: calm}, offline]\n"
        "motion: [{kind: animated, provider: openai, seconds: 4}, {provider: offline}]\n"
    )
    assert found[Name("picture", 0)] == {
        "provider": "openai", "quality": "high", "settings": {"seed": 1},
        "otherwise": [{"provider": "offline", "settings": {}}],
    }  # fmt: skip
    assert found[Name("prompt", 0)]["style"] == "ink"
    assert found[Name("narration", 1)]["otherwise"] == [
        {"provider": "other", "voice": "b", "speed": 1.2, "settings": {}},
        {"provider": "offline", "speed": 1.2, "settings": {}},
    ]
    assert found[Name("motion", 0)]["otherwise"] == [
        {"kind": "animated", "provider": "offline", "seconds": 4.0, "settings": {}}
    ]
    assert found[Name("music")]["otherwise"] == [{"provider": "offline", "settings": {}}]


def test_a_segment_may_have_its_own_list_or_none() -> None:
    """Another prompt keeps the list, another provider drops it, a list replaces it, a file needs none."""
    found = inputs(
        "picture: [openai, offline]\n"
        "overrides:\n"
        "  0: {picture: {prompt: a finch}}\n"
        "  1: {picture: {provider: other}}\n"
        "  2: {picture: [{quality: low}, {provider: other}]}\n"
    )
    assert found[Name("picture", 0)]["otherwise"] == [{"provider": "offline", "settings": {}}]
    assert found[Name("picture", 1)] == {"provider": "other", "settings": {}}
    assert found[Name("picture", 2)]["quality"] == "low"
    assert found[Name("picture", 2)]["otherwise"] == [{"provider": "other", "settings": {}}]
    mine = inputs("picture: [openai, offline]\noverrides: {0: {picture: {file: mine.png}}}\n")
    assert set(mine[Name("picture", 0)]) == {"file"}


@given(st.sampled_from(SECTIONS), st.sampled_from(["offline", "openai"]))
def test_without_a_list_no_digest_is_another(section: str, provider: str) -> None:
    """A list of one is what the section is without it."""
    kind = "kind: animated, " if section == "motion" else ""
    entry = f"{{{kind}provider: {provider}}}"
    plain, listed = inputs(f"{section}: {entry}\n"), inputs(f"{section}: [{entry}]\n")
    assert plain == listed
    assert "otherwise" not in str(msgspec.json.encode({str(name): each for name, each in plain.items()}))


def test_mistakes_in_a_list_are_told_with_their_lines() -> None:
    """By the number of the entry."""
    with pytest.raises(Refused) as caught:
        inputs(
            "picture:\n"
            "  - provider: openai\n"
            "    stile: ink\n"
            "  - provider: ofline\n"
            "    style: ink\n"
            "  - 3\n"
            "overrides:\n"
            "  1:\n"
            "    narration:\n"
            "      - {text: Listen.}\n"
            "      - {provider: nobody}\n"
            "music: []\n"
        )
    said = [line.strip() for line in caught.value.fact.splitlines()[1:]]
    assert said[0].startswith("m.yaml:5: picture.0.stile: is unknown; did you mean style?")
    assert "otherwise" not in said[0]
    assert said[1].startswith('m.yaml:6: picture.1.provider: must be offline, openai or other, not "ofline"')
    assert said[2].startswith(
        "m.yaml:7: picture.1.style: is not of one provider alone: write it in the first"
    )
    assert said[3].startswith("m.yaml:8: picture.2: must be a provider, or a mapping such as")
    assert said[4].startswith("m.yaml:13: overrides.1.narration.1.provider: must be offline, openai or other")
    assert said[5].startswith("m.yaml:14: music: the list is empty; write who is to do it")


def test_a_changed_list_is_told_in_words(toy: Toy) -> None:
    """As the reason why its pictures are made again."""
    toy.make()
    toy.picture = {"provider": "painter", "otherwise": [{"provider": "second", "size": 2, "settings": {}}]}
    reasons = " ".join(reason for job in toy.plan().jobs for reason in job.reasons)
    assert "otherwise provider second, provider local → provider second size 2" in reasons

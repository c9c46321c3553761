"""Metrics: what each revision took, per producer and provider, what was paid and what reuse saved."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movie_assets.core.artefact import Name
from movie_assets.core.cost import Cost
from movie_assets.core.errors import Damaged, Failed, Unready
from movie_assets.core.ledger import ledger_of
from movie_assets.core.metrics import Line, Metrics, read_metrics, write_metrics
from movie_assets.core.ports import Result
from movie_assets.core.store.memory import MemoryDriver
from movie_assets.core.task import Task
from movie_assets.core.toy import PRICE, Act, Results, Toy, fail

NewToy = Callable[..., Toy]


@pytest.fixture
def toy(new_toy: NewToy) -> Toy:
    """A movie of two segments, made."""
    toy = new_toy("a", "b")
    toy.make()
    return toy


def of(toy: Toy, number: int) -> Metrics:
    metrics = toy.store.metrics.find(number)
    assert metrics is not None
    return metrics


def lines(metrics: Metrics) -> dict[tuple[str, str], Line]:
    return {(line.producer, line.provider): line for line in metrics.lines}


def usd(number: int) -> Cost:
    """What a number of calls cost."""
    return Cost(pytest.approx(number * PRICE), 0)


def attempts(number: int) -> Act:
    """Succeeds at the n-th attempt, as a provider's adapter reports it."""

    def act(task: Task, made: Results) -> Results:
        return {
            kind: Result(result.body, result.media_type, replace(result.meta, attempts=number))
            for kind, result in made.items()
        }

    return act


def test_a_first_revision_is_all_made(toy: Toy) -> None:
    """Jobs by producer and provider; a job that makes two artefacts is one job, and costs what both do."""
    found = lines(of(toy, 1))
    assert {key: line.made for key, line in found.items()} == {
        ("text", "local"): 2, ("picture", "painter"): 2, ("voice", "speaker"): 2,
        ("clip", "local"): 2, ("timing", "local"): 1, ("film", "local"): 1,
    }  # fmt: skip
    assert found["picture", "painter"].cost == usd(2)
    assert found["voice", "speaker"].cost == usd(4)
    assert found["clip", "local"].cost == Cost(0.0, 0)
    total = of(toy, 1).total
    assert (total.made, total.reused, total.failed, total.retries) == (10, 0, 0, 0)
    assert total.cost == usd(6)


def test_what_is_reused_saves_what_it_had_cost(toy: Toy) -> None:
    """One picture and one voice again; the others' price is saved."""
    toy.texts[1] = "x"
    toy.make()
    found = lines(of(toy, 2))
    assert (found["picture", "painter"].made, found["picture", "painter"].reused) == (1, 1)
    assert (found["picture", "painter"].cost, found["picture", "painter"].saved) == (usd(1), usd(1))
    assert (of(toy, 2).total.cost, of(toy, 2).total.saved) == (usd(3), usd(3))


def test_going_back_saves_everything(toy: Toy) -> None:
    """v1 → v2 → v1: nothing made, nothing paid."""
    for text in ("x", "b"):
        toy.texts[1] = text
        toy.make()
    total = of(toy, 3).total
    assert (total.made, total.reused, total.cost, total.saved) == (0, 10, Cost(), usd(6))


def test_a_twin_saves_what_the_other_cost(new_toy: NewToy) -> None:
    """Two segments of the same inputs are made once."""
    toy = new_toy("same", "same")
    toy.make()
    found = lines(of(toy, 1))["picture", "painter"]
    assert (found.made, found.reused, found.cost, found.saved) == (1, 1, usd(1), usd(1))


def test_an_unknown_price_is_unknown_paid_or_saved(new_toy: NewToy) -> None:
    """It is counted, and never added as zero."""
    toy = new_toy("a", "b", picture={"provider": "dear"})
    toy.make()
    toy.texts[1] = "x"
    toy.make()
    first, second = (lines(of(toy, number))["picture", "dear"] for number in (1, 2))
    assert first.cost == Cost(0.0, 2)
    assert (second.cost, second.saved) == (Cost(0.0, 1), Cost(0.0, 1))


def test_failures_and_retries_are_counted(new_toy: NewToy) -> None:
    """Also those of runs before the one that published."""
    toy = new_toy("a", "b")
    toy.stage.acts["picture[1]"] = fail(Failed("no"))
    toy.make()
    toy.stage.acts["picture[1]"] = attempts(3)
    toy.make()
    line = lines(of(toy, 1))["picture", "painter"]
    assert (line.made, line.failed, line.retries, line.cost) == (2, 1, 2, usd(2))


def test_seconds_are_those_of_jobs_and_of_the_run(new_toy: NewToy) -> None:
    """Work at once takes less of the one than of the other."""
    toy = new_toy("a", places={"local": 1, "painter": 1, "speaker": 1})
    toy.make("clip[0]")

    def slow(task: Task, made: Results) -> Results:
        toy.clock.time += 2.5
        return made

    toy.stage.acts["film"] = slow
    toy.make()
    metrics = of(toy, 1)
    assert lines(metrics)["film", "local"].seconds == 2.5
    assert (metrics.total.seconds, metrics.wall_seconds) == (2.5, 2.5)


def test_a_person_s_file_is_free(toy: Toy) -> None:
    """And is told apart from what a provider made."""
    toy.pictures[0] = toy.own(b"mine")
    toy.make()
    assert lines(of(toy, 2))["picture", "local"].cost == Cost(0.0, 0)


def test_metrics_that_cannot_be_written_are_no_failure(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    """The revision is published; the ledger counts it from the log all the same."""

    def put(key: str, data: bytes) -> None:
        if "/metrics/" in key:
            raise Unready("read-only")
        MemoryDriver.put(toy.driver, key, data)

    monkeypatch.setattr(toy.driver, "put", put)
    toy.texts[1] = "x"
    assert toy.make().manifest is not None
    assert toy.store.metrics.find(2) is None
    assert ledger_of(toy.store)[1].total.cost == usd(3)


def test_a_file_says_what_the_ledger_says(toy: Toy) -> None:
    """It is a copy of what can be counted from the log."""
    toy.texts[1] = "x"
    toy.make()
    book = ledger_of(toy.store)
    assert [each.lines for each in book] == [of(toy, number).lines for number in (1, 2)]


def test_what_was_paid_for_no_revision_is_in_the_ledger(toy: Toy) -> None:
    """A partial run prepares a revision that nobody published."""
    toy.texts[1] = "x"
    toy.make("picture[1]")
    book = ledger_of(toy.store)
    assert [(each.revision, each.published) for each in book] == [("rev-0001", True), ("rev-0002", False)]
    assert (book[1].total.cost, book[1].total.saved) == (usd(1), Cost())


EDITS = st.lists(
    st.tuples(st.sampled_from(["text", "style", "take", "fail", "only", "add", "drop"]), st.integers(0, 3)),
    max_size=6,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=EDITS)
def test_the_ledger_adds_up_to_everything_that_was_paid(
    new_toy: NewToy, edits: list[tuple[str, int]]
) -> None:
    """Through edits, failures and partial runs: each call is in one revision's sum, none in two."""
    toy = new_toy("a", "b")
    toy.make()
    for what, number in edits:
        toy.stage.acts.clear()
        segment = number % len(toy.texts)
        if what == "text":
            toy.texts[segment] = f"text {number}"
        elif what == "style":
            toy.picture = {"provider": "painter", "style": number}
        elif what == "take":
            toy.takes = {Name("picture", 0): number + 1}
        elif what == "fail":
            toy.texts[segment], toy.stage.acts["voice"] = f"failed {number}", fail(Failed("no"))
        elif what == "add":
            toy.texts.append(f"new {number}")
        elif what == "drop" and len(toy.texts) > 1:
            toy.texts.pop(segment)
        toy.make(*(["clip[0]"] if what == "only" else []))
    events = toy.store.events.artefacts()
    paid = math.fsum(event.cost or 0.0 for event in events if event.status == "succeeded")
    book = ledger_of(toy.store)
    assert math.fsum(each.total.cost.usd for each in book) == pytest.approx(paid)
    made = sum(each.total.made for each in book)
    failed = sum(each.total.failed for each in book)
    assert made + failed == len(toy.stage.calls)


def test_a_file_is_read_back_as_it_was_written(toy: Toy) -> None:
    """In the fields of docs/format.md."""
    metrics = of(toy, 1)
    data = write_metrics(metrics)
    assert read_metrics(data) == metrics
    plain = msgspec.json.decode(data)
    assert plain["format"] == 1 and plain["total"]["cost"] == {"usd": pytest.approx(0.06), "unknown": 0}
    assert {
        "producer",
        "provider",
        "made",
        "failed",
        "retries",
        "fallbacks",
        "seconds",
        "cost",
        "unsettled",
        "reused",
        "saved",
    } == set(plain["lines"][0])


@pytest.mark.parametrize("data", [b"", b"{", b'{"format":2}', b"\xff"])
def test_a_file_that_cannot_be_read_is_damaged_and_can_be_done_without(toy: Toy, data: bytes) -> None:
    """`find` gives none of it."""
    with pytest.raises(Damaged):
        read_metrics(data)
    toy.driver.put(toy.store.keys.metrics(1), data)
    assert toy.store.metrics.find(1) is None

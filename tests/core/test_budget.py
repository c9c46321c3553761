"""The budget: what is paid never passes it, whatever fails or is interrupted, and what was made is kept."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from movie_assets.core.artefact import Name
from movie_assets.core.budget import Budget, Limit
from movie_assets.core.cost import Cost
from movie_assets.core.errors import (
    Exhausted,
    Failed,
    MovieError,
    Refused,
    Stopped,
    Throttled,
    Transient,
    Unreached,
)
from movie_assets.core.event import ArtefactEvent
from movie_assets.core.prospect import Prospect
from movie_assets.core.spending import Spending
from movie_assets.core.store.local import LocalDriver
from movie_assets.core.task import Task
from movie_assets.core.toy import PRICE, Act, Gate, Results, Toy, fail

NewToy = Callable[..., Toy]


def paid(toy: Toy) -> float:
    """What providers were paid for successes, by the log."""
    events = toy.store.events.artefacts()
    return math.fsum(event.cost or 0.0 for event in events if event.status == "succeeded")


def reserved(toy: Toy) -> float:
    return toy.store.events.index().spending.of()[1]


def estimate(prospect: Prospect) -> float | None:
    """What a job costs in this toy: a voice makes two artefacts, each at the price of a call."""
    calls = {"picture": 1, "voice": 2}.get(prospect.job.producer.name, 0)
    return calls * PRICE


@pytest.fixture
def toy(new_toy: NewToy) -> Toy:
    """Four pictures and four voices: twelve cents in all."""
    return new_toy("a", "b", "c", "d", price=estimate)


# --- the property -------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(
    budget=st.floats(0, 0.15),
    run_budgets=st.lists(st.none() | st.floats(0, 0.15), min_size=1, max_size=3),
    prices=st.lists(st.floats(0.001, 0.05), min_size=4, max_size=4),
    share=st.floats(0, 1),
    failing=st.sets(st.sampled_from(["picture[0]", "picture[2]", "voice[1]", "voice[3]"])),
    stopped_after=st.integers(0, 12),
)
def test_what_is_paid_never_passes_a_budget(
    tmp_path_factory: pytest.TempPathFactory,
    budget: float,
    run_budgets: list[float | None],
    prices: list[float],
    share: float,
    failing: set[str],
    stopped_after: int,
) -> None:
    """Nor what is reserved with it: for any prices, actual costs up to them, failures, interruptions and budgets of runs."""

    def ask(prospect: Prospect) -> float | None:
        asks = prospect.job.producer.asks is not None
        return prices[prospect.job.segment or 0] if asks else 0.0

    toy = Toy(tmp_path_factory.mktemp("toy"), list("abcd"), price=ask, budget_usd=budget)
    for segment, usd in enumerate(prices):
        toy.stage.acts[f"picture[{segment}]"] = costing(usd * share)
        toy.stage.acts[f"voice[{segment}]"] = costing(usd * share / 2)
    toy.stage.acts |= {name: fail(Transient("no answer")) for name in failing}
    for run_budget in run_budgets:
        before = math.fsum(toy.store.events.index().spending.of())
        production = toy.movie().produce(budget_usd=run_budget)
        production.begin()
        with closing(production.outcomes()) as outcomes, suppress(Stopped):
            for number, _ in enumerate(outcomes):
                if number == stopped_after:
                    production.stop.set()
        spent, open_ = toy.store.events.index().spending.of()
        assert paid(toy) <= spent + 1e-9
        assert spent + open_ <= budget + 1e-9
        if run_budget is not None:
            assert spent + open_ - before <= run_budget + 1e-9


def costing(usd: float) -> Act:
    """Gives what was made at another cost, after a while in which other calls begin."""

    def act(task: Task, made: Results) -> Results:
        task.at.stop.wait(0.004)
        return {kind: replace(result, meta=replace(result.meta, cost=usd)) for kind, result in made.items()}

    return act


# --- what a person sees -------------------------------------------------------------------------------------------


def test_it_stops_before_the_call_that_would_pass_it(toy: Toy) -> None:
    """And says what is spent, reserved and asked for, and what to do; everything free goes on, what was made is kept."""
    toy.budget_usd = 0.05
    toy.places = {"local": 1, "painter": 1, "speaker": 1}
    made = toy.make()
    assert 0.03 <= paid(toy) <= 0.05 and made.manifest is None
    error = made.production.error()
    assert isinstance(error, Exhausted)
    assert "the budget of 0.0500 USD for this movie allows no more" in str(error)
    assert "USD spent" in str(error) and "asked for" in str(error)
    assert "raise budget_usd in movie.yaml" in error.next_step
    toy.budget_usd = None
    again = toy.make()
    assert again.manifest is not None
    assert paid(toy) == pytest.approx(0.12)


def test_jobs_that_a_budget_stops_are_one_sentence(toy: Toy) -> None:
    """Not one for each."""
    toy.budget_usd = 0.0
    error = toy.make().production.error()
    assert error is not None and str(error).count("allows no more") == 1
    assert "8 jobs failed" in error.fact and "and 7 more" in error.fact


def test_what_a_budget_stops_leaves_no_trace_of_a_call(toy: Toy) -> None:
    """Nothing was begun, so nothing has failed, and nothing is possibly paid."""
    toy.budget_usd = 0.0
    toy.make()
    said = {(event.status, event.provider) for event in toy.store.events.artefacts()}
    assert said == {("succeeded", "local")}


def test_a_run_has_a_budget_of_its_own(toy: Toy) -> None:
    """What earlier runs paid is not counted, and the smaller of two budgets holds."""
    toy.make("picture[0]", "voice[0]")
    made = toy.make(budget_usd=0.031)
    assert paid(toy) <= 0.03 + 0.031
    assert "for this run allows no more" in str(made.production.error())
    toy.budget_usd = paid(toy)
    assert toy.make(budget_usd=1.0).manifest is None


def test_a_budget_of_zero_lets_everything_free_be_made(toy: Toy) -> None:
    """A movie that costs nothing is made within any budget."""
    toy.price = lambda prospect: 0.0
    toy.budget_usd = 0.0
    assert toy.make().manifest is not None


def test_an_unknown_price_is_refused_before_the_call(toy: Toy) -> None:
    """The sentence says what is not known and where to say it; without a budget it is made."""
    toy.price = lambda prospect: None if prospect.job.producer.name == "picture" else 0.0
    made = toy.make(budget_usd=5.0)
    error = made.production.error()
    assert isinstance(error, Refused) and "is not known" in error.fact and "providers.yaml" in error.next_step
    assert not [job for job in made.paid if job.startswith("picture")]
    assert toy.make().manifest is not None


# --- settling -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "counts"),
    [
        (Transient("no answer"), True),
        (Failed("nonsense"), True),
        (RuntimeError("broken"), True),
        (Refused("moderation"), False),
        (Exhausted("quota"), False),
        (Throttled("slow down"), False),
        (Unreached("nobody there"), False),
    ],
)
def test_a_failed_call_counts_unless_it_was_surely_not_paid(toy: Toy, error: Exception, counts: bool) -> None:
    """At its estimate: it may have been paid for."""
    toy.stage.acts["picture[0]"] = fail(error if isinstance(error, MovieError) else lambda: error)
    toy.make("picture[0]")
    assert toy.store.events.index().spending.of() == (PRICE if counts else 0.0, 0.0)


def test_a_call_that_never_ended_stays_reserved(toy: Toy) -> None:
    """Its run was killed: what it was about to pay counts from then on."""
    gate = Gate()
    toy.stage.acts["picture[0]"] = gate
    production = toy.movie().produce([Name("picture", 0)])
    production.begin()
    thread = threading.Thread(target=lambda: exhaust(production.outcomes()))
    thread.start()
    assert gate.entered.wait(10)
    assert reserved(toy) == PRICE
    production.stop.set()
    thread.join(10)
    assert toy.store.events.index().spending.of() == (0.0, PRICE)
    toy.budget_usd = PRICE
    made = toy.make("picture[1]")
    assert "0.0100 reserved" in str(made.production.error())


def exhaust(outcomes: object) -> None:
    with suppress(MovieError):
        list(outcomes)  # type: ignore[call-overload]


def test_a_result_of_unknown_cost_counts_at_its_estimate(toy: Toy) -> None:
    """The provider did not say what it took."""
    toy.picture = {"provider": "dear"}
    toy.make("picture[0]")
    assert toy.store.events.index().spending.of()[0] == PRICE


def test_an_event_appended_twice_counts_once() -> None:
    """A write that was not acknowledged is repeated."""
    spending = Spending()
    for event in (event_of("started", 0.3), event_of("succeeded", 0.2), event_of("succeeded", 0.2)):
        spending.add(event)
    assert spending.of() == (0.2, 0.0)
    assert spending.of("other") == (0.0, 0.0)


def event_of(status: str, cost: float | None) -> ArtefactEvent:
    return ArtefactEvent(
        event_id=f"{status} {cost}",
        artefact_id="picture[0]",
        revision="rev-0001",
        run_id="run",
        inputs_digest="0",
        status=status,  # type: ignore[arg-type]
        produced_by="picture",
        code_version="1",
        created_at="",
        cost=cost,
    )


def test_of_two_runs_that_reserve_at_once_none_passes_the_budget() -> None:
    """Each sees the other's note once its own is written, and the one that would pass takes its note back."""
    log = Spending()
    log.add(event_of("started", 0.0))

    def start() -> None:
        log.reserved["mine", "a"] = 0.6
        log.reserved["theirs", "b"] = 0.6

    budget = Budget([Limit(1.0, "this movie", None, "raise it")], lambda: log)
    withdrawn: list[MovieError] = []
    refusal = budget.begin(0.6, "picture", start, withdrawn.append)
    assert isinstance(refusal, Exhausted) and withdrawn == [refusal]


# --- beforehand ---------------------------------------------------------------------------------------------------


def test_a_plan_says_when_it_would_pass_the_budget(toy: Toy) -> None:
    """What is spent already counts; a guess is marked as one."""
    toy.make("picture[0]")
    toy.budget_usd = 0.05
    plan = toy.plan()
    (budget,) = plan.budgets
    assert (budget.usd, budget.of, budget.spent) == (0.05, "this movie", PRICE)
    cost = Cost.total([plan.must_cost, plan.may_cost])
    assert budget.lacks(cost) == pytest.approx(0.11 + 0.01 - 0.05)
    guesses = {job.job_id for job in plan.jobs if job.guess}
    assert guesses == {f"{kind}[{n}]" for kind in ("picture", "voice") for n in (1, 2, 3)}
    assert toy.make().production.plan.budgets == plan.budgets


def test_two_runs_of_one_movie_share_its_budget(new_toy: NewToy, tmp_path: Path) -> None:
    """At the same time, each by its own eyes on the log: together they do not pass it."""
    for number in range(5):
        driver = LocalDriver(tmp_path / f"store {number}")
        runs = []
        for person in ("ann", "bob"):
            toy = new_toy(
                *(f"{person} {n}" for n in range(4)), driver=driver, price=estimate, budget_usd=0.10
            )
            toy.clock.new_id = partial(unique, person, toy.clock.new_id)  # type: ignore[method-assign]
            toy.stage.acts = {"picture": costing(PRICE), "voice": costing(PRICE)}
            production = toy.movie().produce()
            production.begin()
            runs.append(threading.Thread(target=exhaust, args=(production.outcomes(),)))
        for run in runs:
            run.start()
        for run in runs:
            run.join(30)
        spent, open_ = toy.store.events.index().spending.of()
        assert open_ == 0 and PRICE <= spent <= 0.10 + 1e-9
        assert spent == pytest.approx(paid(toy))


def unique(person: str, new_id: Callable[[], str]) -> str:
    return f"{person}-{new_id()}"

"""Claims: of all who want one result, one pays for it; the others wait, reuse, or take over from the dead."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from movie_assets.core.claim import Lease
from movie_assets.core.digest import digest_of
from movie_assets.core.errors import Failed, Stopped, Unready
from movie_assets.core.movie import Production
from movie_assets.core.outcome import Outcome
from movie_assets.core.ports import Result
from movie_assets.core.reason import LOCAL
from movie_assets.core.store.claims import Claim
from movie_assets.core.store.driver import Driver
from movie_assets.core.store.leases import LeaseRecord
from movie_assets.core.store.local import LocalDriver
from movie_assets.core.store.memory import MemoryDriver
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.task import Task
from movie_assets.core.toy import FakeClock, Gate, Toy
from resources.clock import SystemClock

NewToy = Callable[..., Toy]
DIGEST = digest_of("what it is made from")


@dataclass
class StoreClock:
    """The store's clock, moved by hand."""

    time: float = 1000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> StoreClock:
    return StoreClock()


@pytest.fixture(params=["memory", "local"])
def driver(request: pytest.FixtureRequest, tmp_path: Path) -> Driver:
    return MemoryDriver(time.time) if request.param == "memory" else LocalDriver(tmp_path / "builds")


def lease(driver: Driver, run: str, seconds: float = 20.0) -> Lease:
    store = MovieStore(driver, "toy")
    return Lease(store.leases, store.claims, SystemClock(), run, seconds)


def kept(driver: Driver, *parts: str) -> list[str]:
    return [key for part in parts for key in driver.list(f"toy/{part}")]


# --- one claim ----------------------------------------------------------------------------------------------------


def test_a_claim_stands_while_it_is_held(driver: Driver) -> None:
    """Another run gets it when it is given up; a claim to something else is no hindrance."""
    one, other = lease(driver, "one"), lease(driver, "other")
    one.begin()
    other.begin()
    with (
        one.claim("picture", DIGEST) as mine,
        other.claim("picture", DIGEST) as theirs,
        other.claim("voice", DIGEST) as another,
    ):
        assert (mine, theirs, another) == (True, False, True)
    with other.claim("picture", DIGEST) as theirs:
        assert theirs
    one.end(clean=True)
    other.end(clean=True)
    assert kept(driver, "claims/", "runs/") == []


def test_a_claim_ends_with_its_work_however_that_ends(driver: Driver) -> None:
    """Also when it raises."""
    one = lease(driver, "one")
    one.begin()
    with suppress(Failed), one.claim("picture", DIGEST):
        raise Failed("no")
    assert kept(driver, "claims/") == []
    one.end(clean=True)


def test_of_many_at_once_one_gets_it(driver: Driver) -> None:
    """Sixteen threads, each with a lease of its own, twenty times."""
    leases = [lease(driver, f"run-{number}") for number in range(16)]
    for each in leases:
        each.begin()
    for turn in range(20):
        start, left, won = threading.Barrier(16), threading.Barrier(16), []

        def want(mine: Lease, digest: str, start=start, left=left, won=won) -> None:  # type: ignore[no-untyped-def]
            start.wait(10)
            with mine.claim("picture", digest) as got:
                won += [mine] if got else []
                left.wait(10)

        threads = [threading.Thread(target=want, args=(each, digest_of(turn))) for each in leases]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1
    for each in leases:
        each.end(clean=True)
    assert kept(driver, "claims/", "runs/") == []


def test_a_lease_is_renewed_while_its_run_lives(driver: Driver) -> None:
    """A call that takes longer than the lease stays claimed; a run that ends without a word loses it by and by."""
    one, other = lease(driver, "one", 0.2), lease(driver, "other", 0.2)
    one.begin()
    other.begin()
    with one.claim("picture", DIGEST):
        time.sleep(0.5)
        with other.claim("picture", DIGEST) as theirs:
            assert not theirs
        one.end(clean=False)
        time.sleep(0.4)
        with other.claim("picture", DIGEST) as theirs:
            assert theirs
    other.end(clean=True)


def test_what_dead_runs_left_is_cleared_away(driver: Driver) -> None:
    """Their claims and leases, by the next run that begins."""
    store = MovieStore(driver, "toy")
    store.leases.renew("dead", LeaseRecord("killed", 0.05))
    for digest in map(digest_of, range(3)):
        assert store.claims.take("picture", digest, "dead", lambda lease: False)
    time.sleep(0.1)
    assert len(kept(driver, "claims/", "runs/")) == 4
    one = lease(driver, "one")
    one.begin()
    one.end(clean=True)
    assert kept(driver, "claims/", "runs/") == []


def test_a_lost_acknowledgement_is_a_claim_all_the_same() -> None:
    """A store that says no though it was this very claim that it took."""

    class Forgetful(MemoryDriver):
        def create(self, key: str, data: bytes, *, durable: bool = True) -> bool:
            return super().create(key, data) and False

    one = lease(Forgetful(), "one")
    one.begin()
    with one.claim("picture", DIGEST) as mine:
        assert mine
    one.end(clean=True)


def test_a_lease_that_cannot_be_renewed_makes_no_claim(clock: StoreClock) -> None:
    """After a long sleep a run must show itself again before it pays for anything."""

    class Refusing(MemoryDriver):
        refuses = False

        def put(self, key: str, data: bytes) -> None:
            if self.refuses:
                raise Unready("the store is away")
            super().put(key, data)

    driver, own = Refusing(clock), FakeClock()
    store = MovieStore(driver, "toy")
    one = Lease(store.leases, store.claims, own, "one", 20.0)
    one.begin()
    own.time, driver.refuses = 100.0, True
    with pytest.raises(Unready), one.claim("picture", DIGEST):
        pass
    one.end(clean=True)


# --- any order of steps -------------------------------------------------------------------------------------------


@dataclass
class Taker:
    """A process in the middle of taking or giving up a claim; each of its calls to the store is a step."""

    name: str
    thread: threading.Thread | None = None
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    done: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    claim: Claim | None = None
    busy: bool = False
    dead: bool = False


class Stepping:
    """A driver whose every call waits for its taker's turn."""

    def __init__(self, driver: MemoryDriver, taker: Taker) -> None:
        self._driver, self._taker = driver, taker
        self.capabilities = driver.capabilities

    def __getattr__(self, verb: str) -> Callable[..., object]:
        def call(*args: object, **options: object) -> object:
            self._taker.done.release()
            self._taker.go.acquire()
            return getattr(self._driver, verb)(*args, **options)

        return call


class AnyOrder(RuleBasedStateMachine):
    """Three runs take and give up one claim, their calls to the store interleaved in any order; runs may die."""

    def __init__(self) -> None:
        super().__init__()
        self.driver = MemoryDriver()
        self.takers = [Taker(f"run-{number}") for number in range(4)]

    def over(self, lease: str) -> bool:
        return next(taker for taker in self.takers if taker.name == lease).dead

    def begin(self, taker: Taker, work: Callable[[], None]) -> None:
        def whole() -> None:
            work()
            taker.busy = False
            taker.done.release()

        taker.busy = True
        taker.thread = threading.Thread(target=whole, daemon=True)
        taker.thread.start()
        taker.done.acquire()

    @rule(at=st.integers(0, 3))
    def take_or_release(self, at: int) -> None:
        taker = self.takers[at]
        if taker.busy or taker.dead:
            return
        claims = MovieStore(Stepping(self.driver, taker), "toy").claims  # type: ignore[arg-type]
        claim = taker.claim

        def take() -> None:
            taker.claim = claims.take("picture", DIGEST, taker.name, self.over)

        if claim is None:
            self.begin(taker, take)
        else:
            taker.claim = None
            self.begin(taker, lambda: claims.release(claim))

    @rule(at=st.integers(0, 3), steps=st.integers(1, 6))
    def go_on(self, at: int, steps: int) -> None:
        taker = self.takers[at]
        for _ in range(steps):
            if taker.busy and not taker.dead:
                taker.go.release()
                taker.done.acquire()

    @precondition(lambda self: sum(taker.dead for taker in self.takers) < 2)
    @rule(at=st.integers(0, 3))
    def die(self, at: int) -> None:
        self.takers[at].dead, self.takers[at].claim = True, None

    @invariant()
    def at_most_one_holds_it(self) -> None:
        assert sum(taker.claim is not None for taker in self.takers) <= 1

    def teardown(self) -> None:
        """Whatever happened, it can be had in the end, and nothing is left."""
        for taker in self.takers:
            while taker.busy and not taker.dead:
                taker.go.release()
                taker.done.acquire()
        claims = MovieStore(self.driver, "toy").claims
        for taker in self.takers:
            if taker.claim is not None:
                claims.release(taker.claim)
        last = claims.take("picture", DIGEST, "run-0", lambda lease: True)
        assert last is not None
        claims.release(last)
        assert list(self.driver.list("toy/claims/")) == []


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


# --- runs ---------------------------------------------------------------------------------------------------------


def two(new_toy: NewToy, *texts: str, driver: Driver | None = None) -> tuple[Toy, Toy]:
    """Two people's programs over one store, each with providers of its own."""
    driver = driver or MemoryDriver(time.time)
    one, other = (new_toy(*texts, driver=driver, clock=SystemClock()) for _ in range(2))
    return one, other


def begun(toy: Toy) -> Production:
    production = toy.movie().produce()
    production.begin()
    return production


def in_background(production: Production) -> tuple[threading.Thread, list[Outcome]]:
    ended: list[Outcome] = []

    def work() -> None:
        with suppress(Stopped):
            ended.extend(production.outcomes())

    thread = threading.Thread(target=work)
    thread.start()
    return thread, ended


def paid(*toys: Toy) -> list[str]:
    return sorted(job for toy in toys for job, provider in toy.stage.calls if provider != LOCAL)


class FailingGate(Gate):
    """A gate that leads to a failure, if it is told to."""

    fails = False

    def __call__(self, task: Task, made: dict[str, Result]) -> dict[str, Result]:
        made = super().__call__(task, made)
        if self.fails:
            raise Failed("no")
        return made


@pytest.fixture
def at_work(new_toy: NewToy, driver: Driver) -> Iterator[tuple[Toy, Toy, FailingGate]]:
    """One run is in the middle of a paid call when another begins."""
    one, other = two(new_toy, "a", driver=driver)
    gate = FailingGate()
    one.stage.acts["picture[0]"] = gate
    thread, _ = in_background(begun(one))
    assert gate.entered.wait(5)
    yield one, other, gate
    gate.opened.set()
    thread.join(5)
    assert not thread.is_alive()


def test_what_another_run_is_paying_for_is_waited_for_and_reused(
    at_work: tuple[Toy, Toy, FailingGate],
) -> None:
    """No call is made twice, whoever makes it."""
    one, other, gate = at_work
    threading.Timer(0.3, gate.opened.set).start()
    outcomes = {outcome.job.id: outcome.status for outcome in begun(other).outcomes()}
    assert outcomes["picture[0]"] == "reused"
    assert paid(one, other) == ["picture[0]", "voice[0]"]


def test_when_the_other_fails_it_is_made_after_all(at_work: tuple[Toy, Toy, FailingGate]) -> None:
    """Its failure is its own."""
    one, other, gate = at_work
    gate.fails = True
    threading.Timer(0.2, gate.opened.set).start()
    assert {outcome.status for outcome in begun(other).outcomes()} <= {"produced", "reused"}
    assert paid(one, other).count("picture[0]") == 2


def test_who_waits_can_be_stopped(at_work: tuple[Toy, Toy, FailingGate]) -> None:
    """At once, with nothing paid."""
    _, other, _ = at_work
    production = begun(other)
    threading.Timer(0.3, production.stop.set).start()
    begin = time.monotonic()
    with pytest.raises(Stopped):
        list(production.outcomes())
    assert time.monotonic() - begin < 5
    assert "picture[0]" not in paid(other)


def test_our_own_free_steps_are_not_claimed(new_toy: NewToy) -> None:
    """Only what may be paid for."""
    seen: list[str] = []

    class Watching(MemoryDriver):
        def create(self, key: str, data: bytes, *, durable: bool = True) -> bool:
            seen.append(key)
            return super().create(key, data)

    new_toy("a", driver=Watching()).make()
    claimed = {key.split("/")[2].partition("-")[0] for key in seen if "/claims/" in key}
    assert claimed == {"picture", "voice"}


def test_nothing_is_left_of_a_run(new_toy: NewToy, driver: Driver) -> None:
    """No claim, no lease; of plans only the newest revision's."""
    toy = new_toy("a", driver=driver, clock=SystemClock())
    for text in "abc":
        toy.texts[0] = text
        toy.make()
    assert kept(driver, "claims/", "runs/leases/") == []
    assert [key.split("/")[2][:8] for key in kept(driver, "runs/")] == ["rev-0003"]


# --- what may have been paid for ----------------------------------------------------------------------------------


def test_a_call_whose_end_nobody_told_is_possibly_paid(new_toy: NewToy) -> None:
    """Once its run is over; a call under way is not, nor is one that ended, nor one made by a later run."""
    toy, gate = new_toy("a", driver=MemoryDriver(time.time), clock=SystemClock()), Gate()
    toy.stage.acts["picture[0]"] = gate
    production = begun(toy)
    thread, _ = in_background(production)
    assert gate.entered.wait(5)
    assert toy.store.possibly_paid(time.time()) == []
    production.stop.set()
    thread.join(5)
    toy.stage.acts.clear()
    for _ in range(2):
        (call,) = toy.store.possibly_paid(time.time())
        assert (call.artefact_id, call.provider, call.run_id) == (
            "picture[0]",
            "painter",
            production.log.run_id,
        )
        toy.make()

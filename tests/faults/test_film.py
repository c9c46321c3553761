"""A film that is made while the store goes wrong equals the one that is made in peace."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movie_assets.core.errors import Conflict, Damaged, MovieError, Transient, Unready
from movie_assets.core.movie import Movie
from movie_assets.core.references import references
from movie_assets.core.store.driver import Driver
from movie_assets.core.store.faulty import Fault, FaultyDriver
from movie_assets.core.store.local import LocalDriver
from movie_assets.core.store.memory import MemoryDriver
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.store.patient import PatientDriver
from movie_assets.core.toy import Toy

SHARED = settings(
    deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
PASSING = {"error": 0.05, "lost": 0.05, "torn": 0.05, "flip": 0.01, "delay": 0.05}


def artefacts(driver: Driver, movie: str) -> dict[str, str]:
    """The digest of each artefact of the live revision, all of whose bytes are there."""
    store = MovieStore(driver, movie)
    live = store.manifests.live()
    assert live is not None
    for _, ref in references(live):
        store.blobs.read(ref)
    return {name: record.blob.digest for name, record in live.artefacts.items()}


def toy_over(driver: Driver, scratch: Path) -> Toy:
    return Toy(scratch, list("abcd"), driver=driver)


@given(seed=st.integers(0, 2**32))
@settings(SHARED, max_examples=12)
def test_a_film_under_passing_faults_is_the_film(
    tmp_path: Path, new_faulty: Callable[..., FaultyDriver], seed: int
) -> None:
    """5 % of the calls fail, 5 % are done but not acknowledged, 5 % torn, 5 % late, 1 % give a wrong bit: in one run."""
    calm = toy_over(MemoryDriver(), tmp_path)
    calm.make()
    plain = MemoryDriver()
    toy = toy_over(
        PatientDriver(new_faulty(plain, seed, **PASSING), lambda seconds: None, attempts=12), tmp_path
    )
    made = toy.make()
    assert not made.ended("failed"), [str(outcome.error) for outcome in made.outcomes]
    assert artefacts(plain, "toy") == artefacts(calm.driver, "toy")
    assert len(made.paid) == len(set(made.paid)) == 8
    assert sorted(made.paid) == sorted(job for job, provider in calm.stage.calls if provider != "local")


@given(seed=st.integers(0, 2**32))
@settings(SHARED, max_examples=3)
def test_a_real_film_under_passing_faults_is_the_film(
    new_film: Callable[[Driver], Movie], new_faulty: Callable[..., FaultyDriver], seed: int
) -> None:
    """The blueprint `narrated`, by instant providers."""
    calm, plain = MemoryDriver(), MemoryDriver()
    faulty = new_faulty(plain, seed, **PASSING)
    for driver in (calm, PatientDriver(faulty, lambda seconds: None, attempts=12)):
        production = new_film(driver).produce()
        production.begin()
        list(production.outcomes())
        assert production.error() is None
        assert production.publish() is not None
    assert faulty.counts
    assert artefacts(plain, "tale") == artefacts(calm, "tale")


@given(seed=st.integers(0, 2**32))
@settings(SHARED, max_examples=6)
def test_what_cannot_be_tried_again_needs_another_run(
    tmp_path: Path, new_faulty: Callable[..., FaultyDriver], seed: int
) -> None:
    """A disk that now and then reports an error, or is full: each run keeps what it made, and the last one publishes."""
    calm = toy_over(MemoryDriver(), tmp_path)
    calm.make()
    plain = MemoryDriver()
    faulty = new_faulty(plain, seed, eio=0.02, enospc=0.02)
    for _ in range(200):
        # Each time from nothing, as another process would.
        with suppress(MovieError):
            if toy_over(faulty, tmp_path).make().manifest is not None:
                break
    assert artefacts(plain, "toy") == artefacts(calm.driver, "toy")
    ended = [
        event.inputs_digest
        for event in MovieStore(plain, "toy").events.artefacts()
        if event.status == "succeeded"
    ]
    assert len(ended) == len(set(ended)) + 4  # voice and times are of one job


WORST = {
    "error": Transient,
    "lost": Transient,
    "enospc": Unready,
    "read_only": Unready,
    "eio": (Unready, Damaged),
    "torn": Transient,
    "flip": Damaged,
}


@pytest.mark.parametrize("fault", WORST)
@pytest.mark.parametrize("begun", [False, True], ids=["from the beginning", "after a while"])
def test_when_nothing_works_any_more_it_is_said(
    tmp_path: Path, new_faulty: Callable[..., FaultyDriver], fault: str, begun: bool
) -> None:
    """In a sentence with what to do; nothing is half published, and what was published is untouched."""
    plain = LocalDriver(tmp_path / "root")
    toy_over(plain, tmp_path).make()
    before = artefacts(plain, "toy")
    faulty = new_faulty(plain, 1)
    toy = toy_over(PatientDriver(faulty, lambda seconds: None), tmp_path)
    toy.title = "other"
    production = toy.movie().produce()
    if begun:
        production.begin()
    faulty.rates = {Fault[fault.upper()]: 1.0}
    with pytest.raises(WORST[fault]) as told:
        production.begin()
        list(production.outcomes())
        if (error := production.error()) is not None:
            raise error
        production.publish()
    assert told.value.next_step
    assert "Traceback" not in str(told.value)
    assert artefacts(plain, "toy") == before
    assert MovieStore(plain, "toy").manifests.numbers() in ([1], [1, 2])


@given(seed=st.integers(0, 2**32))
@settings(SHARED, max_examples=8)
def test_of_lost_answers_none_is_taken_for_a_loss(
    tmp_path: Path, new_faulty: Callable[..., FaultyDriver], seed: int
) -> None:
    """Half of all writes are done and not acknowledged: whoever published knows it, and nobody else thinks so."""
    plain = MemoryDriver()
    faulty = new_faulty(plain, seed, lost=0.5)
    toy = toy_over(PatientDriver(faulty, lambda seconds: None, attempts=40), tmp_path)
    for title in ("one", "two", "three"):
        toy.title = title
        with suppress(Conflict):
            manifest = toy.make().manifest
            assert manifest is not None
            assert MovieStore(plain, "toy").manifests.read(manifest.number) == manifest
    assert MovieStore(plain, "toy").manifests.numbers() == [1, 2, 3]


def test_faults_are_counted_and_repeatable(new_faulty: Callable[..., FaultyDriver]) -> None:
    """The same seed, the same faults; each by kind and verb."""

    def rehearse() -> FaultyDriver:
        faulty = new_faulty(MemoryDriver(), 7, error=0.2, torn=0.2, flip=0.2, enospc=0.1)
        for number in range(50):
            for act in (faulty.put, faulty.append):
                with suppress(MovieError):
                    act(f"key-{number}-{act.__name__}", b"some bytes")
            with suppress(MovieError):
                faulty.get(f"key-{number}-put")
        return faulty

    first, second = rehearse(), rehearse()
    assert first.counts == second.counts
    assert {fault for fault, _ in first.counts} == {Fault.ERROR, Fault.TORN, Fault.FLIP, Fault.ENOSPC}

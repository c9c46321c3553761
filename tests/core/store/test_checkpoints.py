"""Checkpoints: a cold start reads one and the logs' tails, and knows exactly what the whole logs say."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movie_assets.core.artefact import BlobRef
from movie_assets.core.digest import digest_of
from movie_assets.core.errors import Damaged
from movie_assets.core.event import ArtefactEvent, InputEvent
from movie_assets.core.reuse import Index
from movie_assets.core.store.checkpoints import read_checkpoint
from movie_assets.core.store.driver import Driver
from movie_assets.core.store.local import LocalDriver
from movie_assets.core.store.memory import MemoryDriver
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.store.verify import verify
from movie_assets.core.toy import Toy


def artefact(number: int, name: str, inputs: str, run: str, status: str) -> ArtefactEvent:
    done = status in ("succeeded", "skipped")
    return ArtefactEvent(
        event_id=f"event-{number}",
        artefact_id=name,
        revision="rev-0001",
        run_id=run,
        inputs_digest=digest_of(inputs),
        status=status,  # type: ignore[arg-type]
        produced_by="picture",
        code_version="1",
        created_at="2026-01-01T00:00:00+00:00",
        cost=[None, 0.0, 0.5][number % 3],
        output=BlobRef(digest_of(number), 1, "text/plain", "x") if done else None,
    )


def edit(number: int, name: str) -> InputEvent:
    digest = None if number % 5 == 0 else digest_of(number)
    return InputEvent(
        event_id=f"edit-{number}",
        id=name,
        revision="rev-0001",
        digest=digest,
        created_at="2026",
        run_id="run",
    )


FACTS = st.tuples(
    st.sampled_from(["picture[0]", "picture[1]", "clip[0]"]),
    st.sampled_from("ab"),
    st.sampled_from(["run-1", "run-2"]),
    st.sampled_from(["started", "succeeded", "failed", "skipped", "edit", "checkpoint"]),
)


def from_the_whole_log(store: MovieStore) -> Index:
    index = Index()
    index.add_inputs(store.events.inputs())
    index.add(store.events.artefacts())
    return index


@given(st.lists(FACTS, max_size=25))
@settings(max_examples=150)
def test_a_cold_start_knows_what_the_whole_log_says(facts: list[tuple[str, str, str, str]]) -> None:
    """Whatever was logged before and after the checkpoint, and however often one was written."""
    driver = MemoryDriver()
    store = MovieStore(driver, "toy")
    for number, (name, inputs, run, status) in enumerate(facts):
        if status == "checkpoint":
            store.events.checkpoint(number + 1)
        elif status == "edit":
            store.events.append_inputs([edit(number, name)])
        else:
            store.events.append_artefacts([artefact(number, name, inputs, run, status)])
    cold = MovieStore(driver, "toy")
    assert cold.events.index() == from_the_whole_log(cold)


@given(st.lists(st.lists(FACTS.filter(lambda fact: fact[3] != "checkpoint"), max_size=6), max_size=12))
@settings(max_examples=60)
def test_one_process_after_another_writes_a_checkpoint(runs: list[list[tuple[str, str, str, str]]]) -> None:
    """Each begins from the one before, adds what is new to its packs, and the next knows what the whole log says."""
    driver, numbers = MemoryDriver(), count()
    for revision, facts in enumerate(runs, 1):
        store = MovieStore(driver, "toy")
        for number, (name, inputs, run, status) in zip(numbers, facts, strict=False):
            if status == "edit":
                store.events.append_inputs([edit(number, name)])
            else:
                made = f"{inputs}{number % 40}"
                store.events.append_artefacts([artefact(number, name, made, run, status)])
        store.events.checkpoint(revision)
        assert MovieStore(driver, "toy").events.index() == from_the_whole_log(store)
    assert len(list(driver.list("toy/checkpoints/packs/"))) <= 4


class Counting(MemoryDriver):
    """Counts the bytes that are read of the logs, of packs, and in all."""

    read = packed = whole = 0

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        data = super().get(key, start, end)
        self.read += len(data) if key.endswith(".log") else 0
        self.packed += len(data) if "/packs/" in key else 0
        self.whole += len(data)
        return data


def long_history(driver: Driver, results: int) -> None:
    """A store with so many results of one picture, each of a run of its own that was paid."""
    store = MovieStore(driver, "toy")
    store.events.append_artefacts(
        [
            artefact(number, "picture[0]", str(number), f"run-{number}", "succeeded")
            for number in range(results)
        ]
    )
    store.events.checkpoint(1)


def test_a_cold_start_reads_no_more_after_a_long_history() -> None:
    """Neither to begin, nor to find a result of long ago, nor to see that there is none."""
    costs = []
    for results in (1000, 4000):
        driver = Counting()
        long_history(driver, results)
        driver.whole = 0
        index = MovieStore(driver, "toy").events.index()
        begun = driver.whole
        assert index.result("picture", digest_of(str(results - 1))) is not None
        assert driver.packed == 0
        assert index.result("picture", digest_of("7")) is not None
        assert index.result("picture", digest_of("none")) is None
        costs.append((begun, driver.packed))
    (begun, packed), (begun_later, packed_later) = costs
    assert begun_later < 2 * begun
    assert packed_later < 2 * packed


def test_results_of_long_ago_are_found_over_every_driver(driver: Driver) -> None:
    """By reads of parts of a pack; what another process writes after it is found, too."""
    long_history(driver, 300)
    store = MovieStore(driver, "toy")
    index = store.events.index()
    for number in (0, 7, 150, 299):
        found = index.result("picture", digest_of(str(number)))
        assert found is not None
        assert found.event_id == f"event-{number}"
    assert index.result("picture", digest_of("none")) is None
    store.events.append_artefacts([artefact(900, "picture[1]", "later", "run", "succeeded")])
    store.events.checkpoint(2)
    assert MovieStore(driver, "toy").events.index() == from_the_whole_log(store)


def test_a_checkpoint_writes_what_is_new_and_seldom_the_rest() -> None:
    """However much lies before it, the next revision's few results come with a small pack."""
    driver = MemoryDriver()
    long_history(driver, 2000)
    (most,) = driver.list("toy/checkpoints/packs/")
    store = MovieStore(driver, "toy")
    store.events.append_artefacts([artefact(5000, "picture[0]", "new", "run", "succeeded")])
    store.events.checkpoint(2)
    small = [key for key in driver.list("toy/checkpoints/packs/") if key != most]
    assert [len(driver.get(key)) < 2000 for key in small] == [True]
    assert MovieStore(driver, "toy").events.index() == from_the_whole_log(store)


@pytest.mark.parametrize("damage", ["gone", "flipped", "cut"])
def test_results_that_a_process_began_with_may_be_gone(damage: str) -> None:
    """A later revision replaced them, or they are damaged: what they told is found in a later checkpoint, or the log."""
    driver = MemoryDriver()
    long_history(driver, 100)
    old = MovieStore(driver, "toy").events
    assert old.index().paces
    (key,) = driver.list("toy/checkpoints/packs/")
    data = driver.get(key)
    if damage == "gone":
        driver.delete(key)
    else:
        driver.put(key, data[:-9] if damage == "cut" else data.replace(b"picture", b"picturf"))
    assert old.index().result("picture", digest_of("7")) is not None
    assert old.index() == from_the_whole_log(MovieStore(driver, "toy"))
    old.checkpoint(2)
    fresh = MovieStore(driver, "toy")
    assert fresh.events.index().result("picture", digest_of("7")) is not None
    assert fresh.events.index() == from_the_whole_log(fresh)


def test_others_may_publish_while_a_process_idles() -> None:
    """The packs it began with are gone by then; it reads those of the newest checkpoint, and no log again."""
    driver = Counting()
    long_history(driver, 100)
    idle = MovieStore(driver, "toy").events
    idle.index()
    began_with = set(driver.list("toy/checkpoints/packs/"))
    for revision in range(2, 8):
        store = MovieStore(driver, "toy")
        store.events.append_artefacts(
            [
                artefact(5000 + 9 * revision + n, "picture[1]", f"{revision}/{n}", "run", "succeeded")
                for n in range(9)
            ]
        )
        store.events.checkpoint(revision)
    assert not began_with & set(driver.list("toy/checkpoints/packs/"))
    idle.index()
    driver.read = 0
    assert idle.index().result("picture", digest_of("7")) is not None
    assert driver.read < len(MemoryDriver.get(driver, "toy/events/artefacts.log")) / 4


def test_a_checkpoint_of_an_older_version_is_passed_over(new_toy: Callable[..., Toy]) -> None:
    """It is no damage, the log is read once, and the next revision replaces it."""
    toy = new_toy("a")
    toy.make()
    for key in list(toy.driver.list("toy/checkpoints/")):
        toy.driver.delete(key)
    toy.driver.put("toy/checkpoints/rev-0001.json", b'{"format":1,"digest":"' + b"0" * 64 + b'","state":{}}')
    cold = MovieStore(toy.driver, "toy")
    assert cold.events.index() == from_the_whole_log(cold)
    report = verify(cold)
    assert report.sound
    assert [finding.harm for finding in report.findings] == ["remark"]
    toy.store, toy.title = cold, "other"
    toy.make()
    read_checkpoint(toy.driver.get("toy/checkpoints/rev-0002.json"))


def test_a_cold_start_does_not_read_the_log_again(new_toy: Callable[..., Toy]) -> None:
    """However long it is: what lies before the checkpoint stays unread but for its mark."""
    driver = Counting()
    toy = new_toy(*"ab", driver=driver)
    for revision in range(12):
        toy.title = f"title {revision}"
        toy.make()
    cold = MovieStore(driver, "toy")
    driver.read = 0
    assert len(cold.events.index().successes) == len(toy.store.events.index().successes)
    whole = sum(len(MemoryDriver.get(driver, key)) for key in (cold.keys.inputs_log, cold.keys.artefacts_log))
    assert whole > 2 * driver.read


def test_only_the_newest_are_kept(new_toy: Callable[..., Toy]) -> None:
    """Two: the second newest serves where the newest is damaged."""
    toy = new_toy("a")
    for title in "abcd":
        toy.title = title
        toy.make()
    kept = ["toy/checkpoints/rev-0003.json", "toy/checkpoints/rev-0004.json"]
    assert list(toy.driver.list("toy/checkpoints/rev-")) == kept
    told = {pack.digest for key in kept for pack in read_checkpoint(toy.driver.get(key)).packs}
    assert {key.rpartition("/")[2] for key in toy.driver.list("toy/checkpoints/packs/")} == told


DAMAGE = st.tuples(
    st.integers(0, 3), st.floats(0, 1, exclude_max=True), st.one_of(st.none(), st.integers(0, 7))
)
"""Of which file, where in it, and which bit is flipped there, none if it is cut."""


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(DAMAGE, min_size=1, max_size=4))
def test_a_damaged_checkpoint_is_passed_over(
    new_toy: Callable[..., Toy], damages: list[tuple[int, float, int | None]]
) -> None:
    """Torn at any byte, or with any bit flipped, it or its packs: the index is the log's, and nothing is made again."""
    toy = new_toy("a", "b")
    toy.make()
    toy.title = "other"
    toy.make()
    keys = list(toy.driver.list("toy/checkpoints/"))
    for which, where, bit in damages:
        whole = bytearray(toy.driver.get(keys[which % len(keys)]))
        at = int(where * len(whole))
        if bit is None:
            del whole[at:]
        elif whole:
            whole[at] ^= 1 << bit
        toy.driver.put(keys[which % len(keys)], bytes(whole))
    cold = MovieStore(toy.driver, "toy")
    assert cold.events.index() == from_the_whole_log(cold)


def test_a_checkpoint_of_other_logs_is_passed_over(new_toy: Callable[..., Toy], local: LocalDriver) -> None:
    """Of another movie's, of a log that was restored from an older copy, or that went on otherwise since."""
    driver = local
    toy, other = new_toy("a", driver=driver), new_toy("other")
    other.make()
    toy.make()
    short = driver.get("toy/events/artefacts.log")
    toy.title = "second"
    toy.make()
    driver.put("toy/checkpoints/rev-0009.json", other.driver.get("toy/checkpoints/rev-0001.json"))
    for log in (short, short + other.driver.get("toy/events/artefacts.log") * 3):
        driver.put("toy/events/artefacts.log", log)
        cold = MovieStore(driver, "toy")
        assert cold.events.index() == from_the_whole_log(cold)


def test_what_cannot_be_read_is_damaged() -> None:
    """In a sentence that says what to do."""
    with pytest.raises(Damaged) as told:
        read_checkpoint(b"{}")
    assert told.value.next_step

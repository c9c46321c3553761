"""Checkpoints: a cold start reads one and the logs' tails, and knows exactly what the whole logs say."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movie_assets.core.artefact import BlobRef
from movie_assets.core.digest import digest_of
from movie_assets.core.errors import Damaged
from movie_assets.core.event import ArtefactEvent, InputEvent
from movie_assets.core.reuse import Index
from movie_assets.core.store.checkpoints import read_checkpoint
from movie_assets.core.store.local import LocalDriver
from movie_assets.core.store.memory import MemoryDriver
from movie_assets.core.store.movie_store import MovieStore
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


class Counting(MemoryDriver):
    """Counts the bytes that are read of the logs."""

    read = 0

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        data = super().get(key, start, end)
        self.read += len(data) if key.endswith(".log") else 0
        return data


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
    assert list(toy.driver.list("toy/checkpoints/")) == [
        "toy/checkpoints/rev-0003.json",
        "toy/checkpoints/rev-0004.json",
    ]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_checkpoint_is_passed_over(new_toy: Callable[..., Toy], data: st.DataObject) -> None:
    """Torn at any byte, or with any bit flipped, in one or both: the index is the log's, and nothing is made again."""
    toy = new_toy("a", "b")
    toy.make()
    toy.title = "other"
    toy.make()
    for key in data.draw(st.sets(st.sampled_from(list(toy.driver.list("toy/checkpoints/"))), min_size=1)):
        whole = bytearray(toy.driver.get(key))
        at = data.draw(st.integers(0, len(whole) - 1))
        if data.draw(st.booleans()):
            damaged = bytes(whole[:at])
        else:
            whole[at] ^= 1 << data.draw(st.integers(0, 7))
            damaged = bytes(whole)
        toy.driver.put(key, damaged)
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

"""What sync brings from one store to another, whatever happens meanwhile."""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
from collections.abc import Callable
from contextlib import suppress
from itertools import count, pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movie_assets.core.errors import Conflict, MovieError
from movie_assets.core.manifest import Pruned
from movie_assets.core.references import references
from movie_assets.core.store.driver import Capabilities, Driver
from movie_assets.core.store.faulty import Fault, FaultyDriver
from movie_assets.core.store.local import LocalDriver
from movie_assets.core.store.memory import MemoryDriver
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.store.verify import verify
from movie_assets.core.sync import Synced, movies_in, sync, would_sync
from movie_assets.core.toy import FakeClock, Toy, fail

QUICK = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


class Objects(MemoryDriver):
    """A store like S3: nothing can be appended to."""

    capabilities = Capabilities(append=False, paths=False, conditional=True)

    def append(self, key: str, frame: bytes) -> None:
        raise AssertionError("an object is written whole")


KINDS: dict[str, Callable[[], MemoryDriver]] = {"file": MemoryDriver, "objects": Objects}
kinds = st.sampled_from(sorted(KINDS))
edits = st.lists(
    st.tuples(st.sampled_from(["text", "voice", "back", "part", "fail"]), st.integers(0, 2)), max_size=4
)


def made(driver: Driver, scratch: Path, history: list[tuple[str, int]]) -> Toy:
    """A toy movie of three segments with revisions, partial runs and failures."""
    toy = Toy(scratch, ["a", "b", "c"], driver=driver)
    toy.make()
    for number, (what, segment) in enumerate(history):
        edit(toy, number, what, segment)
    toy.stage.acts.clear()
    toy.make()
    return toy


def edit(toy: Toy, number: int, what: str, segment: int) -> None:
    toy.texts[segment] = "abc"[segment] if what == "back" else f"{what} {number}"
    if what == "fail":
        toy.stage.acts["picture"] = fail(MovieError("no"))
    toy.make(*([f"picture[{segment}]"] if what == "part" else []))
    toy.stage.acts.clear()


def bring(source: Driver, target: Driver, *, mirror: bool = False, movie: str = "toy") -> Synced:
    with tempfile.TemporaryDirectory() as scratch:
        return sync(
            MovieStore(source, movie), MovieStore(target, movie), FakeClock(), Path(scratch), mirror=mirror
        )


def kept(driver: Driver) -> tuple[Any, ...]:
    """All that matters of a movie: its manifests, byte for byte, its events in their order, its blobs."""
    store = MovieStore(driver, "toy")
    manifests = {number: driver.get(store.keys.manifest(number)) for number in store.manifests.numbers()}
    return manifests, store.events.inputs(), store.events.artefacts(), store.blobs.sizes()


def is_whole(driver: Driver) -> bool:
    """Whether every revision that can be seen has all that it names."""
    store = MovieStore(driver, "toy")
    return all(store.blobs.has(ref) for each in store.manifests.all() for _, ref in references(each))


# --- properties ---------------------------------------------------------------------------------------------------


@QUICK
@given(history=edits, here=kinds, there=kinds)
def test_a_target_comes_to_hold_what_the_source_holds(
    history: list[tuple[str, int]], here: str, there: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever was made, and whichever form the logs have on either side; nothing is left to make, and all is sound."""
    source, target, scratch = KINDS[here](), KINDS[there](), tmp_path_factory.mktemp("toy")
    toy = made(source, scratch, history)
    said = bring(source, target)
    assert kept(target) == kept(source)
    assert verify(MovieStore(target, "toy")).findings == ()
    assert said.revisions == tuple(each.revision for each in toy.store.manifests.all())
    again = Toy(scratch, toy.texts, driver=target, stage=toy.stage)
    assert (again.make().jobs, again.bodies()) == ((), toy.bodies())


@QUICK
@given(
    history=edits,
    there=kinds,
    verbs=st.integers(0, 60),
    fault=st.sampled_from([Fault.ERROR, Fault.LOST, Fault.TORN, Fault.ENOSPC]),
)
def test_broken_off_at_any_verb_it_goes_on_where_it_was(
    history: list[tuple[str, int]],
    there: str,
    verbs: int,
    fault: Fault,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """No revision is ever seen without all it names, no event is there twice, and the next sync ends as if it were the first."""
    source, target = MemoryDriver(), KINDS[there]()
    made(source, tmp_path_factory.mktemp("toy"), history)
    calls = count()
    broken = FaultyDriver(target, {fault: 1.0}, lambda: 1.0 if next(calls) < verbs else 0.5)
    try:
        bring(source, broken)
    except MovieError:
        assert is_whole(target)
    bring(source, target)
    assert kept(target) == kept(source)
    assert all(finding.harm == "remark" or finding.what == "event" for finding in _findings(target))


def _findings(driver: Driver) -> tuple[object, ...]:
    return verify(MovieStore(driver, "toy")).findings


@QUICK
@given(first=edits, later=edits, here=kinds, there=kinds)
def test_a_second_sync_brings_only_what_is_new(
    first: list[tuple[str, int]],
    later: list[tuple[str, int]],
    here: str,
    there: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """It says so beforehand, too; and a third brings nothing."""
    source, target = KINDS[here](), KINDS[there]()
    toy = made(source, tmp_path_factory.mktemp("toy"), first)
    bring(source, target)
    before = MovieStore(target, "toy")
    had = set(before.blobs.sizes()), len(before.events.artefacts()) + len(before.events.inputs())
    for number, (what, segment) in enumerate(later):
        edit(toy, 100 + number, what, segment)
    foreseen = would_sync(MovieStore(source, "toy"), MovieStore(target, "toy"), mirror=False)
    said = bring(source, target)
    after = MovieStore(target, "toy")
    assert said == foreseen
    assert said.blobs == len(set(after.blobs.sizes()) - had[0])
    assert said.events == len(after.events.artefacts()) + len(after.events.inputs()) - had[1]
    assert kept(target) == kept(source)
    third = bring(source, target)
    assert (third.blobs, third.bytes, third.events, third.revisions, third.notes) == (0, 0, 0, (), 0)


@QUICK
@given(verbs=st.integers(0, 30), here=kinds)
def test_a_source_that_goes_on_meanwhile_is_copied_as_it_was_or_later(
    verbs: int, here: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whenever a revision is added to the source while it is read, the target is whole."""
    source, target, scratch = KINDS[here](), MemoryDriver(), tmp_path_factory.mktemp("toy")
    toy = made(source, scratch, [])
    calls = count()

    def chance() -> float:
        if next(calls) == verbs:
            edit(toy, 7, "text", 1)
        return 1.0

    bring(FaultyDriver(source, {Fault.ERROR: 0.5}, chance), target)
    assert is_whole(target)
    bring(source, target)
    assert kept(target) == kept(source)


@QUICK
@given(seed=st.integers(0, 1000), there=kinds)
def test_no_flipped_bit_is_brought(seed: int, there: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A wire that flips bits now and then may hold something up, and spoils nothing."""
    source, target = MemoryDriver(), KINDS[there]()
    made(source, tmp_path_factory.mktemp("toy"), [("text", 0)])
    with suppress(MovieError):
        bring(FaultyDriver(source, {Fault.FLIP: 0.2}, Random(seed).random), target)
    assert is_whole(target)
    store = MovieStore(target, "toy")
    assert {finding.what for finding in verify(store).findings} <= {"missing manifest", "missing event"}
    bring(source, target)
    manifests, _, events, blobs = kept(target)
    assert (manifests, blobs) == (kept(source)[0], kept(source)[3])
    assert {event.event_id for event in events} == {event.event_id for event in kept(source)[2]}


# --- every driver -------------------------------------------------------------------------------------------------


def test_to_any_driver_and_back(new_driver: Callable[[], Driver], tmp_path: Path) -> None:
    """From memory to it, from it to another, and from there back to memory: nothing is lost on the way."""
    source, back = MemoryDriver(), MemoryDriver()
    made(source, tmp_path, [("text", 1), ("back", 1), ("fail", 0)])
    stations = [source, new_driver(), new_driver(), back]
    for here, there in pairwise(stations):
        bring(here, there)
        assert bring(here, there).events == 0
    assert kept(back) == kept(source)


def test_a_local_target_shares_no_bytes_with_its_source(tmp_path: Path) -> None:
    """A copy that shared them would be damaged together with what it was taken of."""
    source, target = LocalDriver(tmp_path / "a"), LocalDriver(tmp_path / "b")
    made(source, tmp_path, [])
    bring(source, target)
    store = MovieStore(source, "toy")
    for digest in store.blobs.sizes():
        key = store.keys.blob(digest)
        assert not source.path(key).samefile(target.path(key))


@pytest.mark.parametrize("verbs", [1, 9, 17, 25])
def test_killed_in_the_middle_it_goes_on(verbs: int, tmp_path: Path) -> None:
    """By kill -9, at some verb of a local target."""
    source, target = LocalDriver(tmp_path / "a"), LocalDriver(tmp_path / "b")
    made(source, tmp_path, [("text", 1)])
    calls = count()

    def chance() -> float:
        if next(calls) == verbs:
            os.kill(os.getpid(), signal.SIGKILL)
        return 1.0

    fork = multiprocessing.get_context("fork")
    child = fork.Process(target=bring, args=(source, FaultyDriver(target, {Fault.ERROR: 0.5}, chance)))
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    assert is_whole(target)
    bring(source, target)
    assert kept(target) == kept(source)


# --- two histories ------------------------------------------------------------------------------------------------


def test_histories_that_went_different_ways_are_refused(tmp_path: Path) -> None:
    """Nothing is changed at the target."""
    source, target = MemoryDriver(), MemoryDriver()
    toy = made(source, tmp_path, [])
    bring(source, target)
    other = Toy(tmp_path, list(toy.texts), driver=target, stage=toy.stage)
    edit(toy, 1, "text", 0)
    edit(other, 2, "voice", 1)
    before = kept(target)
    for mirror in (False, True):
        with pytest.raises(Conflict, match="rev-0002 is one revision here and another there"):
            bring(source, target, mirror=mirror)
    assert kept(target) == before


def test_a_target_that_is_ahead_keeps_what_it_has_and_is_no_mirror(tmp_path: Path) -> None:
    """It is told; synced the other way, both are the same."""
    source, target = MemoryDriver(), Objects()
    toy = made(source, tmp_path, [])
    bring(source, target)
    edit(Toy(tmp_path, list(toy.texts), driver=target, stage=toy.stage, clock=Later()), 1, "text", 0)
    before = kept(target)
    assert bring(source, target).ahead == ("rev-0002",)
    with pytest.raises(Conflict, match="rev-0002 of its own"):
        bring(source, target, mirror=True)
    assert kept(target) == before
    bring(target, source)
    assert kept(target) == kept(source)


class Later(FakeClock):
    """Its ids are not those of another clock."""

    def new_id(self) -> str:
        return f"later-{super().new_id()}"


def test_a_mirror_follows_what_is_pruned_and_a_copy_does_not(tmp_path: Path) -> None:
    """A copy is an archive, to which pruned revisions can be mirrored back from."""
    source, archive, mirror = MemoryDriver(), MemoryDriver(), MemoryDriver()
    toy = made(source, tmp_path, [("text", 0), ("voice", 1)])
    bring(source, archive)
    bring(source, mirror)
    first = toy.store.manifests.read(1)
    toy.store.manifests.bury(1, first.digest, toy.clock.now(), "keep 2")
    bring(source, archive)
    bring(source, mirror, mirror=True)
    assert MovieStore(archive, "toy").manifests.read(1) == first
    with pytest.raises(Pruned):
        MovieStore(mirror, "toy").manifests.read(1)
    assert kept(mirror)[0] == kept(source)[0]
    bring(archive, mirror, mirror=True)
    assert MovieStore(mirror, "toy").manifests.read(1) == first


# --- damage and company -------------------------------------------------------------------------------------------


def test_a_damaged_blob_is_left_out_with_the_revisions_that_need_it(tmp_path: Path) -> None:
    """Everything else is brought; once it is repaired the next sync brings it, too."""
    source, target = MemoryDriver(), MemoryDriver()
    toy = made(source, tmp_path, [("text", 0)])
    ref = toy.store.manifests.read(1).artefacts["film"].blob
    whole = toy.store.read(ref)
    source.put(toy.store.keys.blob(ref.digest), b"x" * len(whole))
    said = bring(source, target)
    assert [line.partition(":")[0] for line in said.left_out] == [f"blob {ref.digest[:12]}", "rev-0001"]
    assert (said.revisions, is_whole(target)) == (("rev-0002",), True)
    source.put(toy.store.keys.blob(ref.digest), whole)
    assert bring(source, target).revisions == ("rev-0001",)
    assert kept(target) == kept(source)


def test_what_was_begun_at_a_provider_is_known_to_the_target(tmp_path: Path) -> None:
    """Unless it has the result; claims, leases and plans are of one store alone."""
    source, target = MemoryDriver(), MemoryDriver()
    toy = made(source, tmp_path, [])
    toy.store.pending.of("motion", "a" * 64).write("mysora", {"id": "job-1"})
    done = toy.store.manifests.read(1).artefacts["film"]
    toy.store.pending.of("film", done.inputs_digest).write("mysora", {"id": "job-2"})
    source.put("toy/claims/film-" + "b" * 64, b"{}")
    bring(source, target)
    bring(source, target)
    others = MovieStore(target, "toy").pending
    assert others.of("motion", "a" * 64).read("mysora") == {"id": "job-1"}
    assert not list(target.list("toy/claims/")) + list(target.list("toy/runs/"))


def test_every_movie_of_a_store_is_found(new_driver: Callable[[], Driver]) -> None:
    """Beside what no movie may be called."""
    driver = new_driver()
    for key in ("b/current.json", "b/events/x", "a-1/blobs/00/x", "A/x", "a/manifests/x", "loose"):
        driver.put(key, b"x")
    assert movies_in(driver) == ["a-1", "a", "b"]

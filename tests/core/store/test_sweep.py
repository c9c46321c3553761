"""Sweep: what nothing refers to goes, what anything refers to stays, whoever builds meanwhile."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movie_assets.core.artefact import BlobRef
from movie_assets.core.digest import digest_of_bytes
from movie_assets.core.errors import Conflict, Damaged, Refused, Transient
from movie_assets.core.manifest import Pruned
from movie_assets.core.references import references
from movie_assets.core.restore import restore
from movie_assets.core.store import blobs
from movie_assets.core.store import sweep as sweeping
from movie_assets.core.store.driver import Stat
from movie_assets.core.store.leases import LeaseRecord
from movie_assets.core.store.local import LocalDriver
from movie_assets.core.store.memory import MemoryDriver
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.store.sweep import Terms, sweep, would_sweep
from movie_assets.core.toy import FakeClock, Toy
from resources.clock import SystemClock

DAY = 86400.0
WEEK = Terms(7 * DAY)


class Later:
    """A store whose clock can be set forward, over a driver with or without paths."""

    def __init__(self, folder: Path, *, paths: bool) -> None:
        self.time = 0.0
        self.folder = folder
        self.driver: Any = LocalDriver(folder / "root") if paths else MemoryDriver(lambda: self.time)

    def pass_days(self, days: float) -> None:
        """What is stored now is that much older."""
        self.time += days * DAY
        for path in self.folder.rglob("*"):
            if path.is_file():
                then = path.stat().st_mtime - days * DAY
                os.utime(path, (then, then))


@pytest.fixture(params=["paths", "no paths"])
def later(request: pytest.FixtureRequest, tmp_path: Path) -> Later:
    return Later(tmp_path / "store", paths=request.param == "paths")


@pytest.fixture
def toy(later: Later, new_toy: Callable[..., Toy]) -> Toy:
    """A movie of two revisions, of which the second no longer has the first's picture, and a third attempt's waste."""
    toy = new_toy("a", "b", driver=later.driver)
    toy.make()
    toy.texts[0] = "never published"
    production = toy.movie().produce()
    production.begin()
    list(production.outcomes())
    toy.texts[0] = "second"
    toy.make()
    return toy


def whole(store: MovieStore) -> None:
    """Every revision that is kept has all its bytes."""
    for manifest in store.manifests.all():
        for name, ref in references(manifest):
            assert store.blobs.has(ref), f"{manifest.revision} lost {name}"


def garbage(store: MovieStore) -> set[str]:
    held = {ref.digest for manifest in store.manifests.all() for _, ref in references(manifest)}
    return store.blobs.sizes().keys() - held


def sweep_away(later: Later, store: MovieStore, terms: Terms = WEEK) -> tuple[int, int]:
    """Sweeps until nothing more goes: at once where there are paths, else a day later. Blobs and bytes."""
    blobs = freed = 0
    for _ in range(2):
        swept = sweep(store, terms, FakeClock())
        blobs, freed = blobs + swept.blobs, freed + swept.freed
        later.pass_days(1.1)
    return blobs, freed


def test_what_nothing_refers_to_goes(toy: Toy, later: Later) -> None:
    """Once it is old, and its bytes are counted; every revision stays whole, and nothing is made again."""
    waste = garbage(toy.store)
    sizes = toy.store.blobs.sizes()
    assert len(waste) == 6  # picture, voice, times, both clips and film of the attempt
    later.pass_days(8)
    assert sweep_away(later, toy.store) == (len(waste), sum(sizes[digest] for digest in waste))
    assert garbage(toy.store) == set()
    whole(toy.store)
    assert toy.make().jobs == ()
    assert not list(toy.driver.list("toy/.trash/"))


def test_what_is_young_stays(toy: Toy, later: Later) -> None:
    """Until it is as old as was asked for, and never under a day."""
    later.pass_days(6)
    assert sweep_away(later, toy.store, Terms(9 * DAY)) == (0, 0)
    with pytest.raises(Refused, match="a day"):
        Terms(DAY - 1)


def test_a_dry_run_says_what_would_go_and_changes_nothing(toy: Toy, later: Later) -> None:
    """The same as goes then, revisions to be pruned among it."""
    later.pass_days(8)
    before = dict(toy.driver.scan(""))
    now = max(stat.modified for stat in before.values()) + 8 * DAY
    said = would_sweep(toy.store, Terms(7 * DAY, keep_revisions=1), now)
    assert dict(toy.driver.scan("")) == before
    done = sweep(toy.store, Terms(7 * DAY, keep_revisions=1), FakeClock())
    assert (said.pruned, said.blobs, said.freed, said.condemned) == (
        done.pruned, done.blobs, done.freed, done.condemned
    )  # fmt: skip
    assert said.pruned == ("rev-0001",)


def test_what_was_made_and_not_published_yet_stays(later: Later, new_toy: Callable[..., Toy]) -> None:
    """However old it is: the next make reuses it."""
    toy = new_toy("a", driver=later.driver)
    toy.make("picture[0]", "voice[0]")
    later.pass_days(400)
    assert sweep_away(later, toy.store) == (0, 0)
    assert toy.make().paid == ()


def test_a_persons_files_stay(later: Later, new_toy: Callable[..., Toy]) -> None:
    """What an input refers to is needed for restoring the revision, though no artefact is it."""
    toy = new_toy("a", driver=later.driver)
    toy.pictures[0] = toy.own(b"my own picture")
    toy.make()
    later.pass_days(400)
    toy.store.blobs.add(b"unwanted", "text/plain")
    later.pass_days(8)
    sweep_away(later, toy.store)
    ref = BlobRef(digest_of_bytes(b"my own picture"), 14, "application/x-toy")
    assert toy.store.blobs.read(ref) == b"my own picture"
    assert garbage(toy.store) == set()


# --- retention ----------------------------------------------------------------------------------------------------


def test_old_revisions_leave_tombstones(toy: Toy, later: Later) -> None:
    """Their bytes go, their numbers stay taken, and whoever asks for one is told in a sentence."""
    toy.title = "third"
    toy.make()
    later.pass_days(8)
    film = toy.store.manifests.read(1).artefacts["film"].blob
    sweep_away(later, toy.store, Terms(7 * DAY, keep_revisions=2))
    store = MovieStore(toy.driver, "toy")
    assert [manifest.revision for manifest in store.manifests.all()] == ["rev-0002", "rev-0003"]
    assert store.manifests.numbers() == [1, 2, 3]
    assert not store.blobs.has(film)
    assert store.metrics.find(1) is None
    whole(store)
    for ask in (lambda: store.manifests.read(1), lambda: restore(store, 1, toy.clock, "")):
        with pytest.raises(Pruned, match="rev-0001 was pruned on 2026-01-01") as told:
            ask()
        assert told.value.next_step
    assert not toy.driver.create("toy/manifests/rev-0001.json", b"a stale planner's")
    toy.texts[0] = "next"
    manifest = toy.make().manifest
    assert manifest is not None
    assert manifest.revision == "rev-0004"


def test_the_live_revision_is_never_pruned(toy: Toy, later: Later) -> None:
    """And keeping none is refused."""
    sweep(toy.store, Terms(7 * DAY, keep_revisions=1), FakeClock())
    live = MovieStore(toy.driver, "toy").manifests.live()
    assert live is not None
    assert live.revision == "rev-0002"
    with pytest.raises(Refused):
        sweep(toy.store, Terms(7 * DAY, keep_revisions=0), FakeClock())


def test_going_back_to_what_was_swept_makes_it_again(toy: Toy, later: Later) -> None:
    """And only that."""
    first = toy.store.manifests.read(1)
    later.pass_days(8)
    sweep_away(later, toy.store, Terms(7 * DAY, keep_revisions=1))
    toy.texts[0] = "a"
    made = toy.make()
    assert set(made.jobs) >= {"picture[0]", "voice[0]", "clip[0]"}
    assert not {"picture[1]", "voice[1]"} & set(made.jobs)
    assert made.manifest is not None
    assert made.manifest.artefacts["film"].blob.digest == first.artefacts["film"].blob.digest


def test_what_else_was_left_goes_with_its_time(toy: Toy, later: Later) -> None:
    """Plans nobody published, notes of calls nobody asked after, damaged bytes put aside, packs of no checkpoint."""
    packs = list(toy.driver.list(toy.store.keys.packs))
    toy.driver.put(toy.store.keys.pack("0" * 64), b"its checkpoint was never written")
    toy.store.pending.of("picture", "0" * 64).write("painter", {"job": "1"})
    toy.driver.put("toy/quarantine/blobs/ab/" + "ab" * 32, b"damaged")
    toy.texts[0] = "given up"
    toy.movie().produce().begin()
    later.pass_days(8)
    assert sweep(toy.store, WEEK, FakeClock()).files >= 4
    assert list(toy.driver.list(toy.store.keys.packs)) == packs
    left = [key.split("/")[1] for key in toy.driver.list("toy/")]
    assert not {"pending", "quarantine"} & set(left)
    assert not list(toy.driver.list("toy/runs/"))


# --- beside builds ------------------------------------------------------------------------------------------------


def test_a_sweep_waits_for_runs_and_runs_wait_for_a_sweep(toy: Toy) -> None:
    """Whoever comes second steps back; two sweeps do not run at once either."""
    store = toy.store
    store.leases.renew("alive", LeaseRecord("a-run", 1e9))
    with pytest.raises(Conflict, match="1 run is under way") as told:
        sweep(store, WEEK, FakeClock())
    assert told.value.next_step
    store.leases.end("alive")
    other = LeaseRecord("other", 1e9)
    assert store.leases.begin_sweep(other, lambda: 0.0)
    with pytest.raises(Conflict, match="another sweep"):
        sweep(store, WEEK, FakeClock())
    toy.title = "waits"
    with ThreadPoolExecutor(1) as threads:
        made = threads.submit(toy.make)
        while not store.leases.runs(0.0):
            assert not made.done()
        assert store.manifests.numbers() == [1, 2]
        store.leases.end_sweep(other)
        assert made.result(60).manifest is not None


def test_a_sweep_that_died_holds_nobody_up(toy: Toy, later: Later) -> None:
    """Its flag runs out, and what it left in the trash is put back."""
    toy.store.leases.begin_sweep(LeaseRecord("dead", 60.0), lambda: 0.0)
    later.pass_days(1)
    sweep(toy.store, WEEK, FakeClock())
    assert toy.driver.stat("toy/runs/sweep") is None


class Far(MemoryDriver):
    """A store where each manifest takes long to read."""

    def __init__(self) -> None:
        self.clock, self.seconds = FakeClock(), 0.0
        self.at_each: Callable[[], object] = lambda: None
        super().__init__(self.clock.seconds)

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        if "/manifests/" in key:
            self.clock.time += self.seconds
            self.at_each()
        return super().get(key, start, end)


@pytest.fixture
def far(new_toy: Callable[..., Toy]) -> Toy:
    """A movie of four revisions on a far store, and nothing to sweep."""
    toy = new_toy("a", driver=Far())
    for number in range(4):
        toy.title = f"title {number}"
        toy.make()
    return toy


def test_the_flag_stays_up_however_long_a_sweep_takes(far: Toy) -> None:
    """Reading a long history from afar takes longer than the flag is good for: runs wait all the same."""
    driver, store, seen = far.driver, MovieStore(far.driver, "toy"), list[bool]()
    driver.seconds, driver.at_each = 40.0, lambda: seen.append(store.leases.is_sweeping(driver.clock.time))
    sweep(store, Terms(7 * DAY, keep_revisions=2), driver.clock)
    assert len(seen) >= 4
    assert all(seen)
    assert not store.leases.is_sweeping(driver.clock.time)


def test_a_sweep_that_was_taken_for_dead_gives_way(far: Toy) -> None:
    """After a machine has slept, another's sweep may be under way: its flag stays up, and nothing is changed beside it."""
    driver, store, other = far.driver, MovieStore(far.driver, "toy"), LeaseRecord("other", 60.0)
    driver.seconds = 100.0
    driver.at_each = lambda: store.leases.begin_sweep(other, driver.clock.seconds)
    before = set(driver.list("toy/"))
    with pytest.raises(Conflict, match="another sweep has begun"):
        sweep(store, Terms(7 * DAY, keep_revisions=2), driver.clock)
    assert set(driver.list("toy/")) == before | {store.keys.sweep}
    assert store.leases.is_sweeping(driver.clock.time)


def test_a_sweep_that_was_killed_half_way_loses_nothing(new_toy: Callable[..., Toy], tmp_path: Path) -> None:
    """What lay in the trash is back, though a revision referred to it only after the sweep had looked."""
    toy = new_toy("a", driver=LocalDriver(tmp_path / "root"))
    toy.make()
    store = toy.store
    manifest = store.manifests.live()
    assert manifest is not None
    film = manifest.artefacts["film"].blob.digest
    os.renames(tmp_path / "root" / store.keys.blob(film), tmp_path / "root" / store.keys.trashed(film))
    assert sweep(store, WEEK, FakeClock()).restored == 1
    whole(store)


def test_a_root_that_cannot_be_read_ends_the_sweep(toy: Toy, later: Later) -> None:
    """Nothing is changed, for what it refers to is not known."""
    later.pass_days(30)
    key = toy.store.keys.manifest(1)
    toy.driver.put(key, toy.driver.get(key)[:-9])
    before = list(toy.driver.list("toy/"))
    with pytest.raises(Damaged, match="rev-0001 cannot be read") as told:
        sweep(toy.store, Terms(7 * DAY), FakeClock())
    assert told.value.next_step == "movies verify toy --repair"
    assert list(toy.driver.list("toy/")) == before


def test_reusing_what_was_swept_since_the_plan_is_told(toy: Toy, later: Later) -> None:
    """The run makes nothing and publishes nothing; the next one plans again."""
    toy.texts[0] = "never published"
    production = toy.movie().produce()
    later.pass_days(8)
    sweep_away(later, toy.store)
    production.begin()
    with pytest.raises(Transient, match="swept meanwhile") as told:
        list(production.outcomes())
    assert told.value.next_step
    assert toy.make().manifest is not None
    whole(toy.store)


def fast(driver: Any, speed: float) -> Any:
    """For its blobs time runs `speed` times faster: they are old after a moment, and young again when freshened."""

    class Fast(type(driver)):  # type: ignore[misc]
        def stat(self, key: str) -> Stat | None:
            return self._older(key, super().stat(key))

        def scan(self, prefix: str) -> Iterator[tuple[str, Stat]]:
            for key, found in super().scan(prefix):
                yield key, self._older(key, found)

        def _older(self, key: str, found: Stat | None) -> Any:
            if found is None or "/blobs/" not in key:
                return found
            return Stat(found.size, time.time() - (time.time() - found.modified) * speed)

    driver.__class__ = Fast
    return driver


def sweep_beside_eight_builds(
    driver: Any, folder: Path, seed: int, terms: Terms, texts: int, edits: int
) -> None:
    """Edits that go back and forth revive garbage all the time, while sweeps take all that is older than a moment."""
    stop, swept = threading.Event(), list[int]()

    def build(index: int) -> None:
        toy = Toy(folder / f"scratch-{index}", ["x"] * texts, driver=driver, clock=SystemClock())
        chance = random.Random(seed * 8 + index)
        for _ in range(edits):
            toy.texts[index % texts] = chance.choice("abcd")
            for _ in range(40):
                with suppress(Conflict, Transient):
                    made = toy.make()
                    assert not made.ended("failed"), made.outcomes
                    break
            else:
                raise AssertionError("no build got through")

    def sweep_once() -> None:
        with suppress(Conflict):
            swept.append(sweep(MovieStore(driver, "toy"), terms, SystemClock()).blobs)

    def sweep_on() -> None:
        while not stop.is_set():
            sweep_once()
            stop.wait(0.1)

    with ThreadPoolExecutor(9) as threads:
        sweeping_on = threads.submit(sweep_on)
        building = [threads.submit(build, index) for index in range(8)]
        try:
            for each in building:
                each.result(150)
        finally:
            stop.set()
        sweeping_on.result(60)
    whole(MovieStore(driver, "toy"))
    while not sum(swept):
        time.sleep(0.1)
        sweep_once()
    whole(MovieStore(driver, "toy"))


@pytest.mark.heavy
@settings(max_examples=2, deadline=None, derandomize=True)
@given(seed=st.integers(0, 999))
def test_sweeps_beside_eight_builds_harm_none(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    """On local disk, where a day takes a twentieth of a second."""
    folder = tmp_path_factory.mktemp("builds")
    driver = fast(LocalDriver(folder / "root"), 2e6)
    sweep_beside_eight_builds(driver, folder, seed, Terms(DAY, keep_revisions=2), texts=8, edits=3)


@pytest.fixture
def short_day(monkeypatch: pytest.MonkeyPatch) -> float:
    """Of two seconds: S3 tells the time in whole ones."""
    from resources.s3 import driver

    monkeypatch.setattr(sweeping, "LEAST_SECONDS", 2.0)
    monkeypatch.setattr(blobs, "YOUNG_SECONDS", 0.5)
    monkeypatch.setattr(driver, "_YOUNG_SECONDS", 0.1)
    return 2.0


@pytest.mark.heavy
@settings(
    max_examples=1,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 999))
def test_sweeps_beside_eight_builds_on_s3_harm_none(
    tmp_path_factory: pytest.TempPathFactory, new_s3: Callable[[], Any], short_day: float, seed: int
) -> None:
    """Where bytes are condemned first, and deleted by a later sweep."""
    folder, terms = tmp_path_factory.mktemp("builds"), Terms(short_day, keep_revisions=2)
    sweep_beside_eight_builds(new_s3(), folder, seed, terms, texts=2, edits=1)

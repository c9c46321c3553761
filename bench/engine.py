"""The engine alone: what it adds to each job, and how near it comes to the best schedule.

    python bench/engine.py [--quick] [--at FOLDER]

The floor of the first table is one plain write and fsync per job, in the same run on the same disk. The second table
compares with the best of several list schedules, simulated over the same durations, that know them beforehand.
"""

from __future__ import annotations

import argparse
import heapq
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from movie_assets.core.artefact import Scope
from movie_assets.core.blueprint import Blueprint, every, input_, previous, same
from movie_assets.core.graph import Graph, Job
from movie_assets.core.layers import urgency
from movie_assets.core.reason import provider_of
from movie_assets.core.store.disk import Disk
from movie_assets.core.store.local import LocalDriver
from movie_assets.core.toy import Toy, sleep
from resources.clock import SystemClock

PLACES = {"local": 4, "painter": 2, "speaker": 2}


class Four(Toy):
    """Four jobs per segment by three providers, and a film."""

    def blueprint(self) -> Blueprint:
        segment, make = Scope.SEGMENT, self.stage.producer
        producers = (
            make("text", segment, (input_("text"),), media_type="text/plain"),
            make("picture", segment, (same("text"), input_("picture")), asks="picture"),
            make("voice", segment, (same("text"), input_("voice")), asks="voice"),
            make("clip", segment, (same("picture"), previous("picture"), same("voice"))),
            make("film", Scope.MOVIE, (every("clip"), input_("title"))),
        )
        return Blueprint("four", producers, {})


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="fewer segments")
    options.add_argument("--at", type=Path, help="a folder on the disk to measure")
    chosen = options.parse_args()
    counts = ((100, 300), (10, 20)) if chosen.quick else ((100, 1000), (10, 100))
    with tempfile.TemporaryDirectory(dir=chosen.at) as folder:
        print(
            f"{'providers that take no time':32}{'jobs':>6}{'s':>8}{'ms/job':>9}{'floor':>8}{'ratio':>7}{'aim':>9}"
        )
        for segments in counts[0]:
            cost_per_job(Path(folder) / f"cost{segments}", segments)
        print(
            f"\n{'jobs of 20 to 200 ms':32}{'jobs':>6}{'s':>8}{'best':>9}{'bound':>8}{'ratio':>7}{'aim':>9}"
        )
        for segments in counts[1]:
            pipelining(Path(folder) / f"pipe{segments}", segments)


def movie(folder: Path, segments: int, *, unsynced: bool = False) -> Four:
    disk = Disk(sync=lambda descriptor: None, sync_data=lambda descriptor: None) if unsynced else Disk()
    texts = [f"text {number}" for number in range(segments)]
    driver = LocalDriver(folder / "builds", disk)
    return Four(folder / "scratch", texts, driver, clock=SystemClock(), places=PLACES)


def begun(toy: Toy) -> Callable[[], object]:
    """What is left to do of a run whose inputs and plan are recorded."""
    production = toy.movie().produce()
    production.begin()

    def run() -> None:
        assert all(outcome.status == "produced" for outcome in production.outcomes()), production.error()

    return run


# --- cost per job -------------------------------------------------------------------------------------------------


def cost_per_job(folder: Path, segments: int) -> None:
    """Prints what a run costs whose providers cost nothing; the floor is measured before and after."""
    toy, quick = movie(folder / "synced", segments), movie(folder / "unsynced", segments, unsynced=True)
    jobs = len(toy.movie().graph.jobs)
    folder.mkdir()
    before = seconds(partial(write_plainly, folder / "before", jobs))
    took = seconds(begun(toy))
    least = (before + seconds(partial(write_plainly, folder / "after", jobs))) / 2
    each = 1000 / jobs
    for name, spent, aim in (
        (f"run of {segments} segments", took, "1.5 ms"),
        ("  and its publication", seconds(toy.movie().produce().publish), ""),
        ("  without waiting for the disk", seconds(begun(quick)), ""),
    ):
        row(name, jobs, spent, spent * each, least * each, spent / least, aim)


def write_plainly(path: Path, times: int) -> None:
    """A line of an event's length, flushed to disk, for each job."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for _ in range(times):
        os.write(descriptor, bytes(600))
        os.fsync(descriptor)
    os.close(descriptor)


# --- pipelining ---------------------------------------------------------------------------------------------------


def pipelining(folder: Path, segments: int) -> None:
    """Prints how long runs take, first of providers never seen, then of ones whose pace is known."""
    toy = movie(folder, segments)
    chance = random.Random(segments)
    graph = toy.movie().graph
    times = {job.id: chance.uniform(0.02, 0.2) for job in graph.jobs}
    toy.stage.acts = {job: sleep(times[job]) for job in times}
    lanes = {
        job.id: provider_of(job, toy.picture if job.producer.asks == "picture" else toy.voice)
        for job in graph.jobs
    }
    best = min(makespans(graph, times, lanes))
    bound = lower_bound(graph, times, lanes)
    for name, version in (("first run", "1"), ("run after one like it", "2")):
        toy.stage.versions = dict.fromkeys((producer.name for producer in graph.blueprint.producers), version)
        took = seconds(begun(toy))
        row(f"{name}, {segments} segments", len(times), took, best, bound, took / best, "1.10")


def lower_bound(graph: Graph, times: dict[str, float], lanes: dict[str, str]) -> float:
    """No schedule is quicker than its longest chain, nor than the fullest lane."""
    chain = max(urgency(graph, graph.jobs, lambda job: times[job.id]).values())
    loads = (
        sum(times[job] for job in times if lanes[job] == lane) / places for lane, places in PLACES.items()
    )
    return max(chain, *loads)


def makespans(graph: Graph, times: dict[str, float], lanes: dict[str, str]) -> Iterator[float]:
    """The lengths of list schedules by several rules, and by the critical path with some noise."""
    ranks = urgency(graph, graph.jobs, lambda job: times[job.id])
    order = count()
    yield schedule(graph, times, lanes, lambda job: ranks[job.id])
    yield schedule(graph, times, lanes, lambda job: times[job.id])
    yield schedule(graph, times, lanes, lambda job: -times[job.id])
    yield schedule(graph, times, lanes, lambda job: -next(order))
    yield schedule(graph, times, lanes, lambda job: -(job.segment or 0))
    chance = random.Random(0)
    for _ in range(100):
        yield schedule(graph, times, lanes, lambda job: ranks[job.id] + chance.uniform(0, 0.2))


def schedule(
    graph: Graph, times: dict[str, float], lanes: dict[str, str], rule: Callable[[Job], float]
) -> float:
    """How long it takes if each free place takes at once the ready job that the rule ranks highest."""
    missing = {job.id: len(set(job.needs())) for job in graph.jobs}
    free, now, running = dict(PLACES), 0.0, list[tuple[float, str, Job]]()
    ready: dict[str, list[tuple[float, str, Job]]] = {lane: [] for lane in PLACES}
    begun = [job for job in graph.jobs if not missing[job.id]]
    while begun or running:
        for job in begun:
            heapq.heappush(ready[lanes[job.id]], (-rule(job), job.id, job))
        for lane, waiting in ready.items():
            while waiting and free[lane]:
                free[lane] -= 1
                _, name, job = heapq.heappop(waiting)
                heapq.heappush(running, (now + times[name], name, job))
        now, name, job = heapq.heappop(running)
        free[lanes[name]] += 1
        begun = []
        for reader in (reader for made in job.makes for reader in graph.readers[made]):
            missing[reader.id] -= 1
            if not missing[reader.id]:
                begun.append(reader)
    return now


# --- measuring ----------------------------------------------------------------------------------------------------


def seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def row(name: str, jobs: int, took: float, one: float, other: float, ratio: float, aim: str = "") -> None:
    print(f"{name:32}{jobs:6}{took:8.2f}{one:9.3f}{other:8.3f}{ratio:7.2f}{aim:>9}")


if __name__ == "__main__":
    main()

"""The store: cold start after many revisions, how fast writers and publishers are, and how fast verify reads.

    python bench/store.py [--quick] [--at FOLDER]

A cold start is what a new process does before it can plan: the live manifest and the index of all results, in CPU time
with the files in the page cache. "From the log" is the same without a checkpoint. A plan is a cold start and all that follows until it is known that nothing, or
what, is to be made. "kB/commit" is what the checkpoints of the last tenth of the revisions wrote. Requests are counted
where the logs are objects, as on S3. The floor of the writers' table is one plain append and fdatasync at a time.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from movie_assets.core.errors import Conflict
from movie_assets.core.manifest import Manifest, sealed
from movie_assets.core.revision import revision_name
from movie_assets.core.store.driver import Capabilities, Driver, Stat
from movie_assets.core.store.local import LocalDriver
from movie_assets.core.store.log import AppendLog
from movie_assets.core.store.memory import MemoryDriver
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.store.verify import verify
from movie_assets.core.toy import Toy
from resources.clock import SystemClock

FORK = multiprocessing.get_context("fork")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="fewer revisions, less time")
    options.add_argument("--at", type=Path, help="a folder on the disk to measure")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.at) as name:
        folder = Path(name)
        counts = (10, 30) if chosen.quick else (10, 100, 1000)
        cold_starts(folder / "cold", counts)
        requests(folder / "requests", counts[:2])
        seconds = 1.0 if chosen.quick else 4.0
        rates(folder, seconds)
        reading(folder / "bytes", 64 if chosen.quick else 1024)


def cold_starts(folder: Path, counts: tuple[int, ...]) -> None:
    """A movie of 20 segments of which each revision changes one."""
    print("revisions   log kB   kB/commit   cold start ms   from the log ms   plan: nothing ms   one edit ms")
    driver = Written(folder / "builds")
    toy = Toy(folder / "scratch", [f"text {n}" for n in range(20)], driver=driver, clock=SystemClock())
    done = 0
    for count in counts:
        grow(toy, done, count - count // 10)
        before = driver.written
        grow(toy, count - count // 10, count)
        commit = (driver.written - before) / (count // 10)
        done = count
        without = folder / "without"
        shutil.copytree(folder / "builds", without, ignore=shutil.ignore_patterns("checkpoints"))
        log = sum(len(driver.get(key)) for key in (toy.store.keys.inputs_log, toy.store.keys.artefacts_log))
        times = [
            least(lambda: cold(folder / "builds")),
            least(lambda: cold(without)),  # noqa: B023
            least(lambda: plan(toy, LocalDriver(folder / "builds"), 0)),
            least(lambda: plan(toy, LocalDriver(folder / "builds"), 7)),
        ]
        said = [f"{took * 1000:{width}.1f}" for took, width in zip(times, (16, 18, 19, 14), strict=True)]
        print(f"{count:9}{log / 1000:9.0f}{commit / 1000:12.0f}{''.join(said)}")
        shutil.rmtree(without)


class Written(LocalDriver):
    """Counts the bytes of checkpoints."""

    written = 0

    def put(self, key: str, data: bytes) -> None:
        self.written += len(data) if "/checkpoints/" in key else 0
        super().put(key, data)


def grow(toy: Toy, begin: int, end: int) -> None:
    for revision in range(begin, end):
        toy.texts[revision % 20] = f"text of {revision}"
        toy.make()


def plan(toy: Toy, driver: Driver, jobs: int) -> None:
    """What another process would plan, with an edit if any job is expected."""
    texts = [*toy.texts[:3], "another", *toy.texts[4:]] if jobs else toy.texts
    found = Toy(toy.scratch, texts, driver=driver, clock=toy.clock).plan()
    assert len(found.jobs) == jobs, found


def requests(folder: Path, counts: tuple[int, ...]) -> None:
    """Of the same movie in a store that appends nothing and lists 1000 keys at a time."""
    print("\nrevisions   objects of logs   cold start   plan: nothing   one edit   (requests, and kB read)")
    driver = Objects()
    toy = Toy(folder / "scratch", [f"text {n}" for n in range(20)], driver=driver, clock=SystemClock())
    done = 0
    for count in counts:
        grow(toy, done, count)
        done = count
        objects = len([*driver.list("toy/events/")])
        acts: tuple[Callable[[], object], ...] = (
            lambda: begin(driver),
            lambda: plan(toy, driver, 0),
            lambda: plan(toy, driver, 7),
        )
        said = ""
        for act in acts:
            driver.asked = driver.bytes = 0
            act()
            said += f"{driver.asked:7} {driver.bytes / 1000:6.0f}"
        print(f"{count:9}{objects:18}{said}")


def begin(driver: Driver) -> None:
    MovieStore(driver, "toy").events.index()


class Objects(MemoryDriver):
    """Counts requests, and what they read."""

    capabilities = Capabilities(append=False, paths=False, conditional=True)
    asked = bytes = 0

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        data = super().get(key, start, end)
        self.asked, self.bytes = self.asked + 1, self.bytes + len(data)
        return data

    def stat(self, key: str) -> Stat | None:
        self.asked += 1
        return super().stat(key)

    def list(self, prefix: str, after: str = "") -> Iterator[str]:
        keys = [*super().list(prefix, after)]
        self.asked += len(keys) // 1000 + 1
        return iter(keys)

    def scan(self, prefix: str) -> Iterator[tuple[str, Stat]]:
        return ((key, Stat(len(super(Objects, self).get(key)), 0.0)) for key in self.list(prefix))


def cold(root: Path) -> None:
    store = MovieStore(LocalDriver(root), "toy")
    assert store.manifests.live() is not None
    assert store.events.index().latest


def least(act: Callable[[], None]) -> float:
    """Seconds of the processor, whatever else it has to do; the files are in the page cache."""
    took = []
    for _ in range(20):
        begin = time.process_time()
        act()
        took.append(time.process_time() - begin)
    return min(took)


def best(act: Callable[[], None]) -> float:
    took = []
    for _ in range(5):
        begin = time.perf_counter()
        act()
        took.append(time.perf_counter() - begin)
    return min(took)


# --- rates --------------------------------------------------------------------------------------------------------


def rates(folder: Path, seconds: float) -> None:
    """Several processes on one movie."""
    print("\nprocesses   events/s   plain/s   revisions/s   conflicts/s")
    for processes in (1, 4, 16, 32):
        events = counted(processes, append, folder / f"events-{processes}", seconds)[0]
        plain = counted(processes, append_plain, folder / f"plain-{processes}", seconds)[0]
        won, lost = counted(processes, publish, folder / f"publish-{processes}", seconds)
        per = [each / seconds for each in (events, plain, won, lost)]
        print(f"{processes:9}{per[0]:11.0f}{per[1]:10.0f}{per[2]:14.0f}{per[3]:14.0f}")


Work = Callable[[Path, float], tuple[int, int]]


def counted(processes: int, work: Work, folder: Path, seconds: float) -> tuple[int, int]:
    folder.mkdir()
    with FORK.Pool(processes) as pool:
        found = pool.starmap(work, [(folder, seconds)] * processes)
    return sum(first for first, _ in found), sum(second for _, second in found)


def append(folder: Path, seconds: float) -> tuple[int, int]:
    log, done, end = AppendLog(LocalDriver(folder), "toy/events/artefacts.log"), 0, time.monotonic() + seconds
    while time.monotonic() < end:
        log.append(b"x" * 700)
        done += 1
    return done, 0


def append_plain(folder: Path, seconds: float) -> tuple[int, int]:
    descriptor = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    done, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        os.write(descriptor, b"x" * 710)
        os.fdatasync(descriptor)
        done += 1
    os.close(descriptor)
    return done, 0


def publish(folder: Path, seconds: float) -> tuple[int, int]:
    store = MovieStore(LocalDriver(folder), "toy")
    won, lost, end = 0, 0, time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            store.manifests.publish(next_revision(store.manifests.live()))
            won += 1
        except Conflict:
            lost += 1
    return won, lost


def next_revision(live: Manifest | None) -> Manifest:
    return sealed(
        Manifest(
            movie="toy",
            revision=revision_name(live.number + 1 if live else 1),
            base_revision=live.revision if live else None,
            base_digest=live.digest if live else None,
            plan_id="plan",
            nonce=os.urandom(8).hex(),
            created_at="2026",
            blueprint="toy",
            segments=0,
            inputs={},
            artefacts={},
        )
    )


# --- reading ------------------------------------------------------------------------------------------------------


def reading(folder: Path, megabytes: int) -> None:
    """Blobs of 16 MB, in the page cache."""
    store = MovieStore(LocalDriver(folder), "toy")
    for number in range(megabytes // 16):
        store.blobs.add(number.to_bytes(8, "big") * (2 << 20), "application/octet-stream")
    took = best(lambda: verify(store) and None)
    print(f"\nverify reads {megabytes / 1000 / took:.2f} GB/s")


if __name__ == "__main__":
    main()

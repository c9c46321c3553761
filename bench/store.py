"""The store: cold start after many revisions, how fast writers and publishers are, and how fast verify reads.

    python bench/store.py [--quick] [--at FOLDER]

A cold start is what a new process does before it can plan: the live manifest and the index of all results. "From the
log" is the same without a checkpoint. The floor of the writers' table is one plain append and fdatasync at a time.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from movie_assets.core.errors import Conflict
from movie_assets.core.manifest import Manifest, sealed
from movie_assets.core.revision import revision_name
from movie_assets.core.store.local import LocalDriver
from movie_assets.core.store.log import AppendLog
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
        cold_starts(folder / "cold", (10, 30) if chosen.quick else (10, 100, 1000))
        seconds = 1.0 if chosen.quick else 4.0
        rates(folder, seconds)
        reading(folder / "bytes", 64 if chosen.quick else 1024)


def cold_starts(folder: Path, counts: tuple[int, ...]) -> None:
    """A movie of 20 segments of which each revision changes one."""
    print("revisions   log kB   checkpoint kB   cold start ms   from the log ms")
    driver = LocalDriver(folder / "builds")
    toy = Toy(folder / "scratch", [f"text {n}" for n in range(20)], driver=driver, clock=SystemClock())
    done = 0
    for count in counts:
        for revision in range(done, count):
            toy.texts[revision % 20] = f"text of {revision}"
            toy.make()
        done = count
        with_it = best(lambda: cold(folder / "builds"))
        log = sum(len(driver.get(key)) for key in (toy.store.keys.inputs_log, toy.store.keys.artefacts_log))
        point = sum(stat.size for _, stat in driver.scan(toy.store.keys.checkpoint(count)))
        without = folder / "without"
        shutil.copytree(folder / "builds", without, ignore=shutil.ignore_patterns("checkpoints"))
        print(
            f"{count:9}{log / 1000:9.0f}{point / 1000:16.0f}"
            f"{with_it * 1000:16.1f}{best(lambda: cold(without)) * 1000:18.1f}"  # noqa: B023
        )
        shutil.rmtree(without)


def cold(root: Path) -> None:
    store = MovieStore(LocalDriver(root), "toy")
    assert store.manifests.live() is not None
    assert store.events.index().successes


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

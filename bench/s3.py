"""The store on S3 against bare boto3, on Ceph's gateway where it is installed, else on moto; one machine, loopback.

python bench/s3.py [--quick]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from movie_assets.core.artefact import BlobRef
from movie_assets.core.store.blobs import Blobs
from movie_assets.core.store.keys import Keys
from movie_assets.core.store.object_log import ObjectLog
from resources.instant import InstantPorts
from resources.rehearsal.ceph import CephServer, missing_programs
from resources.rehearsal.s3_server import Bucket, S3Server
from resources.s3.driver import S3Driver
from resources.studio import Studio

EVENT = b'{"event":"' + b"x" * 700 + b'"}'


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="a tenth of everything")
    options.add_argument("--memory", action="store_true", help="only the large blob")
    options.add_argument("--stream", type=int, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.stream:
        stream(chosen.stream)
        return
    part = 10 if chosen.quick else 1
    server = S3Server() if missing_programs() else CephServer()
    with server:
        print(f"on {type(server).__name__}")
        if chosen.memory:
            memory(server.bucket(), (2 << 30) // part)
            return
        blobs(server.bucket(), 600 // part, 4 << 10)
        blobs(server.bucket(), 60 // part, 2 << 20)
        events(server.bucket(), 600 // part)
        plan(server.bucket(), 40 // part)
        memory(server.bucket(), (2 << 30) // part)


def blobs(bucket: Bucket, count: int, size: int) -> None:
    """Puts and gets, ours and bare, by one thread and by sixteen."""
    ours = Blobs(S3Driver(bucket.name, "bench", bucket.settings), Keys("bench"))
    refs: list[BlobRef] = []
    bodies = [[os.urandom(64) + bytes(size - 64) for _ in range(count)] for _ in range(4)]

    def bare_put(body: bytes) -> None:
        bucket.client.put_object(Bucket=bucket.name, Key=f"bare/{body[:32].hex()}", Body=body)

    def bare_get(body: bytes) -> None:
        bucket.client.get_object(Bucket=bucket.name, Key=f"bare/{body[:32].hex()}")["Body"].read()

    print(f"{count} blobs of {size >> 10} KB")
    for threads, (mine, plain) in ((1, bodies[:2]), (16, bodies[2:])):
        rate(f"  put, bare boto3, {threads} threads", bare_put, plain, threads, size)
        rate(
            f"  put, ours, {threads} threads",
            lambda body: refs.append(ours.add(body, "a/b")),
            mine,
            threads,
            size,
        )
        rate(f"  get, bare boto3, {threads} threads", bare_get, plain, threads, size)
        rate(f"  get, ours, {threads} threads", ours.read, refs, threads, size)
        refs.clear()


def events(bucket: Bucket, count: int) -> None:
    """Durable appends: one after another, by the threads of one process, by writers of their own."""

    def log(movie: str) -> ObjectLog:
        keys = Keys(movie)
        return ObjectLog(S3Driver(bucket.name, "bench", bucket.settings), keys, keys.artefacts_entries)

    one, shared, many = log("one"), log("shared"), [log("many") for _ in range(16)]
    rate("events: one thread", lambda n: one.append(EVENT), range(count), 1)
    rate("events: 16 threads of one writer", lambda n: shared.append(EVENT), range(4 * count), 16)
    rate("events: 16 writers", lambda n: many[n % 16].append(EVENT), range(count), 16)
    began = time.perf_counter()
    found = len(log("many").tail()[0])
    print(f"events: {found} objects read from nothing in {time.perf_counter() - began:.2f} s")


def plan(bucket: Bucket, segments: int) -> None:
    """A movie that was made there, planned by a process that knows nothing of it yet, and again."""
    os.environ.update(bucket.environment)
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "movies" / "tale" / "movie.yaml"
        config.parent.mkdir(parents=True)
        config.write_text(f"title: Tale\nbrief: A tale.\nsegments: {segments}\n")
        studio = Studio(Path(folder), f"{bucket.root}/films", ports=InstantPorts())
        production = studio.open("tale").produce()
        began = time.perf_counter()
        production.begin()
        made = len(list(production.outcomes()))
        production.publish()
        print(
            f"a movie of {segments} segments: {made} instant jobs made in {time.perf_counter() - began:.2f} s"
        )
        fresh = Studio(Path(folder), f"{bucket.root}/films", ports=InstantPorts())
        for which in ("cold", "warm"):
            began = time.perf_counter()
            fresh.open("tale").plan()
            print(f"  plan, {which}: {time.perf_counter() - began:.3f} s")


def memory(bucket: Bucket, size: int) -> None:
    """A process of its own stores a large blob from a file and reads it back into another."""
    command = [sys.executable, __file__, "--stream", str(size)]
    environment = {**os.environ, **bucket.environment, "BENCH_BUCKET": bucket.name}
    subprocess.run(command, env=environment, check=True)


def stream(size: int) -> None:
    from resources.s3.settings import S3Settings

    driver = S3Driver(os.environ["BENCH_BUCKET"], "bench", S3Settings.said_by(os.environ.get))
    store = Blobs(driver, Keys("bench"))
    store.add(b"warm", "a/b")
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film"
        with film.open("wb") as out:
            for _ in range(size >> 20):
                out.write(os.urandom(1 << 20))
        before = peak()
        began = time.perf_counter()
        ref = store.add_file(film, "video/mp4")
        put = time.perf_counter() - began
        film.unlink()
        began = time.perf_counter()
        store.file(ref, Path(folder))
        got = time.perf_counter() - began
    print(
        f"a blob of {size >> 20} MB: put {size / put / 1e6:.0f} MB/s, got and checked {size / got / 1e6:.0f} MB/s"
    )
    print(f"  peak memory {before} MB before, {peak()} MB after")


def peak() -> int:
    """MB; not from getrusage, which counts what a parent had when it forked."""
    line = next(
        line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")
    )
    return int(line.split()[1]) >> 10


def rate(name: str, ask: Callable[..., object], items: Iterable[object], threads: int, size: int = 0) -> None:
    """Prints how many a second, and how many MB."""
    work = list(items)
    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(ask, work))
    per_second = len(work) / (time.perf_counter() - began)
    print(f"{name}: {per_second:.0f} a second" + (f", {per_second * size / 1e6:.1f} MB/s" if size else ""))


if __name__ == "__main__":
    main()

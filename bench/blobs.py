"""Blobs with fsync against the floor: the same bytes written plainly, one thread, in the same run.

    python bench/blobs.py [--quick] [--at FOLDER]

The ways take turns in small blocks, because a disk has moods.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from movie_assets.core.store.blobs import Blobs
from movie_assets.core.store.keys import Keys
from movie_assets.core.store.local import LocalDriver

Way = Callable[[bytes, str], None]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="a tenth of the blobs")
    options.add_argument("--at", type=Path, help="a folder on the disk to measure")
    chosen = options.parse_args()
    part = 10 if chosen.quick else 1
    with tempfile.TemporaryDirectory(dir=chosen.at) as folder:
        compare(Path(folder), count=5000 // part, size=4 << 10, block=50)
        compare(Path(folder), count=200 // part, size=2 << 20, block=5)


def compare(folder: Path, *, count: int, size: int, block: int) -> None:
    """Prints the time of each way for `count` blobs of `size` bytes, and its ratio to the floors."""
    ways = ways_below(folder / str(size))
    seconds = dict.fromkeys(ways, 0.0)
    for start in range(-block, count, block):  # the first block warms up
        bodies = [os.urandom(64) + bytes(size - 64) for _ in range(block)]
        named = [(body, sha256(body).hexdigest()) for body in bodies]
        for name, way in ways.items():
            began = time.perf_counter()
            for body, digest in named:
                way(body, digest)
            if start >= 0:
                seconds[name] += time.perf_counter() - began
    report(f"{count} blobs of {size >> 10} KB", count, seconds)


def ways_below(folder: Path) -> dict[str, Way]:
    """The ways to store bytes; each gets its 256 folders beforehand, as a store in use has them."""
    keys = Keys("bench")
    plain, plain_and_folder, _ = (
        prepared(folder / name) for name in ("plain", "folder", f"store/{keys.blobs}")
    )
    blobs = Blobs(LocalDriver(folder / "store"), keys)

    def write(body: bytes, digest: str) -> None:
        write_plainly(plain / digest[:2] / digest, body)

    def write_and_sync_folder(body: bytes, digest: str) -> None:
        write_plainly(plain_and_folder / digest[:2] / digest, body)
        sync_folder(plain_and_folder / digest[:2])

    def digest_only(body: bytes, _: str) -> None:
        sha256(body).hexdigest()

    def add(body: bytes, _: str) -> None:
        blobs.add(body, "application/octet-stream")

    return {
        "write + fsync": write,
        "write + fsync + fsync of the folder": write_and_sync_folder,
        "sha256": digest_only,
        "Blobs.add": add,
        "Blobs.add again": add,
    }


def prepared(folder: Path) -> Path:
    for part in range(256):
        (folder / f"{part:02x}").mkdir(parents=True)
    return folder


def write_plainly(place: Path, body: bytes) -> None:
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
    os.write(descriptor, body)
    os.fsync(descriptor)
    os.close(descriptor)


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def report(title: str, count: int, seconds: dict[str, float]) -> None:
    file_floor, folder_floor, digest, *_ = seconds.values()
    print(
        f"\n{title}\n{'':38}{'s':>8}{'ms each':>10}{'× fsync':>10}{'× +folder':>10}{'× +folder+sha256':>18}"
    )
    for name, taken in seconds.items():
        ratios = (taken / file_floor, taken / folder_floor, taken / (folder_floor + digest))
        print(
            f"{name:38}{taken:8.2f}{taken / count * 1000:10.3f}{ratios[0]:10.2f}{ratios[1]:10.2f}{ratios[2]:18.2f}"
        )


if __name__ == "__main__":
    main()

"""A disk that is full, and a machine whose power is cut: what was acknowledged is there afterwards."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import resource
import shutil
import signal
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from movie_assets.core.artefact import BlobRef
from movie_assets.core.errors import MovieError, Unready
from movie_assets.core.manifest import Manifest, sealed
from movie_assets.core.revision import revision_name
from movie_assets.core.store.local import LocalDriver
from movie_assets.core.store.log import AppendLog
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.toy import Toy

MKFS = shutil.which("mkfs.ext4", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
FORK = multiprocessing.get_context("fork")
SHUT_DOWN = 0x8004587D  # the ioctl of ext4, xfs and f2fs: goes down now
AND_LOSE_WHAT_IS_NOT_SYNCED = struct.pack("I", 2)


def mounted(*words: str) -> bool:
    done = subprocess.run(["mount", *words], check=False, capture_output=True)
    return done.returncode == 0


def needs_root() -> None:
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root may mount a file system")


# --- a full disk --------------------------------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes."""
    needs_root()
    folder = tmp_path / "small"
    folder.mkdir()
    if not mounted("-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)):
        pytest.skip("this kernel does not let us mount a tmpfs")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_loses_nothing_that_was_acknowledged(small: Path) -> None:
    """Every append either says that it is stored, or that the disk is full; once there is room it goes on."""
    ballast = small / "ballast"
    ballast.write_bytes(b"x" * 1_000_000)
    log, acknowledged, refusals = AppendLog(LocalDriver(small / "builds"), "toy/events/artefacts.log"), [], 0
    for number in range(400):
        payload = b"%d %b" % (number, b"x" * (number * 37 % 9000))
        try:
            log.append(payload)
            acknowledged.append(payload)
        except Unready as error:
            assert "full" in error.fact
            assert error.next_step
            refusals += 1
        if refusals == 20:
            ballast.unlink(missing_ok=True)
            refusals += 1
    assert refusals > 20
    payloads = AppendLog(LocalDriver(small / "builds"), "toy/events/artefacts.log").tail(0)[0]
    assert [payload for payload in payloads if payload in set(acknowledged)] == acknowledged


def test_a_film_on_a_full_disk_is_made_once_there_is_room(small: Path, tmp_path: Path) -> None:
    """Nothing is half published, and nothing that was stored is made again."""
    toy = Toy(tmp_path / "scratch", [f"text {n}" for n in range(6)], driver=LocalDriver(small / "builds"))
    ballast = small / "ballast"
    ballast.write_bytes(b"x" * (2 * 1024 * 1024 - 40_000 - 4096 * 4))
    with suppress(MovieError):
        toy.make()
    assert toy.store.manifests.numbers() == []
    ballast.unlink()
    before = {(event.kind, event.inputs_digest) for event in toy.store.events.artefacts() if event.output}
    made = toy.make()
    assert made.manifest is not None
    again = {
        (outcome.job.makes[0].kind, outcome.signature.digest)
        for outcome in made.outcomes
        if outcome.signature and outcome.status == "produced"
    }
    assert not again & before


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="no file size limit here")
def test_a_file_that_may_not_grow_is_told(tmp_path: Path) -> None:
    """As on a full disk, without root: by the limit of a process on the size of its files."""

    def child(answer: multiprocessing.connection.Connection) -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        log, stored = AppendLog(LocalDriver(tmp_path / "builds"), "toy/events/artefacts.log"), []
        for number in range(30):
            try:
                log.append(b"%d %b" % (number, b"x" * 1000))
                stored.append(number)
            except MovieError as error:
                answer.send((stored, error.next_step))
                return

    receiving, sending = FORK.Pipe(duplex=False)
    process = FORK.Process(target=child, args=(sending,))
    process.start()
    assert receiving.poll(30)
    stored, next_step = receiving.recv()
    process.join()
    assert next_step
    payloads = AppendLog(LocalDriver(tmp_path / "builds"), "toy/events/artefacts.log").tail(0)[0]
    assert [int(payload.split()[0]) for payload in payloads] == stored


# --- a power cut --------------------------------------------------------------------------------------------------


class Machine:
    """A file system of its own in a file, which can be switched off."""

    def __init__(self, folder: Path) -> None:
        self.image, self.root = folder / "image", folder / "disk"
        self.root.mkdir()
        with self.image.open("wb") as stream:
            stream.truncate(96 * 1024 * 1024)
        made = subprocess.run([MKFS or "", "-q", "-F", str(self.image)], check=False, capture_output=True)
        if made.returncode != 0 or not self.switch_on():
            pytest.skip("this kernel does not let us mount a file system in a file")

    def switch_on(self) -> bool:
        return mounted("-o", "loop", str(self.image), str(self.root))

    def cut_power(self) -> None:
        descriptor = os.open(self.root, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, SHUT_DOWN, AND_LOSE_WHAT_IS_NOT_SYNCED)
        except OSError:
            pytest.skip("this file system cannot be shut down")
        finally:
            os.close(descriptor)

    def switch_off(self) -> None:
        subprocess.run(["umount", str(self.root)], check=False, capture_output=True)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    needs_root()
    if MKFS is None:
        pytest.skip("mkfs.ext4 is not here")
    machine = Machine(tmp_path)
    yield machine
    subprocess.run(["umount", "-l", str(machine.root)], check=False, capture_output=True)


def work_for_ever(root: Path, who: int, acknowledged: int) -> None:
    """Blobs, events and revisions of a movie of its own, each noted elsewhere once it was acknowledged."""
    store = MovieStore(LocalDriver(root), f"movie-{who}")
    log = AppendLog(store.driver, store.keys.artefacts_log)
    live = store.manifests.live()
    with suppress(MovieError):
        for number in range(live.number + 1 if live else 1, 9000):
            ref = store.blobs.add(b"%d %d " % (who, number) * 400, "application/x-toy")
            log.append(f"event {number}".encode())
            store.manifests.publish(revision(f"movie-{who}", number))
            os.write(acknowledged, f"{who} {number} {ref.digest} {ref.size}\n".encode())


def revision(movie: str, number: int) -> Manifest:
    return sealed(
        Manifest(
            movie=movie, revision=revision_name(number), base_revision=None, base_digest=None, plan_id="plan",
            nonce=os.urandom(8).hex(), created_at="2026", blueprint="toy", segments=0, inputs={}, artefacts={},
        )
    )  # fmt: skip


@pytest.mark.heavy
def test_a_power_cut_loses_nothing_that_was_acknowledged(machine: Machine, tmp_path: Path) -> None:
    """Three cuts in the midst of four processes' writing: each acknowledged blob, event and revision is whole."""
    record = tmp_path / "acknowledged"
    for _ in range(3):
        acknowledged = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        before = record.stat().st_size
        children = [
            FORK.Process(target=work_for_ever, args=(machine.root / "builds", who, acknowledged))
            for who in range(4)
        ]
        for child in children:
            child.start()
        end = time.monotonic() + 30
        while record.stat().st_size < before + 8000 and time.monotonic() < end:
            time.sleep(0.01)
        machine.cut_power()
        for child in children:
            child.join(30)
        os.close(acknowledged)
        machine.switch_off()
        assert machine.switch_on()
        lines = [line.split() for line in record.read_text().splitlines()]
        assert len(lines) > 50
        for who in range(4):
            store = MovieStore(LocalDriver(machine.root / "builds"), f"movie-{who}")
            events = set(AppendLog(store.driver, store.keys.artefacts_log).tail(0)[0])
            for _, number, digest, size in (line for line in lines if int(line[0]) == who):
                assert store.blobs.read(BlobRef(digest, int(size), "application/x-toy"))
                assert f"event {number}".encode() in events
                assert store.manifests.read(int(number)).number == int(number)
            live = store.manifests.live()
            assert live is not None
            del store

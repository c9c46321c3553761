"""The local driver: what it acknowledges survives, and what it cannot do it says."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from movie_assets.core.errors import Damaged, MovieError, Refused, Unready
from movie_assets.core.store.disk import Disk
from movie_assets.core.store.driver import Absent
from movie_assets.core.store.local import LocalDriver

InChildren = Callable[[int, Callable[[int], Any]], list[Any]]
VERBS: dict[str, Callable[[LocalDriver, str, Path], object]] = {
    "create": lambda driver, key, _: driver.create(key, b"new" * 1000),
    "put": lambda driver, key, _: driver.put(key, b"new" * 1000),
    "put_file": lambda driver, key, file: driver.put_file(key, file),
}


class Recorder:
    """A disk that notes what is asked of it, and fails at one call if told to."""

    def __init__(self, fail_at: int = -1, error: int = errno.EIO) -> None:
        self.calls: list[tuple[str, str]] = []
        self.fail_at = fail_at
        self.error = error
        self._open: dict[int, str] = {}
        self.disk = Disk(
            **{f.name: self._noting(f.name) for f in fields(Disk) if f.name not in ("unlink", "nonce")}
        )

    def _noting(self, name: str) -> Callable[..., Any]:
        real = getattr(Disk(), name)

        def call(subject: Any, *rest: Any) -> Any:
            self.calls.append(
                (name, str(rest[0] if name in ("link", "rename") else self._open.get(subject, subject)))
            )
            if len(self.calls) == self.fail_at:
                raise OSError(self.error, os.strerror(self.error))
            answer = real(subject, *rest)
            if name == "open":
                self._open[answer] = str(subject)
            return answer

        return call

    @property
    def failed(self) -> bool:
        return 0 < self.fail_at <= len(self.calls)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "made"
    path.write_bytes(b"new" * 1000)
    return path


def temporaries(root: Path) -> list[str]:
    return [path.name for path in (root / ".tmp").glob("*")]


# --- the recipe ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("verb", "naming"), [("create", "link"), ("put", "rename"), ("put_file", "rename")])
def test_bytes_are_durable_before_their_name_and_the_name_before_the_answer(
    tmp_path: Path, file: Path, verb: str, naming: str
) -> None:
    """Sync of the temporary, then its name, then sync of every folder up to the one that was there before."""
    above = tmp_path.resolve()
    place = above / "new/root/m/blobs/ab/abcd"
    recorder = Recorder()
    VERBS[verb](LocalDriver(tmp_path / "new/root", recorder.disk), "m/blobs/ab/abcd", file)
    named = recorder.calls.index((naming, str(place)))
    synced_before = [Path(subject) for name, subject in recorder.calls[:named] if name == "sync"]
    synced_after = {subject for name, subject in recorder.calls[named:] if name == "sync"}
    assert synced_before[-1].parent == above / "new/root/.tmp"
    assert {str(place.parents[n]) for n in range(4)} <= synced_after
    assert {above, above / "new"} <= set(synced_before)


def test_a_lost_create_waits_until_the_winner_is_durable(tmp_path: Path) -> None:
    """False means: it is there, and a power cut will not take it back."""
    LocalDriver(tmp_path).create("m/a", b"winner")
    recorder = Recorder()
    assert not LocalDriver(tmp_path, recorder.disk).create("m/a", b"loser")
    assert ("sync", str(tmp_path.resolve() / "m")) in recorder.calls


def test_a_new_log_is_durable_with_its_name(tmp_path: Path) -> None:
    """The first append of a process syncs the bytes and every folder; the next ones sync the bytes alone."""
    recorder = Recorder()
    driver = LocalDriver(tmp_path, recorder.disk)
    driver.append("m/events/a.log", b"one")
    root = tmp_path.resolve()
    synced = {(name, subject) for name, subject in recorder.calls if name.startswith("sync")}
    assert synced >= {("sync_data", f"{root}/m/events/a.log")} | {
        ("sync", f"{root}{f}") for f in ("", "/m", "/m/events")
    }
    recorder.calls.clear()
    driver.append("m/events/a.log", b"two")
    assert [name for name, _ in recorder.calls] == ["write", "sync_data"]


def test_threads_share_the_sync_of_a_folder(tmp_path: Path) -> None:
    """Sixteen files created at once in one folder cost far fewer than sixteen syncs of it."""
    syncs = list[int]()

    def sync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            time.sleep(0.02)
            syncs.append(descriptor)

    driver = LocalDriver(tmp_path, Disk(sync=sync))
    driver.create("m/first", b"")
    syncs.clear()
    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(lambda n: driver.create(f"m/{n}", b""), range(16)))
    assert len(syncs) <= 6


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EACCES, errno.EDQUOT])
@pytest.mark.parametrize("verb", VERBS)
def test_a_fault_at_any_step_leaves_nothing_half_made(
    tmp_path: Path, file: Path, verb: str, error: int
) -> None:
    """The key holds the old or the new, no temporary is left, a sentence is said, and the next try succeeds."""
    old = None if verb == "create" else b"old"
    faults = 0
    for step in range(1, 100):
        root = tmp_path / f"root{step}"
        sound = LocalDriver(root)
        if old:
            sound.put("m/a", old)
        recorder = Recorder(step, error)
        try:
            VERBS[verb](LocalDriver(root, recorder.disk), "m/a", file)
        except MovieError as told:
            faults += 1
            assert isinstance(told, Unready)
            assert told.next_step
            assert "m/a" in told.fact
            assert told.labels["folder"] == str(root.resolve())
            assert (sound.get("m/a") if sound.stat("m/a") else None) in (old, b"new" * 1000)
        if not recorder.failed:
            break
        assert temporaries(root) == []
        VERBS[verb](sound, "m/a", file)
        assert sound.get("m/a") == b"new" * 1000
    assert faults >= 4


def test_a_file_system_that_cannot_sync_folders_will_do(tmp_path: Path) -> None:
    """Some network file systems answer so; a file they cannot sync is another matter."""

    def sync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")

    driver = LocalDriver(tmp_path, Disk(sync=sync))
    assert driver.create("m/a", b"")
    driver.append("m/log", b"")


def test_short_writes_are_continued(tmp_path: Path) -> None:
    """A write that takes only some of the bytes is followed by another."""
    disk = Disk(write=lambda descriptor, data: os.write(descriptor, data[:7]))
    LocalDriver(tmp_path, disk).create("a", b"0123456789" * 5)
    assert (tmp_path / "a").read_bytes() == b"0123456789" * 5


def test_a_disk_that_fills_up_half_way_leaves_nothing(tmp_path: Path) -> None:
    """Some bytes were taken, then no more."""
    room = [1000]

    def write(descriptor: int, data: bytes | memoryview) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = os.write(descriptor, data[: room[0]])
        room[0] -= written
        return written

    driver = LocalDriver(tmp_path, Disk(write=write))
    with pytest.raises(Unready, match="the disk is full") as told:
        driver.put("a", b"x" * 5000)
    assert "free some space" in told.value.next_step
    assert list(tmp_path.rglob("*")) == [tmp_path / ".tmp"]


def test_temporaries_are_no_keys(tmp_path: Path) -> None:
    """What a killed process left is neither listed nor in anyone's way."""
    driver = LocalDriver(tmp_path)
    driver.put("a", b"")
    (tmp_path / ".tmp" / "left").write_bytes(b"half")
    assert list(driver.list("")) == ["a"]
    assert [key for key, _ in driver.scan("")] == ["a"]


def test_old_temporaries_are_removed_by_the_first_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a day, by the file system's clock; younger ones may be in use."""
    LocalDriver(tmp_path).put("a", b"")
    (tmp_path / ".tmp" / "left").write_bytes(b"half")
    LocalDriver(tmp_path).put("a", b"")
    assert temporaries(tmp_path) == ["left"]
    monkeypatch.setattr("movie_assets.core.store.local._STALE_SECONDS", -1.0)
    LocalDriver(tmp_path).put("a", b"")
    assert temporaries(tmp_path) == []


# --- files --------------------------------------------------------------------------------------------------------


def test_blobs_cannot_be_written_by_mistake(local: LocalDriver, file: Path) -> None:
    """Files below `blobs/` are read-only, others are not."""
    local.put("m/blobs/ab/one", b"")
    local.create("m/blobs/ab/two", b"")
    local.put_file("m/blobs/ab/three", file)
    local.put("m/current.json", b"")
    modes = {key: local.path(key).stat().st_mode for key in local.list("")}
    assert [key for key, mode in modes.items() if mode & 0o222] == ["m/current.json"]


def test_a_file_is_linked_where_it_can_be(local: LocalDriver, file: Path) -> None:
    """No copy on the same file system; its time is when it was stored, so that no sweep takes it for old."""
    os.utime(file, (1, 1))
    local.put_file("m/blobs/ab/abcd", file)
    assert local.path("m/blobs/ab/abcd").samefile(file)
    found = local.stat("m/blobs/ab/abcd")
    assert found is not None
    assert time.time() - found.modified < 100


@pytest.mark.parametrize("reason", [errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP])
def test_a_file_is_copied_where_it_cannot_be_linked(tmp_path: Path, file: Path, reason: int) -> None:
    """From another file system, or onto one without links."""

    def link(_: str, __: str) -> None:
        raise OSError(reason, os.strerror(reason))

    driver = LocalDriver(tmp_path / "root", Disk(link=link))
    driver.put_file("m/blobs/ab/abcd", file)
    assert driver.get("m/blobs/ab/abcd") == file.read_bytes()
    assert not driver.path("m/blobs/ab/abcd").samefile(file)
    assert not driver.path("m/blobs/ab/abcd").stat().st_mode & 0o222
    assert file.stat().st_mode & stat.S_IWUSR


def test_the_file_behind_a_link_is_taken_over(local: LocalDriver, file: Path) -> None:
    """A symbolic link is followed when a file is handed in, never stored."""
    link = file.with_name("link")
    link.symlink_to(file)
    local.put_file("m/a", link)
    assert local.get("m/a") == file.read_bytes()


def test_no_key_lies_below_another(local: LocalDriver) -> None:
    """A file system cannot hold `a` and `a/b`, and says so."""
    local.put("a/b", b"")
    attempts: list[Callable[[], object]] = [
        lambda: local.put("a/b/c", b""),
        lambda: local.create("a/b/c", b""),
        lambda: local.append("a/b/c", b""),
        lambda: local.put("a", b""),
        lambda: local.create("a", b""),
        lambda: local.append("a", b""),
    ]
    for attempt in attempts:
        with pytest.raises(Refused, match="cannot be a key here"):
            attempt()
    assert list(local.list("")) == ["a/b"]


def test_files_of_others_are_no_keys(local: LocalDriver) -> None:
    """What could not have been stored is not listed."""
    local.put("m/a", b"")
    for name in ["film (1).mp4", "ä", "a b"]:
        (local.path("m/a").parent / name).write_bytes(b"")
    assert list(local.list("")) == ["m/a"]


def test_a_store_whose_folders_were_removed_goes_on(local: LocalDriver) -> None:
    """What the driver remembers of folders may be out of date."""
    for verb in (local.create, local.put, local.append):
        verb("m/a/b", b"one")
        shutil.rmtree(local.path("m").parent)
        verb("m/a/b", b"two")
        assert local.get("m/a/b") == b"two"
        shutil.rmtree(local.path("m").parent)


def test_an_unreadable_file_is_damaged_not_absent(
    local: LocalDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that fails to read is told apart from a key that is not there."""
    local.put("m/a", b"")

    def fail(*_: object) -> int:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "open", fail)
    with pytest.raises(Damaged):
        local.get("m/a")


# --- symbolic links -----------------------------------------------------------------------------------------------


def test_no_link_leads_out_of_the_store(local: LocalDriver, tmp_path: Path) -> None:
    """A folder that is a link to elsewhere is refused by every verb, and nothing there is touched."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a").write_bytes(b"private")
    local.put("x", b"")
    local.path("m").symlink_to(outside)
    attempts: list[Callable[[], object]] = [
        lambda: local.get("m/a"),
        lambda: local.open("m/a"),
        lambda: local.stat("m/a"),
        lambda: local.path("m/a"),
        lambda: local.put("m/b", b""),
        lambda: local.create("m/c/d", b""),
        lambda: local.append("m/a", b"!"),
        lambda: local.delete("m/a"),
        lambda: list(local.list("m/")),
    ]
    for attempt in attempts:
        with pytest.raises(Refused, match="out of the store"):
            attempt()
    assert list(local.list("")) == ["x"]
    assert {path.name: path.read_bytes() for path in outside.iterdir()} == {"a": b"private"}


def test_a_file_that_is_a_link_is_not_followed(local: LocalDriver, tmp_path: Path) -> None:
    """It is no key; putting or deleting replaces or removes the link, never what it leads to."""
    outside = tmp_path / "outside"
    outside.write_bytes(b"private")
    local.put("m/x", b"")
    local.path("m/a").symlink_to(outside)
    assert local.stat("m/a") is None
    assert list(local.list("")) == ["m/x"]
    for attempt in (local.get, local.open, lambda key: local.append(key, b"!")):
        with pytest.raises(Refused, match="symbolic link"):
            attempt("m/a")
    local.put("m/a", b"mine")
    assert (local.get("m/a"), outside.read_bytes()) == (b"mine", b"private")


def test_links_that_go_in_circles_are_refused(local: LocalDriver) -> None:
    """And are neither followed for ever nor shown as a traceback."""
    local.put("x", b"")
    local.path("m").symlink_to(local.path("m"))
    for attempt in (local.get, local.stat, local.delete, lambda key: local.put(key, b"")):
        with pytest.raises(Refused, match="symbolic link"):
            attempt("m/a")


def test_a_file_system_without_hard_links_is_named(tmp_path: Path) -> None:
    """`create` needs them to have one winner; it does not make do with less."""

    def link(_: str, __: str) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    with pytest.raises(Unready) as told:
        LocalDriver(tmp_path, Disk(link=link)).create("m/a", b"")
    assert "hard links" in told.value.next_step


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    """A person may keep builds on another disk, and link one folder of the store to another."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "builds").symlink_to(tmp_path / "disk")
    driver = LocalDriver(tmp_path / "builds")
    driver.put("m/a", b"1")
    (tmp_path / "disk" / "n").symlink_to("m")
    assert driver.get("n/a") == b"1"


# --- processes ----------------------------------------------------------------------------------------------------


def test_of_many_processes_one_creates(tmp_path: Path, in_children: InChildren) -> None:
    """4 processes race for each of 60 keys: exactly one wins each."""

    def race(index: int) -> list[bool]:
        driver = LocalDriver(tmp_path)
        return [driver.create(f"race/{key}", b"by %d" % index) for key in range(60)]

    won = in_children(4, race)
    for key in range(60):
        (winner,) = [index for index in range(4) if won[index][key]]
        assert LocalDriver(tmp_path).get(f"race/{key}") == b"by %d" % winner


def test_a_driver_survives_a_fork(tmp_path: Path, in_children: InChildren) -> None:
    """Children forked while threads of the parent hold its locks append and create through the same driver."""

    def slowly(_: int) -> None:
        time.sleep(0.02)

    driver = LocalDriver(tmp_path, Disk(sync=slowly, sync_data=slowly))
    driver.append("m/log", b"+")
    done = threading.Event()
    written = [1]

    def parent() -> None:
        while not done.is_set():
            driver.append("m/log", b"+")
            driver.create("m/theirs", b"")
            written[0] += 1

    def child(index: int) -> bool:
        driver.append("m/log", b"%d" % index)
        return driver.create(f"m/{index}", b"mine")

    thread = threading.Thread(target=parent)
    thread.start()
    try:
        assert in_children(4, child) == [True] * 4
    finally:
        done.set()
        thread.join()
    log = driver.get("m/log")
    assert sorted(log.replace(b"+", b"")) == sorted(b"0123")
    assert log.count(b"+") == written[0]


def test_nothing_is_made_before_something_is_stored(tmp_path: Path) -> None:
    """Looking into a store that is not there makes no folder."""
    driver = LocalDriver(tmp_path / "builds")
    assert list(driver.list("")) == []
    assert driver.stat("m/a") is None
    driver.delete("m/a")
    with pytest.raises(Absent):
        driver.get("m/a")
    assert list(tmp_path.iterdir()) == []


def test_what_is_freshened_is_young(
    local: LocalDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another user's file, too, whose time may not be changed: it is copied."""
    local.put("blobs/ab/abcd", b"picture")
    place = local.path("blobs/ab/abcd")
    real = os.utime
    for forbidden in (False, True):
        real(place, (1000, 1000))

        def utime(path: object, *times: object, **options: object) -> None:
            if forbidden:  # noqa: B023
                raise PermissionError(1, "Operation not permitted")
            real(path, *times, **options)  # type: ignore[call-overload]

        monkeypatch.setattr(os, "utime", utime)
        assert local.freshen("blobs/ab/abcd")
        monkeypatch.undo()
        found = local.stat("blobs/ab/abcd")
        assert found is not None
        assert found.modified > 1000
        assert local.get("blobs/ab/abcd") == b"picture"

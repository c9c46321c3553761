"""Verify: whatever is not what it claims is found and named, and what can be mended is, without loss."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movie_assets.core.artefact import BlobRef
from movie_assets.core.errors import Damaged
from movie_assets.core.store.driver import Driver
from movie_assets.core.store.faulty import Fault, FaultyDriver
from movie_assets.core.store.local import LocalDriver
from movie_assets.core.store.memory import MemoryDriver
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.store.repair import repair
from movie_assets.core.store.verify import Finding, Report, verify
from movie_assets.core.toy import FakeClock, Toy


@pytest.fixture
def toy(new_toy: Callable[..., Toy], local: LocalDriver) -> Toy:
    """Two revisions: the second has another film and title."""
    return two_revisions(new_toy("a", "b", driver=local))


def two_revisions(toy: Toy) -> Toy:
    toy.make()
    toy.title = "second"
    toy.make()
    return toy


def mended(toy: Toy, scratch: Path) -> list[str]:
    """What repair says it did, as the next process would see it."""
    scratch.mkdir(exist_ok=True)
    store = MovieStore(toy.driver, "toy")
    done = repair(store, verify(store).findings, FakeClock(), scratch)
    toy.store = MovieStore(toy.driver, "toy")
    return done


def found(toy: Toy) -> Report:
    return verify(MovieStore(toy.driver, "toy"))


def only(report: Report) -> Finding:
    (finding,) = report.findings
    return finding


def flip(driver: Driver, key: str, at: int, bit: int = 0) -> None:
    data = bytearray(driver.get(key))
    data[at] ^= 1 << bit
    driver.put(key, bytes(data))


def test_a_sound_movie_is_said_to_be_sound(toy: Toy) -> None:
    """Every byte was read, nothing was changed."""
    before = dict(toy.driver.scan("toy/"))
    told: list[tuple[int, int]] = []
    report = verify(toy.store, lambda done, of: told.append((done, of)))
    assert report.findings == ()
    assert report.sound
    assert report.files == len(before)
    assert report.bytes == sum(stat.size for stat in before.values())
    assert told[-1] == (report.bytes, report.bytes)
    assert dict(toy.driver.scan("toy/")) == before


SEALED = ("blobs/", "manifests/", "events/", "checkpoints/", "current.json")


@given(data=st.data())
@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_flipped_bit_is_found(new_toy: Callable[..., Toy], data: st.DataObject) -> None:
    """In a blob, a manifest, a log, a checkpoint or the hint: the file is named, and repair leaves nothing damaged."""
    toy = new_toy("a")
    toy.make()
    keys = [key for key in toy.driver.list("toy/") if key.startswith(tuple(f"toy/{name}" for name in SEALED))]
    key = data.draw(st.sampled_from(keys))
    flip(
        toy.driver, key, data.draw(st.integers(0, len(toy.driver.get(key)) - 1)), data.draw(st.integers(0, 7))
    )
    report = found(toy)
    assert key in {finding.key for finding in report.findings}
    assert all(finding.next for finding in report.findings)


@pytest.mark.parametrize("damage", ["flip", "cut", "longer", "gone", "empty"])
def test_a_damaged_blob_is_named_and_made_again(toy: Toy, tmp_path: Path, damage: str) -> None:
    """With the artefacts and revisions it hits, and only it is made again: planning sees it as missing."""
    live = toy.store.manifests.live()
    assert live is not None
    ref = live.artefacts["picture[1]"].blob
    key = toy.store.keys.blob(ref.digest)
    data = toy.driver.get(key)
    if damage == "gone":
        toy.driver.delete(key)
    else:
        wrong = {
            "flip": bytes([data[0] ^ 1]) + data[1:],
            "cut": data[:-1],
            "longer": data + b"x",
            "empty": b"",
        }
        toy.driver.put(key, wrong[damage])
    finding = only(found(toy))
    assert (finding.key, finding.harm) == (key, "lost")
    assert finding.artefacts == ("picture[1]",)
    assert finding.revisions == ("rev-0001", "rev-0002")
    assert "movies make toy" in finding.next
    mended(toy, tmp_path / "mend")
    made = toy.make()
    assert made.jobs == ("picture[1]",)
    assert found(toy).sound
    assert toy.store.blobs.read(ref) == data
    if damage not in ("gone",):
        assert toy.driver.get(f"toy/quarantine/blobs/{ref.digest[:2]}/{ref.digest}") != data


def test_a_blob_of_an_old_revision_is_named_with_it(toy: Toy) -> None:
    """What is hit is the old revision alone, and the sentence says so."""
    old, new = toy.store.manifests.read(1), toy.store.manifests.read(2)
    assert old.artefacts["film"].blob != new.artefacts["film"].blob
    toy.driver.delete(toy.store.keys.blob(old.artefacts["film"].blob.digest))
    finding = only(found(toy))
    assert (finding.artefacts, finding.revisions) == (("film",), ("rev-0001",))
    assert "rev-0001 cannot be restored" in finding.next


def test_a_persons_file_that_is_gone_is_named_by_its_input(new_toy: Callable[..., Toy]) -> None:
    """No artefact may be it."""
    toy = new_toy("a")
    toy.pictures[0] = toy.own(b"mine")
    toy.make()
    digest = toy.pictures[0]["file"]["digest"]
    toy.driver.delete(toy.store.keys.blob(digest))
    assert "inputs/picture[0]" in only(found(toy)).artefacts


def test_a_damaged_line_is_named_once(toy: Toy, tmp_path: Path) -> None:
    """With its byte; after a repair it is known, the log is as it was, and what it told of is made again if wanted."""
    key = toy.store.keys.artefacts_log
    at = toy.driver.get(key).index(b"\n\n", 500) + 2
    flip(toy.driver, key, at + 40)
    log = toy.driver.get(key)
    finding = only(found(toy))
    assert (finding.key, finding.at, finding.harm) == (key, at, "lost")
    mended(toy, tmp_path / "mend")
    report = found(toy)
    assert report.sound
    assert any(f"byte {at} is known" in finding.says for finding in report.findings)
    assert toy.driver.get(key) == log


def test_an_unfinished_last_line_is_no_damage(toy: Toy) -> None:
    """Nobody was told that it was stored."""
    toy.driver.append(toy.store.keys.artefacts_log, b'\n0badc0de {"half')
    report = found(toy)
    assert report.sound
    assert "not finished" in only(report).says


@pytest.mark.parametrize("damage", ["flipped", "torn", "empty", "other revision's"])
def test_a_damaged_live_manifest_gives_way_to_the_newest_sound_one(
    toy: Toy, tmp_path: Path, damage: str
) -> None:
    """Its number stays taken, what was made for it is not paid again, and it is kept in quarantine."""
    key, film = toy.store.keys.manifest(2), toy.bodies()["film"]
    if damage == "flipped":
        flip(toy.driver, key, 100)
    else:
        other = toy.driver.get(toy.store.keys.manifest(1))
        toy.driver.put(key, {"torn": other[:-20], "empty": b"", "other revision's": other}[damage])
    report = found(toy)
    assert not report.sound
    assert {finding.key for finding in report.findings if finding.harm == "lost"} == {key}
    with pytest.raises(Damaged) if damage != "other revision's" else pytest.MonkeyPatch.context():
        MovieStore(toy.driver, "toy").manifests.live()
    done = mended(toy, tmp_path / "mend")
    assert "rev-0003 is live and says what rev-0001 said" in "\n".join(done)
    assert found(toy).sound
    made = toy.make()
    assert (made.jobs, made.manifest and made.manifest.revision) == ((), "rev-0004")
    assert toy.bodies()["film"] == film


def test_the_only_manifest_may_be_damaged(new_toy: Callable[..., Toy], tmp_path: Path) -> None:
    """The movie has no revision then; the next make publishes from the log and makes nothing."""
    toy = new_toy("a")
    toy.make()
    flip(toy.driver, toy.store.keys.manifest(1), 50)
    mended(toy, tmp_path / "mend")
    made = toy.make()
    assert (made.jobs, made.manifest and made.manifest.revision) == ((), "rev-0001")
    assert found(toy).sound


def test_a_missing_manifest_is_named_and_its_number_stays_taken(toy: Toy, tmp_path: Path) -> None:
    """Or a planner that was asleep could win it."""
    toy.driver.delete(toy.store.keys.manifest(1))
    assert "rev-0001" in only(found(toy)).revisions
    mended(toy, tmp_path / "mend")
    assert found(toy).sound
    assert toy.store.manifests.numbers() == [1, 2]


@pytest.mark.parametrize(
    ("key", "comes_back"),
    [
        ("current.json", True),
        ("checkpoints/rev-0002.json", True),
        ("metrics/rev-0002.json", True),
        ("runs/rev-0002-abc-plan.json", False),
        ("claims/picture-" + "0" * 64, False),
        ("runs/leases/abc", False),
        ("condemned.json", False),
        ("pending/picture/" + "0" * 64 + ".json", False),
    ],
)
def test_what_is_a_copy_is_rebuilt_and_what_is_disposable_deleted(
    toy: Toy, tmp_path: Path, key: str, comes_back: bool
) -> None:
    """No byte of them is missed."""
    toy.driver.put(f"toy/{key}", b'{"format": 1, "torn')
    finding = only(found(toy))
    assert finding.key == f"toy/{key}"
    mended(toy, tmp_path / "mend")
    assert found(toy).sound
    assert (toy.driver.stat(f"toy/{key}") is not None) == comes_back


def test_a_hint_that_is_behind_is_no_damage(toy: Toy) -> None:
    """Who published next was killed before it could tell: readers look further, and the next run writes it anew."""
    first = toy.store.manifests.read(1)
    toy.store.manifests.write_hint(first)
    report = found(toy)
    assert report.sound
    assert (only(report).what, only(report).harm) == ("hint", "remark")
    toy.make()
    assert json.loads(toy.driver.get("toy/current.json"))["revision"] == "rev-0002"


def test_a_hint_that_says_something_else_is_damaged_and_written_anew(toy: Toy, tmp_path: Path) -> None:
    """It names a revision that is there, with another digest."""
    old = {"format": 1, "revision": "rev-0001", "manifest": "toy/manifests/rev-0001.json", "digest": "x"}
    toy.driver.put("toy/current.json", json.dumps(old).encode())
    assert not found(toy).sound
    assert only(found(toy)).what == "hint"
    mended(toy, tmp_path / "mend")
    assert json.loads(toy.driver.get("toy/current.json"))["revision"] == "rev-0002"


def test_a_stray_file_is_told_and_left_alone(toy: Toy, tmp_path: Path) -> None:
    """It is no damage."""
    for key in (
        "toy/notes.txt",
        "toy/blobs/ab/not-a-digest",
        "toy/manifests/rev-2.json",
        "toy/current.json.bak",
    ):
        toy.driver.put(key, b"?")
    report = found(toy)
    assert report.sound
    assert len(report.findings) == 4
    mended(toy, tmp_path / "mend")
    assert len(found(toy).findings) == 4


@pytest.mark.heavy
def test_it_works_over_every_driver(new_toy: Callable[..., Toy], driver: Driver, tmp_path: Path) -> None:
    """A blob, a manifest and the hint are damaged, found, and mended; one picture is made again."""
    toy = two_revisions(new_toy("a", "b", driver=driver))
    assert found(toy).findings == ()
    film, picture = toy.bodies()["film"], toy.store.manifests.read(1).artefacts["picture[0]"].blob
    keys = {toy.store.keys.blob(picture.digest), toy.store.keys.manifest(2), toy.store.keys.current}
    for key in keys:
        flip(driver, key, 20)
    assert {finding.key for finding in found(toy).findings} == keys
    mended(toy, tmp_path / "mend")
    made = toy.make()
    assert (made.jobs, made.manifest and made.manifest.revision) == (("picture[0]",), "rev-0004")
    assert toy.bodies()["film"] == film
    assert found(toy).sound


def test_a_disk_that_cannot_be_read_is_told_file_by_file(new_toy: Callable[..., Toy]) -> None:
    """One unreadable blob hides no other finding."""
    toy = new_toy("a")
    toy.make()
    blobs = list(toy.driver.list("toy/blobs/"))

    class Bad(MemoryDriver):
        def open(self, key: str):  # type: ignore[no-untyped-def]
            if key == blobs[0]:
                raise Damaged(f"{key} cannot be read: the disk reports an error")
            return toy.driver.open(key)

    bad = Bad()
    for key in toy.driver.list(""):
        bad.put(key, toy.driver.get(key))
    flip(toy.driver, blobs[1], 0)
    report = verify(MovieStore(bad, "toy"))
    assert [finding.key for finding in report.findings] == sorted(blobs[:2])
    assert any("disk reports an error" in finding.says for finding in report.findings)


def test_a_bit_that_flips_on_the_way_is_read_again(new_toy: Callable[..., Toy]) -> None:
    """What is wrong once is not wrong in the store."""
    toy = new_toy("a")
    toy.make()
    live = toy.store.manifests.live()
    assert live is not None
    flips = iter([0.0, *[0.9] * 100])
    wrong_once = FaultyDriver(toy.driver, {Fault.FLIP: 0.5}, lambda: next(flips))
    ref: BlobRef = live.artefacts["film"].blob
    assert MovieStore(wrong_once, "toy").blobs.read(ref) == toy.store.blobs.read(ref)
    assert sum(wrong_once.counts.values()) == 1

"""Verify: whatever is not what it claims is found and named, and what can be mended is, without loss."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movie_assets.core.artefact import BlobRef
from movie_assets.core.digest import digest_of_bytes
from movie_assets.core.errors import Damaged
from movie_assets.core.seal import unseal
from movie_assets.core.store.driver import Capabilities, Driver
from movie_assets.core.store.faulty import Fault, FaultyDriver
from movie_assets.core.store.leases import LeaseRecord
from movie_assets.core.store.local import LocalDriver
from movie_assets.core.store.memory import MemoryDriver
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.store.repair import repair
from movie_assets.core.store.sweep import LEAST_SECONDS, Terms, sweep
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


JOB = ("picture", "0" * 64)


def with_everything(toy: Toy) -> MovieStore:
    """A store in which something lies under every kind of key: a run, a sweep and a sync were killed in the midst of it."""
    two_revisions(toy)
    store = toy.store
    store.manifests.bury(1, store.manifests.read(1).digest, "2026-01-01", "only the newest revision is kept")
    sweep(store, Terms(older_than=LEAST_SECONDS), toy.clock)
    store.plans.save(toy.plan())
    store.leases.renew("a-lease", LeaseRecord("a-run", 20.0))
    store.claims.take(*JOB, "a-lease", lambda lease: False)
    store.leases.begin_sweep(LeaseRecord("a-sweep", 60.0), lambda: 0.0)
    store.pending.of(*JOB).write("video", {"key": "k-1", "id": "remote-1"})
    store.driver.put(store.keys.trashed(digest_of_bytes(b"swept")), b"swept")
    return store


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What lies in such a store, by key."""
    driver = with_everything(Toy(tmp_path_factory.mktemp("toy"), ["a"])).driver
    return Files({key: driver.get(key) for key in driver.list("toy/")})


@pytest.fixture(scope="module")
def everything_in_objects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The same where nothing can be appended to."""
    scratch = tmp_path_factory.mktemp("toy")
    driver = with_everything(Toy(scratch, ["a"], driver=NoAppend())).driver
    return Files({key: driver.get(key) for key in driver.list("toy/")})


class Files(dict[str, bytes]):
    """Too much to be shown with a failure."""

    def __repr__(self) -> str:
        return f"{len(self)} files"


class NoAppend(MemoryDriver):
    """Keeps its logs as objects, as on S3."""

    capabilities = Capabilities(append=False, paths=False, conditional=True)


KINDS = {
    "blobs/", "manifests/", "events/", "checkpoints/rev-", "checkpoints/packs/", "metrics/", "runs/rev-", "runs/leases/",
    "runs/sweep", "claims/", "pending/", "condemned.json", "current.json", ".trash/",
}  # fmt: skip


def test_everything_is_in_it_and_sound(everything: dict[str, bytes]) -> None:
    """Every kind of key that docs/format.md names, but for quarantine."""
    assert {kind for kind in KINDS if any(key.startswith(f"toy/{kind}") for key in everything)} == KINDS
    assert verify(kept_in(MemoryDriver(), everything)).sound


def kept_in(driver: MemoryDriver, files: dict[str, bytes]) -> MovieStore:
    for key, data in files.items():
        driver.put(key, data)
    return MovieStore(driver, "toy")


@given(
    in_objects=st.booleans(),
    which=st.integers(0, 10_000),
    where=st.floats(0, 1, exclude_max=True),
    bit=st.integers(0, 7),
)
@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_flipped_bit_is_found(
    everything: dict[str, bytes],
    everything_in_objects: dict[str, bytes],
    tmp_path: Path,
    in_objects: bool,
    which: int,
    where: float,
    bit: int,
) -> None:
    """In whatever file of a movie: it is named, with what to do, and after a repair nothing but lost blobs is left."""
    files, driver = (everything_in_objects, NoAppend()) if in_objects else (everything, MemoryDriver())
    store = kept_in(driver, files)
    key = sorted(files)[which % len(files)]
    flip(driver, key, int(where * len(files[key])), bit)
    report = verify(store)
    assert key in {finding.key for finding in report.findings}
    assert all(finding.next for finding in report.findings)
    repair(store, report.findings, FakeClock(), tmp_path)
    left = [each for each in verify(MovieStore(driver, "toy")).findings if each.harm != "remark"]
    assert all(finding.what == "missing blob" for finding in left)


@pytest.mark.parametrize("kind", sorted(KINDS - {".trash/", "blobs/", "events/"}))
def test_json_that_says_something_else_is_found(everything: dict[str, bytes], kind: str) -> None:
    """One letter or digit of a value was changed, and what is there can still be read as JSON."""
    key = next(key for key in sorted(everything) if key.startswith(f"toy/{kind}"))
    store = kept_in(MemoryDriver(), everything)
    whole, missed = everything[key], []
    for at in [at for at, byte in enumerate(whole) if bytes([byte]).isalnum()][:: len(whole) // 150 + 1]:
        changed = b"1" if whole[at : at + 1] != b"1" else b"2"
        store.driver.put(key, whole[:at] + changed + whole[at + 1 :])
        if key not in {finding.key for finding in verify(store).findings}:
            missed.append(whole[max(0, at - 20) : at + 20])
    assert missed == []


@pytest.mark.parametrize(
    "kind",
    [
        "metrics/",
        "runs/rev-",
        "runs/leases/",
        "runs/sweep",
        "claims/",
        "pending/",
        "condemned.json",
        "manifests/",
    ],
)
def test_what_an_older_version_wrote_without_a_seal_is_read(everything: dict[str, bytes], kind: str) -> None:
    """It says what it said, and is no damage."""
    key = next(key for key in sorted(everything) if key.startswith(f"toy/{kind}"))
    store = kept_in(MemoryDriver(), everything)
    assert unseal(everything[key]) != everything[key]
    store.driver.put(key, unseal(everything[key]))
    assert verify(store).sound
    assert verify(store).findings == verify(kept_in(MemoryDriver(), everything)).findings


def test_a_flipped_bit_misleads_nobody(everything: dict[str, bytes]) -> None:
    """Metrics are counted again, a note is refused, a lease counts as a live one's for a while."""
    store = kept_in(MemoryDriver(), everything)
    for key, said, changed in (
        (store.keys.metrics(2), b"rev-0002", b"rev-0003"),
        (store.keys.pending(*JOB), b"remote-1", b"remote-3"),
        (store.keys.lease("a-lease"), b"a-run", b"c-run"),
    ):
        assert said in everything[key]
        store.driver.put(key, everything[key].replace(said, changed))
    assert store.metrics.find(2) is None
    with pytest.raises(Damaged):
        store.pending.of(*JOB).read("video")
    assert store.leases.runs(0.0) == {"unreadable"}


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
    """What is hit is the old revision alone, and the sentence says how to make it again, or to let go of it."""
    old, new = toy.store.manifests.read(1), toy.store.manifests.read(2)
    assert old.artefacts["film"].blob != new.artefacts["film"].blob
    toy.driver.delete(toy.store.keys.blob(old.artefacts["film"].blob.digest))
    finding = only(found(toy))
    assert (finding.artefacts, finding.revisions) == (("film",), ("rev-0001",))
    assert "movies sweep toy --keep-revisions 1 lets go of rev-0001" in finding.next


def test_a_persons_file_that_is_gone_is_named_by_its_input(new_toy: Callable[..., Toy]) -> None:
    """No artefact may be it."""
    toy = new_toy("a")
    toy.pictures[0] = toy.own(b"mine")
    toy.make()
    digest = toy.pictures[0]["file"]["digest"]
    toy.driver.delete(toy.store.keys.blob(digest))
    assert "inputs/picture[0]" in only(found(toy)).artefacts


def test_a_damaged_line_is_named_once(toy: Toy, tmp_path: Path) -> None:
    """With its byte; after a repair it is known, what it told of is told again at the end, and nothing is made again."""
    key = toy.store.keys.artefacts_log
    at = toy.driver.get(key).index(b"\n\n", 500) + 2
    flip(toy.driver, key, at + 40)
    log = toy.driver.get(key)
    findings = found(toy).findings
    assert [(finding.key, finding.harm) for finding in findings] == [(key, "lost")] * 2
    assert {(finding.what, finding.at) for finding in findings} == {("event", at), ("missing event", None)}
    mended(toy, tmp_path / "mend")
    report = found(toy)
    assert report.sound
    assert any(f"byte {at} is known" in finding.says for finding in report.findings)
    assert toy.driver.get(key).startswith(log)
    assert toy.make().jobs == ()


LOGS = ["toy/events/inputs.log", "toy/events/artefacts.log"]


def cut_at_a_line(driver: Driver, key: str, part: float) -> None:
    """Leaves whole lines only, as a log is that was restored from an older copy."""
    data = driver.get(key)
    driver.put(key, data[: data.index(b"\n\n", int(len(data) * part)) + 1])


@pytest.mark.parametrize("without", ["nothing else", "checkpoints", "revisions"])
@pytest.mark.parametrize("damage", ["gone", "empty", "cut"])
@pytest.mark.parametrize("log", LOGS)
def test_a_log_that_is_gone_or_shorter_is_found_and_told_again(
    toy: Toy, tmp_path: Path, log: str, damage: str, without: str
) -> None:
    """From what checkpoints know or revisions name: nothing is made again, nothing paid again, and it says what is lost."""
    whole, bodies = toy.store.events.artefacts(), toy.bodies()
    for key in list(toy.driver.list("toy/")):
        if key.startswith(
            {"checkpoints": "toy/checkpoints/", "revisions": "toy/manifests/"}.get(without, "-")
        ):
            toy.driver.delete(key)
    if damage == "cut":
        cut_at_a_line(toy.driver, log, 0.3)
    else:
        toy.driver.delete(log)
        toy.driver.put(log, b"") if damage == "empty" else None
    report = found(toy)
    assert not report.sound
    assert log in {finding.key for finding in report.findings if finding.what == "missing event"}
    assert all(
        "movies verify toy --repair" in finding.next for finding in report.findings if finding.key == log
    )
    assert any("told again" in said for said in mended(toy, tmp_path / "mend"))
    assert found(toy).sound
    made = toy.make()
    assert made.jobs == ()
    assert toy.bodies() == bodies
    if log.endswith("artefacts.log") and without != "checkpoints":
        again = {event.event_id: event.cost for event in toy.store.events.artefacts()}
        ends = {event.event_id: event.cost for event in whole if event.status != "started"}
        assert again.items() >= ends.items()


def test_what_is_told_again_is_told_once(toy: Toy, tmp_path: Path) -> None:
    """A second repair, after the same damage or none, adds nothing; edits made since stay the latest."""
    for key in list(toy.driver.list("toy/checkpoints/")):
        toy.driver.delete(key)
    toy.driver.delete(LOGS[0])
    toy.title = "third"
    toy.store = MovieStore(toy.driver, "toy")
    toy.movie().produce().begin()
    mended(toy, tmp_path / "mend")
    told = toy.store.events.inputs()
    assert mended(toy, tmp_path / "mend") == []
    assert toy.store.events.inputs() == told
    assert len({event.event_id for event in told}) == len(told)
    assert {name: event.digest for name, event in toy.store.events.index().inputs.items()} == {
        str(name): given.digest for name, given in toy.movie().inputs.items()
    }


@pytest.mark.parametrize("gone", ["one in the middle", "the last", "all"])
def test_objects_of_a_log_that_are_gone_are_found_and_told_again(
    new_toy: Callable[..., Toy], tmp_path: Path, gone: str
) -> None:
    """The same where a log is numbered objects: what a checkpoint has seen may not be missing."""
    toy = two_revisions(new_toy("a", "b", driver=NoAppend()))
    keys = list(toy.driver.list("toy/events/artefacts/"))
    for key in {"one in the middle": keys[3:4], "the last": keys[-1:]}.get(gone, keys):
        toy.driver.delete(key)
    report = found(toy)
    assert not report.sound
    assert {finding.what for finding in report.findings} == {"missing event"}
    mended(toy, tmp_path / "mend")
    assert found(toy).sound
    assert toy.make().jobs == ()


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

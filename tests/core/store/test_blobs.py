"""Blobs: the bytes that were added, or an error that names what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movie_assets.core.artefact import BlobRef
from movie_assets.core.digest import digest_of_bytes
from movie_assets.core.errors import Damaged
from movie_assets.core.store.blobs import Blobs
from movie_assets.core.store.driver import Driver
from movie_assets.core.store.keys import Keys
from movie_assets.core.store.local import LocalDriver

KEYS = Keys("galapagos")


@pytest.fixture
def blobs(driver: Driver) -> Blobs:
    return Blobs(driver, KEYS)


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> Callable[[object, str], list[object]]:
    """Notes the first argument of each call of a method."""

    def note(owner: object, method: str) -> list[object]:
        seen, real = list[object](), getattr(owner, method)

        def call(first: object, *rest: object) -> object:
            seen.append(first)
            return real(first, *rest)

        monkeypatch.setattr(owner, method, call)
        return seen

    return note


@given(data=st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_is_added_is_read(blobs: Blobs, data: bytes) -> None:
    """Under its sha256, its size and its media type."""
    ref = blobs.add(data, "image/png")
    assert ref == BlobRef(digest_of_bytes(data), len(data), "image/png")
    assert blobs.has(ref)
    assert blobs.read(ref) == data


def test_a_file_is_the_same_blob_as_its_bytes(
    blobs: Blobs, new_driver: Callable[[], Driver], tmp_path: Path
) -> None:
    """`add_file` says and stores what `add` would."""
    (tmp_path / "made").write_bytes(b"x" * 3_000_000)
    ref = blobs.add_file(tmp_path / "made", "video/mp4")
    assert ref == Blobs(new_driver(), KEYS).add(b"x" * 3_000_000, "video/mp4")
    assert blobs.read(ref) == (tmp_path / "made").read_bytes()


def test_what_is_there_is_not_written_again(
    blobs: Blobs, driver: Driver, noted: Callable[[object, str], list[object]], tmp_path: Path
) -> None:
    """The second time costs a look at the size, whoever was first."""
    written = [noted(driver, verb) for verb in ("put", "put_file", "create")]
    (tmp_path / "made").write_bytes(b"picture")
    ref = blobs.add(b"picture", "image/png")
    for _ in range(3):
        blobs.add(b"picture", "image/png")
        blobs.add_file(tmp_path / "made", "image/png")
    assert written == [[KEYS.blob(ref.digest)], [], []]


@pytest.mark.parametrize("way", ["add", "add_file"])
def test_adding_repairs_a_blob_of_the_wrong_size(
    blobs: Blobs, driver: Driver, tmp_path: Path, way: str
) -> None:
    """A blob cut short or overgrown is written again."""
    (tmp_path / "made").write_bytes(b"picture")
    ref = blobs.add(b"picture", "image/png")
    for wrong in (b"", b"pict", b"picture, and more"):
        driver.put(KEYS.blob(ref.digest), wrong)
        assert not blobs.has(ref)
        if way == "add":
            blobs.add(b"picture", "image/png")
        else:
            blobs.add_file(tmp_path / "made", "image/png")
        assert blobs.read(ref) == b"picture"


def test_a_discarded_blob_is_written_anew(blobs: Blobs, driver: Driver) -> None:
    """How a blob of the right size and wrong bytes is healed by whoever holds the right ones."""
    ref = blobs.add(b"picture", "image/png")
    driver.put(KEYS.blob(ref.digest), b"pict!re")
    blobs.add(b"picture", "image/png")
    with pytest.raises(Damaged):
        blobs.read(ref)
    blobs.discard(ref.digest)
    blobs.discard(ref.digest)
    blobs.add(b"picture", "image/png")
    assert blobs.read(ref) == b"picture"


@pytest.mark.parametrize("wrong", [None, b"", b"pict!re", b"picture, and more"])
@pytest.mark.parametrize("way", ["read", "file"])
def test_wrong_bytes_are_never_given_out(
    blobs: Blobs, driver: Driver, tmp_path: Path, wrong: bytes | None, way: str
) -> None:
    """Missing, cut short, changed or overgrown: `Damaged`, with the digest and the command that finds them all."""
    ref = blobs.add(b"picture", "image/png")
    driver.delete(KEYS.blob(ref.digest))
    if wrong is not None:
        driver.put(KEYS.blob(ref.digest), wrong)
    with pytest.raises(Damaged, match="missing" if wrong is None else "stored blob") as told:
        blobs.read(ref) if way == "read" else blobs.file(ref, tmp_path)
    assert told.value.labels["digest"] == ref.digest
    assert told.value.next_step == "movies verify galapagos --repair"


def test_a_file_to_read_holds_the_bytes(blobs: Blobs, driver: Driver, tmp_path: Path) -> None:
    """The store's own where there is one, else a copy in the scratch folder."""
    ref = blobs.add(b"picture", "image/png")
    for _ in range(2):
        path = blobs.file(ref, tmp_path)
        assert path.read_bytes() == b"picture"
        assert path == (driver.path(KEYS.blob(ref.digest)) or tmp_path / ref.digest)


def test_the_bytes_of_a_path_are_looked_at_once(
    local: LocalDriver, noted: Callable[[object, str], list[object]], tmp_path: Path
) -> None:
    """A film of hundreds of clips does not digest each blob for each reader; a discarded one is looked at again."""
    blobs = Blobs(local, KEYS)
    looked = noted(blobs, "_is_sound")
    ref = blobs.add(b"picture", "image/png")
    for _ in range(3):
        blobs.file(ref, tmp_path)
    assert looked == [ref]
    blobs.discard(ref.digest)
    blobs.add(b"picture", "image/png")
    blobs.file(ref, tmp_path)
    assert looked == [ref, ref]


def test_sizes_lists_every_blob(blobs: Blobs, driver: Driver) -> None:
    """By digest; what lies beside them is none."""
    refs = [blobs.add(b"x" * n, "text/plain") for n in range(5)]
    driver.put(KEYS.blobs + "ab/stray", b"")
    driver.put(KEYS.manifest(1), b"")
    assert blobs.sizes() == {ref.digest: ref.size for ref in refs}


def test_movies_share_nothing(driver: Driver) -> None:
    """The movie is the unit of isolation."""
    ref = Blobs(driver, KEYS).add(b"picture", "image/png")
    assert not Blobs(driver, Keys("other")).has(ref)

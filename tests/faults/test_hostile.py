"""Whatever a store, a movie file or a file's name says: nothing outside is touched, and nothing but a sentence comes of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from movie_assets.core.artefact import BlobRef
from movie_assets.core.errors import Damaged, MovieError, Refused
from movie_assets.core.manifest import ArtefactRecord, InputRecord, sealed, write_manifest
from movie_assets.core.outline import read_yaml
from movie_assets.core.store.driver import is_key
from movie_assets.core.store.keys import Keys
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.store.repair import repair
from movie_assets.core.store.sweep import Terms, sweep
from movie_assets.core.store.verify import verify
from movie_assets.core.toy import FakeClock, Toy
from resources.movie_folder import MovieFolder

QUICK = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PATHS = st.one_of(
    st.text(max_size=30),
    st.lists(
        st.sampled_from(["..", ".", "", "a", "/", "etc", "\\", "\0", "passwd", "~", "%2e%2e"]), max_size=6
    ).map("/".join),
)


@given(movie=PATHS, kind=PATHS, digest=PATHS, number=st.integers(-5, 100_000))
@example(movie="../outside", kind="picture", digest="a" * 64, number=1)
@example(movie="toy", kind="../x", digest="../../etc/passwd", number=1)
@QUICK
def test_no_key_leads_out_of_its_movie(movie: str, kind: str, digest: str, number: int) -> None:
    """Whatever ids it is made of, a key is one below the movie's own, or it is refused."""
    for name in (movie, "toy"):
        with suppress(Refused):
            keys = Keys(name)
            makers: list[Callable[[], str]] = [
                lambda keys=keys: keys.blob(digest),  # type: ignore[misc]
                lambda keys=keys: keys.claim(kind, digest),  # type: ignore[misc]
                lambda keys=keys: keys.pending(kind, digest),  # type: ignore[misc]
                lambda keys=keys: keys.lease(kind),  # type: ignore[misc]
                lambda keys=keys: keys.manifest(number),  # type: ignore[misc]
                lambda keys=keys: keys.checkpoint(number),  # type: ignore[misc]
                lambda keys=keys: keys.trashed(digest),  # type: ignore[misc]
            ]
            for make in makers:
                with suppress(Refused):
                    key = make()
                    assert is_key(key)
                    assert key.startswith(f"{name}/")


@given(name=PATHS)
@example(name="../secret.txt")
@example(name="/etc/passwd")
@example(name="link.txt")
@example(name="a\0b")
@example(name="x" * 300)
@QUICK
def test_no_file_outside_of_the_movies_folder_is_named(tmp_path: Path, name: str) -> None:
    """By any spelling, nor through a symbolic link."""
    folder = MovieFolder(tmp_path / "movies", "toy")
    folder.path.mkdir(parents=True, exist_ok=True)
    (tmp_path / "secret.txt").write_text("secret")
    (folder.path / "link.txt").unlink(missing_ok=True)
    (folder.path / "link.txt").symlink_to(tmp_path / "secret.txt")
    with suppress(Refused):
        assert folder.file(name).is_relative_to(folder.path.resolve())


# --- a store that somebody else writes, too -----------------------------------------------------------------------

ODD = st.text("abz019[]=._-", min_size=1, max_size=12).filter(lambda part: part not in (".", "..", ".tmp"))
WHERE = st.sampled_from(
    ["claims/", "claims/picture-", "runs/leases/", "runs/rev-", "runs/", "manifests/", "manifests/rev-", "blobs/",
     "blobs/ab/", "checkpoints/", "metrics/", "metrics/rev-", "pending/", "pending/picture/", "quarantine/", ".trash/",
     "events/", ""]
)  # fmt: skip
CONTENT = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [b"", b"null", b"[]", b"{}", b'{"format":1}', b'{"format":1,"lease":"../../x"}', b"\xff\xfe"]
    ),
)


@given(strange=st.dictionaries(st.tuples(WHERE, ODD).map("".join), CONTENT, max_size=6))
@example(strange={"claims/picture-x.abc": b'{"format":1,"lease":"a"}', "runs/leases/a.b": b"{}"})
@example(strange={"manifests/rev-0009.json": b"{}"})
@QUICK
def test_odd_keys_harm_nobody(new_toy: Callable[..., Toy], tmp_path: Path, strange: dict[str, bytes]) -> None:
    """Making, verifying, repairing and sweeping go on, or end in a sentence."""
    toy = new_toy("a")
    toy.make()
    for key, data in strange.items():
        with suppress(Refused):
            toy.driver.put(f"toy/{key}", data)
    toy.title = "again"
    for act in (
        toy.make,
        lambda: verify(MovieStore(toy.driver, "toy")),
        lambda: sweep(MovieStore(toy.driver, "toy"), Terms(1e6), FakeClock()),
        lambda: repair(toy.store, verify(MovieStore(toy.driver, "toy")).findings, FakeClock(), tmp_path),
        lambda: MovieStore(toy.driver, "toy").possibly_paid(0.0),
    ):
        try:
            act()
        except MovieError as error:
            assert error.next_step or error.fact


@given(
    digest=PATHS,
    payload=st.recursive(
        st.none() | PATHS, lambda each: st.lists(each) | st.dictionaries(PATHS, each), max_leaves=4
    ),
)
@example(
    digest="../../../../etc/passwd", payload={"digest": "../../etc", "size": 1, "mediaType": "text/plain"}
)
@QUICK
def test_a_manifest_that_names_other_files_reads_none_of_them(
    tmp_path_factory: pytest.TempPathFactory, new_toy: Callable[..., Toy], digest: str, payload: Any
) -> None:
    """Its seal is right; what it refers to is no digest, so it is refused or named by verify, and nothing is read."""
    folder = tmp_path_factory.mktemp("hostile")
    toy = new_toy("a")
    made = toy.make().manifest
    assert made is not None
    film = made.artefacts["film"]
    record = ArtefactRecord(BlobRef(digest, 4, "text/plain"), *msgspec.structs.astuple(film)[1:])
    forged = sealed(
        msgspec.structs.replace(
            made, digest="", artefacts={"film": record}, inputs={"title": InputRecord("0" * 64, payload)}
        )
    )
    toy.driver.put(toy.store.keys.manifest(1), write_manifest(forged))
    store = MovieStore(toy.driver, "toy")
    live = store.manifests.live()
    assert live is not None
    for read in (store.read, lambda ref: store.file(ref, folder)):
        with pytest.raises((Refused, Damaged)):
            read(live.artefacts["film"].blob)
    report = verify(store)
    assert not report.sound
    with suppress(MovieError):
        toy.title = "new"
        toy.make()


# --- movie files --------------------------------------------------------------------------------------------------

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(12)
)


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS,
        "a: " + "[" * 100_000,
        "a: " + "{b: " * 50_000,
        "a: " + "- " * 100_000,
        "x" * (2 << 20),
        "a: &a [*a]",
        "a: !!python/object/apply:os.system ['true']",
        "&a a: *a",
        "? " * 10_000,
        "a: " + "'" * 9_999,
    ],
    ids=["laughs", "brackets", "braces", "dashes", "long", "itself", "python", "anchor", "keys", "quotes"],
)
def test_a_hostile_movie_file_is_told_in_a_sentence(text: str) -> None:
    """Soon, in little memory, and nothing in it is carried out."""
    _, problems = read_yaml(text, "a movie")
    assert problems


@given(st.text("{}[]&*!?:-, \n'\"|>%@`#ab1", max_size=200))
@QUICK
def test_any_text_is_read_or_told(text: str) -> None:
    """YAML's own punctuation in any order."""
    node, problems = read_yaml(text, "a movie")
    assert problems or node is not None

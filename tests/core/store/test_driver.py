"""What every driver does. A new driver joins by a line in conftest's `new_driver`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from movie_assets.core.errors import Refused
from movie_assets.core.store.driver import Absent, Driver, Stat, check_key

PART = st.text("abz019[]=._-", min_size=1, max_size=8).filter(lambda part: part not in (".", "..", ".tmp"))
KEY = st.lists(PART, min_size=1, max_size=4).map("/".join)
ON_ONE_DRIVER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def test_what_is_put_is_got_whole_and_in_slices(driver: Driver) -> None:
    """A range cuts as a slice cuts."""
    driver.put("a/b", b"0123456789")
    assert driver.get("a/b") == b"0123456789"
    for start, end in [(0, None), (3, None), (3, 7), (0, 0), (7, 3), (8, 99), (99, None), (99, 100)]:
        assert driver.get("a/b", start, end) == b"0123456789"[start:end], (start, end)


def test_a_stream_gives_the_bytes_piece_by_piece(driver: Driver) -> None:
    """`open` gives a binary stream."""
    driver.put("a", b"0123456789")
    with driver.open("a") as stream:
        assert (stream.read(4), stream.read()) == (b"0123", b"456789")


@pytest.mark.parametrize("key", ["a", "a/b", "a/b/c"])
def test_what_is_not_there_is_absent(driver: Driver, key: str) -> None:
    """Absent is an error of its own to `get` and `open`, None to `stat`, nothing to `delete`; a folder is no key."""
    driver.put("a/b/c/d", b"x")
    for ask in (driver.get, driver.open):
        with pytest.raises(Absent) as told:
            ask(key)
        assert told.value.labels["key"] == key
    assert driver.stat(key) is None
    driver.delete(key)
    driver.delete("nobody/was/here")
    assert list(driver.list("")) == ["a/b/c/d"]


def test_create_stores_only_where_nothing_is(driver: Driver) -> None:
    """The first wins and its bytes stay; after a delete the key is free again."""
    assert driver.create("a/b", b"first")
    assert not driver.create("a/b", b"second")
    assert driver.get("a/b") == b"first"
    driver.delete("a/b")
    assert driver.create("a/b", b"third")
    assert driver.get("a/b") == b"third"


def test_put_replaces(driver: Driver) -> None:
    """The last put stays, also over what was created."""
    driver.create("a", b"first, and longer")
    driver.put("a", b"second")
    assert driver.get("a") == b"second"


def test_a_file_is_taken_over_and_stays_readable(driver: Driver, tmp_path: Path) -> None:
    """`put_file` stores the bytes, replaces like `put`, can be repeated, and leaves the file."""
    file = tmp_path / "made.png"
    file.write_bytes(b"picture")
    driver.put("blobs/ab/abcd", b"damaged")
    for _ in range(2):
        driver.put_file("blobs/ab/abcd", file)
        assert driver.get("blobs/ab/abcd") == b"picture" == file.read_bytes()
    file.unlink()
    assert driver.get("blobs/ab/abcd") == b"picture"
    assert list(driver.list("")) == ["blobs/ab/abcd"]


def test_a_file_that_is_not_there_is_refused(driver: Driver, tmp_path: Path) -> None:
    """Taking over a missing file or a folder stores nothing."""
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(Refused, match="no such file"):
            driver.put_file("a", path)
    assert driver.stat("a") is None


def test_append_makes_a_key_and_lengthens_it(driver: Driver) -> None:
    """Appended bytes follow what is there, whoever wrote that."""
    if not driver.capabilities.append:
        pytest.skip("does not append")
    driver.append("a/log", b"one ")
    driver.append("a/log", b"two ")
    assert driver.get("a/log") == b"one two "
    driver.put("a/log", b"anew ")
    driver.append("a/log", b"three")
    assert driver.get("a/log") == b"anew three"
    driver.delete("a/log")
    driver.append("a/log", b"four")
    assert driver.get("a/log") == b"four"


def test_stat_tells_the_size(driver: Driver) -> None:
    """Size in bytes; the time is the store's own and never goes back."""
    driver.put("a", b"12345")
    first = driver.stat("a")
    assert isinstance(first, Stat)
    assert first.size == 5
    driver.put("a", b"")
    second = driver.stat("a")
    assert second is not None
    assert (second.size, second.modified >= first.modified) == (0, True)


@given(
    keys=st.lists(KEY, max_size=12), prefix=st.one_of(st.just(""), KEY, KEY.map(lambda k: k + "/")), after=KEY
)
@example(keys=["a/b", "a-b", "a.b", "a0", "a/b-c/d", "a/b/c"], prefix="a", after="a/b")
@example(keys=["m/rev-0001", "m/rev-0002", "m/rev-0003"], prefix="m/rev-", after="m/rev-0001")
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_list_is_the_sorted_keys_with_the_prefix(
    new_driver: Callable[[], Driver], keys: list[str], prefix: str, after: str
) -> None:
    """`list` sorts whole keys by code point, as S3 does; `scan` adds the stat of each."""
    driver, kept = new_driver(), set[str]()
    for key in keys:
        if not any(key.startswith(f"{other}/") or other.startswith(f"{key}/") for other in kept):
            kept.add(key)
            driver.put(key, key.encode())
    matching = sorted(key for key in kept if key.startswith(prefix))
    assert list(driver.list(prefix)) == matching
    assert list(driver.list(prefix, after=after)) == [key for key in matching if key > after]
    assert [(key, stat.size) for key, stat in driver.scan(prefix)] == [(key, len(key)) for key in matching]


@given(
    key=st.one_of(
        KEY, st.text(max_size=12), st.lists(st.sampled_from(["..", ".", "", "a", "/", ".tmp"])).map("/".join)
    )
)
@example("../outside")
@example("a/../../outside")
@example("/etc/passwd")
@example("a//b")
@example("a/")
@example("")
@example(".")
@example("a/.tmp/b")
@example("a\0b")
@example("a\\b")
@example("a\n")
@example("ä")
@example("x" * 256)
@example("/".join(["x" * 200] * 6))
@ON_ONE_DRIVER
def test_only_safe_keys_reach_the_store(driver: Driver, key: str) -> None:
    """A key is safe, or every verb refuses it."""
    parts = key.split("/")
    safe = all(
        part and set(part) <= SAFE and part not in (".", "..", ".tmp") and len(part) < 256 for part in parts
    )
    if safe and len(key) <= 1024:
        assert check_key(key) == key
        return
    verbs: list[Callable[[], Any]] = [
        lambda: driver.get(key),
        lambda: driver.open(key),
        lambda: driver.create(key, b""),
        lambda: driver.put(key, b""),
        lambda: driver.put_file(key, Path(__file__)),
        lambda: driver.append(key, b""),
        lambda: driver.stat(key),
        lambda: driver.delete(key),
        lambda: driver.path(key),
    ]
    for verb in verbs:
        with pytest.raises(Refused):
            verb()


SAFE = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789[]=._-")


@pytest.mark.parametrize("prefix", ["../", "/", "a/../b", "a//", "a b", ".tmp/", "\0"])
def test_a_prefix_leads_nowhere_else(driver: Driver, prefix: str) -> None:
    """A prefix that no key can begin with is refused, at once and not when the first key is asked for."""
    with pytest.raises(Refused):
        driver.list(prefix)


def test_of_many_threads_one_creates(driver: Driver, rounds: int) -> None:
    """16 threads race for each of many keys: exactly one wins each, and its bytes are there."""
    start = threading.Barrier(16)

    def race(index: int) -> list[bool]:
        won = []
        for key in range(rounds):
            start.wait()
            won.append(driver.create(f"race/{key}", b"by %d" % index))
        return won

    with ThreadPoolExecutor(16) as threads:
        won = list(threads.map(race, range(16)))
    for key in range(rounds):
        (winner,) = [index for index in range(16) if won[index][key]]
        assert driver.get(f"race/{key}") == b"by %d" % winner


def test_readers_see_the_old_or_the_new(driver: Driver) -> None:
    """While one thread puts, another never reads a mixture nor nothing."""
    bodies = [bytes([letter]) * 200_000 for letter in b"ab"]
    driver.put("a", bodies[0])
    done = threading.Event()

    def put() -> None:
        for turn in range(30):
            driver.put("a", bodies[turn % 2])
        done.set()

    writer = threading.Thread(target=put)
    writer.start()
    while not done.is_set():
        assert driver.get("a") in bodies
    writer.join()


def test_a_path_is_where_the_bytes_lie(driver: Driver) -> None:
    """A driver with capability `paths` lets the bytes be read in place, another says None."""
    driver.put("blobs/ab/abcd", b"picture")
    path = driver.path("blobs/ab/abcd")
    assert (path is not None) == driver.capabilities.paths
    if path is not None:
        assert path.read_bytes() == b"picture"


def test_freshening_says_whether_there_is_anything(driver: Driver) -> None:
    """The bytes stay, and the time never goes back."""
    driver.put("blobs/ab/abcd", b"picture")
    before = driver.stat("blobs/ab/abcd")
    assert before is not None
    assert driver.freshen("blobs/ab/abcd")
    after = driver.stat("blobs/ab/abcd")
    assert after is not None
    assert (after.size, after.modified >= before.modified) == (7, True)
    assert driver.get("blobs/ab/abcd") == b"picture"
    assert not driver.freshen("blobs/ab/none")

"""A store is a dict of bytes, whatever is done to it in whatever order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from movie_assets.core.store.driver import Absent, Driver

KEYS = st.sampled_from(
    ["m/a", "m/a-b", "m/b[3]/x", "m/b[3]/y", "m/blobs/ab/abc", "m/blobs/ac/acd", "n/a", "z"]
)
BYTES = st.binary(max_size=40)
PREFIXES = st.sampled_from(["", "m", "m/", "m/b", "m/blobs/", "m/blobs/ab/", "n/a", "none/"])


class StoreIsDict(RuleBasedStateMachine):
    """Each verb does to the store what it does to the dict."""

    def __init__(self, driver: Driver, scratch: Path) -> None:
        super().__init__()
        self.driver = driver
        self.scratch = scratch
        self.model: dict[str, bytes] = {}

    @rule(key=KEYS, data=BYTES)
    def create(self, key: str, data: bytes) -> None:
        assert self.driver.create(key, data) == (key not in self.model)
        self.model.setdefault(key, data)

    @rule(key=KEYS, data=BYTES)
    def put(self, key: str, data: bytes) -> None:
        self.driver.put(key, data)
        self.model[key] = data

    @rule(key=KEYS, data=BYTES)
    def put_file(self, key: str, data: bytes) -> None:
        self.scratch.unlink(missing_ok=True)
        self.scratch.write_bytes(data)
        self.driver.put_file(key, self.scratch)
        self.model[key] = data

    @precondition(lambda self: self.driver.capabilities.append)
    @rule(key=KEYS.filter(lambda key: "blobs" not in key), data=BYTES)
    def append(self, key: str, data: bytes) -> None:
        self.driver.append(key, data)
        self.model[key] = self.model.get(key, b"") + data

    @rule(key=KEYS)
    def delete(self, key: str) -> None:
        self.driver.delete(key)
        self.model.pop(key, None)

    @rule(key=KEYS, start=st.integers(0, 50), end=st.none() | st.integers(0, 50))
    def get(self, key: str, start: int, end: int | None) -> None:
        if key in self.model:
            assert self.driver.get(key, start, end) == self.model[key][start:end]
        else:
            with pytest.raises(Absent):
                self.driver.get(key, start, end)

    @rule(prefix=PREFIXES, after=st.just("") | KEYS)
    def list(self, prefix: str, after: str) -> None:
        expected = sorted(key for key in self.model if key.startswith(prefix) and key > after)
        assert [*self.driver.list(prefix, after)] == expected

    @invariant()
    def same_keys_and_sizes(self) -> None:
        sizes = {key: len(data) for key, data in self.model.items()}
        assert {key: stat.size for key, stat in self.driver.scan("")} == sizes


def test_a_store_is_a_dict(new_driver: Callable[[], Driver], tmp_path: Path, rounds: int) -> None:
    """No sequence of verbs tells a store from a dict."""
    run_state_machine_as_test(
        lambda: StoreIsDict(new_driver(), tmp_path / "file"),  # type: ignore[arg-type]
        settings=settings(max_examples=rounds, stateful_step_count=25, deadline=None),
    )

"""The doctor tries the store with a key of its own, and leaves nothing behind."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_assets.core.store.driver import Stat
from movie_assets.core.store.local import LocalDriver
from movie_assets.core.store.memory import MemoryDriver
from resources.doctor.finding import Finding
from resources.doctor.storage import check_storage


def states(findings: list[Finding]) -> dict[str, str]:
    return {found.what: found.state for found in findings}


def test_a_folder_is_a_good_store(tmp_path: Path) -> None:
    """Also one that is not there yet."""
    root = tmp_path / "builds"
    assert states(check_storage(LocalDriver(root), "builds")) == {"storage": "ok", "clock": "ok"}
    assert not [path for path in root.rglob("*") if path.is_file()]


class Skewed(MemoryDriver):
    """A store whose clock is ahead."""

    ahead = 0.0

    def stat(self, key: str) -> Stat | None:
        found = super().stat(key)
        return found and Stat(found.size, time.time() + self.ahead)


@given(st.floats(-1e6, 1e6))
def test_a_clock_that_differs_is_warned_of(ahead: float) -> None:
    """Leases go by the store's clock; half a minute is no matter."""
    driver = Skewed()
    driver.ahead = ahead
    clock = check_storage(driver, "memory")[-1]
    if abs(ahead) < 29:
        assert clock.state == "ok"
    elif abs(ahead) > 32:
        assert clock.state == "warning" and ("behind" if ahead > 0 else "ahead of") in clock.told


class Careless(MemoryDriver):
    """A store that ignores the condition."""

    def create(self, key: str, data: bytes, *, durable: bool = True) -> bool:
        self.put(key, data)
        return True


class Full(MemoryDriver):
    """A store that cannot be written."""

    def create(self, key: str, data: bytes, *, durable: bool = True) -> bool:
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize(("driver", "told"), [(Careless, "created twice"), (Full, "No space left")])
def test_a_store_that_cannot_be_relied_on_is_missing(driver: Callable[[], MemoryDriver], told: str) -> None:
    """With what to do."""
    (found,) = check_storage(driver(), "s3://films")
    assert found.state == "missing" and told in found.told and found.next_step

"""Whether the store can be reached and written, keeps its one promise, and tells the time."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

from movie_assets.core.errors import Failed, MovieError, Unready
from movie_assets.core.store.driver import Driver
from resources.doctor.finding import Finding, fault, ok, warning

__all__ = ["check_storage"]

_PROBE = b"written by movies doctor, to be removed at once\n"
_MOST_SKEW_SECONDS = 30.0


def check_storage(driver: Driver, root: str, now: Callable[[], float] = time.time) -> list[Finding]:
    """Writes, reads and removes a key of its own; `now` is this machine's clock."""
    key = f".doctor-{uuid.uuid4().hex}"
    try:
        before = now()
        _try(driver, key)
        skew = _skew(driver, key, before, now())
    except MovieError as error:
        return [fault("storage", error)]
    except OSError as error:
        step = f"see that {root} is there and may be written, or name another store with --root"
        return [fault("storage", Unready(f"{root}: {error.strerror or error}", next_step=step))]
    finally:
        _remove(driver, key)
    return [ok("storage", f"{root} can be read and written"), _clock(skew)]


def _try(driver: Driver, key: str) -> None:
    if not driver.create(key, _PROBE) or driver.get(key) != _PROBE:
        raise Failed(
            "the store does not give back what was written", next_step="name another store with --root"
        )
    if driver.create(key, b"second"):
        raise Failed(
            "the store lets a key be created twice: of two people's revisions one would be lost",
            next_step="use a store with conditional writes (If-None-Match), see docs/deploy.md",
        )


def _skew(driver: Driver, key: str, before: float, after: float) -> float:
    """How far the store's clock is ahead of ours, in seconds, beyond what the time it took explains."""
    found = driver.stat(key)
    if found is None:
        raise Failed("the store lost what was just written", next_step="name another store with --root")
    # A store may count whole seconds.
    return max(0.0, found.modified - after) or min(0.0, found.modified + 1 - before)


def _clock(skew: float) -> Finding:
    if abs(skew) <= _MOST_SKEW_SECONDS:
        return ok("clock", f"within {max(1, round(abs(skew)))} s of the store's")
    return warning(
        "clock",
        f"{abs(skew):.0f} s {'behind' if skew > 0 else 'ahead of'} the store's",
        "set this machine's clock by a time server (NTP)",
    )


def _remove(driver: Driver, key: str) -> None:
    try:
        driver.delete(key)
    except (MovieError, OSError):
        return  # what could not be written cannot be removed, and that is told already

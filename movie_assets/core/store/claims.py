"""Claims: who is about to pay for a result, so that nobody else does (docs/decisions/0007)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import msgspec
from msgspec import Struct

from movie_assets.core.errors import Damaged, MovieError
from movie_assets.core.seal import seal, unseal
from movie_assets.core.store.driver import Absent, Driver
from movie_assets.core.store.keys import Keys

__all__ = ["Claim", "Claims", "read_claim"]

IsOver = Callable[[str], bool]
"""Whether the lease of that id is over."""


class ClaimRecord(Struct, frozen=True, rename="camel", tag_field="format", tag=1):
    """Whose claim it is. A lease's id is used once, so it serves as the nonce, too."""

    lease: str


def read_claim(data: bytes) -> ClaimRecord:
    """Reads a claim's file; one that was cut short or changed is `Damaged`."""
    try:
        return msgspec.json.decode(unseal(data), type=ClaimRecord)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Damaged("a claim cannot be read", because=error, next_step="delete it") from error


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim that is held, and those of ended runs that it took over."""

    key: str
    data: bytes
    overtaken: tuple[str, ...] = ()


class Claims:
    """The claims of one movie.

    Whoever wants one raises a flag (creates a key if absent), then looks for the flags of others: of any two, the
    one who looked later saw both. A claim stands as long as the lease it names.
    """

    def __init__(self, driver: Driver, keys: Keys) -> None:
        self._driver, self._keys = driver, keys

    def take(self, kind: str, inputs_digest: str, lease: str, is_over: IsOver) -> Claim | None:
        """The claim to a result, None while another's stands; a claim whose lease is over is taken over."""
        return self._take(self._keys.claim(kind, inputs_digest), lease, is_over)

    def release(self, claim: Claim) -> None:
        """Gives a claim up, its own flag last; what cannot be removed ends with its lease."""
        with suppress(MovieError):
            for key in claim.overtaken:
                self._driver.delete(key)
            if self._is_there(claim):
                self._driver.delete(claim.key)

    def clear(self, lease: str, is_over: IsOver) -> None:
        """Removes the claims that ended runs have left."""
        for first in sorted({self._keys.first_of(key) for key in self._driver.list(self._keys.claims)}):
            if any(self._is_over(key, is_over) for key in self._driver.list(first)):
                claim = self._take(first, lease, is_over)
                if claim is not None:
                    self.release(claim)

    def _take(self, first: str, lease: str, is_over: IsOver) -> Claim | None:
        flag = self._raise_flag(Claim(first, seal(msgspec.json.encode(ClaimRecord(lease)))), is_over)
        if flag is None:
            return None
        flags = list(self._driver.list(first))
        others = tuple(key for key in flags if key != flag.key)
        if flag.key in flags and all(self._is_over(key, is_over) for key in others):
            return Claim(flag.key, flag.data, others)
        self.release(flag)
        return None

    def _raise_flag(self, first: Claim, is_over: IsOver) -> Claim | None:
        if self._create(first):
            return first
        flags = list(self._driver.list(first.key))
        if not flags or not all(self._is_over(key, is_over) for key in flags):
            return None
        above = Claim(self._keys.claim_after(flags[-1]), first.data)
        return above if self._create(above) else None

    def _create(self, claim: Claim) -> bool:
        # A store may say no to its own success, when an answer was lost on the way: read back and compare.
        return self._driver.create(claim.key, claim.data, durable=False) or self._is_there(claim)

    def _is_there(self, claim: Claim) -> bool:
        try:
            return self._driver.get(claim.key) == claim.data
        except Absent:
            return False

    def _is_over(self, key: str, is_over: IsOver) -> bool:
        try:
            return is_over(read_claim(self._driver.get(key)).lease)
        except (Absent, Damaged):
            return True  # gone, or cut short by a power cut, which its run did not survive either

"""Packs: the results that checkpoints tell of, in files that never change and are read part by part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from zlib import crc32

import msgspec
from msgspec import Raw, Struct

from movie_assets.core.digest import digest_of_bytes
from movie_assets.core.errors import Damaged
from movie_assets.core.event import FORMAT, ArtefactEvent, write_event
from movie_assets.core.reuse import Made
from movie_assets.core.store.driver import Absent, Driver
from movie_assets.core.store.keys import Keys

__all__ = ["Pack", "PackedResults", "Packs", "written"]

_IN_A_PART = 64
_TIMES = 16
_LOOKS = 3  # wires flip bits, too: what is wrong each time is wrong in the store


class Part(Struct, frozen=True, array_like=True):
    """A stretch of a pack's bytes, which the next one follows, and their digest."""

    size: int
    digest: str


class Pack(Struct, frozen=True, rename="camel"):
    """What a checkpoint says of a pack: the digest of its bytes, which names it, and what is where in it."""

    digest: str
    results: int
    parts: tuple[Part, ...]


class _Leaf(Struct, frozen=True, tag_field="format", tag=FORMAT):
    """The bytes of a part: events by `<kind>/<inputs digest>`."""

    results: dict[str, Raw]


_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(_Leaf).decode

Told = Mapping[Made, Raw]


class Packs:
    """The packs of one movie."""

    def __init__(self, driver: Driver, keys: Keys) -> None:
        self._driver, self._keys = driver, keys

    def write(self, told: Told) -> Pack:
        """Writes results down, each in the part that its name says."""
        leaves: list[dict[str, Raw]] = [{} for _ in range(len(told) // _IN_A_PART + 1)]
        for made, event in told.items():
            leaves[_place(made, len(leaves))]["/".join(made)] = event
        encoded = [_ENCODE(_Leaf(leaf)) for leaf in leaves]
        data = b"".join(encoded)
        parts = tuple(Part(len(leaf), digest_of_bytes(leaf)) for leaf in encoded)
        pack = Pack(digest_of_bytes(data), len(told), parts)
        self._driver.put(self._keys.pack(pack.digest), data)
        return pack

    def look(self, pack: Pack, made: Made) -> Mapping[Made, Raw]:
        """The part of a pack that has a result, if the pack has it."""
        number = _place(made, len(pack.parts))
        start = sum(part.size for part in pack.parts[:number])
        part = pack.parts[number]
        return _results(self._fetch(pack.digest, start, start + part.size, part.digest))

    def read(self, pack: Pack) -> dict[Made, Raw]:
        """All results of a pack."""
        data, found = self._fetch(pack.digest, 0, None, pack.digest), dict[Made, Raw]()
        for part in pack.parts:
            found |= _results(data[: part.size])
            data = data[part.size :]
        return found

    def read_all(self, packs: Iterable[Pack]) -> dict[Made, Raw]:
        """All results of several, the oldest pack first."""
        return {made: event for pack in packs for made, event in self.read(pack).items()}

    def has(self, pack: Pack) -> bool:
        """Whether a pack is there; its bytes are not looked at."""
        return self._driver.stat(self._keys.pack(pack.digest)) is not None

    def delete(self, digest: str) -> None:
        """Removes a pack that no checkpoint tells of any more."""
        self._driver.delete(self._keys.pack(digest))

    def _fetch(self, pack: str, start: int, end: int | None, digest: str) -> bytes:
        for _ in range(_LOOKS):
            data = self._driver.get(self._keys.pack(pack), start, end)
            if digest_of_bytes(data) == digest:
                return data
        raise Damaged("a pack of results does not match its digest", pack=pack, next_step="movies verify")


class PackedResults:
    """The results that a checkpoint tells of: an older pack of most, and one of what is new since.

    Where one is gone (a later checkpoint has replaced it) or damaged, all are taken from where `again` finds them.
    """

    def __init__(self, packs: Packs, found: tuple[Pack, ...], again: Callable[[], Told]) -> None:
        self._packs, self._found, self._again = packs, found, again
        self._read: dict[tuple[str, int], Told] = {}
        self._loose: Told = {}

    def find(self, made: Made) -> Raw | None:
        """One result, by one read of a part at most of each pack."""
        for pack in reversed(self._found):
            if (told := self._part(pack, made).get(made)) is not None:
                return told
        return self._loose.get(made)

    def all(self) -> Told:
        """Every result."""
        return self._all_of(self._found) if self._found else self._loose

    def joined(self, new: Told) -> tuple[Pack, ...]:
        """Packs of all there was and what is new. What makes up most is seldom written again."""
        since = {**self._loose, **self._all_of(self._found[1:]), **new}
        most = self._found[:1]
        if len(since) * _TIMES > sum(pack.results for pack in most) or not all(map(self._packs.has, most)):
            most, since = (), {**self.all(), **since}
        self._found = (*most, self._packs.write(since)) if since else most
        self._loose = {}
        return self._found

    def _part(self, pack: Pack, made: Made) -> Told:
        place = pack.digest, _place(made, len(pack.parts))
        if place not in self._read:
            try:
                self._read[place] = self._packs.look(pack, made)
            except (Absent, Damaged):
                return self._loosened()
        return self._read[place]

    def _all_of(self, packs: Iterable[Pack]) -> Told:
        try:
            return self._packs.read_all(packs)
        except (Absent, Damaged):
            return self._loosened()

    def _loosened(self) -> Told:
        self._loose, self._found = self._again(), ()
        return self._loose


def written(results: Mapping[Made, ArtefactEvent]) -> dict[Made, Raw]:
    """Results as they are written down."""
    return {made: Raw(write_event(event)) for made, event in results.items()}


def _place(made: Made, parts: int) -> int:
    return crc32("/".join(made).encode()) % parts


def _results(leaf: bytes) -> dict[Made, Raw]:
    told = _DECODE(leaf).results
    return {(name.partition("/")[0], name.partition("/")[2]): event for name, event in told.items()}

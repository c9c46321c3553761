"""Checkpoints: what the event logs come to at a revision, so that a cold start reads a little and the logs' tails.

A copy that can be counted again: one that is torn, damaged or of other logs is passed over. What every plan needs lies
in the checkpoint itself, which stays about as long as it is; all results, of which there are ever more, lie in packs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TypeVar

import msgspec
from msgspec import Struct

from movie_assets.core.errors import Damaged
from movie_assets.core.event import ArtefactEvent, InputEvent
from movie_assets.core.reuse import Earlier, Index, Results
from movie_assets.core.seal import seal, unseal
from movie_assets.core.spending import Spending
from movie_assets.core.store.driver import Absent, Driver
from movie_assets.core.store.keys import Keys
from movie_assets.core.store.packs import Pack, Packs

__all__ = ["Checkpoints", "Place", "State", "is_outdated", "read_checkpoint", "state_of"]

T = TypeVar("T")

_KEPT = 2
"""The newest, and one before it, should the newest be damaged."""


class Place(Struct, frozen=True, rename="camel"):
    """How far a log was read, as the log itself tells, and what lies just before: another log has something else."""

    at: int | dict[str, int]
    mark: str


class _Packed(Struct, frozen=True, rename="camel", tag_field="format", tag=2, kw_only=True):
    """Of a checkpoint, which packs it tells of."""

    packs: tuple[Pack, ...]


class State(_Packed, frozen=True, rename="camel", tag_field="format", tag=2, kw_only=True):
    """An index and how far in the logs it reaches.

    Each of `events` is told of by its position: those that are the `latest` of an artefact, the `successes` under the
    inputs digests of these, what is `started` and `unended`. The `packs` hold every success, these too.
    """

    movie: str
    inputs_log: Place
    artefacts_log: Place
    inputs: list[InputEvent]
    events: list[ArtefactEvent]
    latest: list[int]
    successes: list[int]
    started: list[int]
    unended: list[int]
    paces: dict[str, list[float]]
    paid: dict[str, float]
    before: float
    reserved: list[tuple[str, str, float]]
    told: list[str]

    def index(self, earlier: Earlier) -> Index:
        """The index as it was, the results behind those at hand being `earlier`."""
        latest, successes, started, unended = (
            [self.events[at] for at in places]
            for places in (self.latest, self.successes, self.started, self.unended)
        )
        return Index(
            successes=Results({(event.kind, event.inputs_digest): event for event in successes}, earlier),
            latest={event.artefact_id: event for event in latest},
            started={(event.kind, event.inputs_digest): event for event in started},
            unended={(event.run_id, event.inputs_digest): event for event in unended},
            paces=self.paces,
            inputs={event.id: event for event in self.inputs},
            spending=Spending(
                paid=self.paid,
                before=self.before,
                reserved={(run, call): usd for run, call, usd in self.reserved},
                told=dict.fromkeys(self.told),
            ),
        )


def state_of(
    movie: str, index: Index, inputs_log: Place, artefacts_log: Place, packs: tuple[Pack, ...]
) -> State:
    """What a checkpoint says of an index, all of whose results are in packs."""
    events, spending = _Numbered(), index.spending
    return State(
        movie=movie,
        inputs_log=inputs_log,
        artefacts_log=artefacts_log,
        inputs=list(index.inputs.values()),
        latest=events.places(index.latest.values()),
        successes=events.places(_successes(index)),
        started=events.places(index.started.values()),
        unended=events.places(index.unended.values()),
        events=events.all,
        packs=packs,
        paces=index.paces,
        paid=spending.paid,
        before=spending.before,
        reserved=[(run, call, usd) for (run, call), usd in spending.reserved.items()],
        told=list(spending.told),
    )


def _successes(index: Index) -> Iterable[ArtefactEvent]:
    """What every plan asks for first: the results under the inputs digests of the latest of each artefact."""
    made = dict.fromkeys((event.kind, event.inputs_digest) for event in index.latest.values())
    return [event for each in made if (event := index.result(*each)) is not None]


class _Numbered:
    """Events, each listed once."""

    def __init__(self) -> None:
        self.all: list[ArtefactEvent] = []
        self._places: dict[int, int] = {}

    def places(self, told: Iterable[ArtefactEvent]) -> list[int]:
        return [self._place(event) for event in told]

    def _place(self, event: ArtefactEvent) -> int:
        place = self._places.setdefault(id(event), len(self.all))
        if place == len(self.all):
            self.all.append(event)
        return place


_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(State).decode
_DECODE_PACKED = msgspec.json.Decoder(_Packed).decode


def read_checkpoint(data: bytes) -> State:
    """Reads a checkpoint's file; a torn, edited or unknown one is `Damaged`, and can be deleted."""
    return _read(data, _DECODE)


def _read(data: bytes, decode: Callable[[bytes], T]) -> T:
    try:
        return decode(unseal(data))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Damaged(
            "a checkpoint cannot be read", because=error, next_step="delete it: it is a copy"
        ) from error


def is_outdated(data: bytes) -> bool:
    """Whether a checkpoint is of the format before this one, which is passed over."""
    return data.startswith(b'{"format":1,"digest":"')


class Checkpoints:
    """The checkpoints of one movie; only the newest are kept, and the packs they tell of."""

    def __init__(self, driver: Driver, keys: Keys) -> None:
        self._driver, self._keys = driver, keys
        self.packs = Packs(driver, keys)

    def save(self, revision: int, state: State) -> None:
        """Writes the checkpoint of a revision, and removes what is kept no longer."""
        self._driver.put(self._keys.checkpoint(revision), seal(_ENCODE(state)))
        keys = self._all()
        old, kept = keys[:-_KEPT], keys[-_KEPT:]
        with suppress(Absent, Damaged):  # then they are left to a sweep
            gone = self._packs_of(old) - self._packs_of(kept) if old else set()
            for key in old:
                self._driver.delete(key)
            for pack in gone:
                self.packs.delete(pack)

    def newest(self) -> Iterator[State]:
        """What can be read of this movie's checkpoints, the newest first."""
        for key in reversed(self._all()):
            with suppress(Absent, Damaged):
                state = read_checkpoint(self._driver.get(key))
                if state.movie == self._keys.movie:
                    yield state

    def pack_keys(self) -> set[str]:
        """The keys of the packs that checkpoints tell of; of all packs, while one of these cannot be read."""
        try:
            return set(map(self._keys.pack, self._packs_of(self._all())))
        except (Absent, Damaged):
            return set(self._driver.list(self._keys.packs))

    def _packs_of(self, keys: Iterable[str]) -> set[str]:
        return {pack.digest for key in keys for pack in _read(self._driver.get(key), _DECODE_PACKED).packs}

    def _all(self) -> list[str]:
        return list(self._driver.list(self._keys.checkpoints))

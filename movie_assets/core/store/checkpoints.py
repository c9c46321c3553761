"""Checkpoints: what the event logs come to at a revision, so that a cold start reads one object and the logs' tails.

A copy that can be counted again: one that is torn, damaged or of other logs is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import msgspec
from msgspec import Struct

from movie_assets.core.digest import digest_of_bytes
from movie_assets.core.errors import Damaged, MovieError
from movie_assets.core.event import FORMAT, ArtefactEvent, InputEvent, write_event
from movie_assets.core.reuse import Index, Results
from movie_assets.core.spending import Spending
from movie_assets.core.store.driver import Absent, Driver
from movie_assets.core.store.keys import Keys

__all__ = ["Checkpoints", "Place", "State", "read_checkpoint", "state_of"]

_KEPT = 2
"""The newest, and one before it, should the newest be damaged."""


class Place(Struct, frozen=True, rename="camel"):
    """How far a log was read, as the log itself tells, and what lies just before: another log has something else."""

    at: int | dict[str, int]
    mark: str


class State(Struct, frozen=True, rename="camel", kw_only=True):
    """An index and how far in the logs it reaches. Successes stay as they were written until they are asked for."""

    movie: str
    inputs_log: Place
    artefacts_log: Place
    inputs: list[InputEvent]
    successes: list[tuple[str, str, msgspec.Raw]]
    latest: list[ArtefactEvent]
    started: list[ArtefactEvent]
    unended: list[ArtefactEvent]
    paces: dict[str, list[float]]
    paid: dict[str, float]
    reserved: list[tuple[str, str, float]]
    told: list[str]

    def index(self) -> Index:
        """The index as it was."""
        return Index(
            successes=Results({(kind, digest): told for kind, digest, told in self.successes}),
            latest={event.artefact_id: event for event in self.latest},
            started={(event.kind, event.inputs_digest): event for event in self.started},
            unended={(event.run_id, event.inputs_digest): event for event in self.unended},
            paces=self.paces,
            inputs={event.id: event for event in self.inputs},
            spending=self._spending(),
        )

    def _spending(self) -> Spending:
        spending = Spending(
            reserved={(run, call): usd for run, call, usd in self.reserved}, told=set(self.told)
        )
        spending.paid.update(self.paid)
        return spending


def state_of(movie: str, index: Index, inputs_log: Place, artefacts_log: Place) -> State:
    """What a checkpoint says of an index."""
    return State(
        movie=movie,
        inputs_log=inputs_log,
        artefacts_log=artefacts_log,
        inputs=list(index.inputs.values()),
        successes=[(kind, digest, _raw(told)) for (kind, digest), told in index.successes.told.items()],
        latest=list(index.latest.values()),
        started=list(index.started.values()),
        unended=list(index.unended.values()),
        paces=index.paces,
        paid=dict(index.spending.paid),
        reserved=[(run, call, usd) for (run, call), usd in index.spending.reserved.items()],
        told=sorted(index.spending.told),
    )


def _raw(told: ArtefactEvent | msgspec.Raw) -> msgspec.Raw:
    return told if isinstance(told, msgspec.Raw) else msgspec.Raw(write_event(told))


class _Sealed(Struct, frozen=True, tag_field="format", tag=FORMAT):
    """A checkpoint's file: `digest` is of the bytes of `state`."""

    digest: str
    state: msgspec.Raw


_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(_Sealed).decode
_DECODE_STATE = msgspec.json.Decoder(State).decode


def read_checkpoint(data: bytes) -> State:
    """Reads a checkpoint's file; a torn, edited or unknown one is `Damaged`, and can be deleted."""
    try:
        sealed = _DECODE(data)
        if digest_of_bytes(bytes(sealed.state)) == sealed.digest and _ENCODE(sealed) == data:
            return _DECODE_STATE(sealed.state)
        said: object = "its digest does not match"
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        said = error
    raise Damaged("a checkpoint cannot be read", because=said, next_step="delete it: it is a copy")


class Checkpoints:
    """The checkpoints of one movie; only the newest are kept."""

    def __init__(self, driver: Driver, keys: Keys) -> None:
        self._driver, self._keys = driver, keys

    def save(self, revision: int, state: State) -> None:
        """Writes the checkpoint of a revision that is published already, so to fail at it is no failure."""
        data = _ENCODE(state)
        with suppress(MovieError):
            sealed = _ENCODE(_Sealed(digest_of_bytes(data), msgspec.Raw(data)))
            self._driver.put(self._keys.checkpoint(revision), sealed)
            for key in self._all()[:-_KEPT]:
                self._driver.delete(key)

    def newest(self) -> Iterator[State]:
        """What can be read of this movie's checkpoints, the newest first."""
        for key in reversed(self._all()):
            with suppress(Absent, Damaged):
                state = read_checkpoint(self._driver.get(key))
                if state.movie == self._keys.movie:
                    yield state

    def _all(self) -> list[str]:
        return list(self._driver.list(self._keys.checkpoints))

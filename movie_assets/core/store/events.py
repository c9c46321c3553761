"""The event logs of one movie, and the index that grows with them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress

from msgspec import Raw

from movie_assets.core.errors import Damaged, MovieError
from movie_assets.core.event import (
    ArtefactEvent,
    InputEvent,
    read_artefact_event,
    read_input_event,
    write_event,
)
from movie_assets.core.reuse import Index, Made
from movie_assets.core.store.checkpoints import Checkpoints, Place, State, state_of
from movie_assets.core.store.driver import Absent, Driver
from movie_assets.core.store.framed import Torn
from movie_assets.core.store.keys import Keys
from movie_assets.core.store.log import AppendLog, Log, Position
from movie_assets.core.store.object_log import ObjectLog, new_writer
from movie_assets.core.store.packs import PackedResults, written

__all__ = ["Events", "logs_of"]

_Read = Callable[[Position], tuple[list[bytes], Position, Torn]]


class Events:
    """Appends events durably; reads each only once."""

    def __init__(self, driver: Driver, keys: Keys) -> None:
        self._inputs, self._artefacts = logs_of(driver, keys)
        self._lock = threading.Lock()
        self._index = Index()
        self._inputs_read: Position = 0
        self._artefacts_read: Position = 0
        self._checkpoints = Checkpoints(driver, keys)
        self._packed = PackedResults(self._checkpoints.packs, (), self._all_results)
        self._packed_to: Position = 0
        self._begun = False
        self._movie = keys.movie
        self.torn: list[Torn] = []

    def append_inputs(self, events: Sequence[InputEvent]) -> None:
        """Adds edits; durable when it returns."""
        self._inputs.append(*map(write_event, events))

    def append_artefacts(self, events: Sequence[ArtefactEvent]) -> None:
        """Adds the events of one job together; durable when it returns."""
        self._artefacts.append(*map(write_event, events))

    def index(self) -> Index:
        """Everything logged up to now, by anyone; only what is new is read."""
        return self._grown(self._inputs.tail, self._artefacts.tail)

    def recent(self) -> Index:
        """At least what was logged here, and what `index` saw last: on S3 it asks nothing."""
        return self._grown(self._inputs.at_hand, self._artefacts.at_hand)

    def checkpoint(self, revision: int) -> None:
        """Writes down what the logs come to, for a revision that was just published."""
        index = self.index()
        with self._lock, suppress(MovieError):  # it is a copy: to fail at it is no failure
            inputs = _place(self._inputs, self._inputs_read)
            artefacts = _place(self._artefacts, self._artefacts_read)
            if inputs is not None and artefacts is not None:
                packs = self._packed.joined(written(index.successes.new))
                index.successes.new.clear()
                self._packed_to = artefacts.at
                self._checkpoints.save(revision, state_of(self._movie, index, inputs, artefacts, packs))

    def packs(self) -> set[str]:
        """The keys of what checkpoints tell of."""
        return self._checkpoints.pack_keys()

    def remembered(self) -> tuple[list[InputEvent], list[ArtefactEvent]]:
        """Inputs and results as the newest checkpoint that can be read knows them, whatever the logs tell."""
        for state in self._checkpoints.newest():
            results: Mapping[Made, Raw] = {}
            with suppress(Absent, Damaged):
                results = self._checkpoints.packs.read_all(state.packs)
            told = (read_artefact_event(bytes(event)) for event in results.values())
            return state.inputs, [*told, *state.events]
        return [], []

    def _begin(self) -> None:
        """From the newest checkpoint of these very logs, else from their beginning."""
        for state in self._sound():
            self._packed = PackedResults(self._checkpoints.packs, state.packs, self._all_results)
            self._index = state.index(self._packed)
            self._inputs_read, self._artefacts_read = state.inputs_log.at, state.artefacts_log.at
            self._packed_to = state.artefacts_log.at
            return

    def _sound(self) -> Iterator[State]:
        """The checkpoints of these very logs, the newest first."""
        for state in self._checkpoints.newest():
            if _is_of(state.inputs_log, self._inputs) and _is_of(state.artefacts_log, self._artefacts):
                yield state

    def _all_results(self) -> Mapping[Made, Raw]:
        """From a checkpoint that reaches as far as the one that was begun from, else from the whole log."""
        for state in self._sound():
            with suppress(Absent, Damaged):
                if _reaches(state.artefacts_log.at, self._packed_to):
                    return self._checkpoints.packs.read_all(state.packs)
        index = Index()
        index.add(self.artefacts())
        return written(index.successes)

    def _grown(self, inputs: _Read, artefacts: _Read) -> Index:
        with self._lock:
            if not self._begun:
                self._begin()
                self._begun = True
            lines, self._inputs_read, torn_inputs = inputs(self._inputs_read)
            self._index.add_inputs(map(read_input_event, lines))
            lines, self._artefacts_read, torn = artefacts(self._artefacts_read)
            self._index.add(map(read_artefact_event, lines))
            self.torn += [found for found in (torn_inputs, torn) if found]
        return self._index

    def inputs(self) -> list[InputEvent]:
        """The history of edits, oldest first."""
        return [read_input_event(line) for line in self._inputs.tail(0)[0]]

    def artefacts(self) -> list[ArtefactEvent]:
        """The history of results, oldest first."""
        return [read_artefact_event(line) for line in self._artefacts.tail(0)[0]]


def _place(log: Log, at: Position) -> Place | None:
    mark = log.mark(at)
    return None if mark is None else Place(at if isinstance(at, int) else dict(at), mark)


def _reaches(at: Position, other: Position) -> bool:
    if isinstance(at, int) and isinstance(other, int):
        return at >= other
    there, wanted = (dict[str, int]() if isinstance(each, int) else each for each in (at, other))
    return all(there.get(writer, 0) >= number for writer, number in wanted.items())


def _is_of(place: Place, log: Log) -> bool:
    return log.mark(place.at) == place.mark


def logs_of(driver: Driver, keys: Keys, nonce: Callable[[], str] = new_writer) -> tuple[Log, Log]:
    """Of inputs and of artefacts: a file each, or where nothing can be appended to, objects under a prefix each."""
    if driver.capabilities.append:
        return AppendLog(driver, keys.inputs_log), AppendLog(driver, keys.artefacts_log)
    inputs, artefacts = keys.inputs_entries, keys.artefacts_entries
    return ObjectLog(driver, keys, inputs, nonce), ObjectLog(driver, keys, artefacts, nonce)

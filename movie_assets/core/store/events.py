"""The event logs of one movie, and the index that grows with them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from movie_assets.core.event import (
    ArtefactEvent,
    InputEvent,
    read_artefact_event,
    read_input_event,
    write_event,
)
from movie_assets.core.reuse import Index
from movie_assets.core.store.checkpoints import Checkpoints, Place, state_of
from movie_assets.core.store.driver import Driver
from movie_assets.core.store.framed import Torn
from movie_assets.core.store.keys import Keys
from movie_assets.core.store.log import AppendLog, Log, Position
from movie_assets.core.store.object_log import ObjectLog, new_writer

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
        with self._lock:
            inputs = _place(self._inputs, self._inputs_read)
            artefacts = _place(self._artefacts, self._artefacts_read)
            if inputs is not None and artefacts is not None:
                self._checkpoints.save(revision, state_of(self._movie, index, inputs, artefacts))

    def _begin(self) -> None:
        """From the newest checkpoint of these very logs, else from their beginning."""
        for state in self._checkpoints.newest():
            if _is_of(state.inputs_log, self._inputs) and _is_of(state.artefacts_log, self._artefacts):
                self._index = state.index()
                self._inputs_read, self._artefacts_read = state.inputs_log.at, state.artefacts_log.at
                return

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


def _is_of(place: Place, log: Log) -> bool:
    return log.mark(place.at) == place.mark


def logs_of(driver: Driver, keys: Keys, nonce: Callable[[], str] = new_writer) -> tuple[Log, Log]:
    """Of inputs and of artefacts: a file each, or where nothing can be appended to, objects under a prefix each."""
    if driver.capabilities.append:
        return AppendLog(driver, keys.inputs_log), AppendLog(driver, keys.artefacts_log)
    inputs, artefacts = keys.inputs_entries, keys.artefacts_entries
    return ObjectLog(driver, keys, inputs, nonce), ObjectLog(driver, keys, artefacts, nonce)

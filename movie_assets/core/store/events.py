"""The event logs of one movie, and the index that grows with them."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from movie_assets.core.event import (
    ArtefactEvent,
    InputEvent,
    read_artefact_event,
    read_input_event,
    write_event,
)
from movie_assets.core.reuse import Index
from movie_assets.core.store.driver import Driver
from movie_assets.core.store.framed import Torn
from movie_assets.core.store.keys import Keys
from movie_assets.core.store.log import AppendLog

__all__ = ["Events"]


class Events:
    """Appends events durably; reads each only once."""

    def __init__(self, driver: Driver, keys: Keys) -> None:
        self._inputs = AppendLog(driver, keys.inputs_log)
        self._artefacts = AppendLog(driver, keys.artefacts_log)
        self._lock = threading.Lock()
        self._index = Index()
        self._inputs_read = self._artefacts_read = 0
        self.torn: list[Torn] = []

    def append_inputs(self, events: Sequence[InputEvent]) -> None:
        """Adds edits; durable when it returns."""
        self._inputs.append(*map(write_event, events))

    def append_artefacts(self, events: Sequence[ArtefactEvent]) -> None:
        """Adds the events of one job together; durable when it returns."""
        self._artefacts.append(*map(write_event, events))

    def index(self) -> Index:
        """Everything logged up to now, by anyone; only what is new is read."""
        with self._lock:
            lines, self._inputs_read, torn_inputs = self._inputs.tail(self._inputs_read)
            self._index.add_inputs(map(read_input_event, lines))
            lines, self._artefacts_read, torn = self._artefacts.tail(self._artefacts_read)
            self._index.add(map(read_artefact_event, lines))
            self.torn += [found for found in (torn_inputs, torn) if found]
        return self._index

    def inputs(self) -> list[InputEvent]:
        """The history of edits, oldest first."""
        return [read_input_event(line) for line in self._inputs.tail(0)[0]]

    def artefacts(self) -> list[ArtefactEvent]:
        """The history of results, oldest first."""
        return [read_artefact_event(line) for line in self._artefacts.tail(0)[0]]

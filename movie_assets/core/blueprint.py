"""Blueprints: which producers there are, what each reads and makes, before segments are known."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from graphlib import CycleError, TopologicalSorter
from typing import Any

from movie_assets.core.artefact import Scope
from movie_assets.core.errors import Refused
from movie_assets.core.ports import Result
from movie_assets.core.task import Task
from movie_assets.core.verdict import Check, Verdict

__all__ = [
    "ORDINAL",
    "Blueprint",
    "Producer",
    "Reach",
    "Read",
    "every",
    "first",
    "input_",
    "last",
    "previous",
    "same",
]


class Reach(Enum):
    """Which of the things of a name a read means."""

    INPUT = "input"  # the input, of this segment if it is one per segment
    SAME = "same"  # the movie's artefact, or this segment's
    PREVIOUS = "previous"  # the artefact of the segment before; nothing for the first
    EVERY = "every"  # all segments' artefacts, in order
    FIRST = "first"  # the artefact of the first segment
    LAST = "last"  # the artefact of the last segment
    ORDINAL = "ordinal"  # the segment's own number: only for producers that slice by it


@dataclass(frozen=True, slots=True)
class Read:
    """One thing a producer reads; `label` names it in digests, events and tasks."""

    name: str
    reach: Reach

    @property
    def label(self) -> str:
        return _LABELS[self.reach].format(self.name)


_LABELS = {
    Reach.INPUT: "inputs/{}",
    Reach.SAME: "{}",
    Reach.PREVIOUS: "{}[-1]",
    Reach.EVERY: "{}[*]",
    Reach.FIRST: "{}[first]",
    Reach.LAST: "{}[last]",
    Reach.ORDINAL: "ordinal",
}

ORDINAL = Read("ordinal", Reach.ORDINAL)


def input_(name: str) -> Read:
    """Reads an input."""
    return Read(name, Reach.INPUT)


def same(kind: str) -> Read:
    """Reads an artefact of the movie or of the same segment."""
    return Read(kind, Reach.SAME)


def previous(kind: str) -> Read:
    """Reads the artefact of the segment before."""
    return Read(kind, Reach.PREVIOUS)


def first(kind: str) -> Read:
    """Reads the artefact of the first segment."""
    return Read(kind, Reach.FIRST)


def last(kind: str) -> Read:
    """Reads the artefact of the last segment."""
    return Read(kind, Reach.LAST)


def every(kind: str) -> Read:
    """Reads the artefacts of all segments."""
    return Read(kind, Reach.EVERY)


@dataclass(frozen=True, slots=True)
class Producer:
    """A step: what it reads, what it makes, its version, and the function that does it.

    `asks` names the input whose payload says which provider does the work; None for our own free, local steps.
    `instant` says of that payload whether the work is pure, takes no time and needs no provider, so that a plan may do
    it to see further. `judge` says which of the `checks` hold of what was made; neither is part of a digest.
    Raise `version` whenever the same reads would now give something else.
    """

    name: str
    version: str
    scope: Scope
    reads: tuple[Read, ...]
    makes: tuple[str, ...]
    make: Callable[[Task], Mapping[str, Result]]
    asks: str | None = None
    about: str = ""
    instant: Callable[[Any], bool] = lambda asked: False
    checks: tuple[Check, ...] = ()
    judge: Callable[[Task, Mapping[str, Result]], Iterable[Verdict]] = lambda task, made: ()


@dataclass(frozen=True, slots=True)
class Blueprint:
    """Producers that together make one kind of movie.

    `exports` maps the names of files to the artefacts they are of, the film or sound first; `on_request` those that
    only `movies export` writes.
    """

    name: str
    producers: tuple[Producer, ...]
    exports: Mapping[str, str]
    on_request: Mapping[str, str] = field(default_factory=dict)

    @property
    def scopes(self) -> dict[str, Scope]:
        """The scope of each artefact kind."""
        return {kind: producer.scope for producer in self.producers for kind in producer.makes}

    @property
    def inputs(self) -> frozenset[str]:
        """The inputs that are read."""
        return frozenset(r.name for each in self.producers for r in each.reads if r.reach is Reach.INPUT)

    def without(self, names: Collection[str]) -> Blueprint:
        """The same where some artefacts and inputs are not wanted: nobody makes or reads them."""
        wanted = (each for each in self.producers if not set(each.makes) & set(names))
        producers = (
            replace(each, reads=tuple(r for r in each.reads if r.name not in names)) for each in wanted
        )
        exports = {file: kind for file, kind in self.exports.items() if kind not in names}
        return replace(self, producers=tuple(producers), exports=exports)

    def maker(self, kind: str) -> Producer:
        """The producer of an artefact kind; `Refused` for an unknown one."""
        for producer in self.producers:
            if kind in producer.makes:
                return producer
        raise Refused(
            f"{kind!r} is not an artefact of this movie",
            blueprint=self.name,
            next_step=f"choose one of {', '.join(self.scopes)}",
        )

    def ordered(self, inputs: Mapping[str, Scope]) -> tuple[Producer, ...]:
        """The producers in an order in which each follows what it reads.

        Refuses two producers of one name or one artefact, unknown names, impossible reads and cycles, naming them.
        """
        makers = self._makers()
        for producer in self.producers:
            for read in producer.reads:
                self._check_read(producer, read, inputs)
            self._check_asks(producer)
        before = {producer.name: list(_before(producer, makers)) for producer in self.producers}
        try:
            order = list(TopologicalSorter(before).static_order())
        except CycleError as error:
            raise Refused(
                "producers read each other in a circle",
                blueprint=self.name,
                circle=" → ".join(reversed(error.args[1])),
                next_step="take one of these reads away",
            ) from None
        named = {producer.name: producer for producer in self.producers}
        return tuple(named[name] for name in order)

    def _makers(self) -> dict[str, Producer]:
        makers: dict[str, Producer] = {}
        for number, producer in enumerate(self.producers):
            if any(producer.name == other.name for other in self.producers[:number]):
                raise Refused(
                    f"two producers are called {producer.name}",
                    blueprint=self.name,
                    next_step="give one of them another name",
                )
            for kind in producer.makes:
                if kind in makers:
                    raise Refused(
                        f"two producers make {kind}: {makers[kind].name} and {producer.name}",
                        blueprint=self.name,
                        next_step="let one of them make something else",
                    )
                makers[kind] = producer
        return makers

    def _check_asks(self, producer: Producer) -> None:
        if producer.asks is not None and input_(producer.asks) not in producer.reads:
            raise Refused(
                f"producer {producer.name} asks {producer.asks} for its provider, but does not read that input",
                blueprint=self.name,
                next_step=f"let it read input_({producer.asks!r})",
            )

    def _check_read(self, producer: Producer, read: Read, inputs: Mapping[str, Scope]) -> None:
        known = inputs if read.reach is Reach.INPUT else self.scopes
        scope = Scope.SEGMENT if read.reach is Reach.ORDINAL else known.get(read.name)
        if scope is None:
            raise Refused(
                f"producer {producer.name} reads {read.label}, which nothing provides",
                blueprint=self.name,
                next_step=f"choose one of {', '.join(sorted(known))}",
            )
        in_segment = producer.scope is Scope.SEGMENT
        possible = {
            Reach.INPUT: scope is Scope.MOVIE or in_segment,
            Reach.SAME: scope is Scope.MOVIE or in_segment,
            Reach.PREVIOUS: scope is Scope.SEGMENT and in_segment,
            Reach.EVERY: scope is Scope.SEGMENT,
            Reach.FIRST: scope is Scope.SEGMENT and not in_segment,
            Reach.LAST: scope is Scope.SEGMENT and not in_segment,
            Reach.ORDINAL: in_segment,
        }
        if not possible[read.reach]:
            raise Refused(
                f"producer {producer.name} is made once per {producer.scope.value} and cannot read {read.label}",
                blueprint=self.name,
                next_step="read every segment's with every(...), or make the producer one per segment",
            )


def _before(producer: Producer, makers: Mapping[str, Producer]) -> Iterator[str]:
    """The producers that come before one: the makers of what it reads, but itself for its own segment before."""
    for read in producer.reads:
        if read.reach not in (Reach.INPUT, Reach.ORDINAL):
            maker = makers[read.name]
            if maker is not producer or read.reach is not Reach.PREVIOUS:
                yield maker.name

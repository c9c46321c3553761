"""The film whose sound tells what its pictures show: the steps of a film once more, over pieces of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TypeVar

from movie_assets.core.blueprint import Producer, Reach, Read
from movie_assets.core.ports import Result
from movie_assets.core.task import Task
from movie_assets.core.verdict import Verdict

__all__ = ["belongs", "described"]

_PREFIX = "described_"
_PIECES = frozenset({"timeline", "clip", "soundtrack", "subtitles", "film"})

Made = Mapping[str, Result]
V = TypeVar("V")


def described(producer: Producer, *reads: Read) -> Producer:
    """A step of the film as that of the described one: it makes `described_clip` of a `clip`, and reads such, and `reads` besides."""
    return replace(
        producer,
        name=_PREFIX + producer.name,
        reads=(*map(_own, producer.reads), *reads),
        makes=tuple(_PREFIX + kind for kind in producer.makes),
        make=partial(_make, producer.make),
        about=f"Of the film with audio description. {producer.about}",
        checks=tuple(replace(check, kind=_PREFIX + check.kind) for check in producer.checks),
        judge=partial(_judge, producer.judge),
    )


def belongs(kind: str, to_described: bool) -> bool:
    """Whether artefacts of a kind are parts of the film, or of the described one; most are of both."""
    return kind not in _PIECES if to_described else not kind.startswith((_PREFIX, "description"))


def _own(read: Read) -> Read:
    is_piece = read.reach is not Reach.INPUT and read.name in _PIECES
    return replace(read, name=_PREFIX + read.name) if is_piece else read


def _make(make: Callable[[Task], Made], task: Task) -> Made:
    return {_PREFIX + kind: result for kind, result in make(_plain_task(task)).items()}


def _judge(judge: Callable[[Task, Made], Iterable[Verdict]], task: Task, made: Made) -> Iterator[Verdict]:
    for verdict in judge(_plain_task(task), _plain(made)):
        yield replace(verdict, check=replace(verdict.check, kind=_PREFIX + verdict.check.kind))


def _plain_task(task: Task) -> Task:
    """The task as the step of the film knows it."""
    return replace(task, reads=_plain(task.reads), lists=_plain(task.lists))


def _plain(labelled: Mapping[str, V]) -> dict[str, V]:
    return {label.removeprefix(_PREFIX): each for label, each in labelled.items()}

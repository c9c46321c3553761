"""Metrics: what a revision took, per producer and provider, and what reuse saved."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TypeVar

import msgspec
from msgspec import Struct, structs

from movie_assets.core.artefact import Name
from movie_assets.core.cost import Cost
from movie_assets.core.errors import Damaged
from movie_assets.core.event import FORMAT, ArtefactEvent
from movie_assets.core.fallback import fallback_of
from movie_assets.core.manifest import ArtefactRecord
from movie_assets.core.reason import LOCAL
from movie_assets.core.reuse import Index
from movie_assets.core.seal import seal, unseal

__all__ = ["Line", "Metrics", "Sums", "metrics_of", "read_metrics", "total_by_provider", "write_metrics"]

K = TypeVar("K")


class Sums(Struct, frozen=True, rename="camel", kw_only=True):
    """Jobs counted. `saved` is what was paid earlier for what is reused.

    `unsettled` is what calls that failed, or whose end nobody told, may have cost, by estimate; it is in no other sum.
    """

    made: int = 0
    failed: int = 0
    retries: int = 0
    fallbacks: int = 0
    seconds: float = 0.0
    cost: Cost = Cost()
    unsettled: Cost = Cost()
    reused: int = 0
    saved: Cost = Cost()

    @classmethod
    def added(cls, all_sums: Iterable[Sums]) -> Sums:
        """Adds up sums."""
        each = list(all_sums)
        return Sums(
            made=sum(sums.made for sums in each),
            failed=sum(sums.failed for sums in each),
            retries=sum(sums.retries for sums in each),
            fallbacks=sum(sums.fallbacks for sums in each),
            seconds=round(math.fsum(sums.seconds for sums in each), 3),
            cost=Cost.total(sums.cost for sums in each),
            unsettled=Cost.total(sums.unsettled for sums in each),
            reused=sum(sums.reused for sums in each),
            saved=Cost.total(sums.saved for sums in each),
        )


class Line(Sums, frozen=True, rename="camel", kw_only=True):
    """The jobs of one producer that one provider did."""

    producer: str
    provider: str


class Metrics(Struct, frozen=True, rename="camel", kw_only=True, tag_field="format", tag=FORMAT):
    """What a revision took; `wall_seconds` are those of the run that published it, None where nobody looked."""

    movie: str
    revision: str
    published: bool
    run_id: str | None
    wall_seconds: float | None
    lines: tuple[Line, ...]
    total: Sums

    def by_provider(self) -> dict[str, Sums]:
        """The lines summed up per provider."""
        return _grouped((line.provider, line) for line in self.lines)


def total_by_provider(book: Iterable[Metrics]) -> dict[str, Sums]:
    """The lines of several revisions summed up per provider."""
    return _grouped((line.provider, line) for metrics in book for line in metrics.lines)


def metrics_of(
    movie: str,
    revision: str,
    artefacts: Mapping[str, ArtefactRecord] | None,
    events: Sequence[ArtefactEvent],
    index: Index,
    *,
    run_id: str | None = None,
    wall_seconds: float | None = None,
) -> Metrics:
    """What a revision took by what was logged for it; what of its artefacts was not made for it was reused."""
    events = [event for event in events if not event.adopted]
    made = {(event.artefact_id, event.inputs_digest) for event in events if event.status == "succeeded"}
    found = _grouped([*_worked(events), *_reused(artefacts or {}, made, index)])
    lines = tuple(
        Line(producer=producer, provider=provider, **structs.asdict(sums))
        for (producer, provider), sums in sorted(found.items())
    )
    return Metrics(
        movie=movie,
        revision=revision,
        published=artefacts is not None,
        run_id=run_id,
        wall_seconds=None if wall_seconds is None else round(wall_seconds, 3),
        lines=lines,
        total=Sums.added(lines),
    )


# --- counting -----------------------------------------------------------------------------------------------------

_Key = tuple[str, str]


def _worked(events: Iterable[ArtefactEvent]) -> Iterator[tuple[_Key, Sums]]:
    """What each job came to, and what never ended; the events of a job were logged together."""
    begun: dict[tuple[str, str], ArtefactEvent] = {}
    told = (event for event in events if event.status != "skipped")
    for _, group in groupby(told, key=_job_of):
        job = list(group)
        call = job[0].run_id, job[0].inputs_digest
        if job[0].status == "started":
            begun[call] = job[0]
        else:
            started = begun.pop(call, None)
            yield (job[0].produced_by, _provider(job)), _ended(job, started)
    for event in begun.values():
        if event.cost != 0.0:
            yield (event.produced_by, event.provider), Sums(unsettled=Cost.of([event.cost]))


def _ended(job: list[ArtefactEvent], started: ArtefactEvent | None) -> Sums:
    first, retries = job[0], max(event.attempt for event in job) - 1
    if first.status == "succeeded":
        cost = Cost.of(event.cost for event in job)
        fell_back = int(fallback_of(first) is not None)
        return Sums(made=1, retries=retries, fallbacks=fell_back, seconds=first.seconds, cost=cost)
    is_told = first.cost is not None or _provider(job) == LOCAL
    return Sums(
        failed=1,
        retries=retries,
        seconds=first.seconds,
        cost=Cost.of(event.cost for event in job if event.cost is not None),
        unsettled=Cost() if is_told else Cost.of([started.cost if started else None]),
    )


def _job_of(event: ArtefactEvent) -> tuple[object, ...]:
    by = event.provider if event.status == "failed" else ""
    return event.run_id, event.produced_by, event.name.segment, event.inputs_digest, event.status, by


def _reused(
    artefacts: Mapping[str, ArtefactRecord], made: set[tuple[str, str]], index: Index
) -> Iterator[tuple[_Key, Sums]]:
    """What each job that was not done had cost when it was."""
    jobs: dict[tuple[str, int | None], list[ArtefactEvent | None]] = {}
    for text, record in artefacts.items():
        if (text, record.inputs_digest) not in made:
            name = Name.parse(text)
            event = index.result(name.kind, record.inputs_digest)
            jobs.setdefault((record.produced_by, name.segment), []).append(event)
    for (producer, _), results in jobs.items():
        saved = Cost.of(event.price if event else None for event in results)
        yield (producer, _provider([event for event in results if event])), Sums(reused=1, saved=saved)


def _provider(job: Iterable[ArtefactEvent]) -> str:
    """Who did a job, of which some artefacts may be our own work upon the provider's."""
    return next((event.provider for event in job if event.provider != LOCAL), LOCAL)


# --- adding -------------------------------------------------------------------------------------------------------


def _grouped(entries: Iterable[tuple[K, Sums]]) -> dict[K, Sums]:
    groups: dict[K, list[Sums]] = {}
    for key, sums in entries:
        groups.setdefault(key, []).append(sums)
    return {key: Sums.added(group) for key, group in groups.items()}


# --- on disk ------------------------------------------------------------------------------------------------------

_DECODE = msgspec.json.Decoder(Metrics).decode


def write_metrics(metrics: Metrics) -> bytes:
    """The bytes of a metrics file."""
    return seal(msgspec.json.format(msgspec.json.encode(metrics), indent=1))


def read_metrics(data: bytes) -> Metrics:
    """Reads a metrics file; a torn or unknown one is `Damaged`, and can be counted again from the log."""
    try:
        return _DECODE(unseal(data))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Damaged("a metrics file cannot be read", because=error, next_step="delete it") from error

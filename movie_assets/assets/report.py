"""Reporting to Dagster what a production uses and makes, under exact versions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

import dagster as dg
import msgspec

from movie_assets.assets.keys import artefact_key, input_key, key_of_read, partition_of
from movie_assets.assets.selection import Selection
from movie_assets.assets.versions import (
    DATA_VERSION,
    Latest,
    input_tags,
    latest_of,
    newest_record,
    result_tags,
)
from movie_assets.core.artefact import ArtefactId, BlobRef, Scope
from movie_assets.core.blueprint import Reach
from movie_assets.core.errors import MovieError
from movie_assets.core.event import ArtefactEvent
from movie_assets.core.graph import Job
from movie_assets.core.inputs import INPUTS
from movie_assets.core.manifest import Manifest
from movie_assets.core.metrics import Metrics
from movie_assets.core.movie import Production
from movie_assets.core.outcome import Outcome
from movie_assets.core.planner import Decision, decide
from movie_assets.core.record import RunLog
from movie_assets.core.reuse import Index, Signature

__all__ = ["Keeper", "Report"]


class Keeper(Protocol):
    """The IO manager, as the movie's engine uses it."""

    def keep(self, log: RunLog, outcome: Outcome) -> Outcome: ...

    def describe(self, movie: str, name: ArtefactId, inputs_digest: str, made: bool) -> dict[str, Any]: ...


class Report:
    """Tells Dagster of one run: everything that was selected, and beyond that only what Dagster does not know yet.

    When a run fails, Dagster paints whatever of the selection it was not told of as failed, reused or not.
    Events are logged at once and not yielded: an interrupt during a yield would not reach the op that must clean up.
    """

    def __init__(
        self, context: dg.AssetExecutionContext, production: Production, selection: Selection, keeper: Keeper
    ) -> None:
        self._context, self._production, self._keeper = context, production, keeper
        self._movie, self._graph = production.movie.id, production.movie.graph
        # What is in an artefact's place is shown there, and is no asset of its own.
        self._inputs = {name: each for name, each in production.movie.inputs.items() if name.kind in INPUTS}
        self._selection = selection
        self._latest = latest_of(context.instance, self._keys())
        self._told = newest_record(context.instance)
        self._events: dict[dg.AssetKey, list[dg.AssetMaterialization]] = {}

    def inputs(self) -> None:
        """The inputs under their versions, before anything is made from them."""
        for name, given in self._inputs.items():
            key, partition = input_key(self._movie, name.kind), partition_of(name)
            seen = self._latest[key].get(partition)
            if seen is None or seen.version != given.digest or name in self._selection.inputs:
                self._tell(key, partition, input_tags(given.digest), {"value": _shown(given.payload)})

    def reused(self) -> None:
        """Earlier results that stand."""
        self._standing(self._production.standing(), self._graph.jobs)

    def checks(self) -> None:
        """What checks that were asked for by themselves said of what there is: its bytes never change."""
        alone = {
            (key.asset_key, key.name)
            for key in self._context.selected_asset_check_keys
            if key.asset_key not in self._context.selected_asset_keys
        }
        if not alone:
            return
        for name, found in self._production.standing().signatures.items():
            for said in self._evaluations(name, self._logged().result(name.kind, found.digest)):
                if (said.asset_key, said.check_name) in alone:
                    self._context.log_event(said)

    def settled(self) -> None:
        """What stands whatever it might read, pins and a person's files, now that all that has been told."""
        movie = self._production.movie
        kept = [job for job in self._graph.jobs if job.instead or not movie.pins.isdisjoint(job.makes)]
        if kept:
            self._standing(decide(movie.known(), movie.request()), kept, only_news=True)

    def _standing(self, decision: Decision, jobs: Iterable[Job], only_news: bool = False) -> None:
        for job in jobs:
            outputs = {name: ref for name in job.makes if (ref := decision.outputs.get(name)) is not None}
            found = decision.signatures.get(job.makes[0])
            wanted = not only_news and self._selection.includes(job)
            if outputs and found and (wanted or self._is_news(job, outputs)):
                self._results(job, found, outputs, made=False)

    def ended(self, outcome: Outcome) -> None:
        """The results of a job, or what went wrong with it."""
        if outcome.status in ("produced", "reused"):
            assert outcome.signature is not None
            self._results(outcome.job, outcome.signature, outcome.outputs, outcome.status == "produced")
        elif outcome.error is not None:
            for name in outcome.job.makes:
                self._context.log_event(_failure(artefact_key(self._movie, name.kind), name, outcome.error))
                self._checked(name, self._logged().latest.get(str(name)))

    def published(self, manifest: Manifest) -> None:
        """What the new revision took, on the page of what the movie is exported as."""
        metrics = self._production.movie.store.metrics.find(manifest.number)
        for kind in list(self._graph.blueprint.exports.values())[:1]:
            if metrics is not None:
                key = artefact_key(self._movie, kind)
                self._context.log_event(dg.AssetObservation(key, metadata=_taken(metrics)))

    def again(self, key: dg.AssetKey) -> None:
        """What was told of an asset in this run, once more."""
        for event in self._events.get(key, []):
            self._context.log_event(event)

    def _results(self, job: Job, found: Signature, outputs: Mapping[ArtefactId, BlobRef], made: bool) -> None:
        pointer = newest_record(self._context.instance)
        producer, versions = (job.instead or job).producer, self._versions_read(job, found)
        for name, ref in outputs.items():
            tags = result_tags(self._movie, ref.digest, producer.version, producer.reads, versions, pointer)
            facts = self._keeper.describe(self._movie, name, found.digest, made)
            self._tell(artefact_key(self._movie, name.kind), partition_of(name), tags, facts)
            self._checked(name, self._logged().result(name.kind, found.digest))

    def _logged(self) -> Index:
        """What is told here was logged by this very process, or known before: no store far away is asked for it."""
        return self._production.movie.store.events.recent()

    def _checked(self, name: ArtefactId, event: ArtefactEvent | None) -> None:
        for said in self._evaluations(name, event):
            self._context.log_event(said)

    def _evaluations(
        self, name: ArtefactId, event: ArtefactEvent | None
    ) -> Iterator[dg.AssetCheckEvaluation]:
        """What its checks said of an artefact when it was made."""
        wrongs = event.diagnostics.get("checks", {}) if event is not None else {}
        return (self._evaluation(name, check, wrong) for check, wrong in wrongs.items())

    def _evaluation(self, name: ArtefactId, check: str, wrong: str) -> dg.AssetCheckEvaluation:
        [declared] = [
            each
            for each in self._graph.blueprint.maker(name.kind).checks
            if (each.kind, each.name) == (name.kind, check)
        ]
        return dg.AssetCheckEvaluation(
            artefact_key(self._movie, name.kind),
            check,
            passed=not wrong,
            severity=dg.AssetCheckSeverity.ERROR if declared.blocking else dg.AssetCheckSeverity.WARN,
            description=wrong or declared.about,
            partition=partition_of(name),
        )

    def _tell(
        self, key: dg.AssetKey, partition: str | None, tags: dict[str, str], metadata: dict[str, Any]
    ) -> None:
        # What is told now is newer than every record there was. Told again in the same version it is no news to its
        # readers, so it keeps its place.
        self._told += 1
        seen, version = self._latest[key].get(partition), tags[DATA_VERSION]
        if seen is None or seen.version != version:
            self._latest[key][partition] = Latest(self._told, version)
        event = dg.AssetMaterialization(key, partition=partition, tags=tags, metadata=metadata)
        self._events.setdefault(key, []).append(event)
        self._context.log_event(event)

    def _is_news(self, job: Job, outputs: Mapping[ArtefactId, BlobRef]) -> bool:
        """Whether Dagster has another version of a result, or a newer event of something it read."""
        own = {
            name: self._latest[artefact_key(self._movie, name.kind)].get(partition_of(name))
            for name in outputs
        }
        known = [latest for name, latest in own.items() if latest and latest.version == outputs[name].digest]
        if len(known) < len(own):
            return True
        oldest = min(latest.record for latest in known)
        return any(record > oldest for record in self._records_read(job))

    def _versions_read(self, job: Job, found: Signature) -> Mapping[str, str]:
        """The version of each read by its label; those that a person's file does not read are as Dagster has them."""
        if job.instead is None:
            return found.reads
        seen = {
            read.label: self._latest[key_of_read(self._movie, read)].get(None)
            for read in job.instead.producer.reads
            if read.reach is not Reach.ORDINAL
        }
        return {label: (latest and latest.version) or "" for label, latest in seen.items()}

    def _records_read(self, job: Job) -> Iterator[int]:
        job = job.instead or job
        for read, wire in zip(job.producer.reads, job.wires, strict=True):
            if read.reach is not Reach.ORDINAL:
                seen = self._latest[key_of_read(self._movie, read)]
                yield from (seen[part].record for name in wire.names if (part := partition_of(name)) in seen)

    def _keys(self) -> dict[dg.AssetKey, bool]:
        scopes = self._graph.blueprint.scopes
        keys = {artefact_key(self._movie, kind): scope is Scope.SEGMENT for kind, scope in scopes.items()}
        for name in self._inputs:
            keys[input_key(self._movie, name.kind)] = name.segment is not None
        return keys


def _failure(key: dg.AssetKey, name: ArtefactId, error: MovieError) -> dg.AssetObservation:
    return dg.AssetObservation(
        key,
        partition=partition_of(name),
        description=f"{name} failed: {error.fact}",
        metadata={"error": dg.MetadataValue.text(str(error)), "outcome": "failed"},
    )


def _taken(metrics: Metrics) -> dict[str, Any]:
    total = metrics.total
    return {
        "revision": metrics.revision,
        "paid": str(total.cost),
        "perhaps paid for failed calls": str(total.unsettled),
        "saved by reuse": str(total.saved),
        "fallbacks": total.fallbacks,
        "jobs made": total.made,
        "jobs reused": total.reused,
        "failed": total.failed,
        "retries": total.retries,
        "seconds": metrics.wall_seconds or 0.0,
        "per producer and provider": dg.MetadataValue.json(msgspec.to_builtins(metrics.lines)),
    }


def _shown(payload: Any) -> Any:
    return dg.MetadataValue.json(payload) if isinstance(payload, (dict, list)) else str(payload)

"""Record: the only writer of artefact events. What it returns from is durable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from msgspec import structs

from movie_assets.core.artefact import ArtefactId, BlobRef
from movie_assets.core.clock import Clock
from movie_assets.core.errors import Exhausted, Refused, Throttled, Unreached, Unready
from movie_assets.core.event import ArtefactEvent, Status
from movie_assets.core.graph import Job
from movie_assets.core.outcome import Outcome
from movie_assets.core.ports import Meta, Result
from movie_assets.core.reason import LOCAL
from movie_assets.core.reuse import Signature

__all__ = ["Record", "RunLog"]


class Keeper(Protocol):
    """Where results and events are kept."""

    def keep(self, result: Result) -> BlobRef: ...

    def append_artefacts(self, events: list[ArtefactEvent]) -> None: ...


class Record(Protocol):
    """Takes a job's outcome into the store and returns it with the outputs' references."""

    def __call__(self, outcome: Outcome) -> Outcome: ...


@dataclass(frozen=True, slots=True)
class RunLog:
    """Records the outcomes of one run, provisionally for its revision."""

    keeper: Keeper
    clock: Clock
    run_id: str
    revision: str

    def started(
        self,
        job: Job,
        found: Signature,
        provider: str,
        reasons: tuple[str, ...],
        estimate: float | None = None,
    ) -> None:
        """Leaves a trace before a call that may be paid for, and of what that may come to."""
        self._append(job, found, "started", provider=provider, reasons=reasons, cost=estimate)

    def __call__(self, outcome: Outcome) -> Outcome:
        """Stores what was produced, then says so; a failure is said, a reuse and a block are not."""
        if outcome.status == "produced":
            return self._produced(outcome)
        if outcome.status == "failed" and outcome.signature is not None:
            self.keeper.append_artefacts([self._failed_event(outcome, name) for name in outcome.job.makes])
        return outcome

    def skipped(
        self,
        earlier: Sequence[tuple[ArtefactId, ArtefactEvent]],
        reason: str = "same inputs as an earlier result",
    ) -> list[ArtefactEvent]:
        """Says that earlier results stand for artefacts of the next revision, and returns what it said."""
        events = [
            structs.replace(
                self._again(name, success),
                status="skipped",
                reasons=(reason,),
                diagnostics={"reused": success.event_id},
            )
            for name, success in earlier
        ]
        self.keeper.append_artefacts(events)
        return events

    def adopted(self, earlier: Mapping[ArtefactId, ArtefactEvent], movie: str) -> None:
        """Says that another variation of this movie, which paid for it, has made a job's results."""
        self.keeper.append_artefacts(
            [
                structs.replace(
                    self._again(name, success),
                    reasons=(f"made for {movie}",),
                    diagnostics={"adopted": {"movie": movie, "cost": success.cost}, **success.diagnostics},
                )
                for name, success in earlier.items()
            ]
        )

    def _again(self, name: ArtefactId, success: ArtefactEvent) -> ArtefactEvent:
        """An earlier success as an event of this run, which it costs nothing."""
        return structs.replace(
            success,
            event_id=self.clock.new_id(),
            artefact_id=str(name),
            revision=self.revision,
            run_id=self.run_id,
            created_at=self.clock.now(),
            cost=0.0,
            seconds=0.0,
        )

    def _produced(self, outcome: Outcome) -> Outcome:
        assert outcome.signature is not None
        outputs = {name: self.keeper.keep(result) for name, result in outcome.results.items()}
        events = [
            self._made_event(outcome, name, outcome.results[name].meta, ref) for name, ref in outputs.items()
        ]
        self.keeper.append_artefacts(events)
        return outcome.stored(outputs)

    def _made_event(self, outcome: Outcome, name: ArtefactId, meta: Meta, ref: BlobRef) -> ArtefactEvent:
        assert outcome.signature is not None
        return self._event(
            "succeeded",
            **_identity(outcome.job, name, outcome.signature),
            output=ref,
            provider=meta.provider,
            model=meta.model,
            cost=meta.cost,
            seconds=round(outcome.seconds, 3),
            attempt=meta.attempts,
            reasons=outcome.reasons,
            diagnostics=_notes(meta),
        )

    def _failed_event(self, outcome: Outcome, name: ArtefactId) -> ArtefactEvent:
        """What was made although it is of no use was paid for, and is kept to be looked at."""
        assert outcome.signature is not None
        told: dict[str, Any] = {
            "provider": outcome.provider,
            "cost": 0.0 if _is_unpaid(outcome) else None,
            "diagnostics": _diagnosis(outcome),
        }
        result = outcome.results.get(name)
        if result is not None:
            told = {
                "provider": result.meta.provider,
                "model": result.meta.model,
                "cost": result.meta.cost,
                "attempt": result.meta.attempts,
                "output": self.keeper.keep(result),
                "diagnostics": _notes(result.meta) | _diagnosis(outcome),
            }
        return self._event(
            "failed",
            **_identity(outcome.job, name, outcome.signature),
            reasons=outcome.reasons,
            seconds=outcome.seconds,
            **told,
        )

    def _append(self, job: Job, found: Signature, status: Status, **fields: Any) -> None:
        self.keeper.append_artefacts(
            [self._event(status, **_identity(job, name, found), **fields) for name in job.makes]
        )

    def _event(self, status: Status, **fields: Any) -> ArtefactEvent:
        return ArtefactEvent(
            event_id=self.clock.new_id(),
            revision=self.revision,
            run_id=self.run_id,
            status=status,
            created_at=self.clock.now(),
            **fields,
        )


def _identity(job: Job, name: ArtefactId, found: Signature) -> dict[str, Any]:
    return {
        "artefact_id": str(name),
        "inputs_digest": found.digest,
        "inputs": found.reads,
        "produced_by": job.producer.name,
        "code_version": job.producer.version,
    }


def _is_unpaid(outcome: Outcome) -> bool:
    """Whether a call that failed cost nothing for certain: nobody was reached or would even begin, or it was our own work."""
    would_not = (Refused, Unready, Exhausted, Throttled, Unreached)
    return outcome.provider == LOCAL or isinstance(outcome.error, would_not)


def _notes(meta: Meta) -> dict[str, Any]:
    notes = {"requestId": meta.request_id, "usage": dict(meta.usage) or None, **meta.notes}
    return {name: value for name, value in notes.items() if value is not None}


def _diagnosis(outcome: Outcome) -> dict[str, Any]:
    error = outcome.error
    assert error is not None
    return {
        "error": type(error).__name__,
        "fact": error.fact,
        "labels": {name: str(value) for name, value in error.labels.items()},
        "nextStep": error.next_step,
    }

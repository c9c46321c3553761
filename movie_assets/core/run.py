"""A run: makes what a decision says, each job as soon as what it reads is there."""

from __future__ import annotations

import queue
import shutil
import threading
from collections import deque
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from movie_assets.core.artefact import ArtefactId, BlobRef, Name
from movie_assets.core.clock import Clock
from movie_assets.core.crew import Crew
from movie_assets.core.errors import Failed, MovieError, Stopped
from movie_assets.core.graph import Job
from movie_assets.core.layers import urgency
from movie_assets.core.outcome import Outcome
from movie_assets.core.planner import Decision, Known
from movie_assets.core.ports import Result, Workspace
from movie_assets.core.reason import LOCAL, listed, provider_of
from movie_assets.core.record import Record
from movie_assets.core.request import Request
from movie_assets.core.reuse import Index, Signature, signature
from movie_assets.core.task import Ports, Reader
from movie_assets.core.wiring import wired

__all__ = ["Means", "run"]

_GRACE_SECONDS = 1.5
_GLANCE_SECONDS = 0.2


@dataclass(frozen=True)
class Means:
    """What a run works with: providers, bytes, the live log, the recorder, and how much at once.

    `lane` says which limit a provider's calls count against, `places` how many of each lane may go on at once.
    `scratch` is a folder for this run alone, removed at its end.
    """

    ports: Ports
    reader: Reader
    index: Callable[[], Index]
    record: Record
    started: Callable[[Job, Signature, str, tuple[str, ...]], None]
    clock: Clock
    scratch: Path
    places: Mapping[str, int]
    lane: Callable[[str], str]
    stop: threading.Event = field(default_factory=threading.Event)
    on_start: Callable[[Job, str], None] = lambda job, provider: None


def run(known: Known, request: Request, decision: Decision, means: Means) -> Generator[Outcome, None, None]:
    """Yields the outcome of each planned job as it ends; what is yielded as produced is already recorded.

    A failed job blocks what depends on it, everything else goes on. Closing the iterator, or setting
    `means.stop`, ends the work at hand and keeps every finished result.
    """
    state = _Run(known, request, decision, means)
    try:
        yield from state.outcomes()
    finally:
        state.end()


class _Run:
    def __init__(self, known: Known, request: Request, decision: Decision, means: Means) -> None:
        self.known, self.request, self.decision, self.means = known, request, decision, means
        self.inputs = {name: given.digest for name, given in known.inputs.items()}
        self.outputs: dict[ArtefactId, BlobRef] = dict(decision.outputs)
        self.digests = {name: ref.digest for name, ref in self.outputs.items()}
        self.planned = {job.id for job in decision.jobs}
        unmade = {name for job in decision.jobs for name in job.makes}
        self.missing = {job.id: len(unmade.intersection(job.needs())) for job in decision.jobs}
        self.urgency = urgency(known.graph, decision.jobs, _expected(means.index()))
        self.done: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self.crew = Crew(means.places, default=max(means.places.values(), default=1))
        self.twins: dict[str, list[Job]] = {}

    # --- deciding ---

    def outcomes(self) -> Generator[Outcome, None, None]:
        """Takes in whatever has ended, and begins what that sets free, before it tells of any of it."""
        untold: deque[Outcome] = deque()
        left = len(self.decision.jobs)
        self._begin_all([job for job in self.decision.jobs if not self.missing[job.id]])
        try:
            while left or untold:
                while left and not (untold and self.done.empty()):
                    outcome = self._next()
                    ended = (outcome, *self._blocked_by(outcome))
                    self._begin_all(self._freed_by(outcome))
                    untold.extend(ended)
                    left -= len(ended)
                yield untold.popleft()
        except Stopped:
            yield from untold
            raise

    def _begin_all(self, ready: list[Job]) -> None:
        for job in sorted(ready, key=lambda job: -self.urgency[job.id]):
            self.begin(job)

    def begin(self, job: Job) -> None:
        """Reuses a result that is known by now, waits for one of the same inputs, else hands the job to the crew."""
        found = signature(job, self.inputs, self.digests, self.request.take(job.makes))
        assert found is not None
        if found.digest in self.twins:
            self.twins[found.digest].append(job)
            return
        self.twins[found.digest] = []
        known_by_now = self._known_by_now(job, found)
        if known_by_now is not None:
            self.done.put(
                Outcome(job, "reused", found, ("same inputs as an earlier result",), outputs=known_by_now)
            )
            return
        provider = provider_of(job, self.known.asked(job))
        reasons = self.decision.must.get(job.id) or self.decision.may[job.id]
        lane = self.means.lane(provider)
        self.crew.give(
            lane, self.urgency[job.id], lambda: self.done.put(self.make(job, found, provider, reasons))
        )

    def _next(self) -> Outcome:
        """The next job's end; looks up now and then, since a call may take no notice of the stop."""
        while True:
            try:
                outcome = self.done.get(timeout=_GLANCE_SECONDS)
            except queue.Empty:
                if self.means.stop.is_set():
                    raise _stopped() from None
                continue
            if isinstance(outcome.error, Stopped):
                raise _stopped()
            return outcome

    def _known_by_now(self, job: Job, found: Signature) -> dict[ArtefactId, BlobRef] | None:
        outputs = self.means.index().results(job, found.digest)
        return outputs if outputs is not None and all(map(self.known.present, outputs.values())) else None

    def _freed_by(self, outcome: Outcome) -> list[Job]:
        assert outcome.signature is not None
        ready = self.twins.pop(outcome.signature.digest)
        if outcome.status == "failed":
            return ready
        self.outputs.update(outcome.outputs)
        self.digests.update((name, ref.digest) for name, ref in outcome.outputs.items())
        for name in outcome.job.makes:
            for reader in self.known.graph.readers[name]:
                if reader.id in self.missing:
                    self.missing[reader.id] -= 1
                    if not self.missing[reader.id]:
                        ready.append(reader)
        return ready

    def _blocked_by(self, outcome: Outcome) -> list[Outcome]:
        if outcome.status != "failed":
            return []
        assert outcome.error is not None
        lost = [job for job in self.known.graph.downstream(outcome.job.makes) if job.id in self.planned]
        outcome.error.with_labels(blocks=listed([job.id for job in lost]) or None)
        blocked = [job for job in lost if job.id in self.missing]
        for job in (outcome.job, *blocked):
            del self.missing[job.id]
        return [Outcome(job, "blocked", blocked_by=outcome.job.makes) for job in blocked]

    # --- doing ---

    def make(self, job: Job, found: Signature, provider: str, reasons: tuple[str, ...]) -> Outcome:
        """Calls the producer and records what came of it; never raises."""
        begin = self.means.clock.seconds()
        scratch = self.means.scratch / str(threading.get_ident())
        try:
            if self.means.stop.is_set():
                raise _stopped()
            self.means.on_start(job, provider)
            if provider != LOCAL:
                self.means.started(job, found, provider, reasons)
            results = self._results(job, found.take, Workspace(scratch, self.means.stop))
            took = self.means.clock.seconds() - begin
            made = Outcome(job, "produced", found, reasons, provider, results=results, seconds=took)
            return self.means.record(made)
        except BaseException as raised:  # in a thread, where even SystemExit must reach the one who waits
            error = _named(raised, job, provider)
            failed = Outcome(
                job,
                "failed",
                found,
                reasons,
                provider,
                seconds=self.means.clock.seconds() - begin,
                error=error,
            )
            return failed if isinstance(error, Stopped) else self._record_failure(failed)
        finally:
            _empty(scratch)

    def _record_failure(self, failed: Outcome) -> Outcome:
        try:
            return self.means.record(failed)
        except BaseException:
            # A full disk may refuse the failure's own event: the failure itself is what a person must see.
            return failed

    def _results(self, job: Job, take: int, at: Workspace) -> Mapping[ArtefactId, Result]:
        at.scratch.mkdir(parents=True, exist_ok=True)
        means = self.means
        made = job.producer.make(
            wired(job, self._payload, self.outputs, take=take, ports=means.ports, reader=means.reader, at=at)
        )
        missing = [kind for kind in job.producer.makes if kind not in made]
        if missing:
            raise Failed(
                f"the provider gave no {', '.join(missing)}",
                next_step="try again, or choose another provider",
            )
        return {name: made[name.kind] for name in job.makes}

    def _payload(self, name: Name) -> object:
        return self.known.inputs[name].payload

    # --- ending ---

    def end(self) -> None:
        """Lets no new work begin, and gives what is at work a moment to end and be recorded."""
        if self.twins:
            self.means.stop.set()
        if self.crew.dismiss(_GRACE_SECONDS):
            shutil.rmtree(self.means.scratch, ignore_errors=True)


def _empty(folder: Path) -> None:
    # To make and remove a folder for each call costs more than all else that a quick job does.
    with suppress(OSError):
        for left in folder.iterdir():
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left)
            else:
                left.unlink()


def _stopped() -> Stopped:
    return Stopped("stopped on request", next_step="run the same command again to go on")


def _named(raised: BaseException, job: Job, provider: str) -> MovieError:
    error = raised if isinstance(raised, MovieError) else _unexpected(raised)
    return error.with_labels(artefact=job.makes[0], provider=provider)


def _unexpected(raised: BaseException) -> MovieError:
    error = Failed(
        f"the producer broke: {type(raised).__name__}: {raised}",
        next_step="run again with --debug and report it",
    )
    error.__cause__ = raised
    return error


def _expected(index: Index) -> Callable[[Job], float]:
    """Seconds a job took when it was last made, else a guess: ours are quick, a provider's are not."""

    def seconds(job: Job) -> float:
        last = index.latest.get(str(job.makes[0]))
        if last is not None and last.seconds:
            return last.seconds
        return 1.0 if job.producer.asks else 0.1

    return seconds

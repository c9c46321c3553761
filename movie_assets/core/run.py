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
from movie_assets.core.claim import Lease
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
    lease: Lease
    stop: threading.Event = field(default_factory=threading.Event)
    on_start: Callable[[Job, str], None] = lambda job, provider: None


def run(known: Known, request: Request, decision: Decision, means: Means) -> Generator[Outcome, None, None]:
    """Yields the outcome of each planned job as it ends; what is yielded as produced is already recorded.

    A failed job blocks what depends on it, everything else goes on. Closing the iterator, or setting
    `means.stop`, ends the work at hand and keeps every finished result. What may be paid for is claimed; what
    another run has claimed is waited for, and reused or, if that one fails or dies, made after all.
    """
    state = _Run(known, request, decision, means)
    means.lease.begin()
    try:
        yield from state.outcomes()
    finally:
        state.end()


@dataclass(frozen=True, slots=True)
class _Due:
    """A job that is ready to be made."""

    job: Job
    found: Signature
    provider: str
    reasons: tuple[str, ...]


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
        self.aside: deque[_Due] = deque()

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
        reused = self._reused(job, found)
        if reused is not None:
            self.done.put(reused)
            return
        provider = provider_of(job, self.known.asked(job))
        self._hand_out(
            _Due(job, found, provider, self.decision.must.get(job.id) or self.decision.may[job.id])
        )

    def _hand_out(self, due: _Due) -> None:
        lane = self.means.lane(due.provider)
        self.crew.give(lane, self.urgency[due.job.id], lambda: self.attend(due))

    def _next(self) -> Outcome:
        """The next job's end; looks up now and then, since a call may take no notice of the stop."""
        while True:
            self._look_aside(again=False)
            try:
                outcome = self.done.get(timeout=_GLANCE_SECONDS)
            except queue.Empty:
                if self.means.stop.is_set():
                    raise _stopped() from None
                self._look_aside(again=True)
                continue
            if isinstance(outcome.error, Stopped):
                raise _stopped()
            return outcome

    def _look_aside(self, *, again: bool) -> None:
        """Takes over what other runs have made meanwhile; with `again`, tries for the rest anew."""
        for _ in range(len(self.aside)):
            due = self.aside.popleft()
            reused = self._reused(due.job, due.found)
            if reused is not None:
                self.done.put(reused)
            elif again:
                self._hand_out(due)
            else:
                self.aside.append(due)

    def _reused(self, job: Job, found: Signature) -> Outcome | None:
        """The end of a job whose result is known by now."""
        outputs = self.means.index().results(job, found.digest)
        if outputs is None or not all(map(self.known.present, outputs.values())):
            return None
        return Outcome(job, "reused", found, ("same inputs as an earlier result",), outputs=outputs)

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

    def attend(self, due: _Due) -> None:
        """Hands in what came of a job, or sets it aside while another run makes it; never raises."""
        begin = self.means.clock.seconds()
        try:
            outcome = self.make(due) if due.provider == LOCAL else self._make_claimed(due)
        except BaseException as raised:  # in a thread, where even SystemExit must reach the one who waits
            outcome = self._failed(due, raised, begin)
        if outcome is None:
            self.aside.append(due)
        else:
            self.done.put(outcome)

    def _make_claimed(self, due: _Due) -> Outcome | None:
        """None while another run's claim stands; one that ended just now may have left its result."""
        with self.means.lease.claim(due.job.makes[0].kind, due.found.digest) as mine:
            return (self._reused(due.job, due.found) or self.make(due)) if mine else None

    def make(self, due: _Due) -> Outcome:
        """Calls the producer and records what came of it; never raises."""
        begin = self.means.clock.seconds()
        scratch = self.means.scratch / str(threading.get_ident())
        try:
            if self.means.stop.is_set():
                raise _stopped()
            self.means.on_start(due.job, due.provider)
            if due.provider != LOCAL:
                self.means.started(due.job, due.found, due.provider, due.reasons)
            results = self._results(due.job, due.found.take, Workspace(scratch, self.means.stop))
            took = self.means.clock.seconds() - begin
            made = Outcome(
                due.job, "produced", due.found, due.reasons, due.provider, results=results, seconds=took
            )
            return self.means.record(made)
        except BaseException as raised:  # in a thread, where even SystemExit must reach the one who waits
            return self._failed(due, raised, begin)
        finally:
            _empty(scratch)

    def _failed(self, due: _Due, raised: BaseException, begin: float) -> Outcome:
        error = _named(raised, due.job, due.provider)
        took = self.means.clock.seconds() - begin
        failed = Outcome(due.job, "failed", due.found, due.reasons, due.provider, seconds=took, error=error)
        return failed if isinstance(error, Stopped) else self._record_failure(failed)

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
        all_ended = self.crew.dismiss(_GRACE_SECONDS)
        self.means.lease.end(clean=all_ended)
        if all_ended:
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

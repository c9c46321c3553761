"""A run: makes what a decision says, each job as soon as what it reads is there."""

from __future__ import annotations

import queue
import shutil
import threading
from collections import deque
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from movie_assets.core.artefact import ArtefactId, BlobRef, Name
from movie_assets.core.budget import Budget
from movie_assets.core.claim import Lease
from movie_assets.core.clock import Clock
from movie_assets.core.crew import Crew
from movie_assets.core.errors import Failed, MovieError, Stopped
from movie_assets.core.fallback import Choice, choice_of
from movie_assets.core.graph import Job
from movie_assets.core.layers import urgency
from movie_assets.core.outcome import Outcome
from movie_assets.core.pending import Pending, Unkept
from movie_assets.core.planner import Decision, Known
from movie_assets.core.ports import Result, Workspace
from movie_assets.core.progress import Progress, Silence
from movie_assets.core.prospect import Price, Prospect
from movie_assets.core.reason import LOCAL, listed
from movie_assets.core.record import Record
from movie_assets.core.request import Request
from movie_assets.core.reuse import Index, Signature, signature
from movie_assets.core.task import Ports, Reader, Task
from movie_assets.core.verdict import blocked_by, noted
from movie_assets.core.wiring import wired

__all__ = ["Means", "run"]

_GRACE_SECONDS = 1.5
_GLANCE_SECONDS = 0.2


@dataclass(frozen=True)
class Means:
    """What a run works with: providers, bytes, the live log, the recorder, and how much at once.

    `index` is everything logged by anyone; `recent` may lack what others logged since it was last asked for.
    `lane` says which limit a provider's calls count against, `places` how many of each lane may go on at once.
    `scratch` is a folder for this run alone, removed at its end. `secure` keeps what is reused from being swept, given
    the time by the store's clock. `price` estimates a call, for `budget` to let it begin or not. A `shared` run is one of
    several that make the same movie together: what is made on this machine is claimed as well, so that each has its part.
    """

    ports: Ports
    reader: Reader
    index: Callable[[], Index]
    recent: Callable[[], Index]
    record: Record
    started: Callable[[Job, Signature, str, tuple[str, ...], float | None], None]
    price: Price
    budget: Budget
    clock: Clock
    scratch: Path
    places: Mapping[str, int]
    lane: Callable[[str], str]
    lease: Lease
    stop: threading.Event = field(default_factory=threading.Event)
    progress: Progress = field(default_factory=Silence)
    secure: Callable[[float], None] = lambda now: None
    pending: Callable[[str, str], Pending] = lambda kind, inputs_digest: Unkept()
    adopt: Callable[[Job, Signature], Mapping[ArtefactId, BlobRef] | None] = lambda job, found: None
    shared: bool = False


def run(known: Known, request: Request, decision: Decision, means: Means) -> Generator[Outcome, None, None]:
    """Yields the outcome of each planned job as it ends; what is yielded as produced is already recorded.

    A failed job blocks what depends on it, everything else goes on. Closing the iterator, or setting
    `means.stop`, ends the work at hand and keeps every finished result. What may be paid for is claimed; what
    another run has claimed is waited for, and reused or, if that one fails or dies, made after all.
    """
    state = _Run(known, request, decision, means)
    try:
        means.lease.begin()
        means.secure(means.lease.now())
        yield from state.outcomes()
    finally:
        state.end()


@dataclass(frozen=True, slots=True)
class _Due:
    """A job that is ready to be made."""

    job: Job
    found: Signature
    choice: Choice
    reasons: tuple[str, ...]

    @property
    def provider(self) -> str:
        return self.choice.provider


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
        choice = choice_of(job, self.known.asked(job))
        self._hand_out(_Due(job, found, choice, self.decision.must.get(job.id) or self.decision.may[job.id]))

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
        outputs: Mapping[ArtefactId, BlobRef] | None = self.means.recent().results(job, found.digest)
        if outputs is None or not all(map(self.known.present, outputs.values())):
            outputs = self.means.adopt(job, found)
        if outputs is None:
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
            alone = due.provider == LOCAL and not self.means.shared
            outcome = self.make(due) if alone else self._make_claimed(due)
        except BaseException as raised:  # in a thread, where even SystemExit must reach the one who waits
            outcome = self._failed(due, raised, begin)
        if outcome is None:
            self.aside.append(due)
        else:
            self._hand_in(due, outcome)

    def _hand_in(self, due: _Due, outcome: Outcome) -> None:
        """A job's end, unless a person has named another provider for when this one cannot: it goes to their lane."""
        following = None if outcome.results else due.choice.after(outcome.error)
        if following is None:
            self.done.put(outcome)
        else:
            self.means.progress.told(due.job, f"{following.tried}; {following.provider} does it instead")
            self._hand_out(replace(due, choice=following))

    def _make_claimed(self, due: _Due) -> Outcome | None:
        """None while another run's claim stands; one that ended just now may have left its result."""
        with self.means.lease.claim(due.job.makes[0].kind, due.found.digest) as mine:
            if not mine:
                return None
            self.means.index()
            return self._reused(due.job, due.found) or self.make(due)

    def make(self, due: _Due) -> Outcome:
        """Calls the producer and records what came of it; never raises."""
        begin = self.means.clock.seconds()
        scratch = self.means.scratch / str(threading.get_ident())
        try:
            if self.means.stop.is_set():
                raise _stopped()
            refusal = self._begin(due)
            return (
                self._recorded(due, scratch, begin) if refusal is None else self._failure(due, refusal, begin)
            )
        except BaseException as raised:  # in a thread, where even SystemExit must reach the one who waits
            return self._failed(due, raised, begin)
        finally:
            _empty(scratch)

    def _begin(self, due: _Due) -> MovieError | None:
        """Leaves a trace of a call before it is made; why it may not be made, if it costs more than there is."""
        means, refusal = self.means, None
        if due.provider != LOCAL:
            asked = means.price(self._prospect(due))
            refusal = means.budget.begin(
                asked,
                f"{due.job.id} by {due.provider}",
                start=lambda: means.started(due.job, due.found, due.provider, due.reasons, asked),
                withdraw=lambda error: means.record(self._failure(due, error, means.clock.seconds())),
            )
        if refusal is None:
            means.progress.started(due.job, due.provider)
        return refusal

    def _prospect(self, due: _Due) -> Prospect:
        choice, read = due.choice, self.means.reader.read
        return Prospect(due.job, choice.provider, choice.settings, self.known.inputs, self.outputs, read)

    def _recorded(self, due: _Due, scratch: Path, begin: float) -> Outcome:
        pending = self.means.pending(due.job.makes[0].kind, due.found.digest)
        at = Workspace(
            scratch, self.means.stop, pending, lambda what: self.means.progress.told(due.job, what)
        )
        results, error = self._results(due, at)
        took = self.means.clock.seconds() - begin
        made = Outcome(
            due.job, "produced", due.found, due.reasons, due.provider, results=results, seconds=took
        )
        if error is not None:
            made = replace(made, status="failed", error=_named(error, due))
        recorded = self.means.record(made)
        with suppress(MovieError):  # a note that stays is removed by the next run
            pending.settle()
        return recorded

    def _failed(self, due: _Due, raised: BaseException, begin: float) -> Outcome:
        failed = self._failure(due, raised, begin)
        return failed if isinstance(failed.error, Stopped) else self._record_failure(failed)

    def _failure(self, due: _Due, raised: BaseException, begin: float) -> Outcome:
        took, error = self.means.clock.seconds() - begin, _named(raised, due)
        return Outcome(due.job, "failed", due.found, due.reasons, due.provider, seconds=took, error=error)

    def _record_failure(self, failed: Outcome) -> Outcome:
        try:
            return self.means.record(failed)
        except BaseException:
            # A full disk may refuse the failure's own event: the failure itself is what a person must see.
            return failed

    def _results(self, due: _Due, at: Workspace) -> tuple[Mapping[ArtefactId, Result], MovieError | None]:
        """What a producer gave, and why it is of no use, if it is of none."""
        at.scratch.mkdir(parents=True, exist_ok=True)
        job, task = due.job, self._task(due, at)
        made = job.producer.make(task)
        missing = [kind for kind in job.producer.makes if kind not in made]
        if missing:
            raise Failed(
                f"the provider gave no {', '.join(missing)}",
                next_step="try again, or choose another provider",
            )
        made, error = _judged(job, task, made)
        return {name: _noting(made[name.kind], due.choice.notes) for name in job.makes}, error

    def _task(self, due: _Due, at: Workspace) -> Task:
        def payload(name: Name) -> object:
            mine = name.kind == due.job.producer.asks
            return due.choice.settings if mine else self.known.inputs[name].payload

        means, take = self.means, due.found.take
        return wired(due.job, payload, self.outputs, take=take, ports=means.ports, reader=means.reader, at=at)

    # --- ending ---

    def end(self) -> None:
        """Lets no new work begin, and gives what is at work a moment to end and be recorded."""
        if self.twins:
            self.means.stop.set()
        all_ended = self.crew.dismiss(_GRACE_SECONDS)
        self.means.lease.end(clean=all_ended)
        if all_ended:
            shutil.rmtree(self.means.scratch, ignore_errors=True)


def _judged(
    job: Job, task: Task, made: Mapping[str, Result]
) -> tuple[Mapping[str, Result], MovieError | None]:
    """The results with the verdicts on them, and what they amount to; whatever that is, no result is lost for it."""
    try:
        verdicts = tuple(job.producer.judge(task, made))
    except MovieError as error:
        return made, error
    notes = noted(verdicts)
    told = {
        kind: _noting(result, {"checks": notes[kind]} if kind in notes else {})
        for kind, result in made.items()
    }
    return told, blocked_by(verdicts, {kind: each.meta.provider == "person" for kind, each in made.items()})


def _noting(result: Result, notes: Mapping[str, object]) -> Result:
    """A result that says more of how it came about."""
    return (
        replace(result, meta=replace(result.meta, notes={**result.meta.notes, **notes})) if notes else result
    )


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


def _named(raised: BaseException, due: _Due) -> MovieError:
    error = raised if isinstance(raised, MovieError) else _unexpected(raised)
    return error.with_labels(artefact=due.job.makes[0], provider=due.provider, before=due.choice.tried)


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

"""What a person sees of a movie in the terminal."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from movie_assets.core.artefact import Name
from movie_assets.core.fallback import fallback_of
from movie_assets.core.graph import Job
from movie_assets.core.ledger import taken_by
from movie_assets.core.manifest import Manifest
from movie_assets.core.movie import Movie, Production
from movie_assets.core.outcome import Outcome
from movie_assets.core.plan import Plan, PlannedJob
from movie_assets.core.progress import Progress
from movie_assets.core.reason import listed

__all__ = ["Screen"]

_ROWS = 60
_WORDS = {"produced": "made", "reused": "reused", "failed": "failed", "blocked": "blocked"}


class Screen:
    """Writes for a person: results on stdout, progress on stderr."""

    def __init__(self) -> None:
        self._out = Console(highlight=False, soft_wrap=True)
        self._err = Console(stderr=True, highlight=False)

    def plan(self, plan: Plan) -> None:
        """A table of what would be made, and the sums."""
        if not plan.jobs:
            self._nothing_to_make(plan)
            self.encoder(plan)
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in ("artefact", "", "why", "by", "USD"):
            table.add_column(column, overflow="fold", justify="right" if column == "USD" else "left")
        for job in plan.jobs[:_ROWS]:
            table.add_row(*_row(job))
        Console(highlight=False, markup=False, width=None if self._out.is_terminal else 140).print(table)
        if len(plan.jobs) > _ROWS:
            self._out.print(f"… and {len(plan.jobs) - _ROWS} more (--json shows all)")
        must = sum(job.status == "must" for job in plan.jobs)
        self._out.print(
            f"{plan.revision}: {_count(must, 'job')} must run (costs {plan.must_cost}), "
            f"{len(plan.jobs) - must} may (up to {plan.may_cost}), {plan.reused} reused; "
            f"{_expected(plan.expected_seconds)}"
        )
        if any(job.guess for job in plan.jobs):
            self._out.print("~ is a guess: what is paid for is not written yet")
        self.encoder(plan)
        self.budgets(plan)

    def encoder(self, plan: Plan) -> None:
        """What codes the film, where the movie asks for another encoder than usual."""
        if plan.encoder is not None:
            self._out.print(f"encoder: {plan.encoder.said}", markup=False)

    def budgets(self, plan: Plan) -> None:
        """What a plan leaves of each budget, or by how much it would pass it."""
        cost = plan.cost
        for budget in plan.budgets:
            lacks = budget.lacks(cost)
            left = (
                f"this plan may pass it by {lacks:.4f} USD, and would stop before that"
                if lacks > 0
                else f"{-lacks:.4f} USD are left after this plan"
            )
            spent = f", {budget.spent:.4f} spent" if budget.spent else ""
            self._out.print(f"budget of {budget.usd:.4f} USD for {budget.of}{spent}: {left}")
        if plan.budgets and cost.unknown:
            self._out.print(f"{_count(cost.unknown, 'job')} of unknown price cannot be made under a budget")

    def _nothing_to_make(self, plan: Plan) -> None:
        if plan.targets is None and plan.edits:
            self._out.print(
                f"{plan.revision}: nothing to make; "
                f"movies make {plan.movie} publishes {_count(plan.reused, 'result')} made earlier"
            )
        else:
            self.nothing_to_do(plan)

    def nothing_to_do(self, plan: Plan) -> None:
        """Says that everything is made."""
        self._out.print(f"nothing to do: all {_count(plan.reused, 'result')} of {plan.movie} are up to date")

    @contextmanager
    def making(self, plan: Plan) -> Iterator[Progress]:
        """Shows what is being made: a live list on a terminal, a line per result elsewhere."""
        if not self._err.is_terminal:
            yield _Lines(self._err, len(plan.jobs))
            return
        board = _Board(len(plan.jobs))
        with Live(board, console=self._err, refresh_per_second=8, transient=True):
            yield board

    def fallbacks(self, run: Production) -> None:
        """Where a run was helped out by another provider than the one wanted."""
        for event in run.movie.store.events.index().recent.artefacts:
            fallback = (
                fallback_of(event) if event.run_id == run.log.run_id and event.status == "succeeded" else None
            )
            if fallback is not None:
                self._out.print(
                    f"{event.artefact_id} is by {event.provider}, not {fallback['from']}: {fallback['because']}",
                    markup=False,
                )

    def made(self, run: Production) -> None:
        """Sums up what one run made and paid, whatever others made meanwhile."""
        movie, took = run.movie, taken_by(run.movie.store, run.log.run_id)
        live = movie.store.manifests.live()
        where = (
            f"{movie.id} is at {live.revision}, which holds {_count(_results_of(live), 'result')}"
            if live
            else f"{movie.id} has no revision yet"
        )
        self._out.print(f"made {_count(took.made, 'result')} (cost: {took.cost}); {where}")

        others = _edits_of_others(movie, run.plan, live) if live else []
        if others:
            self._out.print(
                f"it also holds others' edits of {listed(others)}: bring them into movie.yaml, or the next run undoes them",
                markup=False,
            )

    def exported(self, paths: Sequence[Path]) -> None:
        """Names the files; the film's path is the last line."""
        for path in reversed(paths):
            self._out.print(_shown(path))


def _results_of(live: Manifest) -> int:
    """How many jobs gave what a revision holds, as plans count them."""
    return len({(made.produced_by, Name.parse(name).segment) for name, made in live.artefacts.items()})


def _edits_of_others(movie: Movie, plan: Plan, live: Manifest) -> list[str]:
    """The inputs of the live revision that are not this movie file's, if someone published while it was made."""
    if plan.manifest_base_digest in (live.digest, live.base_digest):
        return []
    mine = {str(name): given.digest for name, given in movie.inputs.items()}
    theirs = {name: record.digest for name, record in live.inputs.items()}
    return [name for name in {**mine, **theirs} if mine.get(name) != theirs.get(name)]


class _Lines:
    """Progress as plain lines."""

    def __init__(self, console: Console, total: int) -> None:
        self._console, self._total, self._ended = console, total, 0
        self._begin = time.monotonic()

    def started(self, job: Job, provider: str) -> None:
        pass

    def told(self, job: Job, what: str) -> None:
        self._console.print(
            f"{time.monotonic() - self._begin:6.1f} s  {job.id} {what}", soft_wrap=True, markup=False
        )

    def ended(self, outcome: Outcome) -> None:
        self._ended += 1
        took = f" in {outcome.seconds:.1f} s" if outcome.status == "produced" else ""
        by = f" by {outcome.provider}" if outcome.provider else ""
        line = f"{time.monotonic() - self._begin:6.1f} s  {self._ended}/{self._total}  {outcome.job.id} {_WORDS[outcome.status]}{by}{took}"
        self._console.print(line + (f": {outcome.error.fact}" if outcome.error else ""), soft_wrap=True)


class _Board:
    """Progress as a live list of what is being made."""

    def __init__(self, total: int) -> None:
        self._total, self._ended, self._begin = total, 0, time.monotonic()
        self._running: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()
        self._failed: list[str] = []

    def started(self, job: Job, provider: str) -> None:
        with self._lock:
            self._running[job.id] = (provider, time.monotonic())

    def told(self, job: Job, what: str) -> None:
        with self._lock:
            _, since = self._running.get(job.id, ("", time.monotonic()))
            self._running[job.id] = (what, since)

    def ended(self, outcome: Outcome) -> None:
        with self._lock:
            self._running.pop(outcome.job.id, None)
            self._ended += 1
            if outcome.error:
                self._failed.append(f"{outcome.job.id}: {outcome.error.fact}")

    def __rich__(self) -> Group:
        with self._lock:
            now = time.monotonic()
            table = Table.grid(padding=(0, 2))
            for job, (what, since) in self._running.items():
                table.add_row(f"  {job}", Text(what), f"{now - since:5.1f} s")
            head = Table.grid(padding=(0, 1))
            head.add_row(
                ProgressBar(self._total, self._ended, width=32),
                f"{self._ended}/{self._total}",
                f"{now - self._begin:.0f} s",
            )
            return Group(head, table, *(Text(line, style="red") for line in self._failed))


def _row(job: PlannedJob) -> tuple[str, str, str, str, str]:
    guess = "~" if job.guess else ""
    cost = "unknown" if job.cost is None else f"{guess}{job.cost:.4f}" if job.cost else ""
    return ", ".join(job.makes), job.status, "; ".join(job.reasons), str(job.context["provider"]), cost


def _expected(seconds: float | None) -> str:
    if seconds is None:
        return "time unknown"
    if seconds < 1:
        return "less than 1 s"
    return f"about {seconds:.0f} s" if seconds < 100 else f"about {seconds / 60:.0f} min"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)

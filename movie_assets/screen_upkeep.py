"""What a person sees of verify, sweep and sync."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.text import Text

from movie_assets.core.reason import listed
from movie_assets.core.store.sweep import Swept
from movie_assets.core.store.verify import Finding, Report
from movie_assets.core.sync import Synced

__all__ = [
    "bytes_said",
    "carrying",
    "reading",
    "show_repaired",
    "show_report",
    "show_swept",
    "show_synced",
]

_LISTED = 6
_STYLES = {"lost": "bold red", "copy": "yellow", "remark": "dim"}


@contextmanager
def reading(movie: str) -> Iterator[Callable[[int, int], None]]:
    """Shows how far the reading is, where there is a terminal; takes bytes done, and of how many."""
    with _progress(f"reading {movie}") as update:
        yield update


@contextmanager
def carrying(movie: str, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Shows how much of what is to be brought is there, unless it is to be quiet."""
    with _progress(f"bringing {movie}", quiet) as update:
        yield update


@contextmanager
def _progress(title: str, quiet: bool = False) -> Iterator[Callable[[int, int], None]]:
    columns = (TextColumn(title), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet) as progress:
        task = progress.add_task(title)
        yield lambda done, of: progress.update(task, completed=done, total=max(of, 1))


def show_report(report: Report) -> None:
    """Each finding with what it hits and what to do, and how much was read."""
    out = Console(highlight=False, soft_wrap=True)
    for finding in report.findings:
        out.print(Text.assemble((f"{finding.harm:7}", _STYLES[finding.harm]), finding.key))
        out.print(f"        {finding.says}{_hit(finding)}", markup=False)
        if finding.next:
            out.print(f"        next: {finding.next}", markup=False)
    damaged = sum(finding.harm != "remark" for finding in report.findings)
    read = f"{report.files} files, {bytes_said(report.bytes)} read"
    out.print(f"{report.movie}: {read}; {f'{damaged} damaged' if damaged else 'all sound'}")


def show_repaired(done: Sequence[str]) -> None:
    """What a repair did."""
    out = Console(highlight=False, soft_wrap=True)
    for said in done:
        out.print(f"repaired {said}", markup=False)


def show_swept(swept: Swept, *, dry_run: bool) -> None:
    """What went, or would go."""
    out, would = Console(highlight=False, soft_wrap=True), "would be " if dry_run else ""
    said = [f"{swept.blobs} blobs, {bytes_said(swept.freed)}, {would}deleted"]
    if swept.condemned:
        size = bytes_said(swept.condemned_bytes)
        said.append(f"{swept.condemned} blobs, {size}, {would}condemned: a sweep after a day deletes them")
    if swept.pruned:
        said.append(f"{listed(swept.pruned)} {would}pruned")
    if swept.files:
        said.append(f"{swept.files} old plans, notes, packs and quarantined files {would}deleted")
    if swept.restored:
        said.append(f"{swept.restored} blobs of a sweep that was killed put back")
    out.print(f"{swept.movie}: {'; '.join(said)}", markup=False)


def show_synced(said: Synced, *, dry_run: bool) -> None:
    """What was brought, or would be."""
    out, would = Console(highlight=False, soft_wrap=True), "would be " if dry_run else ""
    many = len(said.revisions)
    revisions = listed(said.revisions) if many < _LISTED else f"{said.revisions[0]} to {said.revisions[-1]}"
    parts = [f"{said.blobs} blobs, {bytes_said(said.bytes)}"] if said.blobs else []
    parts += [f"{said.events} events"] if said.events else []
    parts += [f"{said.notes} notes of what providers are at"] if said.notes else []
    parts += [revisions] if many else []
    told = f"{', '.join(parts)} {would}brought" if parts else "nothing is new"
    ahead = f"; it has {listed(said.ahead)} of its own" if said.ahead else ""
    out.print(f"{said.movie}: {told}{ahead}", markup=False)


def bytes_said(size: int) -> str:
    """1536 is `1.5 kB`."""
    amount = float(size)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{size} bytes" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def _hit(finding: Finding) -> str:
    hit = listed(finding.artefacts)
    hit += f" of {listed(finding.revisions)}" if finding.revisions and hit else listed(finding.revisions)
    return f" ({hit})" if hit else ""

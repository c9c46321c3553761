"""What a person sees in the terminal of a movie's past: revisions, what differs, where things come from, what they cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from movie_assets.core.cost import Cost
from movie_assets.core.difference import ChangedInput, Difference, difference, in_order
from movie_assets.core.event import ArtefactEvent, InputEvent
from movie_assets.core.fallback import fallback_of
from movie_assets.core.ledger import ledger_of
from movie_assets.core.lineage import Change, Lineage, Making, Next, Setting, Source
from movie_assets.core.manifest import Manifest
from movie_assets.core.metrics import Metrics, Sums, total_by_provider
from movie_assets.core.store.movie_store import MovieStore

__all__ = ["History"]

_REVISIONS = 20
_SHOWN = 200
_CALLS = 10


class History:
    """Writes for a person what a movie's store says; nothing of it is read as markup."""

    def __init__(self) -> None:
        self._out = Console(highlight=False, markup=False, soft_wrap=True)

    # --- show ---

    def revisions(self, store: MovieStore) -> None:
        """The latest revisions: when, what changed, what was paid for them."""
        manifests = store.manifests.all()
        paid = {metrics.revision: metrics.total for metrics in ledger_of(store)}
        table = _table("revision", "when", "what changed", "made", "USD")
        for before, manifest in list(zip([None, *manifests], manifests, strict=False))[-_REVISIONS:]:
            total = paid[manifest.revision]
            summary = difference(before, manifest).summary
            table.add_row(
                manifest.revision, _time(manifest.created_at), summary, str(total.made), _usd(total.cost)
            )
        if len(manifests) > _REVISIONS:
            self._out.print(f"{len(manifests) - _REVISIONS} earlier revisions, then:")
        self._print(table)

    def revision(self, store: MovieStore, manifest: Manifest, films: Path) -> None:
        """One revision: what it holds, who made it, what that cost."""
        index = store.events.index()
        self._out.print(
            f"{manifest.movie} {manifest.revision}, {_time(manifest.created_at)} UTC, "
            f"{manifest.blueprint}, {_count(manifest.segments, 'segment')}"
        )
        table = _table("artefact", "since", "by", "seconds", "USD", "bytes", "digest")
        events, instead = [], []
        for name in in_order(manifest.artefacts, manifest.blueprint):
            record = manifest.artefacts[name]
            event = index.result(name.partition("[")[0], record.inputs_digest)
            events += [event] if event else []
            if fallback := fallback_of(event):
                instead.append((fallback["from"], event.provider if event else "", fallback["because"], name))
            size, digest = f"{record.blob.size:,}", record.blob.digest[:12]
            table.add_row(name, record.revision, *_made_by(event), size, digest)
        self._print(table)
        for wanted, did, because, name in instead:
            self._out.print(f"{name} is by {did}, not {wanted}: {because}")
        self._out.print(f"what it holds cost: {Cost.of(event.cost for event in events)}")
        self._took(store.metrics.find(manifest.number))
        if films.is_dir():
            names = sorted(path.name for path in films.glob("[!.]*"))
            self._out.print(f"in {_shown(films)}: {', '.join(names)}")

    def _took(self, metrics: Metrics | None) -> None:
        if metrics is not None:
            total = metrics.total
            self._out.print(
                f"for it {_count(total.made, 'job')} ran ({total.failed} failed, {total.retries} retries) "
                f"in {metrics.wall_seconds or 0:.1f} s, paid: {total.cost}; "
                f"{total.reused} reused, which saved: {total.saved}"
            )

    def possibly_paid(self, calls: Sequence[ArtefactEvent]) -> None:
        """Calls that were begun by runs that ended before they did."""
        for call in calls[-_CALLS:]:
            cost = "cost unknown" if call.cost is None else f"about {call.cost:.4f} USD"
            self._out.print(
                f"possibly paid, without a result: {call.artefact_id} by {call.provider} "
                f"at {_time(call.created_at)}, {cost}"
            )
        if len(calls) > _CALLS:
            self._out.print(f"… and {len(calls) - _CALLS} such calls before")

    def ledger(self, book: Sequence[Metrics]) -> None:
        """What was paid and what reuse saved, per revision and provider."""
        table = _table("revision", "provider", *_COUNTED)
        for metrics in book:
            name = metrics.revision if metrics.published else f"{metrics.revision} (not published)"
            self._by_provider(table, name, metrics.by_provider())
        if len(book) > 1:
            self._by_provider(table, "in all", total_by_provider(book))
        total = Sums.added(metrics.total for metrics in book)
        table.add_row("total", "", *_sums(total))
        self._print(table)
        if total.unsettled != Cost():
            self._out.print(
                "unsettled: what calls that failed or never ended may have cost, by estimate; it counts against a budget"
            )

    def _by_provider(self, table: Table, name: str, by: Mapping[str, Sums]) -> None:
        for number, (provider, sums) in enumerate(by.items()):
            table.add_row("" if number else name, provider, *_sums(sums))

    # --- diff ---

    def difference(self, found: Difference) -> None:
        """What a person set otherwise, and what came out otherwise."""
        self._out.print(f"{found.movie} {found.before} → {found.after}: {found.summary}")
        self.edits(found.inputs)
        if found.artefacts:
            table = _table("artefact", found.before or "", found.after)
            for each in found.artefacts:
                table.add_row(each.name, *((digest or "none")[:12] for digest in (each.before, each.after)))
            self._print(table)

    def edits(self, inputs: Sequence[ChangedInput]) -> None:
        """Inputs with their old and new values."""
        for each in inputs:
            self._out.print(f"  {each.name}: {each.change}{_author(each.editor, each.created_at)}")

    # --- why ---

    def lineage(self, found: Lineage) -> None:
        """Where an artefact comes from, what it feeds, and what would make it again."""
        where = found.revision or ("not published yet" if found.made else "not made yet")
        self._out.print(f"{found.artefact} of {found.movie}, {where}: {found.about}")
        if found.says is not None:
            self._entry("says", [_quoted(found.says)])
        if found.made is not None:
            self._entry("made", _making(found, found.made))
        self._entry("inputs", map(_setting, found.inputs))
        self._entry("from", _sources(found.sources))
        self._entry("changed", map(_change, found.changes))
        self._entry("feeds", _feeds(found))
        self._entry("now", [_next(found.next)])

    def _entry(self, head: str, lines: Iterable[str]) -> None:
        for number, line in enumerate(lines):
            self._out.print(f"  {'' if number else head:<8} {line}")

    # --- log ---

    def event(self, event: InputEvent | ArtefactEvent) -> None:
        """One line for what was set, or for what came of an artefact."""
        said = _set(event) if isinstance(event, InputEvent) else _came(event)
        self._out.print(f"{_time(event.created_at)} {event.revision} {said}")

    def _print(self, table: Table) -> None:
        width = None if self._out.is_terminal else 140
        Console(highlight=False, markup=False, width=width).print(table)


# --- tables -------------------------------------------------------------------------------------------------------

_COUNTED = ("made", "fallbacks", "failed", "seconds", "paid", "unsettled", "reused", "saved")
_NUMBERS = frozenset({*_COUNTED, "USD", "bytes"})


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in _NUMBERS else "left", overflow="fold")
    return table


def _sums(sums: Sums) -> tuple[str, ...]:
    return (
        str(sums.made),
        str(sums.fallbacks),
        str(sums.failed),
        f"{sums.seconds:.1f}",
        _usd(sums.cost),
        _usd(sums.unsettled),
        str(sums.reused),
        _usd(sums.saved),
    )


def _made_by(event: ArtefactEvent | None) -> tuple[str, str, str]:
    return (
        ("", "", "")
        if event is None
        else (event.provider, f"{event.seconds:.1f}", _usd(Cost.of([event.cost])))
    )


def _usd(cost: Cost) -> str:
    """Unknown is said, never shown as 0."""
    known = f"{cost.usd:.4f}" if cost.usd else ""
    unknown = "" if not cost.unknown else "unknown" if cost.unknown == 1 else f"{cost.unknown} unknown"
    return " + ".join(filter(None, (known, unknown))) or "0"


# --- words --------------------------------------------------------------------------------------------------------


def _making(found: Lineage, made: Making) -> Iterator[str]:
    by = made.provider + "".join(f" ({each})" for each in (made.model, made.encoder) if each)
    cost = "unknown cost" if made.cost is None else f"{made.cost:.4f} USD"
    yield f"{_time(made.created_at)} UTC for {made.revision} by {by}, {made.seconds:.1f} s, {cost}"
    yield f"producer {made.producer}, version {made.code_version}, run {made.run_id}" + (
        f" of {made.editor}" if made.editor else ""
    )
    if made.made_for != found.artefact:
        yield f"for {made.made_for}, which has the same inputs"
    if made.reasons:
        yield f"because: {'; '.join(made.reasons)}"
    if made.fallback:
        yield f"fallback: not by {made.fallback['from']}: {made.fallback['because']}"
    take = f", take {found.take} is wanted" if found.take != 1 else ""
    yield f"{made.blob.media_type}, {made.blob.size:,} bytes, {made.blob.digest[:12]}; {_count(found.results, 'result')} so far{take}"


def _setting(each: Setting) -> str:
    return f"{each.name}: {_value(each.value)}{_author(each.editor, each.created_at)}"


def _sources(sources: Iterable[Source], depth: int = 0) -> Iterator[str]:
    for each in sources:
        by = f" by {each.provider}" if each.provider else ""
        members = f", {each.members} of them" if each.members > 1 else ""
        says = f": {_quoted(each.says)}" if each.says and not each.again else ""
        above = " (see above)" if each.again and depth else ""
        yield f"{'  ' * depth}{each.name}{by}{members}{above}{says}"
        yield from _sources(each.sources, depth + 1)


def _change(each: Change) -> str:
    before, after = ((digest or "none")[:12] for digest in (each.before, each.after))
    says = f" {_quoted(each.says)}" if each.says else ""
    why = f" ({'; '.join(each.reasons)})" if each.reasons else ""
    return f"{each.revision}  {before} → {after}{says}{why}"


def _feeds(found: Lineage) -> list[str]:
    direct = ", ".join(found.feeds) or "nothing: it is an end product"
    return [direct + (f"; then {', '.join(found.and_then)}" if found.and_then else "")]


def _set(event: InputEvent) -> str:
    value = "gone" if event.digest is None else _value(event.payload)
    return f"{event.id}{f' by {event.editor}' if event.editor else ''}: {value}"


def _came(event: ArtefactEvent) -> str:
    by = f" by {event.provider}" if event.provider else ""
    took = (
        f", {event.seconds:.1f} s, {_usd(Cost.of([event.cost]))} USD" if event.status == "succeeded" else ""
    )
    why = event.diagnostics.get("fact") or "; ".join(event.reasons)
    return f"{event.artefact_id} {event.status}{by}{took}: {why}"


def _next(found: Next) -> str:
    said = {
        "nothing": "up to date",
        "pinned": "stays as it is",
        "reused": "another result, made already, would be used",
        "must": "would be made",
        "may": "may be made",
    }[found.status]
    return said + (f": {'; '.join(found.reasons)}" if found.reasons else "")


def _value(value: Any) -> str:
    if isinstance(value, dict) and "digest" in value:
        return f"file {value['digest'][:12]}"
    if isinstance(value, dict):
        parts = (f"{name} {_value(each)}" for name, each in value.items() if each not in (None, {}, ""))
        return ", ".join(parts)
    if isinstance(value, list):
        return "; ".join(map(_value, value))
    return "none" if value is None else _short(str(value))


def _author(editor: str, at: str) -> str:
    said = " ".join(filter(None, (editor and f"by {editor}", at and f"on {_time(at)}")))
    return f"  ({said})" if said else ""


def _quoted(text: str) -> str:
    return f"“{_short(' '.join(text.split()))}”"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _time(at: str) -> str:
    return at[:16].replace("T", " ")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)

"""What the predecessor wrote down, as values: results, edits, snapshots, jobs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from resources.legacy.tree import Tree

__all__ = ["LAST_REVISION", "Edit", "JobNote", "Legacy", "Line", "Snapshot", "read_legacy"]

LAST_REVISION = 998
"""The predecessor had 5 to 30; what says more is not one of its revisions."""

_REVISION = re.compile(r"(?:rev)?([0-9]{1,4})\Z")
_SNAPSHOT = re.compile(r"rev([0-9]{1,4})\.json\Z")
_JOB = re.compile(r".*-rev([0-9]{1,4})\.json\Z")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of artifacts.jsonl: what came of one artefact in one revision."""

    id: str
    rev: int
    status: str
    content_hash: str = ""
    full_hash: str = ""
    deps: tuple[str, ...] = ()
    content: Any = None
    asset_path: str = ""
    produced_by: str = ""
    created_at: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """A line of inputSources.jsonl."""

    id: str
    rev: int
    content: Any
    hash: str = ""
    edited_by: str = "system"
    created_at: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A file of dag/snapshots."""

    rev: int
    artefact_hashes: Mapping[str, str]
    timeline: Any
    status: str
    created_at: str


@dataclass(frozen=True, slots=True)
class JobNote:
    """A file of dag/jobs: what a call of a producer took."""

    producer: str
    rev: int
    outputs: tuple[str, ...]
    provider: str
    cost: float | None
    seconds: float
    error: str


@dataclass(frozen=True, slots=True)
class Legacy:
    """All that is known of a movie of the predecessor."""

    movie_id: str
    created_at: str
    lines: tuple[Line, ...]
    edits: tuple[Edit, ...]
    snapshots: Mapping[int, Snapshot]
    jobs: tuple[JobNote, ...]
    configuration: Mapping[str, Any]
    providers: Mapping[str, str]
    passed_over: Mapping[str, str] = field(default_factory=dict)


def read_legacy(tree: Tree) -> Legacy:
    """Reads what there is; whatever is missing is missing, for the predecessor pruned."""
    metadata = tree.document("metadata.json")
    problems: dict[str, str] = {}
    return Legacy(
        movie_id=_text(metadata.get("movie_id")) or _text(metadata.get("video_id")) or tree.root.name,
        created_at=_time(metadata.get("created_at")),
        lines=tuple(_lines(tree, problems)),
        edits=tuple(_edits(tree, problems)),
        snapshots={each.rev: each for each in _snapshots(tree)},
        jobs=tuple(_jobs(tree)),
        configuration=tree.document("configuration.json"),
        providers=_providers(tree),
        passed_over=problems,
    )


def _lines(tree: Tree, problems: dict[str, str]) -> Iterator[Line]:
    logs = {"dag/artifacts.jsonl": _line, "dag/tags.jsonl": _tag}
    for name, read in logs.items():
        for number, entry in enumerate(tree.lines(name), start=1):
            rev, found = _rev(entry.get("rev", entry.get("version"))), _text(entry.get("id"))
            if rev is None or not found:
                problems[f"{name}, entry {number}"] = "it names no artefact, or no revision"
            else:
                yield read(entry, found, rev)


def _line(entry: Mapping[str, Any], found: str, rev: int) -> Line:
    return Line(
        id=found,
        rev=rev,
        status=_text(entry.get("status")) or "succeeded",
        content_hash=_text(entry.get("content_hash")),
        full_hash=_text(entry.get("full_hash")),
        deps=_texts(entry.get("deps"), 20),
        content=entry.get("content"),
        asset_path=_text(entry.get("asset_path")),
        produced_by=_text(entry.get("produced_by")),
        created_at=_time(entry.get("created_at")),
        error=_text(entry.get("error")),
    )


def _tag(entry: Mapping[str, Any], found: str, rev: int) -> Line:
    """A line of the oldest variant, which says nothing of content or place."""
    failed = _time(entry.get("failedAt"))
    return Line(
        id=found,
        rev=rev,
        status="failed" if failed else "succeeded",
        content_hash=_text(entry.get("checksum")),
        produced_by=_text(entry.get("producedBy")),
        created_at=failed or _time(entry.get("created_at")),
        error=_text(entry.get("dirtyReason")) if failed else "",
    )


def _edits(tree: Tree, problems: dict[str, str]) -> Iterator[Edit]:
    for name in ("dag/cuis.jsonl", "dag/inputSources.jsonl"):
        for number, entry in enumerate(tree.lines(name), start=1):
            rev, found = _rev(entry.get("rev")), _text(entry.get("id"))
            if rev is None or not found:
                problems[f"{name}, entry {number}"] = "it names no input, or no revision"
                continue
            yield Edit(
                found,
                rev,
                entry.get("content"),
                _text(entry.get("hash")),
                "user" if entry.get("edited_by") == "user" else "system",
                _time(entry.get("created_at")),
            )


def _snapshots(tree: Tree) -> Iterator[Snapshot]:
    for name in tree.names("dag/snapshots"):
        match = _SNAPSHOT.match(name)
        found = tree.document(f"dag/snapshots/{name}") if match else {}
        rev = _rev(match[1]) if match else None
        if found and rev is not None:
            hashes = found.get("artifact_hashes")
            said = hashes if isinstance(hashes, dict) else {}
            yield Snapshot(
                rev,
                {key: _text(value) for key, value in said.items()},
                found.get("timeline"),
                _text(found.get("status")),
                _time(found.get("created_at")),
            )


def _jobs(tree: Tree) -> Iterator[JobNote]:
    for name in tree.names("dag/jobs"):
        match = _JOB.match(name)
        found = tree.document(f"dag/jobs/{name}") if match else {}
        rev = _rev(match[1]) if match else None
        if found and rev is not None:
            yield JobNote(
                _text(found.get("producer")),
                rev,
                _texts(found.get("outputs")),
                _text(found.get("provider")),
                _amount(found.get("cost")),
                _seconds(found.get("started_at"), found.get("completed_at")),
                _text(found.get("error")),
            )


def _providers(tree: Tree) -> dict[str, str]:
    """Who did the work of each producer."""
    said = [
        tree.document("dag/producers.json").get("producers"),
        tree.document("dag/nodes.json").get("nodes"),
    ]
    rows = [row for each in said if isinstance(each, list) for row in each if isinstance(row, dict)]
    return {_text(row.get("id")): _text(row.get("provider")) for row in rows if _text(row.get("provider"))}


# --- what may be anything -----------------------------------------------------------------------------------------


def _text(value: Any) -> str:
    """Short enough that an event which tells it all fits into a frame of the log."""
    return value[:500] if isinstance(value, str) else ""


def _texts(value: Any, most: int = 1000) -> tuple[str, ...]:
    found = value[:most] if isinstance(value, list) else ()
    return tuple(each[:100] for each in found if isinstance(each, str))


def _amount(value: Any) -> float | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < 1e6 else None


def _rev(value: Any) -> int | None:
    match = (
        _REVISION.match(str(value)) if isinstance(value, (int, str)) and not isinstance(value, bool) else None
    )
    return int(match[1]) if match and int(match[1]) <= LAST_REVISION else None


def _time(value: Any) -> str:
    """A time as our events tell it; "" for what is none."""
    try:
        found = datetime.fromisoformat(value)
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        return found.astimezone(UTC).isoformat(timespec="milliseconds")
    except (TypeError, ValueError, OverflowError):
        return ""


def _seconds(begin: Any, end: Any) -> float:
    begun, ended = _time(begin), _time(end)
    if not begun or not ended:
        return 0.0
    return max(0.0, (datetime.fromisoformat(ended) - datetime.fromisoformat(begun)).total_seconds())

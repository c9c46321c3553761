"""The predecessor's lines as events of ours. The same line always gives the same event, so a second import adds none."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from movie_assets.core.artefact import BlobRef, Name
from movie_assets.core.digest import digest_of
from movie_assets.core.event import ArtefactEvent, InputEvent, Status
from movie_assets.core.reason import LOCAL
from movie_assets.core.reuse import signature_of
from movie_assets.core.revision import revision_name
from resources.legacy.records import Edit, JobNote, Line

__all__ = ["UNKNOWN_TIME", "edited", "failed", "made_of_others", "run_of", "skipped", "succeeded"]

UNKNOWN_TIME = "1970-01-01T00:00:00.000+00:00"
_VERSION = "legacy"
_BY_US = "import_legacy"
_WHOSE = "legacy"
"""Who did it, where the predecessor did not say."""


def run_of(rev: int) -> str:
    """The run that a revision of the predecessor counts as."""
    return f"legacy-rev{rev}"


def succeeded(line: Line, name: Name, ref: BlobRef, job: JobNote | None, provider: str) -> ArtefactEvent:
    """A result, of bytes that are there."""
    reads = {"bytes": ref.digest, "legacy": digest_of([line.id, line.content_hash])}
    return _event(line, name, "succeeded", reads, job, provider, output=ref)


def failed(line: Line, name: Name, job: JobNote | None, provider: str) -> ArtefactEvent:
    """A failure."""
    reads = {"legacy": digest_of([line.id, line.rev, line.content_hash, line.created_at])}
    return _event(line, name, "failed", reads, job, provider, output=None)


def _event(
    line: Line,
    name: Name,
    status: Status,
    reads: dict[str, str],
    job: JobNote | None,
    provider: str,
    output: BlobRef | None,
) -> ArtefactEvent:
    producer = line.produced_by or next(iter(line.deps), "") or "unknown"
    signature = signature_of(producer, _VERSION, reads)
    return ArtefactEvent(
        event_id=_id(name, line.rev, status, signature.digest),
        artefact_id=str(name),
        revision=revision_name(line.rev + 1),
        run_id=run_of(line.rev),
        inputs_digest=signature.digest,
        inputs=signature.reads,
        status=status,
        produced_by=producer,
        code_version=_VERSION,
        created_at=line.created_at or UNKNOWN_TIME,
        output=output,
        provider=provider or _WHOSE,
        cost=_cost(line, job),
        seconds=job.seconds if job else 0.0,
        diagnostics={_WHOSE: _told(line)} | (_diagnosis(line, job) if status == "failed" else {}),
    )


def _diagnosis(line: Line, job: JobNote | None) -> dict[str, Any]:
    fact = line.error or (job.error if job else "") or "the predecessor did not say why"
    return {"error": "Failed", "fact": fact, "labels": {}, "nextStep": ""}


def _told(line: Line) -> dict[str, Any]:
    """What the predecessor called it: its hashes are labels, no digests."""
    said = {
        "id": line.id,
        "rev": line.rev,
        "contentHash": line.content_hash,
        "fullHash": line.full_hash,
        "deps": list(line.deps),
        "assetPath": line.asset_path,
    }
    return {key: value for key, value in said.items() if value not in ("", [])}


def _cost(line: Line, job: JobNote | None) -> float | None:
    """What a job cost counts once, for the first of its outputs."""
    if job is None:
        return None
    return job.cost if job.outputs[0] == line.id else 0.0


def made_of_others(rev: int, name: Name, ref: BlobRef, when: str) -> ArtefactEvent:
    """What the import itself makes of results, such as a script of its parts."""
    signature = signature_of(_BY_US, _VERSION, {"bytes": ref.digest})
    return ArtefactEvent(
        event_id=_id(name, rev, "succeeded", signature.digest),
        artefact_id=str(name),
        revision=revision_name(rev + 1),
        run_id=run_of(rev),
        inputs_digest=signature.digest,
        inputs=signature.reads,
        status="succeeded",
        produced_by=_BY_US,
        code_version=_VERSION,
        created_at=when,
        output=ref,
        provider=LOCAL,
        cost=0.0,
    )


def skipped(rev: int, earlier: ArtefactEvent, when: str) -> ArtefactEvent:
    """An earlier result that stands in a later revision."""
    return structs.replace(
        earlier,
        event_id=_id(earlier.name, rev, "skipped", earlier.inputs_digest),
        revision=revision_name(rev + 1),
        run_id=run_of(rev),
        status="skipped",
        created_at=when,
        cost=0.0,
        seconds=0.0,
        reasons=("the predecessor's revision names it",),
        diagnostics={"reused": earlier.event_id},
    )


def edited(name: str, payload: Any, is_gone: bool, edit: Edit) -> InputEvent:
    """An input that was set, or is no longer."""
    digest = None if is_gone else digest_of(payload)
    return InputEvent(
        event_id=_id(name, edit.rev, "input", str(digest)),
        id=name,
        revision=revision_name(edit.rev + 1),
        digest=digest,
        payload=None if is_gone else payload,
        created_at=edit.created_at or UNKNOWN_TIME,
        run_id=run_of(edit.rev),
        edited_by="user" if edit.edited_by == "user" else "system",
    )


def _id(name: object, rev: int, what: str, digest: str) -> str:
    return f"legacy-{digest_of([str(name), rev, what, digest])[:32]}"

"""Reasons: why a job must run, in words, with the values a person wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from movie_assets.core.artefact import Name
from movie_assets.core.blueprint import Reach
from movie_assets.core.event import ArtefactEvent
from movie_assets.core.graph import Job, Wire
from movie_assets.core.inputs import USUAL, Input
from movie_assets.core.manifest import Manifest
from movie_assets.core.reuse import Index, Signature

__all__ = ["LOCAL", "changes_between", "listed", "provider_of", "reasons_to_make"]

LOCAL = "local"
_SHOWN = 40


def provider_of(job: Job, payload: Any) -> str:
    """Who does a job: the provider its input names, or ourselves (`local`), free, as with a person's own file."""
    if (
        job.producer.asks is None
        or not isinstance(payload, dict)
        or (payload.get("file") or payload.get("source"))
    ):
        return LOCAL
    return str(payload.get("provider") or LOCAL)


def reasons_to_make(
    base: Manifest | None, index: Index, inputs: Mapping[Name, Input], job: Job, found: Signature
) -> tuple[str, ...]:
    """Why there is no result to reuse for a job; never empty."""
    if index.results(job, found.digest) is not None:
        return ("blob missing",)
    if (job.makes[0].kind, found.digest) in index.started:
        return ("a call for it was begun and never ended",)
    last = index.latest.get(str(job.makes[0]))
    if last is not None and last.status == "failed" and last.inputs_digest == found.digest:
        return ("last attempt failed",)
    before = _made_before(base, index, job)
    return (before and _differences(base, inputs, job, found, before)) or ("no result yet",)


def _made_before(base: Manifest | None, index: Index, job: Job) -> ArtefactEvent | None:
    name = job.makes[0]
    record = base.artefacts.get(str(name)) if base else None
    if record is not None:
        return index.result(name.kind, record.inputs_digest)
    last = index.latest.get(str(name))
    return last if last is not None and last.output is not None and last.status != "failed" else None


def _differences(
    base: Manifest | None, inputs: Mapping[Name, Input], job: Job, found: Signature, before: ArtefactEvent
) -> tuple[str, ...]:
    if before.produced_by != job.producer.name:
        return (f"producer {before.produced_by} → {job.producer.name}",)
    reasons = []
    if before.code_version != job.producer.version:
        reasons.append(f"producer {job.producer.name} {before.code_version} → {job.producer.version}")
    for wire in job.wires:
        if before.inputs.get(wire.label) != found.reads[wire.label]:
            reasons.append(_difference(base, inputs, wire, found.reads[wire.label]))
    reasons += [_gone(base, label) for label in before.inputs if label not in found.reads and label != "take"]
    if before.inputs.get("take") != found.reads.get("take"):
        reasons.append(f"take {found.take} asked for")
    return tuple(reasons)


def _difference(base: Manifest | None, inputs: Mapping[Name, Input], wire: Wire, digest: str) -> str:
    if wire.reach is not Reach.INPUT:
        return f"{wire.names[0] if len(wire.names) == 1 else wire.label} changed"
    name = wire.names[0]
    record = base.inputs.get(str(name)) if base else None
    if record is None and name.kind in USUAL:
        return f"input {name} changed: {changes_between(USUAL[name.kind], inputs[name].payload)}"
    if record is None or record.digest == digest:
        return f"input {name} changed"
    return f"input {name} changed: {changes_between(record.payload, inputs[name].payload)}"


def _gone(base: Manifest | None, label: str) -> str:
    """What was read before, and is now wanted by nobody or as it usually is."""
    name = label.removeprefix("inputs/")
    record = base.inputs.get(name) if base and name != label else None
    if record is None or name not in USUAL:
        return f"{label} is not wanted any more"
    return f"input {name} changed: {changes_between(record.payload, USUAL[name])}"


def changes_between(before: Any, after: Any) -> str:
    """`voice en-us → en-gb, speed 1.0 → 1.2`: the fields of two payloads that differ."""
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return f"{_shown(before)} → {_shown(after)}"
    fields = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return ", ".join(f"{name} {_shown(before.get(name))} → {_shown(after.get(name))}" for name in fields)


def listed(names: Sequence[str]) -> str:
    """Up to three names, or the first and how many more."""
    return ", ".join(names) if len(names) <= 3 else f"{names[0]} and {len(names) - 1} more"


def _entry(value: Any) -> str:
    """One of several: a file, or another provider with what is set for it."""
    if not isinstance(value, dict) or "digest" in value:
        return _shown(value)
    return " ".join(f"{name} {_shown(each)}" for name, each in value.items() if each not in (None, {}, ""))


def _shown(value: Any) -> str:
    if isinstance(value, dict) and "digest" in value:
        return f"file {str(value['digest'])[:8]}"
    if isinstance(value, list):
        return ", ".join(map(_entry, value)) or "none"
    text = "none" if value is None else str(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"

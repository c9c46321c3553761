"""Commit: what is complete becomes the next revision, a fold of the events of one run over its base."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from movie_assets.core.artefact import ArtefactId, BlobRef, Name
from movie_assets.core.clock import Clock
from movie_assets.core.event import ArtefactEvent, InputEvent
from movie_assets.core.inputs import Input
from movie_assets.core.manifest import Manifest, fold
from movie_assets.core.planner import Decision, Known
from movie_assets.core.record import RunLog
from movie_assets.core.store.events import Events

__all__ = ["edits_between", "next_manifest"]


def edits_between(
    before: Mapping[str, str],
    inputs: Mapping[Name, Input],
    *,
    run_id: str,
    revision: str,
    editor: str,
    clock: Clock,
) -> list[InputEvent]:
    """The events that lead from digests by name to the inputs as they are now."""
    now = {str(name): given for name, given in inputs.items()}
    stamp: dict[str, Any] = {
        "revision": revision,
        "run_id": run_id,
        "created_at": clock.now(),
        "editor": editor,
    }
    changed = [
        InputEvent(event_id=clock.new_id(), id=name, digest=given.digest, payload=given.payload, **stamp)
        for name, given in now.items()
        if before.get(name) != given.digest
    ]
    gone = [
        InputEvent(event_id=clock.new_id(), id=name, digest=None, **stamp)
        for name in before
        if name not in now
    ]
    return changed + gone


def next_manifest(
    known: Known, decision: Decision, events: Events, log: RunLog, header: Mapping[str, Any], editor: str
) -> Manifest | None:
    """Folds a complete decision onto its base; None if that would say nothing new.

    What the run did not record itself but the next manifest will say (an earlier result that is live again, an
    edit recorded by another run) is recorded first, so that the manifest is a fold of this run's events.
    """
    assert not decision.jobs, "only what is complete can be committed"
    base = known.base
    entries = _entries(base, decision)
    if base is not None and _says_the_same(base, known, entries):
        return None
    own = _Recorded(events, log.run_id)
    _carry_edits(known, own, events, log, editor)
    _carry_results(known, own, entries, log)
    own = _Recorded(events, log.run_id)
    graph = known.graph
    header = {**header, "blueprint": graph.blueprint.name, "segments": graph.segments}
    return fold(base, own.inputs, own.artefacts, members=decision.outputs.keys(), header=header)


@dataclass(frozen=True, slots=True)
class _Entry:
    """What the next manifest must say of one artefact."""

    ref: BlobRef
    inputs_digest: str


class _Recorded:
    """The events of one run, oldest first."""

    def __init__(self, events: Events, run_id: str) -> None:
        self.inputs: list[InputEvent] = [event for event in events.inputs() if event.run_id == run_id]
        self.artefacts: list[ArtefactEvent] = [
            event for event in events.artefacts() if event.run_id == run_id
        ]


def _entries(base: Manifest | None, decision: Decision) -> dict[ArtefactId, _Entry]:
    """A pinned artefact keeps what the base says of it, whatever its inputs are now."""
    return {
        name: _Entry(
            ref,
            base.artefacts[str(name)].inputs_digest
            if base and name in decision.pinned
            else decision.signatures[name].digest,
        )
        for name, ref in decision.outputs.items()
    }


def _says_the_same(base: Manifest, known: Known, entries: Mapping[ArtefactId, _Entry]) -> bool:
    said = {name: _Entry(record.blob, record.inputs_digest) for name, record in base.artefacts.items()}
    inputs = {name: record.digest for name, record in base.inputs.items()}
    return (
        said == {str(name): entry for name, entry in entries.items()}
        and inputs == {str(name): given.digest for name, given in known.inputs.items()}
        and (base.blueprint, base.segments) == (known.graph.blueprint.name, known.graph.segments)
    )


def _carry_edits(known: Known, own: _Recorded, events: Events, log: RunLog, editor: str) -> None:
    folded = {name: record.digest for name, record in known.base.inputs.items()} if known.base else {}
    for event in own.inputs:
        folded.pop(event.id, None)
        if event.digest is not None:
            folded[event.id] = event.digest
    missing = edits_between(
        folded, known.inputs, run_id=log.run_id, revision=log.revision, editor=editor, clock=log.clock
    )
    if missing:
        events.append_inputs(missing)


def _carry_results(known: Known, own: _Recorded, entries: Mapping[ArtefactId, _Entry], log: RunLog) -> None:
    folded = (
        {name: _Entry(r.blob, r.inputs_digest) for name, r in known.base.artefacts.items()}
        if known.base
        else {}
    )
    for event in own.artefacts:
        if event.output is not None:
            folded[event.artefact_id] = _Entry(event.output, event.inputs_digest)
    earlier = [
        (name, success)
        for name, entry in entries.items()
        if folded.get(str(name)) != entry
        if (success := known.index.result(name.kind, entry.inputs_digest)) is not None
    ]
    log.skipped(earlier)

"""Commit: what is complete becomes the next revision, a fold of the events of one run over its base."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from movie_assets.core.artefact import ArtefactId, BlobRef, Name
from movie_assets.core.event import InputEvent
from movie_assets.core.inputs import Input
from movie_assets.core.manifest import Manifest, fold
from movie_assets.core.planner import Decision, Known
from movie_assets.core.record import RunLog
from movie_assets.core.store.events import Events

__all__ = ["edits_between", "is_news", "next_manifest"]


def edits_between(
    before: Mapping[str, str], inputs: Mapping[Name, Input], log: RunLog, editor: str
) -> list[InputEvent]:
    """The events that lead from digests by name to the inputs as they are now."""
    now = {str(name): given for name, given in inputs.items()}
    changed = [
        (name, given.digest, given.payload) for name, given in now.items() if before.get(name) != given.digest
    ]
    gone = [(name, None, None) for name in before if name not in now]
    return [
        InputEvent(
            event_id=log.clock.new_id(),
            id=name,
            digest=digest,
            payload=payload,
            revision=log.revision,
            run_id=log.run_id,
            created_at=log.clock.now(),
            editor=editor,
        )
        for name, digest, payload in (*changed, *gone)
    ]


def next_manifest(
    known: Known, decision: Decision, events: Events, log: RunLog, header: Mapping[str, Any], editor: str
) -> Manifest:
    """Folds a complete decision onto its base.

    What the run did not record itself but the next manifest will say (an earlier result that is live again, an
    edit recorded by another run) is recorded first, so that the manifest is a fold of this run's events.
    """
    assert not decision.jobs, "only what is complete can be committed"
    header = {**header, "blueprint": known.graph.blueprint.name, "segments": known.graph.segments}
    recent = events.index().recent
    edits = [event for event in recent.inputs if event.run_id == log.run_id]
    results = [event for event in recent.artefacts if event.run_id == log.run_id]
    draft = fold(known.base, edits, results, members=decision.outputs.keys(), header=header)
    carried = edits_between(_edited(draft), known.inputs, log, editor)
    events.append_inputs(carried)
    said = _made(draft)
    skipped = log.skipped(
        [
            (name, known.index.successes[name.kind, made.inputs_digest])
            for name, made in _wanted(known, decision).items()
            if said.get(str(name)) != made
        ]
    )
    return fold(
        known.base, edits + carried, results + skipped, members=decision.outputs.keys(), header=header
    )


def is_news(known: Known, decision: Decision) -> bool:
    """Whether a complete decision says anything that its base does not."""
    base, graph = known.base, known.graph
    return base is None or not (
        _made(base) == {str(name): made for name, made in _wanted(known, decision).items()}
        and _edited(base) == {str(name): given.digest for name, given in known.inputs.items()}
        and (base.blueprint, base.segments) == (graph.blueprint.name, graph.segments)
    )


class _Made(NamedTuple):
    """What a manifest says of one artefact, as far as it matters whether that is news."""

    ref: BlobRef
    inputs_digest: str


def _made(manifest: Manifest) -> dict[str, _Made]:
    return {name: _Made(record.blob, record.inputs_digest) for name, record in manifest.artefacts.items()}


def _edited(manifest: Manifest) -> dict[str, str]:
    return {name: record.digest for name, record in manifest.inputs.items()}


def _wanted(known: Known, decision: Decision) -> dict[ArtefactId, _Made]:
    """What the next manifest must say; a pinned artefact stays as the base has it, whatever its inputs are now."""
    pinned = _made(known.base) if known.base and decision.pinned else {}
    return {
        name: pinned[str(name)] if name in decision.pinned else _Made(ref, decision.signatures[name].digest)
        for name, ref in decision.outputs.items()
    }

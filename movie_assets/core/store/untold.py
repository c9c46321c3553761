"""What is untold: what revisions and checkpoints say that the event logs do not, for a log may be lost or cut short."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from msgspec import structs

from movie_assets.core.digest import digest_of
from movie_assets.core.event import ArtefactEvent, InputEvent
from movie_assets.core.manifest import Manifest
from movie_assets.core.reuse import Made

__all__ = ["Untold", "untold", "unwritten"]


@dataclass(slots=True)
class Untold:
    """The events that would tell it."""

    inputs: list[InputEvent] = field(default_factory=list)
    artefacts: list[ArtefactEvent] = field(default_factory=list)

    def names(self) -> tuple[list[str], list[str]]:
        """Of inputs and of artefacts that the logs do not tell of."""
        inputs = dict.fromkeys(event.id for event in self.inputs)
        return list(inputs), list(dict.fromkeys(event.artefact_id for event in self.artefacts))


def untold(
    manifests: Iterable[Manifest],
    inputs: Sequence[InputEvent],
    artefacts: Iterable[ArtefactEvent],
    known: Iterable[InputEvent] = (),
) -> Untold:
    """What the revisions say, the oldest first, and the logs do not tell, nor the latest edits that are `known`.

    Of a result they know the bytes and what it was made from, not who made it and what that cost.
    """
    found, there = Untold(), {event.event_id for event in inputs}
    late = [event for event in known if event.event_id not in there]
    said = {(event.id, event.digest) for event in (*inputs, *late)}
    made = {(event.kind, event.inputs_digest) for event in artefacts if event.status == "succeeded"}
    for manifest in manifests:
        _inputs_of(manifest, said, found)
        _artefacts_of(manifest, made, found)
    found.inputs += late
    found.inputs += _set_since(inputs, found.inputs)
    return found


def unwritten(known: Iterable[ArtefactEvent], artefacts: Iterable[ArtefactEvent]) -> list[ArtefactEvent]:
    """The ends of jobs among known events that a log does not have, the oldest first."""
    there = {event.event_id for event in artefacts}
    missing = {event.event_id: event for event in known if event.event_id not in there}
    ends = [event for event in missing.values() if event.status != "started"]
    return sorted(ends, key=lambda event: event.created_at)


def _inputs_of(manifest: Manifest, said: set[tuple[str, str | None]], found: Untold) -> None:
    for name, record in manifest.inputs.items():
        if (name, record.digest) not in said:
            said.add((name, record.digest))
            found.inputs.append(
                InputEvent(
                    event_id=_id(manifest, name, record.digest),
                    id=name,
                    revision=manifest.revision,
                    digest=record.digest,
                    payload=record.payload,
                    created_at=manifest.created_at,
                    run_id=manifest.plan_id,
                    edited_by="system",
                )
            )


def _artefacts_of(manifest: Manifest, made: set[Made], found: Untold) -> None:
    """Results by name: of two of the same inputs digest one event tells."""
    for name, record in manifest.artefacts.items():
        result = name.partition("[")[0], record.inputs_digest
        if result not in made:
            made.add(result)
            found.artefacts.append(
                ArtefactEvent(
                    event_id=_id(manifest, name, record.inputs_digest),
                    artefact_id=name,
                    revision=record.revision,
                    run_id=manifest.plan_id,
                    inputs_digest=record.inputs_digest,
                    status="succeeded",
                    produced_by=record.produced_by,
                    code_version=record.code_version,
                    created_at=manifest.created_at,
                    output=record.blob,
                    reasons=("told again from the revision",),
                )
            )


def _set_since(inputs: Iterable[InputEvent], again: Iterable[InputEvent]) -> list[InputEvent]:
    """What stands in the log must stay the latest of its input when older ones are told behind it."""
    latest, names = {event.id: event for event in inputs}, dict.fromkeys(event.id for event in again)
    return [
        structs.replace(latest[name], event_id=f"again-{latest[name].event_id}")
        for name in names
        if name in latest
    ]


def _id(manifest: Manifest, name: str, digest: str) -> str:
    """The same whenever it is told again, by whomever."""
    return f"again-{digest_of([manifest.movie, name, digest])[:32]}"

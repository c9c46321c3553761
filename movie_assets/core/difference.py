"""Difference: what a person said otherwise, and what came out otherwise, between two revisions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from movie_assets.core.artefact import Name
from movie_assets.core.blueprints import BLUEPRINTS
from movie_assets.core.event import FORMAT, InputEvent
from movie_assets.core.inputs import USUAL, Input
from movie_assets.core.manifest import InputRecord, Manifest
from movie_assets.core.reason import changes_between

__all__ = ["ChangedArtefact", "ChangedInput", "Difference", "difference", "in_order", "wanted_edits"]


class ChangedInput(Struct, frozen=True, rename="camel"):
    """An input with two values (None: not set, and not usually anything), in words too, and who set the later one."""

    name: str
    before: Any
    after: Any
    change: str
    editor: str
    created_at: str


class ChangedArtefact(Struct, frozen=True, rename="camel"):
    """An artefact with other bytes, by digest; None where there is no such artefact."""

    name: str
    before: str | None
    after: str | None


class Difference(Struct, frozen=True, rename="camel", kw_only=True, tag_field="format", tag=FORMAT):
    """How one revision differs from another."""

    movie: str
    before: str | None
    after: str
    inputs: tuple[ChangedInput, ...]
    artefacts: tuple[ChangedArtefact, ...]
    summary: str


def difference(before: Manifest | None, after: Manifest, edits: Iterable[InputEvent] = ()) -> Difference:
    """What differs between two revisions; `edits` tell who set which value, and when."""
    inputs = _changed_inputs(before.inputs if before else {}, after.inputs, _authors(edits))
    old = {name: record.blob.digest for name, record in before.artefacts.items()} if before else {}
    new = {name: record.blob.digest for name, record in after.artefacts.items()}
    changed = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    artefacts = tuple(
        ChangedArtefact(name, old.get(name), new.get(name)) for name in in_order(changed, after.blueprint)
    )
    return Difference(
        movie=after.movie,
        before=before.revision if before else None,
        after=after.revision,
        inputs=inputs,
        artefacts=artefacts,
        summary=_summary(inputs, artefacts) if before else "the first revision",
    )


def wanted_edits(base: Manifest, wanted: Mapping[Name, Input]) -> tuple[ChangedInput, ...]:
    """What the inputs, as they are now, say otherwise than a revision."""
    now = {str(name): InputRecord(given.digest, given.payload) for name, given in wanted.items()}
    return _changed_inputs(base.inputs, now, {})


_Authors = Mapping[tuple[str, str | None], InputEvent]


def _authors(edits: Iterable[InputEvent]) -> _Authors:
    """Who set each value last. A run that only repeats what was set before sets nothing."""
    authors: dict[tuple[str, str | None], InputEvent] = {}
    standing: dict[str, str | None] = {}
    for edit in edits:
        if edit.id not in standing or standing[edit.id] != edit.digest:
            standing[edit.id] = edit.digest
            authors[edit.id, edit.digest] = edit
    return authors


def _changed_inputs(
    before: Mapping[str, InputRecord], after: Mapping[str, InputRecord], authors: _Authors
) -> tuple[ChangedInput, ...]:
    changed = []
    for name in {**before, **after}:
        old, new = before.get(name), after.get(name)
        if (old and old.digest) != (new and new.digest):
            was, is_now = (record.payload if record else USUAL.get(name) for record in (old, new))
            author = authors.get((name, new.digest if new else None))
            words = changes_between(was, is_now)
            changed.append(
                ChangedInput(
                    name,
                    was,
                    is_now,
                    words,
                    author.editor if author else "",
                    author.created_at if author else "",
                )
            )
    return tuple(changed)


def in_order(names: Iterable[str], blueprint: str) -> list[str]:
    """Artefacts in the order in which a blueprint makes them."""
    kinds = list(BLUEPRINTS[blueprint].scopes) if blueprint in BLUEPRINTS else []

    def place(text: str) -> tuple[int, str, int]:
        name = Name.parse(text)
        known = kinds.index(name.kind) if name.kind in kinds else len(kinds)
        return known, name.kind, -1 if name.segment is None else name.segment

    return sorted(names, key=place)


# --- in words -----------------------------------------------------------------------------------------------------


def _summary(inputs: Sequence[ChangedInput], artefacts: Sequence[ChangedArtefact]) -> str:
    """`2 narrations, 2 clips, the soundtrack and the film differ`."""
    new = [Name.parse(each.name) for each in artefacts if each.before is None]
    gone = [Name.parse(each.name) for each in artefacts if each.after is None]
    other = [Name.parse(each.name) for each in artefacts if each.before and each.after]
    said = [f"{listed} {verb}" for names, verb in ((new, "new"), (gone, "gone")) if (listed := _sum(names))]
    if other:
        said.insert(0, f"{_sum(other)} {'differs' if len(other) == 1 else 'differ'}")
    if not said and inputs:
        return f"{len(inputs)} {'input differs' if len(inputs) == 1 else 'inputs differ'}, but no artefact"
    return "; ".join(said) or "nothing differs"


def _sum(names: Iterable[Name]) -> str:
    counts: dict[str, list[Name]] = {}
    for name in names:
        counts.setdefault(name.kind, []).append(name)
    phrases = [_phrase(kind, members) for kind, members in counts.items()]
    return " and ".join([", ".join(phrases[:-1]), phrases[-1]] if len(phrases) > 1 else phrases)


def _phrase(kind: str, members: Sequence[Name]) -> str:
    noun = kind.replace("_", " ")
    if members[0].segment is None:
        return f"the {noun}"
    if noun.endswith("s"):
        return f"the {noun} of {len(members)} segment" + ("" if len(members) == 1 else "s")
    return f"{len(members)} {noun}" + ("" if len(members) == 1 else "s")

"""Merge: what two people want of one movie, as far as their edits do not touch (docs/decisions/0007)."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from movie_assets.core.artefact import Name, Scope
from movie_assets.core.blueprints import fitted
from movie_assets.core.errors import Conflict
from movie_assets.core.graph import Graph, Job
from movie_assets.core.inputs import Input
from movie_assets.core.manifest import Manifest
from movie_assets.core.planner import Decision
from movie_assets.core.reason import changes_between, listed
from movie_assets.core.replacement import replacing

__all__ = ["check_plain", "edited_since", "merge", "wanted_by"]

Inputs = Mapping[Name, Input]


def merge(
    base: Manifest | None, live: Manifest, graph: Graph, mine: Inputs
) -> tuple[Graph, dict[Name, Input]]:
    """What is wanted by both: theirs where only they changed something since the base, else mine.

    `Conflict` names what both changed, and both values. From inputs it cannot be told where a segment was added, so
    another number of segments goes together only with the other's edits of the whole movie.
    """
    if live.blueprint != graph.blueprint.name:
        raise _conflict(live, f"blueprint: {live.blueprint} → {graph.blueprint.name}")
    before, theirs = _inputs(base) if base else {}, _inputs(live)
    changed, moved = _edits(before, mine), _edits(before, theirs)
    both = set(changed) & set(moved)
    clashes = [name for name in changed if name in both and _digest(mine, name) != _digest(theirs, name)]
    if clashes:
        raise _conflict(live, *(_clash(name, theirs, mine) for name in clashes))
    segments = _segments(base, live, graph, changed, moved)
    taken = set(moved)
    inputs = {name: given for name, given in mine.items() if name not in taken}
    inputs |= {name: given for name, given in theirs.items() if name in taken}
    return _expanded(graph, segments, inputs), inputs


def edited_since(base: Manifest | None, live: Manifest) -> list[str]:
    """The inputs that others changed since a base."""
    return [str(name) for name in _edits(_inputs(base) if base else {}, _inputs(live))]


def wanted_by(live: Manifest, graph: Graph) -> tuple[Graph, dict[Name, Input]]:
    """What a revision was made for."""
    inputs = _inputs(live)
    return _expanded(graph, live.segments, inputs), inputs


def check_plain(
    base: Manifest | None, live: Manifest, graph: Graph, decision: Decision, pins: AbstractSet[Name]
) -> None:
    """`Conflict` if an artefact that they changed is not what their inputs alone give: a merge would undo that.

    They took another take of it, or pinned it. `graph` and `decision` are for their inputs, with my takes, no pins.
    """
    before = base.artefacts if base else {}
    odd = [
        str(job.makes[0])
        for job in graph.jobs
        if (record := live.artefacts.get(str(job.makes[0]))) is not None
        and record != before.get(str(job.makes[0]))
        and record.code_version == job.producer.version
        and _reads_same(job, live, decision)
        and record.inputs_digest != decision.signatures[job.makes[0]].digest
        and pins.isdisjoint(job.makes)
    ]
    if odd:
        raise _conflict(live, f"{listed(odd)}: another take, or a pin")


def _reads_same(job: Job, live: Manifest, decision: Decision) -> bool:
    """Whether a decision gives a job what a manifest says it was given."""
    return all(
        name in decision.outputs
        and (made := live.output(name)) is not None
        and made.digest == decision.outputs[name].digest
        for name in job.needs()
    )


def _segments(
    base: Manifest | None, live: Manifest, graph: Graph, changed: list[Name], moved: list[Name]
) -> int:
    if live.segments == graph.segments:
        return graph.segments
    before = base.segments if base else None
    if before not in (live.segments, graph.segments):
        raise _conflict(live, f"segments: {live.segments} → {graph.segments}")
    others = [
        str(name) for name in (moved if graph.segments != before else changed) if name.segment is not None
    ]
    if others:
        raise _conflict(live, f"segments: {live.segments} → {graph.segments}, and {listed(others)}")
    return graph.segments if live.segments == before else live.segments


def _expanded(graph: Graph, segments: int, inputs: Inputs) -> Graph:
    """The same kind of movie for other inputs, some of which may be files in the place of artefacts."""
    blueprint = fitted(graph.blueprint, {name.kind for name in inputs})
    scopes = {name.kind: Scope.MOVIE if name.segment is None else Scope.SEGMENT for name in inputs}
    names = [
        Name(kind, segment)
        for kind, scope in blueprint.scopes.items()
        for segment in (range(segments) if scope is Scope.SEGMENT else (None,))
    ]
    return Graph.of(blueprint, segments, scopes, [name for name in names if replacing(name) in inputs])


def _inputs(manifest: Manifest) -> dict[Name, Input]:
    found = ((Name.parse(name), record) for name, record in manifest.inputs.items())
    return {name: Input(name, record.payload, record.digest) for name, record in found}


def _edits(before: Inputs, after: Inputs) -> list[Name]:
    return [name for name in {**before, **after} if _digest(before, name) != _digest(after, name)]


def _digest(inputs: Inputs, name: Name) -> str | None:
    return inputs[name].digest if name in inputs else None


def _clash(name: Name, theirs: Inputs, mine: Inputs) -> str:
    one, other = (inputs[name].payload if name in inputs else None for inputs in (theirs, mine))
    return f"{name}: {changes_between(one, other)}"


def _conflict(live: Manifest, *clashes: str) -> Conflict:
    return Conflict(
        f"{live.revision} changed what this run changed, too (theirs → yours): {_told(clashes)}",
        movie=live.movie,
        live=live.revision,
        next_step=f"bring movie.yaml to what is wanted by both, then: movies make {live.movie}",
    )


def _told(clashes: tuple[str, ...]) -> str:
    more = f"; and {len(clashes) - 3} more" if len(clashes) > 3 else ""
    return "; ".join(clashes[:3]) + more

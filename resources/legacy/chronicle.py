"""From the predecessor's records to our events and manifests, revision by revision; nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import structs

from movie_assets.core.artefact import BlobRef, Name
from movie_assets.core.digest import digest_of
from movie_assets.core.errors import Refused
from movie_assets.core.event import ArtefactEvent, InputEvent
from movie_assets.core.manifest import Manifest, Tombstone, fold, sealed
from movie_assets.core.reuse import signature_of
from movie_assets.core.revision import revision_name
from movie_assets.core.script import Script, ScriptSegment
from resources.legacy.assets import Assets
from resources.legacy.names import inputs_of, name_of
from resources.legacy.records import Edit, JobNote, Legacy, Line, Snapshot
from resources.legacy.timelines import our_timeline, rewritten
from resources.legacy.tree import Tree

__all__ = ["BLUEPRINT", "Chapter", "Chronicle", "LeftOut", "chronicle_of", "run_of"]

BLUEPRINT = "narrated"
"""What imported revisions say they are: their artefacts have the names of its, and there is no film."""

_VERSION = "legacy"
_BY_US = "import_legacy"
_UNKNOWN_TIME = "1970-01-01T00:00:00.000+00:00"

Kept = Mapping[int, Manifest | Tombstone]
"""What a store has of revisions that were imported before."""


class LeftOut(msgspec.Struct, frozen=True):
    """What was not taken, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """A revision: its events, and what is to be published of it, None if an earlier import did."""

    rev: int
    revision: str
    inputs: tuple[InputEvent, ...]
    artefacts: tuple[ArtefactEvent, ...]
    published: Manifest | Tombstone | None


@dataclass(slots=True)
class Chronicle:
    """The whole history. `names` are ours by the predecessor's."""

    chapters: list[Chapter]
    wanted: dict[Name, BlobRef]
    settings: dict[str, Any]
    assets: Assets
    names: dict[str, str]
    left_out: list[LeftOut]
    mirrored: int = 0


def run_of(rev: int) -> str:
    """The run that a revision of the predecessor counts as."""
    return f"legacy-rev{rev}"


def chronicle_of(tree: Tree, legacy: Legacy, movie: str, kept: Kept) -> Chronicle:
    """Tells everything there is to tell; what cannot be taken is left out, with its reason."""
    return _Telling(tree, legacy, movie, kept).tell()


@dataclass(frozen=True, slots=True)
class _Result:
    """A result that can be had: its line, its name here and its bytes."""

    line: Line
    name: Name
    ref: BlobRef
    event: ArtefactEvent


@dataclass(slots=True)
class _State:
    """What the revision before came to."""

    base: Manifest | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    sections: dict[str, Any] = field(default_factory=dict)
    wanted: dict[Name, BlobRef] = field(default_factory=dict)


class _Telling:
    def __init__(self, tree: Tree, legacy: Legacy, movie: str, kept: Kept) -> None:
        self.legacy, self.movie, self.kept = legacy, movie, kept
        self.left_out: list[LeftOut] = []
        self.names: dict[str, str] = {}
        self.mirrored = 0
        self.standing = self._standing()
        self.assets = Assets(tree, self.standing)
        self.results: dict[tuple[str, int], _Result] = {}
        self.histories: dict[int, list[ArtefactEvent]] = {}

    def tell(self) -> Chronicle:
        for line in sorted(self.legacy.lines, key=lambda line: line.rev):
            self._take(line)
        revs = {result.line.rev for result in self.results.values()} | set(self.legacy.snapshots)
        if not revs:
            raise Refused(
                "there is nothing to import: no result whose bytes are there, and no snapshot",
                next_step="name a folder such as builds/movie_001, with dag/ and assets/ in it",
            )
        state, chapters = _State(), list[Chapter]()
        for rev in range(max([*revs, *self.histories]) + 1):
            chapters.append(self._chapter(rev, rev in revs, rev == max(revs), rev < max(revs), state))
        self._rest()
        return Chronicle(
            chapters, state.wanted, state.settings, self.assets, self.names, self.left_out, self.mirrored
        )

    # --- results ----------------------------------------------------------------------------------------------

    def _standing(self) -> list[Line]:
        """The last line of each artefact and revision."""
        last = {(line.id, line.rev): line for line in self.legacy.lines}
        return list(last.values())

    def _take(self, line: Line) -> None:
        """A result, or a failure, becomes an event; what is neither is left out."""
        if line.id == "timeline":
            return
        try:
            name = name_of(line.id)
            self.names[line.id] = str(name)
            if line.status == "failed":
                self._history(line.rev, _failed(line, name, self._job(line)))
            elif line.status != "succeeded":
                raise Refused(f"its status is {line.status}: nothing came of it")
            elif not any(line is each for each in self.standing):
                raise Refused("a later line of the same revision stands")
            else:
                self._succeeded(line, name)
        except Refused as error:
            self._leave_out(f"{line.id} of rev{line.rev}", error.fact)

    def _succeeded(self, line: Line, name: Name) -> None:
        ref = self.assets.ref(line)
        event = _succeeded(line, name, ref, self._job(line))
        is_mirror = any(
            each.line.id == line.id and each.event.inputs_digest == event.inputs_digest
            for each in self.results.values()
        )
        self.results[line.id, line.rev] = _Result(line, name, ref, event)
        if is_mirror:
            self.mirrored += 1
        else:
            self._history(line.rev, event)

    def _history(self, rev: int, event: ArtefactEvent) -> None:
        self.histories.setdefault(rev, []).append(event)

    def _job(self, line: Line) -> JobNote | None:
        return next((job for job in self.legacy.jobs if job.rev == line.rev and line.id in job.outputs), None)

    # --- a revision -------------------------------------------------------------------------------------------

    def _chapter(self, rev: int, exists: bool, is_last: bool, is_gap: bool, state: _State) -> Chapter:
        edits = list(self._edits(rev, is_last, state))
        history = self.histories.get(rev, [])
        published: Manifest | Tombstone | None = None
        if exists:
            history, published = self._revision(rev, edits, history, state)
        elif is_gap:
            published = self._gap(rev)
        state.base = published if isinstance(published, Manifest) else state.base
        is_known = rev + 1 in self.kept
        return Chapter(
            rev, revision_name(rev + 1), tuple(edits), tuple(history), None if is_known else published
        )

    def _revision(
        self, rev: int, edits: list[InputEvent], history: list[ArtefactEvent], state: _State
    ) -> tuple[list[ArtefactEvent], Manifest | Tombstone]:
        snapshot = self.legacy.snapshots.get(rev)
        results = self._effective(rev, snapshot)
        made = {result.name: result.event for result in results}
        made |= self._derived(rev, results, snapshot, state)
        state.wanted = {name: event.output for name, event in made.items() if event.output is not None}
        if (known := self.kept.get(rev + 1)) is not None:
            return history, known
        header = self._header(rev, snapshot, results, made)
        own = {event.event_id for event in history}
        events = [
            *history,
            *(event for event in made.values() if event.run_id == run_of(rev) and event.event_id not in own),
        ]
        draft = fold(state.base, edits, events, members=made, header=header)
        events += [_skipped(rev, name, event) for name, event in made.items() if not _says(draft, name, event)]
        folded = fold(state.base, edits, events, members=made, header=header)
        return events, sealed(structs.replace(folded, revision=revision_name(rev + 1)))

    def _effective(self, rev: int, snapshot: Snapshot | None) -> list[_Result]:
        """What stands in a revision: of each artefact what its snapshot names, else the newest up to then."""
        found: dict[str, _Result] = {}
        for (legacy, at), result in sorted(self.results.items(), key=lambda item: item[0][1]):
            if at <= rev and self._is_in(legacy, snapshot):
                found[legacy] = result
                wanted = snapshot.artefact_hashes.get(legacy) if snapshot else None
                if wanted and result.line.content_hash != wanted:
                    same = [each for each in self._of(legacy, rev) if each.line.content_hash == wanted]
                    found[legacy] = same[-1] if same else result
        return list(found.values())

    def _is_in(self, legacy: str, snapshot: Snapshot | None) -> bool:
        return snapshot is None or not snapshot.artefact_hashes or legacy in snapshot.artefact_hashes

    def _of(self, legacy: str, rev: int) -> list[_Result]:
        found = [result for (each, at), result in self.results.items() if each == legacy and at <= rev]
        return sorted(found, key=lambda result: result.line.rev)

    def _header(
        self,
        rev: int,
        snapshot: Snapshot | None,
        results: Iterable[_Result],
        made: Mapping[Name, ArtefactEvent],
    ) -> dict[str, Any]:
        created = [result.line.created_at for result in results if result.line.created_at]
        timeline = made.get(Name("timeline"))
        return {
            "movie": self.movie,
            "plan_id": run_of(rev),
            "nonce": digest_of([self.legacy.movie_id, rev])[:32],
            "created_at": (snapshot and snapshot.created_at)
            or max(created, default="")
            or self.legacy.created_at
            or _UNKNOWN_TIME,
            "blueprint": BLUEPRINT,
            "segments": _segments(made),
            "timeline": msgspec.json.decode(self.assets.text(timeline.output))
            if timeline and timeline.output
            else None,
        }

    def _gap(self, rev: int) -> Tombstone:
        return Tombstone(
            movie=self.movie,
            revision=revision_name(rev + 1),
            digest=None,
            pruned_at=self.legacy.created_at or _UNKNOWN_TIME,
            because=f"the predecessor had kept nothing of its rev{rev}",
        )

    # --- what is made of several ------------------------------------------------------------------------------

    def _derived(
        self, rev: int, results: list[_Result], snapshot: Snapshot | None, state: _State
    ) -> dict[Name, ArtefactEvent]:
        values: dict[Name, Any] = dict(self._texts(results))
        script = self._script(results, values)
        if script is not None:
            values[Name("script")] = msgspec.to_builtins(script)
        values |= self._timelines(rev, results, snapshot)
        made = {}
        for name, value in values.items():
            ref = self.assets.content(value)
            if isinstance(value, str) or ref.inline is not None or ref.digest in self.assets.texts:
                made[name] = self._ours(rev, name, ref, state)
        return made

    def _ours(self, rev: int, name: Name, ref: BlobRef, state: _State) -> ArtefactEvent:
        """An earlier event of the same bytes, else one of this revision."""
        found = signature_of(_BY_US, _VERSION, {"bytes": ref.digest})
        earlier = self.derived.get((name, ref.digest)) if hasattr(self, "derived") else None
        return earlier or self._remember(rev, name, ref, found.digest, found.reads)

"""From the predecessor's records to our events and manifests, revision by revision; nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import structs

from movie_assets.core.artefact import BlobRef, Name
from movie_assets.core.digest import canonical, digest_of
from movie_assets.core.errors import Refused
from movie_assets.core.event import ArtefactEvent, InputEvent
from movie_assets.core.manifest import Manifest, Tombstone, fold, sealed
from movie_assets.core.revision import revision_name
from movie_assets.core.script import Script, ScriptSegment
from resources.legacy import facts
from resources.legacy.assets import Assets
from resources.legacy.names import inputs_of, name_of
from resources.legacy.records import Edit, JobNote, Legacy, Line, Snapshot
from resources.legacy.timelines import our_timeline, rewritten
from resources.legacy.tree import Tree

__all__ = ["BLUEPRINT", "Chapter", "Chronicle", "LeftOut", "chronicle_of"]

BLUEPRINT = "narrated"
"""What imported revisions say they are: their artefacts have the names of its, and there is no film."""

_LARGEST_INPUT = 32 * 1024

Kept = Mapping[int, Manifest | Tombstone]
"""What a store has of revisions that were imported before, by our numbers."""


class LeftOut(msgspec.Struct, frozen=True):
    """What was not taken, and why."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """A revision: its events, and what is to be published of it; None if nothing is, or an earlier import did.

    What only failed `is_event_only`: it has no place among the revisions.
    """

    rev: int
    is_event_only: bool
    inputs: tuple[InputEvent, ...]
    artefacts: tuple[ArtefactEvent, ...]
    published: Manifest | Tombstone | None


@dataclass(frozen=True, slots=True)
class Chronicle:
    """The whole history. `wanted` and `settings` are those of its end, `names` ours by the predecessor's."""

    chapters: list[Chapter]
    wanted: dict[Name, BlobRef]
    settings: dict[str, Any]
    assets: Assets
    names: dict[str, str]
    left_out: list[LeftOut]
    mirrored: int


def chronicle_of(tree: Tree, legacy: Legacy, movie: str, kept: Kept) -> Chronicle:
    """Tells everything there is to tell; what cannot be taken is left out, with its reason. `Refused` if that is all."""
    return _Telling(tree, legacy, movie, kept).tell()


@dataclass(frozen=True, slots=True)
class _Result:
    """A result that can be had: its line, and the event it is."""

    line: Line
    event: ArtefactEvent


@dataclass(slots=True)
class _Telling:
    tree: Tree
    legacy: Legacy
    movie: str
    kept: Kept
    left_out: list[LeftOut] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    results: dict[str, list[_Result]] = field(default_factory=dict)
    histories: dict[int, list[ArtefactEvent]] = field(default_factory=dict)
    derived: dict[tuple[Name, str], ArtefactEvent] = field(default_factory=dict)
    sections: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    wanted: dict[Name, BlobRef] = field(default_factory=dict)
    base: Manifest | None = None
    mirrored: int = 0
    standing: dict[tuple[str, int], Line] = field(init=False)
    assets: Assets = field(init=False)

    def __post_init__(self) -> None:
        self.standing = {(line.id, line.rev): line for line in self.legacy.lines}  # the last one wins
        self.assets = Assets(self.tree, self.standing.values())

    def tell(self) -> Chronicle:
        for line in sorted(self.legacy.lines, key=lambda line: line.rev):
            self._take(line)
        revs = {each.line.rev for found in self.results.values() for each in found} | set(
            self.legacy.snapshots
        )
        if not revs:
            raise Refused(
                "there is nothing to import: no result whose bytes are there, and no snapshot",
                folder=self.tree.root,
                next_step="name a folder such as builds/movie_001, with dag/ and assets/ in it",
            )
        last = max([*revs, *self.histories])
        chapters = [self._chapter(rev, rev in revs, max(revs)) for rev in range(last + 1)]
        problems = {**self.tree.problems, **self.legacy.passed_over}
        self.left_out += [LeftOut(what, why) for what, why in problems.items()]
        return Chronicle(
            chapters, self.wanted, self.settings, self.assets, self.names, self.left_out, self.mirrored
        )

    def _leave_out(self, what: str, why: str) -> None:
        self.left_out.append(LeftOut(what, why))

    # --- results ----------------------------------------------------------------------------------------------

    def _take(self, line: Line) -> None:
        """A result, or a failure, becomes an event; what is neither is left out."""
        if line.id == "timeline":
            return
        try:
            name = name_of(line.id)
            self.names[line.id] = str(name)
            if line.status == "failed":
                self._history(line.rev, facts.failed(line, name, *self._work(line)))
            elif line.status != "succeeded":
                raise Refused(f"its status is {line.status}: nothing came of it")
            elif self.standing[line.id, line.rev] is not line:
                raise Refused("a later line of the same revision stands")
            else:
                self._succeeded(line, name)
        except Refused as error:
            self._leave_out(f"{line.id} of rev{line.rev}", error.fact)

    def _succeeded(self, line: Line, name: Name) -> None:
        event = facts.succeeded(line, name, self.assets.ref(line), *self._work(line))
        before = self.results.setdefault(line.id, [])
        same = next((each.event for each in before if each.event.inputs_digest == event.inputs_digest), None)
        if same is None:
            self._history(line.rev, event)
        else:  # a consolidation wrote it down once more
            self.mirrored += 1
        before.append(_Result(line, same or event))

    def _history(self, rev: int, event: ArtefactEvent) -> None:
        self.histories.setdefault(rev, []).append(event)

    def _work(self, line: Line) -> tuple[JobNote | None, str]:
        """What was noted of the job, and who did it."""
        jobs = (job for job in self.legacy.jobs if job.rev == line.rev and line.id in job.outputs)
        job = next(jobs, None)
        return job, (job.provider if job else "") or self.legacy.providers.get(line.produced_by, "")

    # --- a revision -------------------------------------------------------------------------------------------

    def _chapter(self, rev: int, exists: bool, last: int) -> Chapter:
        is_new = rev + 1 not in self.kept
        edits = list(self._edits(rev))
        if rev == last:
            configured = list(self._configured(rev))
            edits += configured if is_new else []
        history = self.histories.get(rev, [])
        published: Manifest | Tombstone | None = None
        if exists:
            history, published = self._revision(rev, edits, history)
            self.base = published if isinstance(published, Manifest) else self.base
        elif rev < last:
            published = self._gap(rev)
        return Chapter(rev, rev > last, tuple(edits), tuple(history), published if is_new else None)

    def _revision(
        self, rev: int, edits: list[InputEvent], history: list[ArtefactEvent]
    ) -> tuple[list[ArtefactEvent], Manifest | Tombstone]:
        snapshot = self.legacy.snapshots.get(rev)
        when = self._when(rev, snapshot)
        made = self._effective(rev, snapshot)
        made |= self._derived(rev, made, snapshot, when)
        self.wanted = {name: event.output for name, event in made.items() if event.output is not None}
        known = {event.event_id for event in history}
        new = [event for event in made.values() if event.run_id == facts.run_of(rev)]
        events = history + [event for event in new if event.event_id not in known]
        if rev + 1 in self.kept:
            return events, self.kept[rev + 1]
        header = self._header(rev, made, when)
        draft = fold(self.base, edits, events, members=made.keys(), header=header)
        events += [facts.skipped(rev, event, when) for event in made.values() if not _says(draft, event)]
        folded = fold(self.base, edits, events, members=made.keys(), header=header)
        return events, sealed(structs.replace(folded, revision=revision_name(rev + 1)))

    def _effective(self, rev: int, snapshot: Snapshot | None) -> dict[Name, ArtefactEvent]:
        """What stands in a revision: of each artefact what its snapshot names, else the newest up to then."""
        hashes = snapshot.artefact_hashes if snapshot else {}
        made = {}
        for legacy, results in self.results.items():
            upto = [each for each in results if each.line.rev <= rev]
            if upto and (not hashes or legacy in hashes):
                named = [each for each in upto if each.line.content_hash == hashes.get(legacy)]
                event = (named or upto)[-1].event
                made[event.name] = event
        for legacy in sorted(hashes.keys() - self.results.keys() - {"timeline"}):
            self._leave_out(f"{legacy} of the snapshot of rev{rev}", "no result of it was kept")
        return made

    def _when(self, rev: int, snapshot: Snapshot | None) -> str:
        lines = [line.created_at for (_, at), line in self.standing.items() if at <= rev]
        told = snapshot.created_at if snapshot else ""
        return told or max(lines, default="") or self.legacy.created_at or facts.UNKNOWN_TIME

    def _header(self, rev: int, made: Mapping[Name, ArtefactEvent], when: str) -> dict[str, Any]:
        timeline = made.get(Name("timeline"))
        told = self.assets.text(timeline.output) if timeline and timeline.output else "null"
        return {
            "movie": self.movie,
            "plan_id": facts.run_of(rev),
            "nonce": digest_of([self.legacy.movie_id, rev])[:32],
            "created_at": when,
            "blueprint": BLUEPRINT,
            "segments": _segments(made),
            "timeline": msgspec.json.decode(told),
        }

    def _gap(self, rev: int) -> Tombstone:
        return Tombstone(
            movie=self.movie,
            revision=revision_name(rev + 1),
            digest=None,
            pruned_at=self.legacy.created_at or facts.UNKNOWN_TIME,
            because=f"the predecessor had kept nothing of its rev{rev}",
        )

    # --- what is made of several ------------------------------------------------------------------------------

    def _derived(
        self, rev: int, made: Mapping[Name, ArtefactEvent], snapshot: Snapshot | None, when: str
    ) -> dict[Name, ArtefactEvent]:
        """What readers of a revision look for, and the predecessor kept otherwise."""
        refs = {name: event.output for name, event in made.items() if event.output is not None}
        values: dict[Name, Any] = {name: said for name, said in self._texts(refs) if said}
        values[Name("script")] = msgspec.to_builtins(self._script(refs, values))
        values |= self._timelines(rev, refs, snapshot)
        contents = {name: self.assets.content(value) for name, value in values.items()}
        return {
            name: self.derived.setdefault((name, ref.digest), facts.made_of_others(rev, name, ref, when))
            for name, ref in contents.items()
        }

    def _texts(self, refs: Mapping[Name, BlobRef]) -> Iterator[tuple[Name, str]]:
        """What is said in each segment."""
        for name, ref in refs.items():
            if name.kind == "segment_script":
                told = self._value(ref)
                said = told.get("narration", "") if isinstance(told, dict) else told
                yield Name("segment_text", name.segment), said if isinstance(said, str) else ""

    def _value(self, ref: BlobRef) -> Any:
        text = self.assets.text(ref) if ref.media_type.startswith(("text/", "application/json")) else ""
        return msgspec.json.decode(text) if ref.media_type == "application/json" else text

    def _script(self, refs: Mapping[Name, BlobRef], texts: Mapping[Name, str]) -> Script:
        def said(kind: str, segment: int | None = None) -> str:
            ref = refs.get(Name(kind, segment))
            value = self._value(ref) if ref else ""
            return value if isinstance(value, str) else ""

        segments = range(_segments(refs))
        return Script(
            title=said("movie_title") or str(self.settings.get("title") or self.movie),
            summary=said("movie_summary"),
            mood=said("music_prompt"),
            segments=tuple(
                ScriptSegment(texts.get(Name("segment_text", each), ""), said("picture_prompt", each))
                for each in segments
            ),
        )

    def _timelines(
        self, rev: int, refs: Mapping[Name, BlobRef], snapshot: Snapshot | None
    ) -> dict[Name, Any]:
        told = snapshot.timeline if snapshot else None
        if not isinstance(told, dict):
            return {}
        digests = {name: ref.digest for name, ref in refs.items()}
        plain, lost = rewritten(told, digests.get)
        for each in lost:
            self._leave_out(f"the timeline of rev{rev}: {each}", "nothing of that name is in this revision")
        ours = our_timeline(told, _segments(refs))
        return {Name("legacy_timeline"): plain} | (
            {Name("timeline"): msgspec.to_builtins(ours)} if ours else {}
        )

    # --- inputs -----------------------------------------------------------------------------------------------

    def _edits(self, rev: int) -> Iterator[InputEvent]:
        """The edits of a revision, the last of each input, as those of single settings."""
        last = {edit.id: edit for edit in self.legacy.edits if edit.rev == rev}
        for edit in last.values():
            yield from self._set({**self.sections, edit.id: edit.content}, edit)

    def _configured(self, rev: int) -> Iterator[InputEvent]:
        """What configuration.json says now and no edit has said before."""
        found = {name: f"{name}_config" for name in self.legacy.configuration}
        current = {found[name]: said for name, said in self.legacy.configuration.items()}
        edit = Edit(
            "configuration.json", rev, None, created_at=self._when(rev, self.legacy.snapshots.get(rev))
        )
        yield from self._set({**self.sections, **current}, edit)

    def _set(self, sections: dict[str, Any], edit: Edit) -> Iterator[InputEvent]:
        before, now = self.settings, inputs_of(sections)
        self.sections, self.settings = sections, now
        for name in {**before, **now}:
            if name not in now or name not in before or digest_of(before[name]) != digest_of(now[name]):
                if len(canonical(now.get(name))) > _LARGEST_INPUT:
                    self._leave_out(f"{name} of rev{edit.rev}", f"it is larger than {_LARGEST_INPUT} bytes")
                else:
                    yield facts.edited(name, now.get(name), name not in now, edit)


def _segments(names: Mapping[Name, Any]) -> int:
    return max((name.segment for name in names if name.segment is not None), default=0) + 1


def _says(manifest: Manifest, event: ArtefactEvent) -> bool:
    record = manifest.artefacts.get(event.artefact_id)
    return record is not None and (record.blob, record.inputs_digest) == (event.output, event.inputs_digest)

"""Verify: reads every byte that is kept of a movie, and names whatever is not what it claims."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

import msgspec
from msgspec import Struct

from movie_assets.core.digest import digest_of_bytes
from movie_assets.core.errors import MovieError
from movie_assets.core.event import ArtefactEvent, InputEvent, read_artefact_event, read_input_event
from movie_assets.core.manifest import Manifest, Pruned, Tombstone, read_manifest, read_tombstone
from movie_assets.core.metrics import read_metrics
from movie_assets.core.plan import read_plan
from movie_assets.core.reason import listed
from movie_assets.core.references import references
from movie_assets.core.revision import parse_revision, revision_name
from movie_assets.core.store.checkpoints import State, is_outdated, read_checkpoint
from movie_assets.core.store.claims import read_claim
from movie_assets.core.store.driver import Absent, Stat
from movie_assets.core.store.framed import read_frames
from movie_assets.core.store.leases import read_lease
from movie_assets.core.store.log import Position
from movie_assets.core.store.manifests import Hint
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.store.pending import read_notes
from movie_assets.core.store.sweep import read_condemned
from movie_assets.core.store.untold import untold

__all__ = ["Finding", "Report", "verify"]

_CHUNK = 1 << 20
_READERS = 4

What = Literal[
    "blob", "missing blob", "manifest", "missing manifest", "event", "missing event", "hint", "copy", "disposable", "note",
    "stray",
]  # fmt: skip
Harm = Literal["lost", "copy", "remark"]


class Finding(Struct, frozen=True, rename="camel", kw_only=True):
    """Something that is not as it should be.

    `harm`: bytes are `lost`; a `copy` can be made again without loss; a `remark` is no damage. `at`: the byte offset in
    a log. `artefacts` and `revisions` are those that refer to it.
    """

    key: str
    what: What
    harm: Harm
    says: str
    next: str = ""
    at: int | None = None
    artefacts: tuple[str, ...] = ()
    revisions: tuple[str, ...] = ()


class Report(Struct, frozen=True, rename="camel", kw_only=True):
    """What was read of a movie and what was found."""

    movie: str
    files: int
    bytes: int
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing is damaged."""
        return all(finding.harm == "remark" for finding in self.findings)


def verify(store: MovieStore, on_read: Callable[[int, int], None] = lambda done, of: None) -> Report:
    """Changes nothing; `on_read` is told how many bytes of how many were read."""
    return _Look(store, on_read).report()


@dataclass(slots=True)
class _Use:
    """Who refers to a blob, and in what size."""

    size: int
    artefacts: dict[str, None] = field(default_factory=dict)
    revisions: dict[str, None] = field(default_factory=dict)


class _Look:
    def __init__(self, store: MovieStore, on_read: Callable[[int, int], None]) -> None:
        self.store, self.on_read = store, on_read
        self.movie, self.keys, self.driver = store.movie, store.keys, store.driver
        self.found: dict[str, Stat] = dict(self.driver.scan(f"{self.movie}/"))
        self.findings: list[Finding] = []
        self.uses: dict[str, _Use] = {}
        self.made: dict[str, str] = {}
        self.kept: list[Manifest] = []
        self.inputs: list[InputEvent] = []
        self.artefacts: list[ArtefactEvent] = []
        self.reached: dict[str, Position] = {}
        self.read = 0
        self.all = sum(stat.size for stat in self.found.values())

    def report(self) -> Report:
        self._manifests()
        self._checkpoints()
        self._logs()
        self._blobs()
        self._missing_blobs()
        self._others()
        order = {"lost": 0, "copy": 1, "remark": 2}
        findings = sorted(self.findings, key=lambda finding: (order[finding.harm], finding.key))
        return Report(movie=self.movie, files=len(self.found), bytes=self.read, findings=tuple(findings))

    # --- manifests --------------------------------------------------------------------------------------------

    def _manifests(self) -> None:
        kept: dict[int, Manifest | Tombstone] = {}
        for key in self._below(self.keys.manifests):
            number = self.keys.revision_of(key)
            data = None if number is None else self._bytes(key, "manifest", "lost", self._mend())
            if number is None:
                self._stray(key)
            elif data is not None and (manifest := self._manifest(key, number, data)) is not None:
                kept[number] = manifest
        self._gaps(kept)
        for number, manifest in kept.items():
            if isinstance(manifest, Manifest):
                self.kept.append(manifest)
                self._base(self.keys.manifest(number), manifest, kept)
                self._refers(manifest)
        self._hint(kept)

    def _manifest(self, key: str, number: int, data: bytes) -> Manifest | Tombstone | None:
        try:
            manifest: Manifest | Tombstone = read_manifest(data)
        except Pruned:
            manifest = read_tombstone(data)
        except MovieError as error:
            self._bad_manifest(key, number, error.fact)
            return None
        if (manifest.movie, manifest.revision) != (self.movie, revision_name(number)):
            self._bad_manifest(key, number, f"it is {manifest.revision} of {manifest.movie}")
            return None
        return manifest

    def _bad_manifest(self, key: str, number: int, says: str) -> None:
        self._find(key, "manifest", "lost", says, self._mend(), revisions=(revision_name(number),))

    def _gaps(self, kept: dict[int, Manifest | Tombstone]) -> None:
        numbers = {self.keys.revision_of(key) for key in self._below(self.keys.manifests)} - {None}
        for number in range(1, max(kept, default=0)):
            if number not in numbers:
                says = "a later revision is there, and this one is gone"
                name = (revision_name(number),)
                self._find(
                    self.keys.manifest(number), "missing manifest", "lost", says, self._mend(), revisions=name
                )

    def _base(self, key: str, manifest: Manifest, kept: dict[int, Manifest | Tombstone]) -> None:
        base = self._named(manifest.base_revision, kept)
        if base is not None and base.digest not in (None, manifest.base_digest):
            says = f"it was made from another {manifest.base_revision} than the one that is here"
            revisions = (manifest.revision,)
            self._find(
                key, "note", "remark", says, "see who copied manifests between stores", revisions=revisions
            )

    def _named(
        self, revision: str | None, kept: dict[int, Manifest | Tombstone]
    ) -> Manifest | Tombstone | None:
        return next((each for each in kept.values() if each.revision == revision), None)

    def _refers(self, manifest: Manifest) -> None:
        try:
            for name, ref in references(manifest):
                self.keys.blob(ref.digest)  # refuses what is none
                use = self.uses.setdefault(ref.digest, _Use(ref.size))
                use.artefacts[name] = use.revisions[manifest.revision] = None
        except (msgspec.MsgspecError, MovieError) as error:
            self._bad_manifest(self.keys.manifest(manifest.number), manifest.number, str(error))

    def _hint(self, kept: dict[int, Manifest | Tombstone]) -> None:
        if self.keys.current not in self.found:
            return
        data = self._bytes(self.keys.current, "hint", "copy", self._mend())
        if data is None:
            return
        try:
            hint = msgspec.json.decode(data, type=Hint)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            self._find(self.keys.current, "hint", "copy", f"it cannot be read: {error}", self._mend())
            return
        said = [
            number
            for number, each in kept.items()
            if msgspec.json.encode(Hint(each.revision, self.keys.manifest(number), each.digest or "")) == data
        ]
        if not said:
            says = f"it names {hint.revision}, and does not say what that revision is"
            self._find(self.keys.current, "hint", "copy", says, self._mend())
        elif said[0] < max(kept):
            # whoever published the next one was killed before it told, or told after another had published
            says = f"it names {hint.revision} and is behind {revision_name(max(kept))}; readers look further"
            self._find(
                self.keys.current, "hint", "remark", says, "nothing to do: the next run writes it anew"
            )

    # --- logs -------------------------------------------------------------------------------------------------

    def _logs(self) -> None:
        for key in self._below(self.keys.events):
            is_inputs = key == self.keys.inputs_log or key.startswith(self.keys.inputs_entries)
            is_artefacts = key == self.keys.artefacts_log or key.startswith(self.keys.artefacts_entries)
            data = (
                self._bytes(key, "event", "lost", "look at the disk") if is_inputs or is_artefacts else None
            )
            if not is_inputs and not is_artefacts:
                self._stray(key)
            elif data is not None:
                self._log(key, data, read_input_event if is_inputs else read_artefact_event)
        for log, entries in self._names_of_logs():
            self._shorter(log)
            self._entries(log, entries)
        self._untold()

    def _names_of_logs(self) -> list[tuple[str, str]]:
        """Of inputs and of artefacts: the log's own key, and where its objects lie if it is objects."""
        keys = self.keys
        return [(keys.inputs_log, keys.inputs_entries), (keys.artefacts_log, keys.artefacts_entries)]

    def _log(self, key: str, data: bytes, read: Callable[[bytes], InputEvent | ArtefactEvent]) -> None:
        payloads, torn = read_frames(data)
        for at in torn.damaged:
            self._damaged_line(key, at, data[at:].split(b"\n", 1)[0])
        if torn.unfinished:
            says = f"its last line ({torn.unfinished} bytes) is not finished: it is being written, or was cut short"
            self._find(key, "event", "remark", says, "nothing: nobody was told that it was stored")
        for payload in payloads:
            try:
                event = read(payload)
            except MovieError as error:
                self._find(key, "event", "lost", error.fact, error.next_step)
                continue
            if isinstance(event, InputEvent):
                self.inputs.append(event)
            else:
                self.artefacts.append(event)
                if event.output is not None:
                    self.made.setdefault(event.output.digest, event.artefact_id)

    def _shorter(self, log: str) -> None:
        """A file that has fewer bytes than a checkpoint has seen."""
        was, found = self.reached.get(log), self.driver.stat(log)
        size = found.size if found else 0
        if isinstance(was, int) and size < was:
            fact = f"it has {size} bytes and had {was}: it was cut short" if size else "it is gone"
            says = f"{fact}, and what it told of may be made and paid for again"
            self._find(log, "missing event", "lost", says, self._tell_again())

    def _untold(self) -> None:
        """What revisions say and no event tells, of those that the log once told of: metrics were counted from it.

        Logs may have grown since they were read here: then look again.
        """
        told = [each for each in self.kept if self.keys.metrics(each.number) in self.found]
        found = untold(told, self.inputs, self.artefacts)
        if any(found.names()):
            with suppress(MovieError):
                found = untold(told, self.store.events.inputs(), self.store.events.artefacts())
        for (log, entries), names in zip(self._names_of_logs(), found.names(), strict=True):
            if names:
                key = log if self.driver.capabilities.append else entries
                says = f"it does not tell of {len(names)} of the {'inputs' if log == self.keys.inputs_log else 'results'}"
                says += " that revisions name: it was removed or cut short, or a line of it is damaged"
                self._find(key, "missing event", "lost", says, self._tell_again(), artefacts=names)

    def _tell_again(self) -> str:
        return (
            f"{self._mend()} tells again what revisions and checkpoints know of it; do so before movies make"
        )

    def _damaged_line(self, key: str, at: int, line: bytes) -> None:
        if self._is_known(f"{self.keys.quarantined(key)}.{at}", line):
            says = f"the damaged line at byte {at} is known, a copy of it is in quarantine"
            self._find(key, "event", "remark", says, at=at)
            return
        says = f"the line at byte {at} is damaged: an append was cut short there, or its bytes were changed since"
        next_step = (
            f"{self._mend()} notes it as known, and tells again what revisions and checkpoints know of it"
        )
        self._find(key, "event", "lost", says, next_step, at=at)

    def _is_known(self, key: str, line: bytes) -> bool:
        return key in self.found and self.driver.get(key) == line

    def _entries(self, log: str, prefix: str) -> None:
        """Where a log is numbered objects, none may be missing before the last that is there or was seen."""
        places = {place for key in self._below(prefix) if (place := self.keys.place_of(prefix, key))}
        was = self.reached.get(log, 0)
        last = {} if isinstance(was, int) else dict(was)
        for writer, number in places:
            last[writer] = max(number, last.get(writer, 0))
        for writer in sorted(last):
            keys = [
                self.keys.entry(prefix, writer, number)
                for number in range(1, last[writer] + 1)
                if (writer, number) not in places
            ]
            gone = [key for key in keys if self.driver.stat(key) is None]
            if gone:
                says = f"{len(gone)} of the objects of the log are missing, the first of them this one"
                self._find(gone[0], "missing event", "lost", says, self._tell_again())

    # --- blobs ------------------------------------------------------------------------------------------------

    def _blobs(self) -> None:
        keys = list(self._below(self.keys.blobs))
        with ThreadPoolExecutor(_READERS) as readers:
            for key, said in zip(keys, readers.map(self._blob, keys), strict=True):
                self._count(self.found[key].size)
                if said:
                    self._bad_blob(key, said)

    def _blob(self, key: str) -> str:
        digest = self.keys.digest_of(key)
        return "" if digest is None else self._wrong(key, digest)

    def _wrong(self, key: str, digest: str) -> str:
        """What is wrong with a blob's bytes; nothing if they are sound, or were removed meanwhile."""
        try:
            size, actual = self._digest(key)
        except Absent:
            return ""
        except MovieError as error:
            return error.fact
        if actual == digest:
            return ""
        wanted = self.uses[digest].size if digest in self.uses else size
        return "its bytes do not match its digest" if size == wanted else f"it has {size} of {wanted} bytes"

    def _digest(self, key: str) -> tuple[int, str]:
        size, digest = 0, hashlib.sha256()
        with self.driver.open(key) as stream:
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                digest.update(chunk)
        return size, digest.hexdigest()

    def _bad_blob(self, key: str, says: str) -> None:
        use = self._use(self.keys.digest_of(key) or "")
        self._find(
            key, "blob", "lost", says, self._make_again(use), artefacts=use.artefacts, revisions=use.revisions
        )

    def _missing_blobs(self) -> None:
        for key in self._below(self.keys.blobs):
            if self.keys.digest_of(key) is None:
                self._stray(key)
        for digest, use in self.uses.items():
            key = self.keys.blob(digest)
            if key not in self.found and self.driver.stat(key) is None:
                trashed = self.keys.trashed(digest) in self.found
                says = "it is missing" + (
                    ", but lies in the trash of a sweep that was killed" if trashed else ""
                )
                next_step = f"movies sweep {self.movie} puts it back" if trashed else self._make_again(use)
                self._find(
                    key,
                    "missing blob",
                    "lost",
                    says,
                    next_step,
                    artefacts=use.artefacts,
                    revisions=use.revisions,
                )

    def _use(self, digest: str) -> _Use:
        use = self.uses.get(digest)
        if use is None:
            use = _Use(0, {self.made[digest]: None} if digest in self.made else {})
        return use

    def _make_again(self, use: _Use) -> str:
        numbers = self.store.manifests.numbers()
        live = revision_name(numbers[-1]) if numbers else ""
        if use.revisions and live not in use.revisions:
            newest = max(numbers.index(parse_revision(revision)) for revision in use.revisions)
            return (
                f"{self._mend()} makes it again if that is free; if it says that it is not, "
                f"movies sweep {self.movie} --keep-revisions {len(numbers) - newest - 1} lets go of "
                f"{listed([*use.revisions])}, which cannot be restored"
            )
        return f"{self._mend()}, then movies make {self.movie}"

    # --- the rest ---------------------------------------------------------------------------------------------

    def _checkpoints(self) -> None:
        for key in self._below(self.keys.packs):
            data = self._bytes(key, "copy", "copy", self._mend())
            if data is not None and digest_of_bytes(data) != self.keys.pack_of(key):
                self._find(key, "copy", "copy", "its bytes do not match its digest", self._mend())
        for key in self._below(self.keys.checkpoints):
            data = self._bytes(key, "copy", "copy", self._mend())
            if data is not None and (state := self._checkpoint(key, data)) is not None:
                self._packs_of(key, state)
                self.reached[self.keys.inputs_log] = state.inputs_log.at
                self.reached[self.keys.artefacts_log] = state.artefacts_log.at

    def _checkpoint(self, key: str, data: bytes) -> State | None:
        try:
            return read_checkpoint(data)
        except MovieError as error:
            if is_outdated(data):
                says = "an older version wrote it; it is passed over"
                self._find(key, "stray", "remark", says, "nothing to do: the next revision replaces it")
            else:
                self._find(key, "copy", "copy", error.fact, self._mend())
            return None

    def _packs_of(self, key: str, state: State) -> None:
        gone = [pack for pack in state.packs if self.keys.pack(pack.digest) not in self.found]
        if any(self.driver.stat(self.keys.pack(pack.digest)) is None for pack in gone):
            says = "results that it tells of are gone, a later one had replaced them; the log is read instead"
            self._find(key, "stray", "remark", says, "nothing to do: the next revision writes them anew")

    def _others(self) -> None:
        for prefix, what, read in self._readers():
            for key in self._below(prefix):
                data = self._bytes(key, what, "copy", self._mend())
                if data is not None:
                    self._readable(key, what, data, read)
        prefixes = {prefix for prefix, _, _ in self._readers()}
        prefixes |= {self.keys.manifests, self.keys.blobs, self.keys.events}
        prefixes |= {self.keys.checkpoints, self.keys.packs}
        files = {self.keys.current, self.keys.sweep, self.keys.condemned}
        for key in self.found:
            if key.startswith(self.keys.quarantine):
                self._find(
                    key, "stray", "remark", "damaged bytes that were put aside", "delete it when you like"
                )
            elif key.startswith(self.keys.trash):
                self._trashed(key)
            elif key not in files and not key.startswith(tuple(prefixes - files)):
                self._stray(key)

    def _trashed(self, key: str) -> None:
        says = "it lies in the trash of a sweep that was killed"
        if wrong := self._wrong(key, key.removeprefix(self.keys.trash)):
            self._find(key, "disposable", "copy", f"{says}, and {wrong}", self._mend())
        else:
            self._find(key, "stray", "remark", says, f"movies sweep {self.movie}")
        self._count(self.found[key].size)

    def _readers(self) -> list[tuple[str, What, Callable[[bytes], object]]]:
        keys = self.keys
        return [
            (keys.all_metrics, "copy", read_metrics),
            (keys.plans, "disposable", read_plan),
            (keys.claims, "disposable", read_claim),
            (keys.leases, "disposable", read_lease),
            (keys.sweep, "disposable", read_lease),
            (keys.condemned, "disposable", read_condemned),
            (keys.all_pending, "note", read_notes),
        ]

    def _readable(self, key: str, what: What, data: bytes, read: Callable[[bytes], object]) -> None:
        try:
            read(data)
        except MovieError as error:
            harm: Harm = "lost" if what == "note" else "copy"
            self._find(key, what, harm, error.fact, self._mend())

    # --- finding ----------------------------------------------------------------------------------------------

    def _below(self, prefix: str) -> Iterator[str]:
        return (key for key in self.found if key.startswith(prefix))

    def _bytes(self, key: str, what: What, harm: Harm, next_step: str) -> bytes | None:
        """The bytes of a small file; None if it is gone or cannot be read, which is told."""
        try:
            data = self.driver.get(key)
        except Absent:
            return None
        except MovieError as error:
            self._find(key, what, harm, error.fact, next_step)
            return None
        self._count(len(data))
        return data

    def _count(self, size: int) -> None:
        self.read += size
        self.on_read(self.read, self.all)

    def _stray(self, key: str) -> None:
        says = "no file of a movie has such a name"
        self._find(key, "stray", "remark", says, "see who put it there; it is not used")

    def _mend(self) -> str:
        return f"movies verify {self.movie} --repair"

    def _find(
        self,
        key: str,
        what: What,
        harm: Harm,
        says: str,
        next_step: str = "",
        *,
        at: int | None = None,
        artefacts: Iterable[str] = (),
        revisions: Iterable[str] = (),
    ) -> None:
        self.findings.append(
            Finding(
                key=key,
                what=what,
                harm=harm,
                says=says,
                next=next_step,
                at=at,
                artefacts=tuple(artefacts),
                revisions=tuple(revisions),
            )
        )

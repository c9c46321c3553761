"""Import: the predecessor's revisions into our store, and a folder to go on from."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
from msgspec import Struct

from movie_assets.core.artefact import BlobRef, Name
from movie_assets.core.claim import Lease
from movie_assets.core.clock import Clock
from movie_assets.core.errors import Conflict, Damaged
from movie_assets.core.event import ArtefactEvent, InputEvent
from movie_assets.core.manifest import (
    Manifest,
    Pruned,
    Tombstone,
    read_manifest,
    read_tombstone,
    write_manifest,
)
from movie_assets.core.revision import revision_name
from movie_assets.core.script import Script
from movie_assets.core.store.movie_store import MovieStore
from resources.legacy.chronicle import Chapter, Chronicle, LeftOut, chronicle_of
from resources.legacy.facts import run_of
from resources.legacy.movie_folder import MovieFiles, movie_files
from resources.legacy.records import Legacy
from resources.legacy.tree import Tree

__all__ = ["Import", "Imported", "TakenRevision"]

_LEASE_SECONDS = 20.0


class TakenRevision(Struct, frozen=True, rename="camel"):
    """One of the predecessor's revisions and what it is here; without `artefacts` nothing of it was kept."""

    legacy: str
    revision: str
    artefacts: int
    events: int
    is_new: bool


class Imported(Struct, frozen=True, rename="camel", kw_only=True):
    """What was taken, or would be, how it is called here, and what was left out.

    `blobs`, `bytes`, `events` and `new_revisions` count what the store did not have; `mirrored` are lines that only
    repeat others. `names` are ours by the predecessor's; `files` what the movie's folder has now, empty if it had a
    movie.yaml.
    """

    movie: str
    legacy_movie: str
    folder: str
    revisions: tuple[TakenRevision, ...]
    new_revisions: int
    blobs: int
    bytes: int
    events: int
    mirrored: int
    names: dict[str, str]
    inputs: tuple[str, ...]
    files: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


class Import:
    """One import, from what was read to what is written. Reads the folder when it is made, and never writes there."""

    def __init__(
        self, folder: Path, tree: Tree, legacy: Legacy, store: MovieStore, movie_folder: Path
    ) -> None:
        self._folder, self._legacy, self._store, self._movie_folder = folder, legacy, store, movie_folder
        self._kept = _kept(store)
        self._chronicle = chronicle_of(tree, legacy, store.movie, self._kept)
        self._check()
        self._files = _files_of(self._chronicle)

    @property
    def movie_yaml(self) -> bytes:
        """What would be the movie's file."""
        return self._files.texts["movie.yaml"].encode()

    def would(self) -> Imported:
        """What would be taken; changes nothing."""
        files = () if (self._movie_folder / "movie.yaml").exists() else self._written
        return self._told(self._new_blobs(), self._new_events(), files)

    def take(self, clock: Clock, scratch: Path) -> Imported:
        """Takes it: blobs, then events, then revisions, then the movie's folder; killed anywhere, another one goes on."""
        store = self._store
        with Lease(store.leases, store.claims, clock, clock.new_id(), _LEASE_SECONDS).held():
            blobs, events = self._new_blobs(), self._new_events()
            self._bring(scratch)
            store.events.append_inputs([event for event in events if isinstance(event, InputEvent)])
            store.events.append_artefacts([event for event in events if isinstance(event, ArtefactEvent)])
            self._publish()
        is_written = self._files.write(self._movie_folder)
        return self._told(blobs, events, self._written if is_written else ())

    # --- what is new ------------------------------------------------------------------------------------------

    def _check(self) -> None:
        """A revision that something else than this import has published has the number of none of these."""
        chapters = [chapter for chapter in self._chronicle.chapters if not chapter.is_event_only]
        ours = {chapter.rev + 1: run_of(chapter.rev) for chapter in chapters}
        new = [chapter.rev + 1 for chapter in chapters if chapter.published is not None]
        for number, kept in self._kept.items():
            is_other = isinstance(kept, Manifest) and number in ours and kept.plan_id != ours[number]
            if is_other or (new and number > min(new)):
                raise Conflict(
                    f"{self._store.movie} has a {revision_name(number)} of its own",
                    store=self._store.driver.address(self._store.keys.manifest(number)),
                    next_step=f"movies import-legacy {self._folder} --as ANOTHER-ID",
                )

    def _new_events(self) -> list[InputEvent | ArtefactEvent]:
        log = self._store.events
        known = {event.event_id for event in log.inputs()} | {event.event_id for event in log.artefacts()}
        told: dict[str, InputEvent | ArtefactEvent] = {}
        for chapter in self._chronicle.chapters:
            told |= {event.event_id: event for event in chapter.inputs}
            told |= {event.event_id: event for event in chapter.artefacts}
        return [event for event_id, event in told.items() if event_id not in known]

    def _blobs(self) -> dict[str, BlobRef]:
        """What events and timelines refer to."""
        outputs = (event.output for chapter in self._chronicle.chapters for event in chapter.artefacts)
        return {ref.digest: ref for ref in outputs if ref is not None and ref.inline is None}

    def _new_blobs(self) -> list[BlobRef]:
        there = self._store.blobs.sizes()
        return [ref for ref in self._blobs().values() if there.get(ref.digest) != ref.size]

    # --- writing ----------------------------------------------------------------------------------------------

    def _bring(self, scratch: Path) -> None:
        """A file is copied first: what the store takes it may share, and the predecessor's are not ours to share."""
        assets = self._chronicle.assets
        for ref in self._blobs().values():
            if ref.digest in assets.texts:
                self._store.blobs.add(assets.texts[ref.digest], ref.media_type)
            elif not self._store.blobs.freshen(ref):
                copy = scratch / ref.digest
                shutil.copyfile(assets.files[ref.digest], copy)
                if self._store.blobs.add_file(copy, ref.media_type).digest != ref.digest:
                    raise Damaged(
                        f"{assets.files[ref.digest]} changed while it was read",
                        next_step="run the same command again",
                    )
                copy.unlink()

    def _publish(self) -> None:
        store = self._store
        for chapter in self._chronicle.chapters:
            if isinstance(chapter.published, Manifest):
                store.manifests.publish(chapter.published)
            elif chapter.published is not None:
                store.driver.create(store.keys.manifest(chapter.rev + 1), write_manifest(chapter.published))
        live = store.manifests.live()
        if live is not None:
            store.events.checkpoint(live.number)

    # --- telling ----------------------------------------------------------------------------------------------

    @property
    def _written(self) -> tuple[str, ...]:
        return tuple(str(self._movie_folder / name) for name in (*self._files.media, *self._files.texts))

    def _told(
        self, blobs: list[BlobRef], events: list[InputEvent | ArtefactEvent], files: tuple[str, ...]
    ) -> Imported:
        told = self._chronicle
        unfit = [LeftOut(f"{name} in movie.yaml", why) for name, why in self._files.unfit.items()]
        revisions = tuple(map(self._revision, told.chapters))
        return Imported(
            movie=self._store.movie,
            legacy_movie=self._legacy.movie_id,
            folder=str(self._folder),
            revisions=revisions,
            new_revisions=sum(revision.is_new for revision in revisions),
            blobs=len(blobs),
            bytes=sum(ref.size for ref in blobs),
            events=len(events),
            mirrored=told.mirrored,
            names=told.names,
            inputs=tuple(sorted(told.settings)),
            files=files,
            left_out=(*told.left_out, *unfit),
        )

    def _revision(self, chapter: Chapter) -> TakenRevision:
        number = chapter.rev + 1
        manifest = self._kept.get(number, chapter.published)
        return TakenRevision(
            f"rev{chapter.rev}",
            revision_name(number),
            len(manifest.artefacts) if isinstance(manifest, Manifest) else 0,
            len(chapter.inputs) + len(chapter.artefacts),
            chapter.published is not None,
        )


def _kept(store: MovieStore) -> dict[int, Manifest | Tombstone]:
    """What the store has of the movie, whoever published it."""
    kept: dict[int, Manifest | Tombstone] = {}
    for number in store.manifests.numbers():
        data = store.driver.get(store.keys.manifest(number))
        try:
            kept[number] = read_manifest(data)
        except Pruned:
            kept[number] = read_tombstone(data)
    return kept


def _files_of(told: Chronicle) -> MovieFiles:
    script = msgspec.json.decode(told.assets.text(told.wanted[Name("script")]), type=Script)
    return movie_files(script, told.wanted, told.settings, told.assets.files.get)

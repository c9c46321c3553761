"""Export: a revision as files under names a person expects, each written only when what it is made of changed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import msgspec

from movie_assets.core.artefact import BlobRef, Name
from movie_assets.core.blueprints import DESCRIPTIONS
from movie_assets.core.difference import difference
from movie_assets.core.digest import digest_of
from movie_assets.core.manifest import Manifest
from movie_assets.core.ports import Workspace
from movie_assets.core.provenance import provenance_of
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.storyboard import Storyboard, descriptions, differing, storyboards_of
from movie_assets.core.subtitles import parse_srt, to_vtt
from movie_assets.core.timeline import Timeline
from resources.exports.media import EARLIER, SMALL, media_of
from resources.exports.shelf import Shelf
from resources.exports.templates import templates_digest
from resources.scratch import own_scratch

__all__ = ["export", "write_difference"]

_VERSION = "1"  # of what is written here: raise it whenever the same revision would give other files
_POSTER_AT = 1 / 3  # of the film: after its beginning, before the end gives itself away
_NOTHING: Mapping[str, str] = MappingProxyType({})

Write = Callable[[Path], object]


def export(
    store: MovieStore,
    manifest: Manifest,
    names: Mapping[str, str],
    to: Path,
    on_request: Mapping[str, str] = _NOTHING,
) -> list[Path]:
    """Writes each named file whole, and those `on_request` that an earlier export wrote here.

    Of an imported revision, which has no film, there are its media alone.
    What is there and made of the same is left alone; what an earlier export left and this one has no use for is taken
    away; other files of the folder are not touched.
    """
    shelf = Shelf(to)
    wanted = {**names, **{name: kind for name, kind in on_request.items() if shelf.has(name)}}
    wanted = {name: kind for name, kind in wanted.items() if manifest.output(Name(kind)) is not None}
    with _scratch(store) as at:
        work = _Export(store, manifest, shelf, wanted, at)
        paths = work.all()
    shelf.tidy()
    return paths


def write_difference(store: MovieStore, before: Manifest, after: Manifest, to: Path) -> Path:
    """Writes a page of two revisions side by side."""
    from resources.exports.album import album_side_by_side
    from resources.exports.page import diff_page

    boards = {board.revision: board for board in storyboards_of(store, max(before, after, key=_number))}
    older, newer = boards[before.revision], boards[after.revision]
    found = difference(before, after, store.events.inputs())
    with _scratch(store) as at:
        album = album_side_by_side(differing(older, newer), lambda ref: store.file(ref, at.scratch), at)
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(diff_page(older, newer, found, album), encoding="utf-8")
    return to


def _number(manifest: Manifest) -> int:
    return manifest.number


@contextmanager
def _scratch(store: MovieStore) -> Iterator[Workspace]:
    folder = own_scratch() / "export" / store.movie
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield Workspace(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Export:
    """One revision going into one folder."""

    def __init__(
        self, store: MovieStore, manifest: Manifest, shelf: Shelf, names: Mapping[str, str], at: Workspace
    ) -> None:
        self._store, self._manifest, self._shelf, self._names, self._at = store, manifest, shelf, names, at

    def all(self) -> list[Path]:
        """Media first, for the others refer to them; the page last, for it lists the others."""
        for name, ref in media_of(self._manifest):
            self._shelf.put(name, ref.digest, self._copy(ref))
        for name in sorted(self._names, key=lambda name: name.endswith(".html")):
            self._put(name, self._ref(self._names[name]))
        names = [*self._names] or [name for name, _ in media_of(self._manifest)]
        return [self._shelf.folder / name for name in names]

    def _put(self, name: str, ref: BlobRef) -> None:
        """Its suffix says how a file is written."""
        if name.endswith(".html"):
            self._put_page(name)
            return
        makers: Mapping[str, Callable[[str, BlobRef], tuple[str, Write]]] = {
            ".vtt": self._vtt,
            ".jpg": self._poster,
            ".otio": self._otio,
            ".otioz": self._otio,
            ".json": self._provenance,
            ".m4a": self._podcast,
            ".mp3": self._podcast,
        }
        key, write = makers.get(Path(name).suffix, self._plain)(name, ref)
        self._shelf.put(name, key, write)

    # --- what each is made of, and how it is written ----------------------------------------------------------------

    def _plain(self, name: str, ref: BlobRef) -> tuple[str, Write]:
        return ref.digest, self._copy(ref)

    def _copy(self, ref: BlobRef) -> Write:
        return lambda to: shutil.copyfile(self._file(ref), to)

    def _vtt(self, name: str, ref: BlobRef) -> tuple[str, Write]:
        if name == DESCRIPTIONS:
            return self._descriptions(name)
        return self._key(name, ref.digest), lambda to: to.write_bytes(self._captions(ref))

    def _descriptions(self, name: str) -> tuple[str, Write]:
        """What the pictures show, as a text track of its own."""
        kinds, segments = (
            ("segment_text", "picture_prompt", "description_text"),
            range(self._manifest.segments),
        )
        refs = [self._manifest.output(Name(kind, segment)) for kind in kinds for segment in segments]
        told = [ref.digest for ref in refs if ref is not None]

        def write(to: Path) -> None:
            to.write_text(to_vtt(descriptions(self._board)), encoding="utf-8")

        return self._key(name, told, self._manifest.timeline), write

    def _captions(self, ref: BlobRef) -> bytes:
        return to_vtt(parse_srt(self._store.read(ref).decode(errors="replace"))).encode()

    def _poster(self, name: str, ref: BlobRef) -> tuple[str, Write]:
        """The picture that is seen a third into the film, without captions, cut as the film cuts it."""
        picture = self._ref("picture", self._segment_at(_POSTER_AT))
        frame = self._manifest.inputs["frame"].payload
        size = frame["width"], frame["height"]

        def write(to: Path) -> None:
            from resources.exports.shrink import Small, shrink

            shrink([Small(str(self._file(picture).absolute()), name, *size)], self._at)
            shutil.copyfile(self._at.scratch / name, to)

        return self._key(name, picture.digest, *size), write

    def _otio(self, name: str, ref: BlobRef) -> tuple[str, Write]:
        def write(to: Path) -> None:
            from resources.exports.otio import write_bundle, write_otio

            written = write_bundle if name.endswith(".otioz") else write_otio
            written(self._board, self._main, self._shelf.folder, to)

        return self._key(name, self._manifest.digest), write

    def _provenance(self, name: str, ref: BlobRef) -> tuple[str, Write]:
        def write(to: Path) -> None:
            film = next(file for file, kind in self._names.items() if kind == self._names[name])
            said = provenance_of(self._board, film, ref)
            to.write_bytes(msgspec.json.format(msgspec.json.encode(said), indent=2))

        return self._key(name, self._manifest.digest), write

    def _podcast(self, name: str, ref: BlobRef) -> tuple[str, Write]:
        def write(to: Path) -> None:
            from resources.exports.podcast import write_podcast

            write_podcast(self._board, self._file(ref), Path(name).suffix, to, self._at)

        texts = [self._ref("segment_text", segment).digest for segment in range(self._manifest.segments)]
        script = self._manifest.output(Name("script"))
        return self._key(name, ref.digest, *texts, script and script.digest, self._manifest.timeline), write

    def _put_page(self, name: str) -> None:
        key = self._key(name, templates_digest(), self._manifest.digest, sorted(self._names))
        if not (self._shelf.stands(name, key) and self._shelf.keeps((SMALL, EARLIER))):
            page = self._page()
            self._shelf.put(name, key, lambda to: to.write_text(page, encoding="utf-8"))

    def _page(self) -> str:
        from resources.exports.album import album_of
        from resources.exports.page import File, index_page

        album = album_of(self._boards, self._shelf, self._file, self._at)
        others = [name for name in self._names if not name.endswith(".html")]
        files = [File(name, (self._shelf.folder / name).stat().st_size) for name in others]
        subtitles = (self._manifest.output(Name(kind)) for kind in ("subtitles", "described_subtitles"))
        captions, described = (self._captions(each) if each else None for each in subtitles)
        return index_page(self._boards, album, self._main, files, captions, described)

    # --- what they are made from ------------------------------------------------------------------------------------

    @cached_property
    def _boards(self) -> list[Storyboard]:
        return storyboards_of(self._store, self._manifest)

    @property
    def _board(self) -> Storyboard:
        return self._boards[-1]

    @property
    def _main(self) -> str:
        """The film, or the sound: what is named first."""
        return next(iter(self._names))

    def _ref(self, kind: str, segment: int | None = None) -> BlobRef:
        ref = self._manifest.output(Name(kind, segment))
        assert ref is not None, f"a complete revision has {Name(kind, segment)}"
        return ref

    def _file(self, ref: BlobRef) -> Path:
        return self._store.file(ref, self._at.scratch)

    def _segment_at(self, share: float) -> int:
        plan = msgspec.convert(self._manifest.timeline, Timeline)
        begun = [each.segment for each in plan.segments if each.start_frame <= share * plan.frames]
        return begun[-1] if begun else 0

    def _key(self, name: str, *made_of: object) -> str:
        return digest_of([_VERSION, Path(name).suffix, *made_of])

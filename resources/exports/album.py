"""The album: the pictures and sounds of a page, small enough to lie in it or beside it, however long the history."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

from msgspec import Struct

from movie_assets.core.artefact import BlobRef
from movie_assets.core.ports import Workspace
from movie_assets.core.storyboard import Piece, Scene, Storyboard
from resources.exports.media import SMALL, earlier_name, is_media, media_name
from resources.exports.page import DETAILED, Album, Link, data_uri, ident
from resources.exports.shelf import Shelf
from resources.exports.shrink import Small, shrink

__all__ = ["album_of", "album_side_by_side"]

_EARLIER = 120  # pictures, and voices, that only earlier revisions have: the newest of them
_WIDE, _EARLIER_WIDE, _SIDE_BY_SIDE = 720, 384, 960  # pixels
_ROOM_FOR_VOICES = 6_000_000  # bytes, in a page that has to be sent

Files = Callable[[BlobRef], Path]
"""A file with the bytes of a reference, for reading only."""


class _Thumb(Struct, frozen=True):
    """A picture, so many pixels wide."""

    blob: BlobRef
    width: int

    @property
    def file(self) -> str:
        return f"{ident(self.blob.digest)}-{self.width}.webp"


def album_of(boards: Sequence[Storyboard], shelf: Shelf, files: Files, at: Workspace) -> Album:
    """What the page of the last of these revisions shows of them all."""
    live, earlier = (
        boards[-1].scenes,
        [scene for board in boards[-DETAILED:-1][::-1] for scene in board.scenes],
    )
    thumbs = _thumbs(_blobs(live, "picture"), _WIDE)
    thumbs += [_Thumb(blob, _EARLIER_WIDE) for blob in _only_earlier(live, earlier, "picture")]
    sounds = {}
    for blob in _only_earlier(live, earlier, "narration"):
        shelf.put(earlier_name(blob), blob.digest, partial(_copy, files, blob))
        sounds[ident(blob.digest)] = earlier_name(blob)
    for piece in (*_pieces(live, "description"), *_pieces(live, "narration")):
        sounds[ident(piece.digest)] = media_name(piece.name, piece.blob)
    return Album(_kept(thumbs, shelf, files, at), sounds)


def album_side_by_side(
    pairs: Iterable[tuple[Scene | None, Scene | None]], files: Files, at: Workspace
) -> Album:
    """The pictures of scenes that differ, large enough to be judged, and the voices, all in the page itself."""
    told = list(pairs)
    thumbs = _thumbs(_blobs((scene for pair in told for scene in pair if scene), "picture"), _SIDE_BY_SIDE)
    _shrink(thumbs, files, at)
    pictures = {ident(each.blob.digest): _link(at.scratch / each.file) for each in thumbs}
    return Album(pictures, _voices(told, files))


def _copy(files: Files, blob: BlobRef, to: Path) -> None:
    shutil.copyfile(files(blob), to)


def _voices(pairs: Iterable[tuple[Scene | None, Scene | None]], files: Files) -> dict[str, Link]:
    """Both voices of each pair in which they differ, as long as there is room."""
    room = _ROOM_FOR_VOICES
    voices: dict[str, Link] = {}
    for pair in pairs:
        blobs = [_blobs([scene] if scene else [], "narration") for scene in pair]
        size = sum(blob.size for each in blobs for blob in each)
        if blobs[0] != blobs[1] and size <= room:
            room -= size
            voices |= {
                ident(blob.digest): data_uri(files(blob).read_bytes(), blob.media_type)
                for each in blobs
                for blob in each
            }
    return voices


def _kept(thumbs: Sequence[_Thumb], shelf: Shelf, files: Files, at: Workspace) -> dict[str, Link]:
    """Each thumb is made once, and kept beside the page for the next one."""
    places = {each: SMALL + each.file for each in thumbs}
    _shrink([each for each, name in places.items() if not shelf.stands(name, each.file)], files, at)
    for each, name in places.items():
        shelf.put(name, each.file, partial(shutil.copyfile, at.scratch / each.file))
    return {ident(each.blob.digest): _link(shelf.folder / name) for each, name in places.items()}


def _shrink(thumbs: Sequence[_Thumb], files: Files, at: Workspace) -> None:
    if thumbs:
        small = [Small(str(files(each.blob).absolute()), each.file, each.width) for each in thumbs]
        shrink(small, at)


def _link(file: Path) -> Link:
    return data_uri(file.read_bytes(), "image/webp")


def _thumbs(blobs: Sequence[BlobRef], width: int) -> list[_Thumb]:
    """The more pictures a page has, the smaller each is."""
    shrunk = 1 if len(blobs) <= 30 else 2 if len(blobs) <= 120 else 4
    return [_Thumb(blob, width // shrunk) for blob in blobs]


def _only_earlier(live: Iterable[Scene], earlier: Iterable[Scene], kind: str) -> list[BlobRef]:
    shown = set(_blobs(live, kind))
    return [blob for blob in _blobs(earlier, kind) if blob not in shown][:_EARLIER]


def _blobs(scenes: Iterable[Scene], kind: str) -> list[BlobRef]:
    return list(dict.fromkeys(piece.blob for piece in _pieces(scenes, kind)))


def _pieces(scenes: Iterable[Scene], kind: str) -> list[Piece]:
    pieces = (scene.pieces.get(kind) for scene in scenes)
    return [piece for piece in pieces if piece is not None and is_media(piece)]

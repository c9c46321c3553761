"""Where the bytes of a result lie, in folders of which some are partial, some stale and some gone."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path, PurePosixPath

from msgspec import structs

from movie_assets.core.artefact import BlobRef
from movie_assets.core.digest import canonical, digest_of_bytes
from movie_assets.core.errors import Refused
from movie_assets.core.store.movie_store import INLINE_BYTES
from resources.legacy.names import place_of
from resources.legacy.records import Line
from resources.legacy.tree import Tree

__all__ = ["Assets", "below_revision"]

_CHUNK = 1 << 20
_FOLDER = re.compile(r"(?:rev([0-9]{1,4})|current|rev[0-9]{1,4}_cons)\Z")
_MEDIA_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".m4a": "audio/mp4",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
}


class Assets:
    """Finds and refers to the bytes of results, of which one stands for each artefact and revision.

    `files` are those found, and `texts` those too long to lie in a reference, both by digest.
    """

    def __init__(self, tree: Tree, standing: Iterable[Line]) -> None:
        self._tree = tree
        self._by_id: dict[str, list[Line]] = {}
        for line in standing:
            if line.status == "succeeded":
                self._by_id.setdefault(line.id, []).append(line)
        folders = (_FOLDER.match(name) for name in tree.names("assets"))
        self._revisions = sorted(int(each[1]) for each in folders if each and each[1])
        self.files: dict[str, Path] = {}
        self.texts: dict[str, bytes] = {}
        self._digest = cache(_digest)

    def ref(self, line: Line) -> BlobRef:
        """The bytes of a result; `Refused` says why there are none."""
        if line.content is not None:
            return self.content(line.content)
        path = self._path(line)
        media_type = _MEDIA_TYPES.get(path.suffix.lower())
        if media_type is None:
            raise Refused(f"{path.name}: {path.suffix or 'no suffix'} is none of {', '.join(_MEDIA_TYPES)}")
        digest, size = self._digest(path)
        self.files[digest] = path
        return BlobRef(digest, size, media_type)

    def content(self, value: object) -> BlobRef:
        """A text as it is, anything else as JSON; a short one lies in the reference itself."""
        is_text = isinstance(value, str)
        data = value.encode() if isinstance(value, str) else canonical(value)
        ref = BlobRef(
            digest_of_bytes(data), len(data), "text/plain; charset=utf-8" if is_text else "application/json"
        )
        if len(data) <= INLINE_BYTES:
            return structs.replace(ref, inline=data.decode())
        self.texts[ref.digest] = data
        return ref

    def text(self, ref: BlobRef) -> str:
        """What a text refers to that was found here."""
        return ref.inline if ref.inline is not None else self.texts[ref.digest].decode()

    def _path(self, line: Line) -> Path:
        below = below_revision(line.asset_path) if line.asset_path else place_of(line.id)
        if below is None:
            raise Refused("it has neither content nor a file")
        for name in self._places(line, below):
            path = self._tree.file(name)
            if path is not None:
                return path
        raise Refused(
            f"{line.asset_path or below} is gone, or cannot be read, and no other revision has the same"
        )

    def _places(self, line: Line, below: str) -> Iterator[str]:
        """Where its line says, where a line of the same bytes says, then the folders of revisions that it stands in."""
        same = [each for each in self._by_id.get(line.id, ()) if each.content_hash == line.content_hash != ""]
        for each in (line, *same):
            if _is_real(each.asset_path):
                yield each.asset_path
        later = [rev for rev in self._revisions if rev >= line.rev]
        for rev in (*later, *reversed([rev for rev in self._revisions if rev < line.rev])):
            if self._stands(line, rev):
                yield f"assets/rev{rev}/{below}"

    def _stands(self, line: Line, rev: int) -> bool:
        """Whether a revision's folder, if it has such a file at all, has this result's: no other stood then."""
        stood = [each for each in self._by_id.get(line.id, ()) if each.rev <= rev]
        newest = max(stood, key=lambda each: each.rev, default=None)
        if newest is None:
            return not line.asset_path or not _is_real(line.asset_path)
        return newest is line or (newest.content_hash == line.content_hash != "")


def below_revision(path: str) -> str:
    """What of a path lies below its revision's folder; `Refused` if it leads elsewhere."""
    parts = PurePosixPath(path).parts
    is_plain = len(parts) > 2 and parts[0] == "assets" and _FOLDER.match(parts[1])
    if not is_plain or "\\" in path or "\0" in path or any(part in ("..", ".") for part in parts):
        raise Refused(f"{path[:200]!r} is no file of a revision's folder")
    return "/".join(parts[2:])


def _is_real(path: str) -> bool:
    """Whether a path names a revision: `current` never did, and what a consolidation left undone does not count."""
    try:
        below_revision(path)
    except Refused:
        return False
    match = _FOLDER.match(PurePosixPath(path).parts[1])
    return bool(match and match[1])


def _digest(path: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size

"""A movie's folder: movie.yaml and the files it names, read but never written."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from movie_assets.core.artefact import BlobRef, check_movie_id
from movie_assets.core.digest import digest_of, digest_of_bytes, digest_of_stream
from movie_assets.core.errors import Refused
from movie_assets.core.movie_file import variation_names
from movie_assets.core.problem import Problem, refusal
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.variation import FIELD
from resources import prompts
from resources.inspection import inspected_own, inspected_picture

if TYPE_CHECKING:
    from resources.probe import Media

__all__ = ["CONFIG", "MEDIA_TYPES", "MovieFolder"]

CONFIG = "movie.yaml"
_LARGEST_TABLE = 1 << 20

MEDIA_TYPES = {
    ".md": "text/markdown",
    ".txt": "text/plain",
    ".json": "application/json",
    ".srt": "application/x-subrip",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
}


class MovieFolder:
    """`movies/<movie>/`; refers to files by the digest of their bytes and delivers them to the store."""

    def __init__(self, movies: Path, movie: str) -> None:
        self.path = movies / check_movie_id(movie)
        self.config = self.path / CONFIG
        self._files: dict[str, tuple[Path, BlobRef]] = {}
        self._lock = threading.Lock()

    def text(self) -> bytes:
        """The bytes of movie.yaml; `Refused` if there is none, or it cannot be read."""
        try:
            return self.config.read_bytes()
        except FileNotFoundError:
            raise Refused(
                f"{self.config} does not exist",
                next_step=f"movies new {self.path.name} --brief '...', or look at the names under {self.path.parent}",
            ) from None
        except OSError as error:
            raise Refused(
                f"{self.config} cannot be read: {error.strerror}",
                next_step="let it be a file that you may read, not a folder or a link that leads nowhere",
            ) from None

    def variations(self) -> list[str]:
        """The names of the variations that movie.yaml tells; none where it cannot be read."""
        try:
            text = self.config.read_bytes()
            return variation_names(text, self.table) if FIELD.encode() in text else []
        except (OSError, Refused):
            return []

    def text_of(self, name: str) -> str:
        """The text of a file of this folder; `Refused` with the line where it is not UTF-8."""
        data = self.file(name).read_bytes()
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            wrong = Problem(data.count(b"\n", 0, error.start) + 1, "is not UTF-8 text; save it as UTF-8")
            raise refusal(
                name, [wrong], f"save {name} as UTF-8, then: movies check {self.path.name}"
            ) from None

    def table(self, name: str) -> bytes:
        """The bytes of a table of variations, a file of this folder; `Refused` if it is missing or too large."""
        path = self.file(name)
        if path.stat().st_size > _LARGEST_TABLE:
            raise Refused(f"{name} is larger than {_LARGEST_TABLE} bytes")
        return path.read_bytes()

    def glance(self) -> str:
        """Another text once one of the folder's files was edited; reads none of them. Hidden files do not count."""
        looks = []
        for folder, inner, files in os.walk(self.path):
            inner[:] = [name for name in inner if not name.startswith(".")]
            for path in (Path(folder, name) for name in files if not name.startswith(".")):
                with suppress(OSError):
                    stat = path.stat()
                    looks.append(f"{path} {stat.st_mtime_ns} {stat.st_size} {stat.st_ino}")
        return digest_of(sorted(looks))[:16]

    def __call__(self, name: str, /) -> BlobRef:
        """The reference of a file of this folder; refuses what is missing, outside, unknown or unreadable."""
        path = self.file(name)
        media_type = MEDIA_TYPES.get(path.suffix.lower())
        if media_type is None:
            raise Refused(f"{name}: {path.suffix or 'no suffix'} is none of {', '.join(MEDIA_TYPES)}")
        _check_media(path, name, media_type.partition("/")[0])
        return self._referred(path, media_type)

    def clip(self, name: str) -> Media:
        """What is in a video of this folder; one that cannot be read is `Refused`."""
        path = self.file(name)
        found: Media = _seen(path, "video", path.stat())
        return found

    def standard(self, section: str, said: Any, /) -> BlobRef | None:
        """The template that comes with this program for a section that names none of its own."""
        path = prompts.standard(section, said)
        return None if path is None else self._referred(path, MEDIA_TYPES[".md"])

    def _referred(self, path: Path, media_type: str) -> BlobRef:
        with path.open("rb") as stream:
            ref = BlobRef(digest_of_stream(stream), path.stat().st_size, media_type)
        with self._lock:
            self._files[ref.digest] = (path, ref)
        return ref

    def read(self, ref: BlobRef) -> bytes | None:
        """The bytes of a file referred to, if they are still the same."""
        path, _ = self._files.get(ref.digest, (None, ref))
        data = path.read_bytes() if path else None
        return data if data is not None and digest_of_bytes(data) == ref.digest else None

    def deliver(self, store: MovieStore) -> None:
        """Brings the bytes of every file referred to into the store; one changed meanwhile is `Refused`."""
        for path, ref in self._files.values():
            if not store.blobs.freshen(ref):
                added = store.blobs.add(path.read_bytes(), ref.media_type)
                if added.digest != ref.digest:
                    raise Refused(f"{path} changed while it was read", next_step="run the same command again")

    def file(self, name: str) -> Path:
        """Where a file of this folder lies; `Refused` if it is missing or outside."""
        try:
            path, root = (self.path / name).resolve(), self.path.resolve()
            there, is_folder = path.is_file(), path.is_dir()
        except (OSError, ValueError, RuntimeError):  # too long, a null byte, links in a circle
            raise Refused(f"{name[:80]!r} cannot be a file's name") from None
        if Path(name).is_absolute() or not path.is_relative_to(root):
            raise Refused(
                f"{name} lies outside of {self.path}: only files of the movie's own folder may be named"
            )
        if is_folder:
            raise Refused(f"{name} is a folder, not a file")
        if not there:
            raise Refused(f"{name} does not exist in {self.path}")
        return path


def _check_media(path: Path, name: str, kind: str) -> None:
    if kind in ("image", "audio", "video"):
        try:
            _seen(path, kind, path.stat())
        except Refused as error:
            raise Refused(f"{error.fact}; {error.next_step}") from error


def _seen(path: Path, kind: str, stat: os.stat_result) -> Any:
    return _looked_at(path, kind, (stat.st_mtime_ns, stat.st_size, stat.st_ino))


@lru_cache(maxsize=1024)
def _looked_at(path: Path, kind: str, state: tuple[int, int, int]) -> Any:
    """What is in a file; looked at once while its `state` is the same."""
    return inspected_picture(path) if kind == "image" else inspected_own(path, kind)

"""A movie's folder as a parcel: packed where it was written, put in its place where it is made."""

from __future__ import annotations

import base64
import binascii
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from movie_assets.core.errors import Refused
from resources.movie_folder import CONFIG, MEDIA_TYPES

__all__ = ["LARGEST", "Parcel", "pack", "put_in_place", "staged", "unpack"]

Parcel = Mapping[str, str]
"""The files of a movie's folder by their relative paths, in base64."""

LARGEST = 4 << 20
"""Bytes in all: a parcel is part of a run's config, which Dagster keeps in its database."""

_MOST_FILES = 200
_DEEPEST = 6
_LONGEST = 200
_TABLES = (".yaml", ".yml", ".csv", ".tsv")


def pack(folder: Path) -> Parcel:
    """Every file of a folder that is not hidden; `Refused` if there is no movie.yaml, or too much."""
    if not (folder / CONFIG).is_file():
        raise Refused(f"{folder / CONFIG} does not exist", next_step="name the folder that holds it")
    found = {str(PurePosixPath(path.relative_to(folder))): path for path in _files(folder)}
    _check_size(sum(path.stat().st_size for path in found.values()))
    parcel = {name: base64.b64encode(path.read_bytes()).decode() for name, path in found.items()}
    unpack(parcel)
    return parcel


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _files(path)
        elif path.is_file():
            yield path


def unpack(parcel: Parcel) -> dict[str, bytes]:
    """The files of a parcel that anyone may have sent; `Refused` unless all of it can be a movie's folder."""
    if CONFIG not in parcel:
        raise Refused(f"there is no {CONFIG} among the files")
    if len(parcel) > _MOST_FILES:
        raise Refused(f"{len(parcel)} files are more than {_MOST_FILES}")
    _check_size(sum(len(text) * 3 // 4 - 2 for text in parcel.values()))
    files = {_checked(name): _decoded(name, text) for name, text in parcel.items()}
    folders = {str(above) for name in files for above in PurePosixPath(name).parents}
    if both := sorted(folders & files.keys()):
        raise Refused(f"{both[0]} is both a file and a folder")
    return files


def _check_size(size: int) -> None:
    if size > LARGEST:
        raise Refused(
            f"the folder has {size / 1e6:.1f} MB, more than the {LARGEST / 1e6:.1f} MB that can be sent this way",
            next_step="put large files into the deployment's own movies/ folder, and send nothing but the id",
        )


def _checked(name: str) -> str:
    """A path inside of the folder, of a kind that a movie file can name, and spelt in the one usual way."""
    parts = name.split("/")
    plain = name.isprintable() and not set(name) & set('\\:*?"<>|') and len(name.encode()) <= _LONGEST
    if not plain or len(parts) > _DEEPEST or any(not part or part[0] in ". " for part in parts):
        raise Refused(f"{name[:80]!r} cannot be a file of a movie's folder")
    if Path(name).suffix.lower() not in (*MEDIA_TYPES, *_TABLES):
        raise Refused(f"{name} is none of {', '.join((*MEDIA_TYPES, *_TABLES))}")
    return name


def _decoded(name: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused(f"{name} is not in base64") from None


@contextmanager
def staged(project: Path, movie: str, files: Mapping[str, bytes]) -> Iterator[Path]:
    """A project of its own with one movie, on the disk of the real one, to be read before it counts.

    What is `Refused` within is said as of the folder that was sent.
    """
    (project / "movies").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".arriving-", dir=project / "movies") as scratch:
        stage = Path(scratch)
        if (project / "providers.yaml").is_file():
            shutil.copy(project / "providers.yaml", stage)
        for name, data in files.items():
            path = stage / "movies" / movie / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        try:
            yield stage
        except Refused as error:
            error.fact, error.next_step = (_unstaged(text, stage) for text in (error.fact, error.next_step))
            raise


def _unstaged(text: str, stage: Path) -> str:
    return re.sub(rf"\S*{re.escape(stage.name)}/", "", text)


def put_in_place(stage: Path, project: Path, movie: str) -> bool:
    """Moves a staged folder to where movies are, in place of what was there; False if that was the same."""
    arrived, place = stage / "movies" / movie, project / "movies" / movie
    if _contents(arrived) == _contents(place):
        return False
    if place.exists():
        place.rename(stage / "before")
    try:
        arrived.rename(place)
    except OSError:
        if (stage / "before").exists():
            (stage / "before").rename(place)
        raise
    return True


def _contents(folder: Path) -> dict[str, bytes]:
    return (
        {str(path.relative_to(folder)): path.read_bytes() for path in _files(folder)}
        if folder.is_dir()
        else {}
    )

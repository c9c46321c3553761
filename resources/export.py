"""Export: a revision's results as files under names a person expects."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from movie_assets.core.artefact import BlobRef, Name
from movie_assets.core.digest import digest_of_stream
from movie_assets.core.manifest import Manifest
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.subtitles import parse_srt, to_vtt

__all__ = ["export"]


def export(store: MovieStore, manifest: Manifest, names: Mapping[str, str], to: Path) -> list[Path]:
    """Writes each named file whole; one that is there already with the same bytes is left alone."""
    to.mkdir(parents=True, exist_ok=True)
    return [_write(store, manifest.output(Name(kind)), to / name) for name, kind in names.items()]


def _write(store: MovieStore, ref: BlobRef | None, path: Path) -> Path:
    assert ref is not None, f"a complete revision has every export, {path.name} too"
    if path.suffix == ".vtt":
        return _replace(path, to_vtt(parse_srt(store.read(ref).decode())).encode())
    if ref.inline is not None:
        return _replace(path, store.read(ref))
    if not _is(path, ref):
        temporary = _beside(path)
        shutil.copyfile(store.file(ref, path.parent), temporary)
        temporary.replace(path)
    return path


def _is(path: Path, ref: BlobRef) -> bool:
    if not path.is_file() or path.stat().st_size != ref.size:
        return False
    with path.open("rb") as stream:
        return digest_of_stream(stream) == ref.digest


def _replace(path: Path, data: bytes) -> Path:
    temporary = _beside(path)
    temporary.write_bytes(data)
    temporary.replace(path)
    return path


def _beside(path: Path) -> Path:
    # The same folder, so that the last step is a rename; the process's number, so that two exports do not meet.
    return path.with_name(f".{path.name}.{os.getpid()}")

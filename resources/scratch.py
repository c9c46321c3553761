"""Scratch folders: one per process under the system's own, and no leftovers of processes that were killed."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

__all__ = ["own_scratch", "sweep_scratch"]

_NAME = re.compile(r"movie-assets-(\d+)-(\d+)\Z")


def own_scratch(base: Path | None = None) -> Path:
    """This process's folder; it is not made yet."""
    return _base(base) / f"movie-assets-{os.getuid()}-{os.getpid()}"


def sweep_scratch(base: Path | None = None) -> list[Path]:
    """Removes the folders of our own processes that no longer live; they may hold gigabytes of half-made video."""
    swept = []
    for path in _base(base).glob("movie-assets-*"):
        match = _NAME.match(path.name)
        if match and int(match[1]) == os.getuid() and not _lives(int(match[2])):
            shutil.rmtree(path, ignore_errors=True)
            swept.append(path)
    return swept


def _base(base: Path | None) -> Path:
    return base or Path(tempfile.gettempdir())


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

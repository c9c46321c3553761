"""What this machine brings: programs, versions, room, and a home for Dagster's records."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
from importlib.metadata import distributions
from pathlib import Path

from movie_assets.core.errors import MovieError, Unready
from resources.doctor.finding import Finding, fault, ok
from resources.ffmpeg import binary

__all__ = ["check_dagster_home", "check_ffmpeg", "check_room", "check_versions", "is_writable"]

_ENCODER, _CAPTIONS = "libx264", "ass"
_LEAST_ROOM, _ENOUGH_ROOM = 200e6, 2e9
_SHOWN = ("movie-assets", "dagster", "openai", "elevenlabs")


def check_versions() -> Finding:
    """What is installed, for whoever is asked for help."""
    installed = {each.metadata["Name"]: each.version for each in distributions()}
    told = [f"{name} {installed[name]}" for name in _SHOWN if name in installed]
    return ok("versions", ", ".join([*told, f"Python {platform.python_version()}", platform.system()]))


def check_ffmpeg() -> Finding:
    """Whether ffmpeg runs, encodes films and draws captions."""
    try:
        program = binary()
    except MovieError as error:
        return fault("ffmpeg", error)
    first = _said(program, "-version").split("\n", 1)[0]
    lacks = [_ENCODER] if f" {_ENCODER} " not in _said(program, "-encoders") else []
    lacks += [_CAPTIONS] if f" {_CAPTIONS} " not in _said(program, "-filters") else []
    if lacks:
        lacking = Unready(
            f"{program} was built without {' and '.join(lacks)}",
            next_step="unset FFMPEG_BINARY to use imageio-ffmpeg's, or set it to an ffmpeg that has them",
        )
        return fault("ffmpeg", lacking)
    return ok("ffmpeg", f"{' '.join(first.split()[:3])} with {_ENCODER} and libass")


def check_room(folders: dict[str, Path]) -> list[Finding]:
    """Whether there is room for films and what they are made of."""
    return [_room(what, folder) for what, folder in folders.items()]


def _room(what: str, folder: Path) -> Finding:
    free = shutil.disk_usage(_nearest(folder)).free
    told = f"{free / 1e9:.1f} GB free"
    if free >= _ENOUGH_ROOM:
        return ok(what, told)
    step = f"make room on the disk of {folder}; movies sweep ID removes what nothing refers to"
    return Finding(what, "warning" if free >= _LEAST_ROOM else "missing", told, step)


def check_dagster_home(project: Path) -> Finding:
    """Whether Dagster's records can be written."""
    home = Path(os.environ.get("DAGSTER_HOME") or project / ".dagster")
    if is_writable(home):
        return ok("dagster home", str(home))
    return Finding(
        "dagster home",
        "missing",
        f"{home} cannot be written",
        "make it writable, or set DAGSTER_HOME to a folder that is",
    )


def is_writable(folder: Path) -> bool:
    """Whether files can be made in a folder, or in the one it would be made in."""
    try:
        with tempfile.TemporaryFile(dir=_nearest(folder)):
            return True
    except OSError:
        return False


def _nearest(folder: Path) -> Path:
    """The folder, or the innermost one around it that exists."""
    return next(each for each in (folder, *folder.parents) if each.is_dir())


def _said(program: str, option: str) -> str:
    answer = subprocess.run(
        [program, "-hide_banner", option],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=10,
        check=False,
    )
    return answer.stdout.decode(errors="replace")

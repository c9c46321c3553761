"""The ffmpeg binary: found once, run as a child that can be killed."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from pathlib import Path

import imageio_ffmpeg

from movie_assets.core.errors import Unready
from movie_assets.core.ports import Workspace
from resources import worker

__all__ = ["binary", "ffmpeg"]

_OVERRIDE = "FFMPEG_BINARY"


def binary() -> str:
    """The ffmpeg to run: the one named by FFMPEG_BINARY, else imageio-ffmpeg's; `Unready` if it does not run."""
    return _working(os.environ.get(_OVERRIDE, ""))


def ffmpeg(args: list[str], at: Workspace, timeout: float = 600) -> str:
    """Runs ffmpeg in the workspace's folder, overwriting its output, and returns its log."""
    return worker.run([binary(), "-hide_banner", "-nostdin", "-y", *args], at, timeout)


@functools.cache
def _working(override: str) -> str:
    found = shutil.which(override) if override else _bundled()
    if found is None or not _runs(found):
        raise Unready(
            "ffmpeg does not run",
            binary=override or "imageio-ffmpeg's",
            next_step=f"install imageio-ffmpeg, or set {_OVERRIDE} to an ffmpeg that runs here",
        )
    return str(Path(found).absolute())


def _bundled() -> str | None:
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:
        return None


def _runs(path: str) -> bool:
    try:
        answer = subprocess.run(
            [path, "-version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and answer.stdout.startswith(b"ffmpeg version")

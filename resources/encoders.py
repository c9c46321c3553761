"""Which encoders work on this machine: each is tried by one frame, once per process, and only when somebody asks."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from textwrap import shorten

from movie_assets.core.encoder import GPU, X264, Encoder
from movie_assets.core.ports import Frame
from resources.coding import FINAL, HARDWARE, coding
from resources.ffmpeg import binary

__all__ = ["complaint", "encoder_of", "trial"]

_FRAME = Frame(640, 360, 30)
_TRIAL_SECONDS = 10.0
_MOST = 120  # letters
_LOCKS = {name: threading.Lock() for name in HARDWARE}
_SPEAKER = re.compile(r"^\[[^\]]*\] ")


def complaint(name: str) -> str:
    """Why an encoder does not work on this machine; "" if it does. `Unready` where there is no ffmpeg at all."""
    with _LOCKS[name]:
        return _tried(binary(), name)


def encoder_of(asked: str, complain: Callable[[str], str] = complaint) -> Encoder:
    """What an encoder that a movie asks for is here; `complain` says of a name why it does not work, "" if it does."""
    if asked != GPU:
        return Encoder(asked, asked, complain(asked))
    refused: list[str] = []
    for name in HARDWARE:
        wrong = complain(name)
        if not wrong:
            return Encoder(asked, name, "; ".join(refused))
        refused.append(f"{name}: {wrong}")
    return Encoder(asked, X264, "; ".join(refused))


@functools.cache
def _tried(program: str, name: str) -> str:
    return trial(program, name, _TRIAL_SECONDS)


def trial(program: str, name: str, seconds: float) -> str:
    """What an ffmpeg says when it is to code one frame; "" once it has, at most after so many seconds."""
    with tempfile.TemporaryDirectory(prefix="movie-assets-trial-") as folder:
        made, said = Path(folder, "trial.mp4"), Path(folder, "said")
        picture = f"color=gray:s={_FRAME.width}x{_FRAME.height}:r={_FRAME.fps}"
        command = [
            program, "-hide_banner", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", picture,
            "-frames:v", "1", *coding(_FRAME, "", FINAL, name), str(made),
        ]  # fmt: skip
        code = _run(command, said, seconds)
        if code is None:
            return f"no frame within {seconds:g} s"
        if code == 0 and made.is_file() and made.stat().st_size:
            return ""
        return _first_line(said.read_text(errors="replace")) or f"no frame, and exit code {code}"


def _run(command: list[str], said: Path, seconds: float) -> int | None:
    """The exit code of a program that is killed with all its children when its time is over; None then."""
    with said.open("wb") as err:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=err,
            cwd=said.parent,
            start_new_session=True,
        )
        try:
            return child.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if child.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                child.wait()


def _first_line(said: str) -> str:
    """The first of ffmpeg's sentences, which tells the cause, without who says it; no longer than is read in a list."""
    lines = (_SPEAKER.sub("", line).strip().rstrip(".") for line in said.splitlines())
    return shorten(next(filter(None, lines), ""), _MOST, placeholder=" …")

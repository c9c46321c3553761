"""Inspection: a stranger's file is read by a child process, which it may hang or crash without harm to ours."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from movie_assets.core.errors import Refused
from movie_assets.core.ports import Look

if TYPE_CHECKING:
    from resources.probe import Media

__all__ = ["Inspector", "inspected", "inspected_look", "inspected_own", "inspected_picture"]

_SECONDS = 60.0
_LARGEST_MEMORY = 4 << 30
_LONGEST_ANSWER = 1 << 20
_ROOT = Path(__file__).resolve().parent.parent
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "HOME", "LANG", "SYSTEMROOT", "TMPDIR")  # no keys


def inspected(path: Path) -> Media:
    """What is in a video or sound, read to its end; `Refused` if it cannot be read."""
    return _media_of(_INSPECTOR.ask("media", path))


def inspected_own(path: Path, kind: str) -> Media:
    """The same of a person's own file, whose `video` or `audio`, whichever is meant, begins to be decoded, too."""
    return _media_of(_INSPECTOR.ask(kind, path))


def _media_of(found: dict[str, Any]) -> Media:
    from resources.probe import Colours, Media, Sound, Video

    video, sound = found["video"], found["sound"]
    if video is not None:
        video["fps"] = Fraction(video["fps"])
        video["extradata"] = bytes.fromhex(video["extradata"])
        video["colours"] = Colours(**video["colours"])
    return Media(found["seconds"], video and Video(**video), sound and Sound(**sound))


def inspected_picture(path: Path) -> tuple[int, int]:
    """Width and height of a picture as it is seen; `Refused` if it cannot be read."""
    width, height = _INSPECTOR.ask("picture", path)
    return width, height


def inspected_look(path: Path, media_type: str) -> Look:
    """What is seen and heard in a file; `Refused` if it cannot be read."""
    return Look(**_INSPECTOR.ask(media_type, path))


class Inspector:
    """One child that answers one question at a time, and is replaced when it does not answer within `seconds`."""

    def __init__(self, seconds: float = _SECONDS) -> None:
        self.seconds = seconds
        self.forget()

    def forget(self) -> None:
        """Begins anew: after a fork the child, and whoever holds the lock, are not ours."""
        self._lock = threading.Lock()
        self.child: subprocess.Popen[bytes] | None = None

    def ask(self, what: str, path: Path) -> Any:
        """The child's answer; `Refused` if the file cannot be read, or breaks or holds up whoever reads it."""
        with self._lock:
            answer = self._answer(json.dumps([what, str(path.absolute())]).encode() + b"\n")
        if answer is None:
            raise _refused(path, f"reading it took longer than {self.seconds:.0f} s, or broke down")
        if "refused" in answer:
            raise Refused(answer["refused"], next_step=answer["next"], **answer["labels"])
        return answer["found"]

    def end(self) -> None:
        """Lets the child go."""
        if self.child is not None:
            with contextlib.suppress(ProcessLookupError):
                self.child.send_signal(signal.SIGKILL)
            self.child.communicate()
            self.child = None

    def _answer(self, question: bytes) -> dict[str, Any] | None:
        child = self._living()
        assert child.stdin is not None
        line = b""
        with contextlib.suppress(BrokenPipeError):
            child.stdin.write(question)
            child.stdin.flush()
            line = self._line(child)
        if not line.endswith(b"\n"):
            self.end()
            return None
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _line(self, child: subprocess.Popen[bytes]) -> bytes:
        assert child.stdout is not None
        line, end = b"", time.monotonic() + self.seconds
        while not line.endswith(b"\n") and len(line) < _LONGEST_ANSWER:
            ready, _, _ = select.select([child.stdout], [], [], max(0.0, end - time.monotonic()))
            read = os.read(child.stdout.fileno(), 1 << 16) if ready else b""
            if not read:
                break
            line += read
        return line

    def _living(self) -> subprocess.Popen[bytes]:
        if self.child is None or self.child.poll() is not None:
            environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
            path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
            self.child = subprocess.Popen(
                [sys.executable, "-m", "resources.inspection"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**environment, "PYTHONPATH": path},
                start_new_session=True,
            )
        return self.child


_INSPECTOR = Inspector()
atexit.register(_INSPECTOR.end)
os.register_at_fork(after_in_child=_INSPECTOR.forget)


def _refused(path: Path, said: str) -> Refused:
    return Refused(
        f"{path.name} cannot be read", said=said, next_step="use another file, or convert this one"
    )


# --- the child's side ---------------------------------------------------------------------------------------------


def _serve() -> None:
    _limit()
    for line in sys.stdin.buffer:
        what, path = json.loads(line)
        sys.stdout.buffer.write(json.dumps(_answered(what, Path(path))).encode() + b"\n")
        sys.stdout.buffer.flush()


def _limit() -> None:
    """So much memory and no more; no file may be written."""
    import resource

    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (_LARGEST_MEMORY, _LARGEST_MEMORY))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _answered(what: str, path: Path) -> dict[str, Any]:
    """What was asked: a file's streams, a picture's size, or how a file of some media type looks and sounds."""
    try:
        plain = _PLAIN.get(what)
        return {"found": _seen(path, what) if plain is None else plain(path)}
    except Refused as error:
        return _told(error)
    except MemoryError:
        return _told(_refused(path, f"it needs more than {_LARGEST_MEMORY >> 30} GiB of memory"))


def _told(error: Refused) -> dict[str, Any]:
    labels = {name: str(value) for name, value in error.labels.items()}
    return {"refused": error.fact, "next": error.next_step, "labels": labels}


def _media(path: Path) -> dict[str, Any]:
    from resources.probe import probe

    found = asdict(probe(path))
    if found["video"] is not None:
        found["video"]["fps"] = str(found["video"]["fps"])
        found["video"]["extradata"] = found["video"]["extradata"].hex()
    return found


def _own(kind: str, path: Path) -> dict[str, Any]:
    from resources.probe import check_decodes

    check_decodes(path, kind)
    return _media(path)


def _picture(path: Path) -> tuple[int, int]:
    from resources.probe import picture_size

    return picture_size(path)


_PLAIN: Mapping[str, Callable[[Path], Any]] = {
    "media": _media,
    "picture": _picture,
    "video": partial(_own, "video"),
    "audio": partial(_own, "audio"),
}


def _seen(path: Path, media_type: str) -> dict[str, float]:
    from resources.look import look

    return asdict(look(path, media_type))


if __name__ == "__main__":
    _serve()

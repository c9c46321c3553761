"""Heavy work in a child process: it can be killed at once, and it cannot harm the process that holds the store."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from movie_assets.core import errors
from movie_assets.core.ports import Workspace

__all__ = ["call", "run", "serve"]

_POLL_SECONDS = 0.05
_REFUSED_BY_CHILD = 3
_TAIL_LINES = 6
_ROOT = Path(__file__).resolve().parent.parent


def call(module: str, request: dict[str, Any], at: Workspace, timeout: float = 600) -> dict[str, Any]:
    """Answers a JSON request by `python -m module` in the workspace's folder."""
    command = [sys.executable, "-m", module]
    code, out, err = _watch(command, json.dumps(request).encode(), at, timeout)
    if code != 0:
        raise _error_of(module, code, err)
    answer = _object(out)
    if answer is None:
        raise errors.Failed(
            f"{module} gave no answer that can be read",
            said=out[:200].decode(errors="replace"),
            next_step="run again with --debug",
        )
    return answer


def run(command: list[str], at: Workspace, timeout: float = 600) -> str:
    """Runs a program in the workspace's folder and returns what it wrote to stderr."""
    code, _, err = _watch(command, b"", at, timeout)
    if code != 0:
        raise errors.Failed(
            f"{Path(command[0]).name} ended with exit code {code}",
            said=_tail(err),
            next_step="see its message above",
        )
    return err


def serve(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """The child's side: one JSON request on stdin, one answer on stdout, a MovieError as the last line of stderr."""
    try:
        reply = answer(json.loads(sys.stdin.buffer.read()))
    except errors.MovieError as error:
        line = {
            "error": type(error).__name__,
            "fact": error.fact,
            "next_step": error.next_step,
            "labels": {name: str(value) for name, value in error.labels.items()},
        }
        sys.stderr.write("\n" + json.dumps(line) + "\n")
        sys.exit(_REFUSED_BY_CHILD)
    sys.stdout.write(json.dumps(reply))


def _watch(command: list[str], stdin: bytes, at: Workspace, timeout: float) -> tuple[int, bytes, str]:
    # Files, not pipes: a child that writes more than a pipe holds would block while we poll for the stop signal.
    at.scratch.mkdir(parents=True, exist_ok=True)
    number = time.monotonic_ns()
    paths = [at.scratch / f".{number}.{name}" for name in ("in", "out", "err")]
    paths[0].write_bytes(stdin)
    try:
        with paths[0].open("rb") as inp, paths[1].open("wb") as out, paths[2].open("wb") as err:
            child = subprocess.Popen(
                command,
                stdin=inp,
                stdout=out,
                stderr=err,
                cwd=at.scratch,
                env=_environment(),
                start_new_session=True,
            )
            code = _wait(child, command, at, timeout)
        return code, paths[1].read_bytes(), paths[2].read_text(errors="replace")
    finally:
        for path in paths:
            path.unlink(missing_ok=True)


def _wait(child: subprocess.Popen[bytes], command: list[str], at: Workspace, timeout: float) -> int:
    end = time.monotonic() + timeout
    try:
        while True:
            try:
                return child.wait(_POLL_SECONDS)
            except subprocess.TimeoutExpired:
                if at.stop.is_set():
                    raise errors.Stopped("stopped on request") from None
                if time.monotonic() > end:
                    raise errors.Failed(
                        f"{Path(command[0]).name} took longer than {timeout:.0f} s",
                        next_step="try again on a machine with less load",
                    ) from None
    finally:
        if child.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def _environment() -> dict[str, str]:
    # One thread per child: parallelism comes from segments, and sums stay the same from run to run.
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, **one_thread, "PYTHONPATH": path}


def _error_of(module: str, code: int, err: str) -> errors.MovieError:
    said = _object(err.strip().rsplit("\n", 1)[-1])
    if code == _REFUSED_BY_CHILD and said is not None and said.get("error") in errors.__all__:
        cls: type[errors.MovieError] = getattr(errors, said["error"])
        return cls(said["fact"], next_step=said["next_step"], **said["labels"])
    return errors.Failed(
        f"{module} ended with exit code {code}", said=_tail(err), next_step="run again with --debug"
    )


def _object(text: str | bytes) -> dict[str, Any] | None:
    """The JSON object a text holds, or nothing."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _tail(text: str) -> str:
    return " | ".join(text.strip().splitlines()[-_TAIL_LINES:])

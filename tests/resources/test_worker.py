"""Heavy work in a child: answers, errors, stopping."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from movie_assets.core.errors import Failed, MovieError, Refused, Stopped, Unready
from movie_assets.core.ports import Workspace
from resources import worker

SERVING = """
import sys, os, time, subprocess
from pathlib import Path
from movie_assets.core import errors
from resources import worker

def answer(request):
    {body}

worker.serve(answer)
"""

# A child that leaves its own and a grandchild's number, then never ends.
ENDLESS = """
    grandchild = subprocess.Popen(["sleep", "600"])
    Path("numbers.new").write_text(f"{os.getpid()} {grandchild.pid}")
    Path("numbers.new").rename("numbers")
    time.sleep(600)
"""

MODULE = "child_of_a_test"


@pytest.fixture
def at(tmp_path: Path) -> Workspace:
    """A workspace; a child's module lies in it too."""
    return Workspace(tmp_path)


@pytest.fixture
def call(at: Workspace) -> Callable[..., dict[str, Any]]:
    """Has a child answer a request by the given lines of Python."""

    def call_child(body: str, request: dict[str, Any] | None = None, timeout: float = 60) -> dict[str, Any]:
        (at.scratch / f"{MODULE}.py").write_text(SERVING.format(body=body.strip()))
        return worker.call(MODULE, request or {}, at, timeout)

    return call_child


def is_alive(number: int) -> bool:
    """A killed process may stay a zombie until its parent looks for it; it does nothing any more."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{number}/status").read_text()
    except FileNotFoundError:
        return False


def numbers_left(folder: Path, seconds: float = 20) -> list[int]:
    """The numbers the endless child leaves, once it is up."""
    end = time.monotonic() + seconds
    while not (folder / "numbers").exists():
        assert time.monotonic() < end, "the child did not start"
        time.sleep(0.02)
    return [int(number) for number in (folder / "numbers").read_text().split()]


def wait_for_death(numbers: list[int], seconds: float = 2) -> None:
    end = time.monotonic() + seconds
    while any(map(is_alive, numbers)):
        assert time.monotonic() < end, f"still alive: {list(filter(is_alive, numbers))}"
        time.sleep(0.02)


# --- answers ----------------------------------------------------------------------------------------------------


def test_the_answer_comes_back(call: Callable[..., dict[str, Any]]) -> None:
    """A request goes in and an answer comes out as they are, other alphabets included."""
    request = {"text": "Galápagos ← ガラパゴス\n", "numbers": [1, 2.5, None]}
    assert call("return {'was': request}", request) == {"was": request}


def test_the_child_works_in_the_workspace(call: Callable[..., dict[str, Any]], at: Workspace) -> None:
    """Files with relative names land in the workspace, and nothing of the call itself is left there."""
    call("Path('made').write_text('here'); return {}")
    assert {path.name for path in at.scratch.iterdir()} - {"__pycache__"} == {"made", f"{MODULE}.py"}


def test_a_missing_workspace_is_made(tmp_path: Path) -> None:
    """The folder of a workspace need not exist."""
    worker.run([sys.executable, "-c", "open('made', 'w')"], Workspace(tmp_path / "a" / "b"))
    assert (tmp_path / "a" / "b" / "made").exists()


def test_big_requests_answers_and_logs_do_not_block(call: Callable[..., dict[str, Any]]) -> None:
    """Megabytes each way, far more than a pipe holds, go through."""
    big = "x" * 3_000_000
    body = (
        "sys.stderr.write('log ' * 1_000_000); return {'length': len(request['big']), 'big': request['big']}"
    )
    assert call(body, {"big": big}) == {"length": 3_000_000, "big": big}


def test_children_do_not_take_more_threads_than_their_own(call: Callable[..., dict[str, Any]]) -> None:
    """One thread per child: parallelism comes from segments, and sums stay the same from run to run."""
    names = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]
    assert call("return {name: os.environ[name] for name in request['names']}", {"names": names}) == (
        dict.fromkeys(names, "1")
    )


# --- errors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [Refused, Unready, Failed])
def test_an_error_of_the_child_comes_through_as_itself(
    cls: type[MovieError], call: Callable[..., dict[str, Any]]
) -> None:
    """Class, fact, labels and next step survive the way out of the child, whatever it logged before."""
    body = f"""
    sys.stderr.write("a warning, without an end of line")
    raise errors.{cls.__name__}("no ‹glyph›", next_step="pip install it", characters="ក {{}}", count=2)
    """
    with pytest.raises(MovieError) as caught:
        call(body)
    assert type(caught.value) is cls
    assert (caught.value.fact, caught.value.next_step) == ("no ‹glyph›", "pip install it")
    assert caught.value.labels == {"characters": "ក {}", "count": "2"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise KeyError('width')", "KeyError: 'width'"),
        ('sys.stderr.write(\'{"error": "Nonsense"}\'); sys.exit(3)', "Nonsense"),
        ("sys.stderr.write('{torn'); sys.exit(3)", "torn"),
        ("sys.stderr.write('told nobody'); sys.stderr.flush(); os.kill(os.getpid(), 11)", "told nobody"),
        ("sys.exit(3)", ""),
    ],
    ids=["bug", "unknown class", "torn line", "crash", "silence"],
)
def test_any_other_end_of_the_child_is_a_failure_with_its_last_words(
    body: str, said: str, call: Callable[..., dict[str, Any]]
) -> None:
    """A bug, a crash or a riddle: the error names the module and quotes the end of the child's log."""
    with pytest.raises(Failed, match=MODULE) as caught:
        call(body)
    assert said in str(caught.value.labels.get("said", ""))


@pytest.mark.parametrize("garbage", ["", "not JSON", "[1]", '{"torn": '])
def test_an_answer_that_is_none_is_a_failure(garbage: str, at: Workspace) -> None:
    """A child that says it went well but answers garbage has failed."""
    (at.scratch / f"{MODULE}.py").write_text(f"print({garbage!r})")
    with pytest.raises(Failed, match=f"{MODULE}.*answer"):
        worker.call(MODULE, {}, at)


def test_a_program_s_complaint_is_in_the_error(at: Workspace) -> None:
    """Of a plain program the last lines of its log are quoted, and only those."""
    shell = "for i in $(seq 100); do echo line $i >&2; done; exit 7"
    with pytest.raises(Failed, match="exit code 7") as caught:
        worker.run(["sh", "-c", shell], at)
    assert "line 100" in str(caught.value)
    assert "line 10 " not in str(caught.value)


def test_a_program_s_log_comes_back(at: Workspace) -> None:
    """What a program wrote to stderr is the result, undecodable bytes replaced."""
    assert worker.run(["sh", "-c", r"printf 'caf\351 done' >&2"], at) == "caf\ufffd done"


# --- ending -----------------------------------------------------------------------------------------------------


def test_a_stop_ends_child_and_grandchildren_within_a_second(
    call: Callable[..., dict[str, Any]], at: Workspace
) -> None:
    """Nobody of the group outlives the signal to stop."""
    stopped: list[float] = []

    def stop_when_up() -> None:
        numbers_left(at.scratch)
        stopped.append(time.monotonic())
        at.stop.set()

    watcher = threading.Thread(target=stop_when_up)
    watcher.start()
    with pytest.raises(Stopped):
        call(ENDLESS)
    ended = time.monotonic()
    watcher.join()
    assert ended - stopped[0] < 5
    wait_for_death(numbers_left(at.scratch))


def test_a_stop_from_before_the_call_ends_it_too(call: Callable[..., dict[str, Any]], at: Workspace) -> None:
    """A call made after the signal does not begin to work for long."""
    at.stop.set()
    began = time.monotonic()
    with pytest.raises(Stopped):
        call(ENDLESS)
    assert time.monotonic() - began < 5


def test_a_timeout_ends_child_and_grandchildren_with_a_failure(
    call: Callable[..., dict[str, Any]], at: Workspace
) -> None:
    """What takes too long is killed as a whole, and the error says how long it had."""
    with pytest.raises(Failed, match=r"longer than 2 s"):
        call(ENDLESS, timeout=2)
    if (at.scratch / "numbers").exists():
        wait_for_death(numbers_left(at.scratch))


def test_a_dying_caller_takes_its_children_along(at: Workspace) -> None:
    """An exception in the caller, as Ctrl-C is one, leaves no child behind."""
    (at.scratch / f"{MODULE}.py").write_text(SERVING.format(body=ENDLESS.strip()))
    # Whoever was started in the background by a shell without job control ignores the signal, and so do its children.
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    script = f"{heed}; from resources import worker; from movie_assets.core.ports import Workspace; from pathlib import Path; worker.call({MODULE!r}, {{}}, Workspace(Path({str(at.scratch)!r})))"
    root = Path(worker.__file__).resolve().parent.parent
    caller = subprocess.Popen(
        [sys.executable, "-c", script], cwd=root, stderr=subprocess.DEVNULL, start_new_session=True
    )
    numbers = numbers_left(at.scratch)
    caller.send_signal(signal.SIGINT)
    caller.wait(10)
    wait_for_death(numbers)


def test_the_caller_s_own_group_is_not_touched(call: Callable[..., dict[str, Any]]) -> None:
    """A child has a group of its own, so that killing it cannot reach us, nor Ctrl-C reach it before us."""
    assert call("return {'group': os.getpgrp(), 'own': os.getpid()}")["group"] != os.getpgrp()

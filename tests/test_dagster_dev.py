"""`dagster dev` as a person leaves it running: webserver, daemon and sensor, and only files are edited."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from resources.studio import Studio

ROOT = Path(__file__).resolve().parent.parent
TICKS = "sensors{sensorState{ticks(limit:1){skipReason error{message}}}}"
ENDED = {"SUCCESS", "FAILURE", "CANCELED"}
YAML = """\
title: Tiny
brief: A tiny film. It is made while a person watches.
segments: 2
frame: {width: 320, height: 180, fps: 10}
"""

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(400)]


class Dev:
    """A project with one tiny movie, and `dagster dev` running in it."""

    def __init__(self, project: Path, address: str) -> None:
        self.project, self.address = project, address
        self.config = project / "movies" / "tiny" / "movie.yaml"
        self.store = Studio(project).store("tiny")

    def say_at(self, speed: float) -> None:
        """Edits the speed of the voice."""
        text = re.sub(r"narration: .*\n", "", self.config.read_text())
        self.config.write_text(f"narration: {{speed: {speed}}}\n{text}")

    def edit(self, old: str, new: str) -> None:
        text = self.config.read_text()
        assert old in text
        self.config.write_text(text.replace(old, new))

    def ask(self, query: str) -> Any:
        body = json.dumps({"query": query}).encode()
        request = urllib.request.Request(
            f"{self.address}/graphql", body, {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)["data"]

    def runs(self) -> list[dict[str, Any]]:
        query = "{runsOrError(limit:50){... on Runs{results{runId status tags{key value}}}}}"
        return list(self.ask(query)["runsOrError"]["results"])

    def said(self) -> str:
        """What the sensor's last tick says."""
        found = self.ask(f"{{repositoriesOrError{{... on RepositoryConnection{{nodes{{{TICKS}}}}}}}}}")
        [sensor] = found["repositoriesOrError"]["nodes"][0]["sensors"]
        ticks = sensor["sensorState"]["ticks"]
        return str(ticks[0]["skipReason"] or ticks[0]["error"] or "") if ticks else ""

    def revision(self) -> int:
        return max(self.store.manifests.numbers(), default=0)

    def idle(self) -> bool:
        return all(run["status"] in ENDED for run in self.runs()) and self.said() == "nothing was edited"

    def wait_until(self, holds: Callable[[], bool], limit: float) -> None:
        begin = time.monotonic()
        while not holds():
            assert time.monotonic() - begin < limit, (self.runs(), self.said())
            time.sleep(0.25)


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    """`dagster dev` on a free loopback port, and its children, for all tests of this file."""
    project = tmp_path_factory.mktemp("project")
    for name in ("dagster.yaml", "workspace.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, project)
    (project / "movies" / "tiny").mkdir(parents=True)
    (project / "movies" / "tiny" / "movie.yaml").write_text(YAML)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("dagster")), "dev", "-h", "127.0.0.1", "-p", str(port)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("DAGSTER_HOME", None)
    log = project / "dagster-dev.log"
    with log.open("w") as stream:
        server = subprocess.Popen(
            command, cwd=project, env=environment, stdout=stream, stderr=stream, start_new_session=True
        )
    found = Dev(project, f"http://127.0.0.1:{port}")
    try:
        _wait(found, server, log)
        yield found
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)


def _wait(dev: Dev, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(240):
        assert server.poll() is None, log.read_text()[-2000:]
        try:
            dev.ask("{version}")
            return
        except OSError:
            time.sleep(0.25)
    raise TimeoutError(log.read_text()[-2000:])


def test_an_edit_leads_to_a_revision(dev: Dev) -> None:
    """With no click and within 40 s, even right after the start: one run, one revision, and all is up to date."""
    dev.edit("A tiny film.", "A small film.")
    dev.wait_until(lambda: dev.revision() == 1, 60)  # measured: 32 s, of which the daemon starts in ten
    dev.wait_until(dev.idle, 20)
    dev.say_at(1.2)
    dev.wait_until(lambda: dev.revision() == 2, 40)  # measured: 22 s
    dev.wait_until(dev.idle, 20)
    assert [run["status"] for run in dev.runs()] == ["SUCCESS", "SUCCESS"]
    assert not Studio(dev.project).open("tiny").produce().has_work


def test_an_invalid_edit_is_told_in_the_tick(dev: Dev) -> None:
    """The sentence has file, line and what to do; there is no run, and nothing else changes."""
    before, runs, revision = dev.config.read_text(), len(dev.runs()), dev.revision()
    dev.edit("segments: 2", "segments: two")
    dev.wait_until(lambda: "segments" in dev.said(), 40)
    said = dev.said()
    assert "movie.yaml:" in said and "two" in said and "movies check tiny" in said
    assert (len(dev.runs()), dev.revision()) == (runs, revision)
    dev.config.write_text(before)
    dev.wait_until(dev.idle, 40)
    assert len(dev.runs()) == runs


def test_quick_edits_do_not_pile_up(dev: Dev) -> None:
    """Three edits, a second or a run apart: two runs at most, and all is up to date after them."""
    runs = len(dev.runs())
    for speed in (1.1, 1.3, 1.4):
        dev.say_at(speed)
        time.sleep(1)
    dev.wait_until(lambda: len(dev.runs()) > runs and dev.idle(), 90)
    assert len(dev.runs()) - runs <= 2
    assert {run["status"] for run in dev.runs()} == {"SUCCESS"}
    assert not Studio(dev.project).open("tiny").produce().has_work


def test_two_movies_go_side_by_side(dev: Dev) -> None:
    """A new movie is told, made after a reload, and both are then made at once."""
    other = dev.project / "movies" / "other"
    shutil.copytree(dev.config.parent, other)
    dev.wait_until(lambda: "other is new" in dev.said(), 40)
    store = Studio(dev.project).store("other")
    location = dev.ask("{workspaceOrError{... on Workspace{locationEntries{name}}}}")
    name = location["workspaceOrError"]["locationEntries"][0]["name"]
    dev.ask(f'mutation {{reloadRepositoryLocation(repositoryLocationName: "{name}") {{__typename}}}}')
    dev.wait_until(lambda: bool(store.manifests.numbers()), 60)
    dev.wait_until(dev.idle, 40)
    dev.say_at(1.5)
    (other / "movie.yaml").write_text(dev.config.read_text().replace("1.5", "1.6"))
    dev.wait_until(lambda: _side_by_side(dev), 40)
    dev.wait_until(dev.idle, 60)
    assert {run["status"] for run in dev.runs()} == {"SUCCESS"}


def _side_by_side(dev: Dev) -> bool:
    return len([run for run in dev.runs() if run["status"] in ("STARTING", "STARTED")]) == 2

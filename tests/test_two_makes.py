"""Two real processes make one movie at once, of a provider that bills: each artefact is paid once, each tells its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from movie_assets.core.cost import Cost
from movie_assets.core.store.local import LocalDriver
from movie_assets.core.store.movie_store import MovieStore
from resources.rehearsal.openai_server import OpenAIServer

LIMIT = 200
pytestmark = [pytest.mark.heavy, pytest.mark.timeout(3 * LIMIT)]

ROOT = Path(__file__).resolve().parent.parent
YAML = """\
title: Tiny
brief: A tiny film.
segments: 2
duration: 4
frame: {width: 160, height: 90, fps: 5}
captions: none
music: none
script: {source: script.md}
picture: {provider: openai}
"""
SCRIPT = "# Tiny\n\nA tiny film.\n\n## One\n\nHere is one.\n\n## Two\n\nHere are two.\n"
MAKE = ("-m", "movie_assets.cli", "make", "tiny", "--yes")
MATERIALIZE = (
    "-m", "dagster", "asset", "materialize", "-m", "movie_assets.definitions",
    "--select", "group:tiny", "--partition-range", "000...001",
)  # fmt: skip


class Door(OpenAIServer):
    """Pictures are answered once the door is opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()

    def answer(self, *request: Any) -> Any:
        self.open.wait(LIMIT)
        return super().answer(*request)


class Making:
    """A project with one tiny movie, and the processes at work on it."""

    def __init__(self, project: Path, painter: Door) -> None:
        self.project, self.painter = project, painter
        self.running: list[subprocess.Popen[str]] = []

    @property
    def store(self) -> MovieStore:
        return MovieStore(LocalDriver(self.project / "builds"), "tiny")

    def at_once(self, *commands: tuple[str, ...]) -> list[str]:
        """What each said, once all have ended well; nobody gets a picture before all are at work, or over."""
        self.running = [self._begun(command) for command in commands]
        _wait(
            lambda: self._at_work() >= len(commands) or any(each.poll() is not None for each in self.running)
        )
        self.painter.open.set()
        said = [each.communicate(timeout=LIMIT)[0] for each in self.running]
        assert [each.returncode for each in self.running] == [0] * len(commands), said
        return said

    def _begun(self, command: tuple[str, ...]) -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENAI_API_KEY": "sk-of-a-rehearsal"}
        environment.pop("DAGSTER_HOME", None)
        return subprocess.Popen(
            [sys.executable, *command], cwd=self.project, env=environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def _at_work(self) -> int:
        return len(list(self.store.driver.list("tiny/runs/leases/")))

    def paid_by_run(self) -> list[Cost]:
        """What each run that paid anything paid, by the event log."""
        paid: dict[str, list[float | None]] = {}
        for event in self.store.events.artefacts():
            if event.status == "succeeded" and event.cost:
                paid.setdefault(event.run_id, []).append(event.cost)
        return [Cost.of(each) for each in paid.values()]


def _wait(condition: Callable[[], bool]) -> None:
    begin = time.monotonic()
    while not condition():
        assert time.monotonic() - begin < LIMIT
        time.sleep(0.05)


@pytest.fixture
def making(tmp_path: Path) -> Iterator[Making]:
    folder = tmp_path / "movies" / "tiny"
    folder.mkdir(parents=True)
    (folder / "movie.yaml").write_text(YAML)
    (folder / "script.md").write_text(SCRIPT)
    shutil.copy(ROOT / "dagster.yaml", tmp_path)
    with Door() as painter:
        (tmp_path / "providers.yaml").write_text(f"openai: {{base_url: {painter.url}}}\n")
        making = Making(tmp_path, painter)
        yield making
        painter.open.set()
        for each in making.running:
            each.kill()
            each.communicate()


def _told(said: str) -> tuple[int, str]:
    """How many results a `movies make` says it made, and for how much; none where it found nothing to do."""
    found = re.search(r"^made (\d+) results? \(cost: (.+?)\)", said, re.MULTILINE)
    return (int(found[1]), found[2]) if found else (0, "nothing")


def _check_paid_once(making: Making) -> None:
    assert making.painter.calls["images/generations"] == making.painter.paid["images/generations"] == 2
    assert Cost.total(making.paid_by_run()).usd == pytest.approx(making.painter.bill)
    assert making.store.manifests.numbers() == [1]
    paid = [event for event in making.store.events.artefacts() if event.status == "succeeded" and event.cost]
    assert len({(event.kind, event.inputs_digest) for event in paid}) == len(paid) == 2


def test_two_makes_at_once_pay_once_and_each_tells_its_own(making: Making) -> None:
    """One publishes, the other finds that done; together they tell what the provider bills."""
    told = [_told(said) for said in making.at_once(MAKE, MAKE)]
    _check_paid_once(making)
    assert sorted(cost for _, cost in told if cost != "nothing") == sorted(map(str, making.paid_by_run()))
    jobs = {
        (e.run_id, e.produced_by, e.inputs_digest)
        for e in making.store.events.artefacts()
        if e.status == "succeeded"
    }
    assert sum(made for made, _ in told) == len(jobs)


def test_make_and_dagster_at_once_pay_once(making: Making) -> None:
    """What `movies make` tells is what its own run paid, not the one of Dagster's beside it."""
    said, _ = making.at_once(MAKE, MATERIALIZE)
    _check_paid_once(making)
    _, cost = _told(said)
    assert cost == "nothing" or cost in map(str, making.paid_by_run())

"""One movie made by several processes together: what providers and this machine make is made once, by one of them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from movie_assets.core.store.movie_store import MovieStore
from resources.roots import driver_of

PROGRAM = """
import json, os, sys, time
from pathlib import Path
from movie_assets.core.toy import Toy
from resources.clock import SystemClock
from resources.roots import driver_of

folder, root, segments, runs = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
until = time.monotonic() + 60


def noted(task, made):
    # One line for each thing that is made, by whomever.
    with open(folder / "made", "a") as stream:
        stream.write(f"{os.getpid()} {min(made)} {next(iter(made.values())).body.decode()}\\n")
    # Until every run has begun something, none goes on: on a busy machine one could else do all alone.
    while time.monotonic() < until and len({line.split()[0] for line in open(folder / "made")}) < runs:
        time.sleep(0.01)
    time.sleep(0.03)
    return made


texts = [f"text {number}" for number in range(segments)]
toy = Toy(folder / "scratch", texts, driver=driver_of(root, folder), clock=SystemClock())
toy.stage.acts = dict.fromkeys(("text", "picture", "voice", "clip", "timing", "film"), noted)
production = toy.movie().produce(shared=True)
production.begin()
print("ready", flush=True)
sys.stdin.readline()
statuses = [outcome.status for outcome in production.outcomes()]
manifest = production.publish()
print(json.dumps([manifest and manifest.revision, statuses]))
"""


@dataclass
class Runs:
    """Processes that make one movie, of as many segments as told, over one store."""

    folder: Path
    root: str
    environment: Mapping[str, str] = field(default_factory=dict)
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def together(self, count: int, segments: int) -> list[Any]:
        """What each tells at its end: all plan first, then all make."""
        command = [sys.executable, "-c", PROGRAM, str(self.folder), self.root, str(segments), str(count)]
        environment = {"PYTHONPATH": ":".join(sys.path), **self.environment}
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.running = [subprocess.Popen(command, env=environment, **pipes) for _ in range(count)]
        for run in self.running:
            assert run.stdout is not None and run.stdout.readline() == "ready\n"
        for run in self.running:
            assert run.stdin is not None
            run.stdin.write("go\n")
            run.stdin.flush()
        return [json.loads(run.communicate(timeout=120)[0]) for run in self.running]

    def made(self) -> list[tuple[str, str]]:
        """The process and the name and contents of each thing that was made."""
        lines = (self.folder / "made").read_text().splitlines()
        return [(process, what) for process, _, what in (line.partition(" ") for line in lines)]


@pytest.fixture(params=["folder", "s3"])
def runs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Runs]:
    """On a folder, and on S3."""
    if request.param == "folder":
        found = Runs(tmp_path, "builds")
    else:
        bucket = request.getfixturevalue("s3_bucket")
        patch = request.getfixturevalue("monkeypatch")
        for name, value in bucket.environment.items():
            patch.setenv(name, value)
        found = Runs(tmp_path, f"{bucket.root}/films", bucket.environment)
    yield found
    for run in found.running:
        run.kill()
        run.communicate()


def test_a_movie_is_spread_over_two_runs(runs: Runs) -> None:
    """Every artefact is made once, clips and film too; both have a part in it, and one revision is published."""
    segments = 4
    told = runs.together(2, segments)
    made = runs.made()
    assert max(Counter(what for _, what in made).values()) == 1
    assert len(made) == 4 * segments + 2
    assert len({process for process, _ in made}) == 2
    assert {status for _, statuses in told for status in statuses} == {"produced", "reused"}
    assert sorted(str(revision) for revision, _ in told) == ["None", "rev-0001"]
    store = MovieStore(driver_of(runs.root, runs.folder), "toy")
    assert store.manifests.numbers() == [1]
    assert not list(store.driver.list("toy/claims/"))

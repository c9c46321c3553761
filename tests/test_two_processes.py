"""Several processes on one movie: each result is paid for once, edits are merged or conflict, kills cost nothing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from movie_assets.cli import main
from movie_assets.core.event import ArtefactEvent
from movie_assets.core.store.local import LocalDriver
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.toy import Toy

BUILDER = """
import json, os, random, sys, time
from pathlib import Path
from movie_assets.core.errors import Conflict
from movie_assets.core.store.local import LocalDriver
from movie_assets.core.toy import Toy
from resources.clock import SystemClock

folder, told = Path(sys.argv[1]), json.loads(sys.argv[2])


def pay(task, made):
    # One line per paid call: the run, and what is paid for.
    line = f"{task.at.scratch.parent.name} {min(made)} {next(iter(made.values())).body.decode()}\\n"
    with open(folder / "paid", "a") as stream:
        stream.write(line)
    time.sleep(random.uniform(*told["seconds"]))
    return made


def movie(texts):
    driver, lease = LocalDriver(folder / "builds"), told["lease"]
    toy = Toy(folder / "scratch", texts, driver=driver, clock=SystemClock(), lease_seconds=lease)
    toy.stage.acts = {"picture": pay, "voice": pay}
    toy.title = told.get("title", "Toy")
    return toy
"""

MAKE = (
    BUILDER
    + """
production = movie(told["texts"]).movie().produce()
production.begin()
print("ready", flush=True)
sys.stdin.readline()
try:
    statuses = [outcome.status for outcome in production.outcomes()]
    manifest = production.publish()
    print(json.dumps([manifest and manifest.revision, statuses]))
except Conflict as conflict:
    print(json.dumps(["conflict", str(conflict)]))
"""
)

KILLED = (
    BUILDER
    + """
chance = random.Random(told["seed"])


def paid():
    # What has been paid for up to now.
    return (folder / "paid").read_text() if (folder / "paid").exists() else ""


for run in range(told["runs"]):
    texts = list(told["texts"])
    texts[run % len(texts)] = f"version {run}"
    child = os.fork()
    if not child:
        production = movie(texts).movie().produce()
        production.begin()
        for outcome in production.outcomes():
            pass
        production.publish()
        os._exit(0)
    while any(kind not in paid() for kind in told.get("until", [])):
        time.sleep(0.05)
    time.sleep(chance.uniform(0, 0.3))
    os.kill(child, 9)
    os.waitpid(child, 0)
"""
)


@dataclass
class Disk:
    """A store that several processes work on, and the record of what they paid for."""

    folder: Path
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def store(self) -> MovieStore:
        return MovieStore(LocalDriver(self.folder / "builds"), "toy")

    def run(self, program: str, **told: Any) -> subprocess.Popen[str]:
        told = {"seconds": [0.02, 0.05], "lease": 20.0, **told}
        command = [sys.executable, "-c", program, str(self.folder), json.dumps(told)]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        child = subprocess.Popen(command, env={"PYTHONPATH": ":".join(sys.path)}, **pipes)
        self.running.append(child)
        return child

    def make_at_once(self, *wishes: dict[str, Any]) -> list[Any]:
        """Programs that plan on one base, and then all make and publish at the same time; what they told."""
        programs = [self.run(MAKE, **wish) for wish in wishes]
        for program in programs:
            assert program.stdout is not None
            assert program.stdout.readline() == "ready\n"
        for program in programs:
            assert program.stdin is not None
            program.stdin.write("go\n")
            program.stdin.flush()
        return [json.loads(program.communicate(timeout=150)[0]) for program in programs]

    def paid(self) -> list[tuple[str, str]]:
        """The run of each paid call, and what it paid for."""
        lines = (self.folder / "paid").read_text().splitlines()
        return [(run, rest) for run, _, rest in (line.partition(" ") for line in lines)]

    def wanted(self) -> dict[str, Any]:
        live = self.store.manifests.live()
        assert live is not None
        return {name: record.payload for name, record in live.inputs.items()}


@pytest.fixture
def disk(tmp_path: Path) -> Any:
    disk = Disk(tmp_path)
    yield disk
    for child in disk.running:
        child.kill()
        child.communicate()


def film_of(texts: list[str], scratch: Path, title: str = "Toy") -> str:
    """The digest of the film that an undisturbed build makes."""
    toy = Toy(scratch / "undisturbed", texts, title=title)
    toy.make()
    live = toy.store.manifests.live()
    assert live is not None
    return live.artefacts["film"].blob.digest


def film(store: MovieStore) -> str:
    live = store.manifests.live()
    assert live is not None
    return live.artefacts["film"].blob.digest


def left(store: MovieStore) -> list[str]:
    return [key for prefix in ("claims/", "runs/leases/") for key in store.driver.list(f"toy/{prefix}")]


# --- two at once --------------------------------------------------------------------------------------------------


def test_two_builders_of_one_film_pay_for_it_once(disk: Disk) -> None:
    """Each of the calls is made by one of them; one publishes, the other finds nothing to do."""
    texts = [f"text {number}" for number in range(12)]
    told = disk.make_at_once({"texts": texts}, {"texts": texts})
    assert sorted(str(revision) for revision, _ in told) == ["None", "rev-0001"]
    paid = [what for _, what in disk.paid()]
    assert len(paid) == len(set(paid)) == 24
    assert film(disk.store) == film_of(texts, disk.folder)
    assert left(disk.store) == []


def test_edits_that_do_not_touch_are_both_live(disk: Disk) -> None:
    """Made at the same time on one base: the second to publish merges."""
    texts = [f"text {number}" for number in range(6)]
    disk.make_at_once({"texts": texts})
    before = len(disk.paid())
    told = disk.make_at_once(
        {"texts": ["mine", *texts[1:]]}, {"texts": [*texts[:5], "theirs"]}, {"texts": texts, "title": "New"}
    )
    assert sorted(revision for revision, _ in told) == ["rev-0002", "rev-0003", "rev-0004"]
    wanted = disk.wanted()
    assert (wanted["text[0]"], wanted["text[5]"], wanted["title"]) == ("mine", "theirs", "New")
    assert len(disk.paid()) == before + 4
    assert film(disk.store) == film_of(["mine", *texts[1:5], "theirs"], disk.folder, "New")


def test_edits_that_touch_are_a_conflict_that_names_the_input(disk: Disk) -> None:
    """For the one who comes second; the first one's film is live."""
    texts = [f"text {number}" for number in range(3)]
    disk.make_at_once({"texts": texts})
    told = disk.make_at_once({"texts": ["mine", *texts[1:]]}, {"texts": ["theirs", *texts[1:]]})
    assert sorted(first for first, _ in told) == ["conflict", "rev-0002"]
    (sentence,) = [rest for first, rest in told if first == "conflict"]
    assert "text[0]: mine → theirs" in sentence or "text[0]: theirs → mine" in sentence
    assert disk.wanted()["text[0]"] in ("mine", "theirs")


# --- kill -9 ------------------------------------------------------------------------------------------------------


def ended(events: list[ArtefactEvent]) -> Counter[tuple[str, str]]:
    return Counter((event.kind, event.inputs_digest) for event in events if event.status == "succeeded")


def test_fifty_kills_cost_nothing_but_the_calls_at_hand(disk: Disk) -> None:
    """Nothing that succeeded is made again, the film is the same, nothing is left, and what may be lost is listed."""
    texts, last = [f"text {number}" for number in range(12)], "version 49"
    disk.run(KILLED, texts=texts, seed=1, runs=50, lease=1.0).wait(150)
    texts[49 % 12] = last
    told = disk.make_at_once({"texts": texts, "lease": 1.0})
    assert told[0][0] in (
        None,
        f"rev-{disk.store.manifests.numbers()[-1]:04}",
    )  # None: the fiftieth got to its end

    store = disk.store
    revision = store.manifests.numbers()[-1]
    assert film(store) == film_of(texts, disk.folder)
    assert max(ended(store.events.artefacts()).values()) == 1
    assert calls_after_success(store.events.artefacts()) == []
    assert left(store) == []
    assert {key.split("/")[2][:8] for key in store.driver.list("toy/runs/")} <= {f"rev-{revision:04}"}

    lost = {(event.run_id, event.inputs_digest) for event in store.possibly_paid(time.time())}
    done = {
        (event.run_id, event.inputs_digest)
        for event in store.events.artefacts()
        if event.status == "succeeded"
    }
    begun = {
        (event.run_id, event.inputs_digest) for event in store.events.artefacts() if event.status == "started"
    }
    assert lost == begun - done
    assert lost, "some kill hit a call"
    assert len(disk.paid()) <= len(begun)


def calls_after_success(events: list[ArtefactEvent]) -> list[str]:
    """Calls for what had succeeded before."""
    known: set[tuple[str, str]] = set()
    late = []
    for event in events:
        key = (event.kind, event.inputs_digest)
        if event.status == "succeeded":
            known.add(key)
        elif event.status == "started" and key in known:
            late.append(event.artefact_id)
    return late


def test_show_names_what_may_have_been_paid_for(disk: Disk) -> None:
    """A call that was under way when its run was killed, also of a movie that has no revision yet."""
    texts = [f"text {number}" for number in range(12)]
    begun = [" picture ", " voice "]
    killed = disk.run(KILLED, texts=texts, seed=1, runs=1, lease=0.1, seconds=[600, 600], until=begun)
    killed.wait(120)
    end = time.monotonic() + 60
    while disk.store.leases.runs(time.time()):  # until nobody takes the killed one for alive any more
        assert time.monotonic() < end
        time.sleep(0.02)
    command = ["show", "toy", "--project", str(disk.folder)]
    shown = CliRunner().invoke(main, command).output
    for kind, provider in (("picture", "painter"), ("voice", "speaker")):
        assert re.search(rf"possibly paid, without a result: {kind}\[\d+\] by {provider} at 20\d\d-", shown)

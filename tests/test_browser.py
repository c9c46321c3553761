"""Dagster's own UI in a real headless Chromium: what a person sees and presses."""

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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: pip install -e '.[browser]'"
)

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
ARGUMENTS += ["--disable-sync", "--no-first-run"]
ENDED = {"SUCCESS", "FAILURE", "CANCELED"}
YAML = """\
title: Tiny
brief: A tiny film. It is made while a person watches.
segments: 2
frame: {width: 320, height: 180, fps: 10}
"""

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium"),
]


@contextmanager
def dagster_dev(project: Path, log: Path) -> Iterator[str]:
    """`dagster dev` on a free loopback port; yields its address, ends it and its children."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("dagster")), "dev", "-h", "127.0.0.1", "-p", str(port)]
    with log.open("w") as stream:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        environment.pop("DAGSTER_HOME", None)
        server = subprocess.Popen(
            command, cwd=project, env=environment, stdout=stream, stderr=stream, start_new_session=True
        )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(120):
            if server.poll() is not None:
                raise RuntimeError(log.read_text()[-2000:])
            try:
                if ask(address, "{version}"):
                    break
            except OSError:
                time.sleep(0.5)
        yield address
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)


def ask(address: str, query: str, **variables: Any) -> Any:
    """A GraphQL answer's data."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(f"{address}/graphql", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["data"]


class Visit:
    """A person at the UI of one movie's group."""

    def __init__(self, page: Any, address: str, movie: str, shots: Path) -> None:
        self.page, self.address, self.movie, self.shots = page, address, movie, shots
        self.number = 0
        self.location = ask(address, "{workspaceOrError{... on Workspace{locationEntries{name}}}}")[
            "workspaceOrError"
        ]["locationEntries"][0]["name"]

    def shoot(self, name: str) -> None:
        """A picture for a person to look at, kept with the test's files."""
        self.number += 1
        self.page.screenshot(path=self.shots / f"{self.number:02d}_{name}.png")

    def text(self) -> str:
        """Everything the page says."""
        return str(self.page.inner_text("body"))

    def lineage(self) -> None:
        self.page.goto(f"{self.address}/locations/{self.location}/asset-groups/{self.movie}/lineage")
        self.page.get_by_role("button", name="Materialize all").first.wait_for(timeout=60_000)
        self.page.wait_for_timeout(4000)

    def asset(self, *key: str, view: str = "overview", **query: str) -> None:
        options = "&".join([f"view={view}", *(f"{name}={value}" for name, value in query.items())])
        self.page.goto(f"{self.address}/assets/{self.movie}/{'/'.join(key)}?{options}")
        self.page.get_by_role("button", name="Materialize").first.wait_for(timeout=60_000)
        self.page.wait_for_timeout(2500)

    def materialize(self, *partitions: str) -> list[dict[str, Any]]:
        """Presses Materialize on the page, chooses partitions (none: an asset without), and waits for the runs."""
        before = {run["runId"] for run in self.runs()}
        self.press_materialize()
        if partitions:
            self.choose(*partitions)
            self.shoot("dialog")
            self.page.get_by_role("button", name=re.compile("^Launch (\\d+ runs?|backfill)")).click()
        return self.wait_for_new(before)

    def choose(self, *partitions: str) -> None:
        """Ticks partitions in the launch dialog; `all` presses All."""
        if partitions == ("all",):
            self.page.get_by_role("button", name="All", exact=True).click()
        else:
            self.page.get_by_text("Select a partition or create one").click()
            for partition in partitions:
                self.page.locator("label").filter(has_text=partition).first.click()
            self.page.get_by_text("Launch runs to materialize").click()  # closes the list
        self.page.wait_for_timeout(800)

    def press_materialize(self) -> None:
        """Presses Materialize, and confirms that something upstream was never materialized."""
        self.page.get_by_role("button", name="Materialize").first.click()
        self.page.wait_for_timeout(1500)
        confirm = self.page.get_by_role("button", name="Confirm")
        if confirm.count():
            confirm.click()

    def runs(self) -> list[dict[str, Any]]:
        fields = "runId status startTime endTime creationTime jobName assetSelection{path} tags{key value}"
        return ask(self.address, f"{{runsOrError(limit:50){{... on Runs{{results{{{fields}}}}}}}}}")[
            "runsOrError"
        ]["results"]

    def backfills(self) -> list[str]:
        query = "{partitionBackfillsOrError(limit:9){... on PartitionBackfills{results{status}}}}"
        return [b["status"] for b in ask(self.address, query)["partitionBackfillsOrError"]["results"]]

    def wait_for_new(self, before: set[str], seconds: float = 300) -> list[dict[str, Any]]:
        begin = time.monotonic()
        while time.monotonic() - begin < seconds:
            new = [run for run in self.runs() if run["runId"] not in before]
            ended = new and all(run["status"] in ENDED for run in new)
            if ended and "REQUESTED" not in self.backfills():
                return new
            self.page.wait_for_timeout(500)
        raise TimeoutError(f"runs did not end: {self.runs()}")


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """A person at the UI of a project with one tiny movie; screenshots go to BROWSER_SHOTS if that is set."""
    project = tmp_path_factory.mktemp("project")
    shots = Path(os.environ.get("BROWSER_SHOTS") or tmp_path_factory.mktemp("shots"))
    shots.mkdir(parents=True, exist_ok=True)
    for name in ("dagster.yaml", "workspace.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, project)
    (project / "movies" / "tiny").mkdir(parents=True)
    (project / "movies" / "tiny" / "movie.yaml").write_text(YAML)
    with dagster_dev(project, shots / "dagster-dev.log") as address, playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        yield Visit(page, address, "tiny", shots)
        browser.close()


def _succeeded(runs: list[dict[str, Any]]) -> bool:
    return bool(runs) and all(run["status"] == "SUCCESS" for run in runs)


def test_the_lineage_shows_the_movie_from_its_inputs_to_the_film(visit: Visit) -> None:
    """One group, every artefact and input in it."""
    visit.lineage()
    visit.shoot("lineage")
    text = visit.text()
    assert all(kind in text for kind in ("script", "picture", "narration", "clip", "soundtrack", "film"))


def test_one_partition(visit: Visit) -> None:
    """Materialize picture 001: one run, and its page shows the picture, its digest and who made it."""
    visit.asset("picture")
    assert _succeeded(visit.materialize("001"))
    visit.asset("picture", view="partitions", partition="001")
    visit.shoot("picture")
    text = visit.text()
    assert all(word in text for word in ("digest", "offline", "cost_usd", "image/png"))
    assert visit.page.locator("img[src^='data:image/webp']").count() > 0


def test_a_range(visit: Visit) -> None:
    """Materialize narration 000...001: one run."""
    visit.asset("narration")
    runs = visit.materialize("000", "001")
    assert _succeeded(runs) and len(runs) == 1


def test_the_whole_group(visit: Visit) -> None:
    """Materialize all: the film is made and published, and everything is fresh."""
    visit.lineage()
    assert _succeeded(visit.materialize("all"))
    visit.lineage()
    visit.shoot("made")
    assert "Stale" not in visit.text() and "Unsynced" not in visit.text()
    visit.asset("film", view="events")
    visit.shoot("film")
    visit.asset("clip", view="partitions", partition="001")
    visit.shoot("clip")
    assert "video/mp4" in visit.text()

"""Dagster's own UI in a real headless Chromium: what a person sees and presses."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: pip install -e '.[browser]'"
)

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
ARGUMENTS += ["--disable-sync", "--no-first-run"]
ENDED = {"SUCCESS", "FAILURE", "CANCELED"}

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium"),
]


class Visit:
    """A person at the UI of one movie's group."""

    def __init__(self, page: Any, dev: Any, movie: str, shots: Path) -> None:
        self.page, self.dev, self.movie, self.shots = page, dev, movie, shots
        self.number = 0

    def shoot(self, name: str) -> None:
        """A picture for a person to look at, kept with the test's files."""
        self.number += 1
        self.page.screenshot(path=self.shots / f"{self.number:02d}_{name}.png")

    def text(self) -> str:
        """Everything the page says."""
        return str(self.page.inner_text("body"))

    def lineage(self) -> None:
        self.page.goto(f"{self.dev.address}/locations/{self.dev.location}/asset-groups/{self.movie}/lineage")
        self.page.get_by_role("button", name="Materialize all").first.wait_for(timeout=60_000)
        self.page.wait_for_timeout(4000)

    def asset(self, *key: str, view: str = "overview", **query: str) -> None:
        options = "&".join([f"view={view}", *(f"{name}={value}" for name, value in query.items())])
        self.page.goto(f"{self.dev.address}/assets/{self.movie}/{'/'.join(key)}?{options}")
        self.page.get_by_role("button", name="Materialize").first.wait_for(timeout=60_000)
        self.page.wait_for_timeout(2500)

    def materialize(self, *, all_partitions: bool = False) -> list[dict[str, Any]]:
        """Presses Materialize on the page, and in a dialog All, if asked, and Launch; waits for the runs."""
        before = {run["runId"] for run in self.runs()}
        self.press_materialize()
        launch = self.page.get_by_role("button", name=re.compile("^Launch (\\d+ runs?|backfill)"))
        if all_partitions:
            self.page.get_by_role("button", name="All", exact=True).click()
            self.page.get_by_text("2 partitions").first.wait_for(timeout=60_000)
        if all_partitions or launch.count():
            self.shoot("dialog")
            launch.click()
        return self.wait_for_new(before)

    def press_materialize(self) -> None:
        """Presses Materialize, and confirms that something upstream was never materialized."""
        self.page.get_by_role("button", name="Materialize").first.click()
        self.page.wait_for_timeout(1500)
        confirm = self.page.get_by_role("button", name="Confirm")
        if confirm.count():
            confirm.click()

    def runs(self) -> list[dict[str, Any]]:
        fields = "runId status startTime endTime creationTime jobName assetSelection{path} tags{key value}"
        return self.dev.ask(f"{{runsOrError(limit:50){{... on Runs{{results{{{fields}}}}}}}}}")[
            "runsOrError"
        ]["results"]

    def backfills(self) -> list[str]:
        query = "{partitionBackfillsOrError(limit:9){... on PartitionBackfills{results{status}}}}"
        return [b["status"] for b in self.dev.ask(query)["partitionBackfillsOrError"]["results"]]

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
def visit(
    tmp_path_factory: pytest.TempPathFactory,
    tiny_project: Callable[[], Path],
    dagster_dev: Callable[[Path], Any],
) -> Iterator[Visit]:
    """A person at the UI of a project with one tiny movie; screenshots go to BROWSER_SHOTS if that is set."""
    shots = Path(os.environ.get("BROWSER_SHOTS") or tmp_path_factory.mktemp("shots"))
    shots.mkdir(parents=True, exist_ok=True)
    with dagster_dev(tiny_project()) as dev, playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.set_default_timeout(90_000)
        yield Visit(page, dev, "tiny", shots)
        browser.close()


def _succeeded(runs: list[dict[str, Any]]) -> bool:
    return bool(runs) and all(run["status"] == "SUCCESS" for run in runs)


def test_the_lineage_shows_the_movie_from_its_inputs_to_the_film(visit: Visit) -> None:
    """One group, every artefact and input in it."""
    visit.lineage()
    visit.shoot("lineage")
    kinds = {"script", "picture", "narration", "clip", "soundtrack", "film"}
    drawn = set(visit.text().split())
    assert drawn & kinds  # of a lineage that is larger than the window only a part is drawn
    nodes = visit.dev.ask("{assetNodes{groupName assetKey{path}}}")["assetNodes"]
    assert {node["groupName"] for node in nodes} == {"tiny"}
    assert kinds | {"inputs"} <= {part for node in nodes for part in node["assetKey"]["path"]}


def test_one_partition(visit: Visit) -> None:
    """Materialize picture 001 from its page: one run, and the page shows the picture, its digest and who made it."""
    visit.asset("picture", view="partitions", partition="001")
    assert _succeeded(visit.materialize())
    visit.asset("picture", view="partitions", partition="001")
    visit.shoot("picture")
    text = visit.text()
    assert all(word in text for word in ("digest", "offline", "cost_usd", "image/png"))
    assert visit.page.locator("img[src^='data:image/webp']").count() > 0


def test_a_range(visit: Visit) -> None:
    """Materialize narration 000...001: one run."""
    visit.asset("narration")
    runs = visit.materialize(all_partitions=True)
    assert _succeeded(runs) and len(runs) == 1


def test_the_whole_group(visit: Visit) -> None:
    """Materialize all: the film is made and published, and everything is fresh."""
    visit.lineage()
    assert _succeeded(visit.materialize(all_partitions=True))
    visit.lineage()
    visit.shoot("made")
    assert "Stale" not in visit.text() and "Unsynced" not in visit.text()
    visit.asset("film", view="events")
    visit.shoot("film")
    visit.asset("clip", view="partitions", partition="001")
    visit.shoot("clip")
    assert "video/mp4" in visit.text()

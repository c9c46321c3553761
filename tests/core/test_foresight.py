"""A plan sees past what is only sliced and rephrased."""

from __future__ import annotations

from pathlib import Path

import pytest

from movie_assets.core.errors import Refused
from resources.instant import InstantPorts
from resources.studio import Studio

YAML = "title: T\nsegments: 3\nscript: {provider: offline, source: script.md}\n"
SCRIPT = "# T\n\nSummary.\n\n" + "".join(f"## {n}\n\nSentence {n}.\n\n" for n in ("one", "two", "three"))


class Folder:
    """A project with one movie whose script is a person's own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.script = path / "movies" / "tale" / "script.md"
        self.script.parent.mkdir(parents=True)
        (self.script.parent / "movie.yaml").write_text(YAML)
        self.script.write_text(SCRIPT)

    def studio(self) -> Studio:
        return Studio(self.path, ports=InstantPorts())

    def planned(self) -> dict[str, str]:
        return {job.job_id: job.status for job in self.studio().open("tale").plan().jobs}

    def make(self) -> list[str]:
        production = self.studio().open("tale").produce()
        production.begin()
        made = [outcome.job.id for outcome in production.outcomes() if outcome.status == "produced"]
        production.publish()
        return made


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A project folder."""
    return Folder(tmp_path)


def test_a_first_plan_knows_every_picture_and_voice_to_be_paid_for(folder: Folder) -> None:
    """The script is the person's own, so its slices are known, and what reads them must run."""
    planned = folder.planned()
    assert {
        planned[f"{kind}[{i}]"] for kind in ("segment_text", "picture", "narration") for i in range(3)
    } == {"must"}
    assert planned["music"] == "must" and planned["film"] == "may"


def test_one_sentence_of_a_script_plans_one_narration(folder: Folder) -> None:
    """Not everything that reads the script: the other slices stay as they are, and the plan says so beforehand."""
    folder.make()
    folder.script.write_text(SCRIPT.replace("Sentence two", "Another sentence"))
    planned = folder.planned()
    assert {job for job, status in planned.items() if status == "must"} >= {
        "script",
        "segment_text[1]",
        "narration[1]",
    }
    assert (
        not {"narration[0]", "narration[2]", "picture[0]", "picture[1]", "picture[2]", "music"}
        & planned.keys()
    )
    assert {job for job, status in planned.items() if status == "may"} == {
        "clip[1]", "timeline", "soundtrack", "subtitles", "film",
    }  # fmt: skip


def test_what_was_foreseen_is_what_is_made(folder: Folder) -> None:
    """Running the plan makes all that must run."""
    folder.make()
    folder.script.write_text(SCRIPT.replace("Sentence two", "Another sentence"))
    must = {job for job, status in folder.planned().items() if status == "must"}
    assert must <= set(folder.make())
    assert folder.planned() == {}


def test_foreseeing_writes_nothing(folder: Folder) -> None:
    """The script's bytes are read where the person keeps them."""
    folder.planned()
    assert not (folder.path / "builds").exists()


def test_a_script_that_will_be_refused_is_refused_while_planning(folder: Folder) -> None:
    """With both numbers."""
    folder.script.write_text(SCRIPT + "## four\n\nSentence four.\n")
    with pytest.raises(Refused, match=r"script\.md has 4, not 3"):
        folder.planned()

"""The `movies` command, as a person types it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from movie_assets.commands.command import STOPPED, main
from movie_assets.core.errors import Transient
from resources.instant import InstantPorts

ROOT = Path(__file__).resolve().parent.parent
YAML = """\
title: Test
brief: A test. It goes on.
segments: 3
narration: {provider: offline, voice: en-us}
"""


@pytest.fixture
def shell(shell_in: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A project with one movie, `tale`."""
    shell = shell_in(tmp_path, InstantPorts(), monkeypatch)
    shell.write(YAML)
    return shell


def test_make_ends_with_the_path_of_the_film(shell: Any) -> None:
    """And the film is there, with subtitles beside it."""
    lines = shell("make tale").strip().splitlines()
    assert lines[-1] == "films/tale/film.mp4"
    assert {path.name for path in Path("films/tale").glob("[!.]*.*")} == {
        "film.mp4", "film.srt", "film.vtt", "film.descriptions.vtt", "film.otio", "poster.jpg", "provenance.json", "index.html",
    }  # fmt: skip
    assert Path("films/tale/film.vtt").read_text().startswith("WEBVTT")


def test_a_second_make_finds_nothing_to_do(shell: Any) -> None:
    """It says so, calls nobody, and puts back a film that was deleted."""
    shell("make tale")
    Path("films/tale/film.mp4").unlink()
    said = shell("make tale")
    assert "nothing to do" in said and not shell.ports.calls
    assert Path("films/tale/film.mp4").exists()


def test_an_edit_costs_what_it_changes(shell: Any) -> None:
    """Another voice: narrations, clips, sound and the join; no picture, no score."""
    shell("make tale")
    shell.config.write_text(YAML.replace("en-us", "en-gb"))
    plan = shell("plan tale")
    assert "voice en-us → en-gb" in plan and "picture[0]" not in plan
    shell("make tale")
    assert set(shell.ports.calls) <= {"speak", "clip", "soundtrack", "film"}
    assert shell.ports.calls["speak"] == 3
    assert "rev-0002" in shell("show tale")


def test_a_plan_changes_nothing_on_disk(shell: Any) -> None:
    """Neither before the first make nor after an edit."""
    before = shell.files()
    shell("plan tale")
    shell("plan tale --json")
    assert shell.files() == before
    shell("make tale")
    before = shell.files()
    shell.config.write_text(YAML.replace("en-us", "en-gb"))
    shell("plan tale --only picture[1]")
    shell("plan tale")
    assert shell.files() == before


def test_a_plan_is_json_for_programs(shell: Any) -> None:
    """Every field of docs/format.md."""
    plan = json.loads(shell("plan tale --json"))
    assert plan["format"] == 1 and plan["movie"] == "tale" and plan["manifestBaseDigest"] is None
    first = plan["layers"][0][0]
    assert first["jobId"] == "script" and first["status"] == "must" and first["reasons"] == ["no result yet"]


def test_only_makes_a_part_and_publishes_nothing(shell: Any) -> None:
    """`--only picture[1]` makes that and what it needs."""
    shell("make tale --only picture[1]")
    assert shell.ports.calls == {"write": 1, "paint": 1}
    shell("show tale", code=2)


def test_new_writes_a_file_that_can_be_made(shell: Any) -> None:
    """A commented file; an id that is taken is refused and the file left alone."""
    runner = CliRunner().invoke(main, ["new", "fresh", "--brief", 'A "quoted": brief\nof two lines.'])
    assert runner.exit_code == 0 and Path("movies/fresh/movie.yaml").read_text().count("#") > 10
    shell("check fresh")
    shell("make fresh")
    before = Path("movies/fresh/movie.yaml").read_text()
    shell("new fresh --brief other", code=2)
    assert Path("movies/fresh/movie.yaml").read_text() == before


def test_export_writes_an_old_revision(shell: Any) -> None:
    """Into a folder of your choice."""
    shell("make tale")
    first = Path("films/tale/film.mp4").read_bytes()
    shell.config.write_text(YAML.replace("en-us", "en-gb"))
    shell("make tale")
    assert Path("films/tale/film.mp4").read_bytes() != first
    shell("export tale rev-0001 --to old")
    assert Path("old/film.mp4").read_bytes() == first
    assert Path("old/film.otioz").exists() and not Path("films/tale/film.otioz").exists()


def test_show_is_json_for_programs(shell: Any) -> None:
    """The manifest itself."""
    shell("make tale")
    shown = json.loads(shell("show tale --json"))
    assert shown["revision"] == "rev-0001" and "film" in shown["artefacts"]


BAD = [
    ("title: Test\nsegmets: 3\n", ["movie.yaml:2", "segmets", "segments"]),
    ("title: Test\nsegments: six\n", ["movie.yaml:2", "segments"]),
    (
        "title: Test\nsegments: 3\noverrides:\n  7: {motion: animated}\n",
        ["movie.yaml:4", "7", "last one is 2"],
    ),
    ("title: Test\npicture: {provider: dall-e}\n", ["movie.yaml:2", "provider", "offline"]),
    ("title: Test\nsegments: 2\nscript: {provider: offline, source: none.md}\n", ["movie.yaml:3", "none.md"]),
    ("title: Test\nsegments: 2\noverrides:\n  0: {picture: {file: bad.png}}\n", ["movie.yaml:4", "bad.png"]),
    (
        "title: Test\nsegments: 2\noverrides:\n  0: {picture: {file: ../../../secret.png}}\n",
        ["movie.yaml:4", "outside"],
    ),
    ("title: Test\nsegments: 2\ntakes: {'painting[1]': 2}\n", ["movie.yaml:3", "painting[1]"]),
    ("title: Test\nblueprint: opera\n", ["movie.yaml:2", "opera", "narrated", "podcast"]),
    (
        "title: Test\nsegments: 2\noverrides:\n  1: {narration: {text: The 漢 sign}}\n",
        ["movie.yaml:4", "overrides.1.narration.text", "漢", "CJK"],
    ),
    ("title: Test\nsegments: 1\nscript: {provider: offline, source: signs.md}\n", ["signs.md:7", "字"]),
    ("title: [\n", ["movie.yaml"]),
    ("", ["movie.yaml"]),
]


@pytest.mark.parametrize(("text", "said"), BAD)
def test_bad_input_gets_a_sentence(shell: Any, text: str, said: list[str]) -> None:
    """File, line, field and what is allowed; exit 2; nothing on disk changed."""
    (shell.config.parent / "bad.png").write_bytes(b"not a picture")
    (shell.config.parent / "signs.md").write_text("# T\n\nS.\n\n## One\n\nThe sign 字.\n")
    shell.config.write_text(text)
    before = shell.files()
    for line in ("check tale", "plan tale", "make tale"):
        output = shell(line, code=2)
        assert all(part in output for part in said), output
        assert "next:" in output
    assert shell.files() == before


@pytest.mark.parametrize(
    "line", ["plan a/b", "plan ../tale", "plan Tale", "show /etc", "new x/y --brief z", "plan nobody"]
)
def test_a_movie_id_that_is_none_is_refused(shell: Any, line: str) -> None:
    """Before a path is built from it."""
    before = shell.files()
    shell(line, code=2)
    assert shell.files() == before


def test_an_artefact_that_is_none_is_refused(shell: Any) -> None:
    """With what there is."""
    assert "picture[0] to picture[2]" in shell("make tale --only picture[3]", code=2)
    assert "not an artefact" in shell("plan tale --only painting", code=2)
    assert "is not a name" in shell("plan tale --only picture[x]", code=2)


def test_a_failure_is_a_sentence_and_the_rest_is_kept(shell: Any) -> None:
    """Exit 1; the next make makes what is left."""

    def fail(request: Any) -> None:
        if type(request).__name__ == "ComposeRequest":
            raise Transient("the composer is away", next_step="try again in a minute")

    shell.ports.before = fail
    said = shell("make tale", code=1)
    assert "the composer is away" in said and "try again in a minute" in said
    shell.ports.before = lambda request: None
    shell("make tale")
    assert shell.ports.calls == {"compose": 1, "soundtrack": 1, "film": 1}


def test_ctrl_c_stops_within_two_seconds_and_the_next_run_goes_on(tmp_path: Path) -> None:
    """With real providers at work: finished results are kept, no child is left."""
    folder = tmp_path / "movies" / "tale"
    folder.mkdir(parents=True)
    (folder / "movie.yaml").write_text(YAML)
    command = [sys.executable, "-m", "movie_assets.cli", "make", "tale"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("DAGSTER_HOME", None)
    started = time.monotonic()
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    first = None
    for line in process.stderr:
        first = first or time.monotonic() - started
        if "picture[0] made" in line:
            break
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=10)
    # On an idle machine it starts in about 1.5 s and stops in less than one; on a busy one both take longer.
    assert first is not None and time.monotonic() - begin < max(4.0, 2 * first)
    assert process.returncode == STOPPED and "stopped" in rest and "Traceback" not in rest
    again = subprocess.run(
        [sys.executable, "-m", "movie_assets.cli", "plan", "tale", "--json"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    planned = {job["jobId"] for layer in json.loads(again.stdout)["layers"] for job in layer}
    assert "picture[0]" not in planned and "film" in planned

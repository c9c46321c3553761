"""The commands that read a movie's past, and restore, as a person types them."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from movie_assets.core.ports import PaintRequest, Result, SpeakRequest, Speech, Workspace
from resources.instant import InstantPorts

YAML = """\
title: Test
brief: A test. It goes on.
segments: 3
picture: {provider: offline, style: "[red] ink"}
narration: {provider: offline, voice: en-us}
"""


class DearPorts(InstantPorts):
    """A painter who takes a cent, and a speaker who needs two attempts and does not say what they cost."""

    def paint(self, request: PaintRequest, at: Workspace) -> Result:
        made = super().paint(request, at)
        return replace(made, meta=replace(made.meta, provider="painter", cost=0.01))

    def speak(self, request: SpeakRequest, at: Workspace) -> Speech:
        made = super().speak(request, at)
        meta = replace(made.sound.meta, provider="speaker", cost=None, attempts=2)
        return replace(made, sound=replace(made.sound, meta=meta))


@pytest.fixture(scope="module")
def made(shell_in: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with one movie, `tale`, made with one voice and then with another; to be copied."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as monkeypatch:
        shell = shell_in(folder, DearPorts(), monkeypatch)
        shell.write(YAML)
        shell("make tale")
        shell.edit("en-us", "en-gb")
        shell("make tale")
    return folder


@pytest.fixture
def shell(shell_in: Any, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A copy of that project."""
    return shell_in(shutil.copytree(made, tmp_path / "project"), DearPorts(), monkeypatch)


# --- why ----------------------------------------------------------------------------------------------------------


def test_why_tells_where_an_artefact_comes_from(shell: Any) -> None:
    """Values, texts, provider, cost, who, when, what changed, what it feeds."""
    said = shell("why tale narration[1]")
    for part in ("voice en-gb", "A test. It goes on. Part 1.", "by speaker", "unknown cost", "rev-0002",
                 "voice en-us → en-gb", "soundtrack; then film", "2 results so far", "up to date"):  # fmt: skip
        assert part in said
    assert "0.0100 USD" in shell("why tale picture[0]")


def test_why_tells_what_would_make_it_again(shell: Any) -> None:
    """In the planner's words."""
    shell.edit("en-gb", "en-029")
    assert "would be made: input narration[1] changed: voice en-gb → en-029" in shell("why tale narration[1]")


def test_why_is_json_for_programs(shell: Any) -> None:
    """Every field of docs/format.md."""
    found = shell.json("why tale picture[0]")
    assert found["format"] == 1 and found["made"]["cost"] == 0.01
    assert found["sources"][0]["name"] == "picture_prompt[0]"
    assert "[red] ink" in found["sources"][0]["says"]


def test_why_before_anything_is_made(shell: Any) -> None:
    """What is planned; an artefact that is none is refused."""
    said = shell("why tale picture[0] --root elsewhere")
    assert "not made yet" in said and "be made: " in said
    assert "picture[0] to picture[2]" in shell("why tale picture[9]", code=2)


# --- diff ---------------------------------------------------------------------------------------------------------


def test_diff_tells_what_differs(shell: Any) -> None:
    """Inputs with old and new, artefacts, and a line that sums it up."""
    said = shell("diff tale 1 rev-0002")
    assert "rev-0001 → rev-0002: 3 narrations, the soundtrack and the film differ" in said
    assert "narration[2]: voice en-us → en-gb" in said and "picture[0]" not in said
    found = shell.json("diff tale 1 2")
    assert {each["name"] for each in found["inputs"]} == {f"narration[{i}]" for i in range(3)}
    lines = shell("diff tale 1 2 --page pages/diff.html").strip().splitlines()
    assert lines[-1] == "pages/diff.html" and "voice en-us" in Path("pages/diff.html").read_text()
    shell("diff tale 1 9", code=2)
    shell("diff tale one 2", code=2)


# --- restore ------------------------------------------------------------------------------------------------------


def test_restore_publishes_and_exports_without_making(shell: Any) -> None:
    """And says what movie.yaml says otherwise."""
    second = Path("films/tale/film.mp4").read_bytes()
    said = shell("restore tale 1")
    assert not shell.ports.calls
    assert "tale is at rev-0003, restored from rev-0001" in said
    assert "narration[0]: voice en-us → en-gb" in said and "nothing to make" in said
    first = Path("films/tale/film.mp4").read_bytes()
    assert first != second
    assert "nothing to do" in shell("restore tale 3")
    shell("make tale")
    assert not shell.ports.calls and Path("films/tale/film.mp4").read_bytes() == second
    shell.edit("en-gb", "en-us")
    shell("make tale")
    assert not shell.ports.calls and Path("films/tale/film.mp4").read_bytes() == first
    assert shell.json("show tale")["revision"] == "rev-0005"


def test_restore_refuses_what_it_cannot_restore(shell: Any) -> None:
    """No such revision; bytes that are gone, by name."""
    shell("restore tale 9", code=2)
    shell("restore tale x", code=2)
    gone = shell.json("show tale 1")["artefacts"]["narration[1]"]["blob"]["digest"]
    next(Path("builds").rglob(gone)).unlink()
    assert "narration[1]" in shell("restore tale 1", code=1)
    assert shell.json("show tale")["revision"] == "rev-0002"


# --- show and log -------------------------------------------------------------------------------------------------


def test_show_lists_the_revisions(shell: Any) -> None:
    """What changed and what was paid in each, where the film is."""
    said = shell("show tale")
    first, second = (
        next(line for line in said.splitlines() if line.startswith(f"rev-000{n}")) for n in (1, 2)
    )
    assert "the first revision" in first and "0.0300 + 3 unknown" in first
    assert "3 narrations, the soundtrack and the film differ" in second and "3 unknown" in second
    assert "3 retries" in said and "which saved: 0.0300 USD" in said and "film.mp4" in said
    assert "the first revision" not in shell("show tale rev-0001")


def test_show_cost_is_a_ledger(shell: Any) -> None:
    """Per revision and provider; an unknown price is said to be unknown."""
    shell.edit("en-gb", "en-029")
    shell("make tale --only narration[0]")
    rows = [line.split() for line in shell("show tale --cost").splitlines()]
    assert ["speaker", "3", "0"] in [row[:3] for row in rows]
    assert ["painter", "3", "0.0300"] in [[row[0], row[-2], row[-1]] for row in rows]
    assert ["rev-0003", "(not", "published)", "speaker", "1"] in [row[:5] for row in rows]
    assert rows[-1][0] == "total" and "7" in rows[-1] and "unknown" in rows[-1]
    book = shell.json("show tale --cost")
    assert [each["revision"] for each in book] == ["rev-0001", "rev-0002", "rev-0003"]
    assert book[0]["total"]["cost"] == {"usd": pytest.approx(0.03), "unknown": 3}


def test_log_prints_events(shell: Any) -> None:
    """A line for each, or a JSON object for each."""
    assert "picture[0] succeeded by painter" in shell("log tale")
    assert "narration[1] by" in shell("log tale --inputs") and "voice en-gb" in shell("log tale --inputs")
    events = [json.loads(line) for line in shell("log tale --json").splitlines()]
    assert {event["format"] for event in events} == {1}
    assert "film" in {event["artefactId"] for event in events}
    edits = [json.loads(line) for line in shell("log tale --inputs --json").splitlines()]
    assert "brief" in {event["id"] for event in edits}


def test_what_a_person_wrote_is_shown_as_it_was_written(shell: Any) -> None:
    """Brackets are no markup."""
    shell.edit("[red] ink", "[bold]chalk")
    assert "[red] ink → [bold]chalk" in shell("plan tale")
    shell("make tale")
    for line in ("diff tale 2 3", "why tale picture_prompt[0]", "log tale --inputs"):
        assert "[bold]chalk" in shell(line)


def test_reading_changes_nothing(shell: Any) -> None:
    """Neither the store nor the film."""
    before = shell.kept()
    for line in ("show tale", "show tale --cost", "why tale film", "diff tale 1 2", "log tale", "plan tale"):
        shell(line)
    assert shell.kept() == before


@pytest.mark.parametrize(
    "line", ["why ../x film", "diff Tale 1 2", "restore a/b 1", "log /etc", "show nobody"]
)
def test_a_movie_that_is_none_is_a_sentence(shell: Any, line: str) -> None:
    """Exit 2."""
    shell(line, code=2)


# --- plan ---------------------------------------------------------------------------------------------------------


def test_a_kind_stands_for_all_its_segments(shell: Any) -> None:
    """`--only` and `--up-to` take `picture[1]`, `picture` or `film`, and pull in what it needs."""
    shell.edit("en-gb", "en-029")
    shell.edit("[red] ink", "chalk")
    jobs = [job["jobId"] for layer in shell.json("plan tale --only narration")["layers"] for job in layer]
    assert sorted(jobs) == ["narration[0]", "narration[1]", "narration[2]"]
    jobs = [job["jobId"] for layer in shell.json("plan tale --up-to clip[0]")["layers"] for job in layer]
    assert {"picture[0]", "narration[0]"} <= set(jobs) and not {"picture[1]", "film"} & set(jobs)
    shell("make tale --up-to picture")
    assert shell.ports.calls == {"paint": 3}
    shell("make tale --only clip --up-to soundtrack")
    assert shell.ports.calls["speak"] == 3 and "film" not in shell.ports.calls


def test_a_plan_tells_how_long_it_will_take(shell: Any) -> None:
    """From past runs; unknown before the first."""
    shell.edit("en-gb", "en-029")
    assert "less than 1 s" in shell("plan tale")
    assert isinstance(shell.json("plan tale")["expectedSeconds"], float)
    assert "time unknown" in shell("plan tale --root elsewhere")
    assert shell.json("plan tale --root elsewhere")["expectedSeconds"] is None

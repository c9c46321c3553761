"""Places that a person names and that are not what they take them for: told in a sentence, before anything is made."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from click.testing import CliRunner
from sqlalchemy.exc import OperationalError

from movie_assets.cli import main
from resources.films import Films
from resources.instant import InstantPorts

ROOT = Path(__file__).resolve().parent.parent
YAML = """\
title: Tale
brief: A test.
segments: 2
frame: {width: 320, height: 180, fps: 10}
"""


@pytest.fixture
def shell(shell_in: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A movie that is not made yet, and a file that is no folder."""
    shell = shell_in(tmp_path, InstantPorts(), monkeypatch)
    shell.write(YAML)
    (tmp_path / "afile").touch()
    return shell


@pytest.mark.parametrize(
    "line", ["make tale --to afile", "make tale --to afile/deeper", "preview tale --to afile"]
)
def test_a_file_where_a_folder_is_to_be_is_refused_before_anything_is_made(shell: Any, line: str) -> None:
    """Nothing is called, nothing kept."""
    said = shell(line, 2)
    assert "afile" in said
    assert not shell.ports.calls
    assert not shell.kept()


def test_films_that_is_a_file_is_refused_before_anything_is_made(shell: Any) -> None:
    """The folder that a person did not name, too."""
    (shell.folder / "films").touch()
    said = shell("make tale", 2)
    assert "films" in said and "next:" in said
    assert not shell.ports.calls


@pytest.mark.parametrize(
    "line", ["export tale --to afile/x", "diff tale 1 1 --page afile/x.html", "new x --brief y"]
)
def test_what_is_in_the_way_is_named(shell: Any, line: str) -> None:
    """With what the system says of it and what to do; never as something unexpected."""
    shell("make tale")
    (shell.folder / "movies" / "x").touch()
    said = shell(line, 2)
    assert "cannot be used" in said and "next:" in said


@pytest.mark.parametrize(
    ("root", "says"), [("afile", "is a file"), ("s3:/x", "next: s3://x"), ("s3://b", "at least 3")]
)
def test_a_root_that_is_none_is_refused(shell: Any, root: str, says: str) -> None:
    """Not taken for an empty store."""
    assert says in shell(f"show tale --root {root}", 2)


def test_watching_a_movie_that_is_not_there_is_refused(shell: Any) -> None:
    """It does not wait for ever."""
    assert "nope" in shell("watch nope", 2)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("sync-store nowhere there", "no movie is kept there"),
        ("sync-store builds ./builds", "the same place"),
        ("sync-store builds builds/sub", "lies in the other"),
        ("sync-store builds/sub builds", "lies in the other"),
    ],
)
def test_places_that_cannot_be_synced_are_refused(shell: Any, line: str, says: str) -> None:
    """A script that backs up must not believe that it did."""
    shell("make tale")
    assert says in shell(line, 2)


def test_the_next_step_is_at_the_same_places(shell: Any) -> None:
    """What is typed next as it stands must not go to another store."""
    said = shell("show tale --root ./other", 2)
    assert "next: movies make --root ./other tale" in said
    assert "next: movies make tale" in shell("show tale", 2)


@pytest.mark.parametrize("line", ["show nope", "export nope"])
def test_a_movie_that_is_not_there_is_named(shell: Any, line: str) -> None:
    """It is not told to make it."""
    assert "movies/nope/movie.yaml does not exist" in shell(line, 2)


def test_a_terminal_with_fewer_letters_is_no_reason_to_fail(tmp_path: Path) -> None:
    """What it cannot show is a question mark."""
    movie = tmp_path / "movies" / "tale" / "movie.yaml"
    movie.parent.mkdir(parents=True)
    movie.write_text("title: x\nbrieff: 漢字\n", encoding="utf-8")
    command = [sys.executable, "-m", "movie_assets.cli", "check", "tale"]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii:strict"}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, b"Traceback" in done.stderr) == (2, False)
    assert b"movie.yaml:2" in done.stderr


def test_a_film_that_cannot_be_put_down_is_published_all_the_same(
    shell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which is said, with how to have it elsewhere; so it is of Dagster's own records."""

    def full(*_: object) -> list[Path]:
        raise OSError(errno.ENOSPC, "No space left on device", "blobs/ab", None, "films/tale/film.mp4")

    with monkeypatch.context() as broken:
        broken.setattr(Films, "write", full)
        said = shell("make tale", 1)
    assert "rev-0001 is published, but films/tale/film.mp4 cannot be written" in said
    assert "movies export tale --to FOLDER" in said
    assert "nothing to do" in shell("make tale")


def test_dagsters_records_that_cannot_be_written_are_named(
    shell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk is nothing unexpected."""

    def full(*_: object, **__: object) -> object:
        raise OperationalError("insert", {}, sqlite3.OperationalError("database or disk is full"))

    monkeypatch.setattr(dg.JobDefinition, "execute_in_process", full)
    said = shell("make tale", 1)
    assert "Dagster's records cannot be written: database or disk is full" in said and "next:" in said


@pytest.mark.parametrize(
    ("said", "environment", "told"),
    [
        (
            "picture: {provider: openai}\nnarration: {provider: elevenlabs, voice: x}",
            {},
            "ELEVENLABS_API_KEY is not set; OPENAI_API_KEY",
        ),
        (
            "picture: [{provider: openai}, {provider: offline}]",
            {"FFMPEG_BINARY": "/nope"},
            "ffmpeg does not run",
        ),
    ],
)
def test_what_is_missing_is_told_before_anything_is_asked_or_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, environment: dict[str, str], told: str
) -> None:
    """Keys, or ffmpeg: nobody is first asked to pay, or waits for pictures that lead to no film."""
    for name in ("OPENAI_API_KEY", "ELEVENLABS_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    movie = tmp_path / "movies" / "tale" / "movie.yaml"
    movie.parent.mkdir(parents=True)
    movie.write_text(f"{YAML}{said}\n")
    result = CliRunner().invoke(main, ["make", "tale", "--project", str(tmp_path)])
    assert result.exit_code == 1
    assert told in result.output and "next:" in result.output
    assert not (tmp_path / "builds").exists()


def test_what_is_made_before_there_is_a_revision_can_be_had(shell: Any) -> None:
    """Whoever makes the script alone wants to read it."""
    shell("make tale --only script")
    note, _, text = shell("link tale script").partition("\n")
    assert "short text" in note and json.loads(text)["segments"]
    assert "there is no film of it by now" in shell("link tale film", 2)

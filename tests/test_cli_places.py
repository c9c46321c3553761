"""Places that a person names and that are not what they take them for: told in a sentence, before anything is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from resources.instant import InstantPorts

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

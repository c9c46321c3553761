"""A movie's folder as a parcel: what comes is what was sent, and nothing a stranger sends leaves its place."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from movie_assets.core.errors import Refused
from resources.instant import InstantPorts
from resources.parcel import LARGEST, pack, staged, unpack
from resources.studio import Studio

YAML = "title: Sent\nbrief: A film. It is short.\nsegments: 2\n"


def coded(files: dict[str, bytes]) -> dict[str, str]:
    return {name: base64.b64encode(data).decode() for name, data in files.items()}


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path / "project", ports=InstantPorts())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A movie's folder with what may be in one, and what is not sent."""
    folder = tmp_path / "sent"
    (folder / "prompts").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / "movie.yaml").write_text(YAML)
    (folder / "prompts" / "mine.md").write_text("Paint it.")
    (folder / ".git" / "config").write_text("private")
    return folder


def test_what_arrives_is_what_was_sent(folder: Path, studio: Studio) -> None:
    """All files but the hidden ones; sent again unchanged it stays as it is; edited it replaces the folder whole."""
    there = studio.movies / "sent"
    assert studio.receive("sent", pack(folder))
    assert {str(path.relative_to(there)) for path in there.rglob("*")} == {
        "movie.yaml", "prompts", "prompts/mine.md",
    }  # fmt: skip
    before = (there / "movie.yaml").stat()
    assert not studio.receive("sent", pack(folder))
    assert (there / "movie.yaml").stat().st_ino == before.st_ino
    (folder / "prompts" / "mine.md").unlink()
    (folder / "movie.yaml").write_text(YAML.replace("short", "long"))
    assert studio.receive("sent", pack(folder))
    assert "long" in (there / "movie.yaml").read_text()
    assert not (there / "prompts" / "mine.md").exists()
    assert studio.ids() == ["sent"]
    assert not [path for path in studio.movies.iterdir() if path.name.startswith(".")]


def test_a_movie_with_problems_changes_nothing(folder: Path, studio: Studio) -> None:
    """It is refused with its line, by the name it has where it was written."""
    studio.receive("sent", pack(folder))
    with pytest.raises(Refused) as refused:
        studio.receive("sent", coded({"movie.yaml": b"title: Sent\nsegments: two\n"}))
    assert "movies/sent/movie.yaml:2" in str(refused.value)
    assert ".arriving" not in str(refused.value)
    assert (studio.movies / "sent" / "movie.yaml").read_text() == YAML


@settings(deadline=None)
@given(st.text(max_size=40).filter(lambda name: name != "movie.yaml"))
@example("../other/movie.yaml")
@example("/etc/passwd.md")
@example("a/../../b.md")
@example("a\\..\\b.md")
@example(".env")
@example("a//b.md")
@example("prompts/.hidden.md")
@example("run.sh")
@example("x\x00.md")
@example("movie.yaml/x.md")
@example("c:/x.md")
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    """Whatever it is: refused, or a plain path that stays below the folder."""
    try:
        files = unpack(coded({"movie.yaml": b"", name: b"x"}))
    except Refused:
        return
    home = Path("/home/movie")
    assert name in files
    assert (home / name).resolve().is_relative_to(home)
    assert not any(part.startswith(".") for part in name.split("/"))


@settings(deadline=None)
@given(
    st.dictionaries(st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8}){0,2}\.(md|png|csv)", fullmatch=True), st.binary())
)
def test_unpacking_undoes_packing(files: dict[str, bytes]) -> None:
    """For any files that a movie may have."""
    files = {**files, "movie.yaml": b"title: x"}
    assert unpack(coded(files)) == files


@pytest.mark.parametrize(
    ("parcel", "says"),
    [
        ({}, "no movie.yaml"),
        ({"movie.yaml": "not base64!"}, "not in base64"),
        ({"movie.yaml": "A" * (LARGEST * 4 // 3 + 16)}, "MB"),
        ({"movie.yaml": "", **{f"{number}.md": "" for number in range(200)}}, "more than 200"),
        ({"movie.yaml": "", "a.md": "", "a.md/b.md": ""}, "both a file and a folder"),
    ],
)
def test_what_cannot_be_a_folder_is_refused(parcel: dict[str, str], says: str) -> None:
    """In a sentence."""
    with pytest.raises(Refused, match=says):
        unpack(parcel)


@pytest.mark.parametrize("movie", ["../tale", "Tale", "", ".arriving"])
def test_no_id_leads_out_of_movies(movie: str, studio: Studio) -> None:
    """Refused before anything is written."""
    with pytest.raises(Refused, match="not a movie id"):
        studio.receive(movie, coded({"movie.yaml": YAML.encode()}))
    assert not studio.movies.exists() or not list(studio.movies.iterdir())


def test_too_large_a_folder_is_told_before_it_is_sent(folder: Path) -> None:
    """Without reading it."""
    with (folder / "film.mp4").open("wb") as stream:
        stream.truncate(LARGEST + 1)
    with pytest.raises(Refused, match="can be sent this way"):
        pack(folder)


def test_a_movie_is_read_with_the_projects_own_connections(folder: Path, studio: Studio) -> None:
    """Its providers.yaml is at hand where the folder is checked."""
    studio.project.mkdir()
    (studio.project / "providers.yaml").write_text("{}")
    with staged(studio.project, "sent", unpack(pack(folder))) as stage:
        assert (stage / "providers.yaml").read_text() == "{}"
    assert not stage.exists()

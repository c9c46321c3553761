"""The shelf: files are written when what they are made of changed, and only then."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resources.exports.shelf import Shelf

NAMES = st.sampled_from(["film.mp4", "media/a.wav", "media/earlier/b.wav", "index.html"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(exports=st.lists(st.dictionaries(NAMES, st.text("ab", max_size=2)), max_size=5))
def test_after_each_export_the_folder_holds_just_that(
    tmp_path_factory, exports: list[dict[str, str]]
) -> None:
    """Whatever was there before; and nothing is written that stood."""
    folder, before = tmp_path_factory.mktemp("shelf"), {}
    for files in exports:
        written = _put(folder, files)
        assert set(written) == {name for name, key in files.items() if before.get(name) != key}
        found = [path for path in folder.rglob("*") if path.is_file() and ".export" not in path.parts]
        assert {str(path.relative_to(folder)): path.read_text() for path in found} == files
        before = files


def _put(folder: Path, files: dict[str, str]) -> list[str]:
    """Exports files that hold their keys; which of them were written."""
    shelf, written = Shelf(folder), []

    def write(name: str, to: Path) -> None:
        written.append(name)
        to.write_text(files[name])

    for name, key in files.items():
        shelf.put(name, key, partial(write, name))
    shelf.tidy()
    return written


def test_a_file_that_was_touched_or_removed_is_written_again(tmp_path: Path) -> None:
    """What is remembered of it no longer fits."""
    assert _put(tmp_path, {"a": "1", "b": "2"}) == ["a", "b"]
    (tmp_path / "a").write_text("mine")
    (tmp_path / "b").unlink()
    assert _put(tmp_path, {"a": "1", "b": "2"}) == ["a", "b"]
    assert (tmp_path / "a").read_text() == "1"


def test_a_persons_own_files_stay(tmp_path: Path) -> None:
    """Only what was put here is ever taken away."""
    _put(tmp_path, {"a": "1", "b": "2"})
    (tmp_path / "notes.txt").write_text("mine")
    _put(tmp_path, {"a": "1"})
    assert {path.name for path in tmp_path.iterdir()} == {"a", "notes.txt", ".export"}


@pytest.mark.parametrize("name", ["../out.txt", "/etc/out.txt", "media/../../out.txt"])
def test_a_record_names_nothing_outside(tmp_path: Path, name: str) -> None:
    """Whoever wrote it."""
    folder, outside = tmp_path / "films", tmp_path / "out.txt"
    outside.write_text("mine")
    (folder / ".export").mkdir(parents=True)
    entry = '{"key": "k", "size": 1, "modified": 1}'
    (folder / ".export" / "record.json").write_text(f'{{"format": 1, "files": {{"{name}": {entry}}}}}')
    _put(folder, {"a": "1"})
    assert outside.read_text() == "mine"


@pytest.mark.parametrize("record", ["", "{", '{"format": 2, "files": {}}', "\0\xff"])
def test_a_record_that_cannot_be_read_costs_only_time(tmp_path: Path, record: str) -> None:
    """Everything is written again."""
    _put(tmp_path, {"a": "1"})
    (tmp_path / ".export" / "record.json").write_text(record)
    assert _put(tmp_path, {"a": "1"}) == ["a"]
    assert _put(tmp_path, {"a": "1"}) == []


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    """Whole, and no temporary beside it."""
    _put(tmp_path, {"a": "1"})

    def fail(to: Path) -> None:
        to.write_text("half")
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        Shelf(tmp_path).put("a", "2", fail)
    assert (tmp_path / "a").read_text() == "1" and {path.name for path in tmp_path.iterdir()} == {
        "a",
        ".export",
    }

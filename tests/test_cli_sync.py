"""`movies sync-store`: a movie that was made here goes on elsewhere, and comes back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from movie_assets.cli import main
from movie_assets.core.store.local import LocalDriver
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.toy import Toy
from resources.clock import SystemClock
from resources.instant import InstantPorts
from resources.rehearsal.s3_server import Bucket
from resources.studio import Studio

YAML = """\
title: Test
brief: A test. It goes on.
segments: 2
narration: {provider: offline, voice: en-us}
"""


@pytest.fixture
def shell(shell_in: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, s3_bucket: Bucket) -> Any:
    """A project with one movie, `tale`, that may reach S3."""
    for name, value in s3_bucket.environment.items():
        monkeypatch.setenv(name, value)
    shell = shell_in(tmp_path, InstantPorts(), monkeypatch)
    shell.write(YAML)
    return shell


def make(studio: Studio) -> None:
    """A revision, by the core alone."""
    production = studio.open("tale").produce()
    production.begin()
    list(production.outcomes())
    assert production.publish() is not None


def test_a_movie_goes_on_at_the_other_root_and_comes_back(shell: Any, s3_bucket: Bucket) -> None:
    """There is nothing to make there, all commands work, and what is made there is brought back."""
    there = f"{s3_bucket.root}/tenant/films"
    make(Studio(shell.folder, ports=shell.ports))
    assert "would be brought" in shell(f"sync-store builds {there} --dry-run")
    said = shell(f"sync-store builds {there}")
    assert "rev-0001 brought" in said
    assert "nothing is new" in shell(f"sync-store builds {there} tale")
    assert shell.json(f"plan tale --root {there}")["layers"] == []
    assert shell.json(f"show tale --root {there}") == shell.json("show tale")
    shell(f"make tale --root {there}")
    assert not shell.ports.calls, "nothing is paid for twice"
    assert "all sound" in shell(f"verify tale --root {there}")
    shell.edit("It goes on.", "It ends.")
    make(Studio(shell.folder, there, ports=shell.ports))
    (said,) = json.loads(shell(f"sync-store {there} builds --json"))
    assert said["revisions"] == ["rev-0002"]
    assert shell.json("show tale") == shell.json(f"show tale --root {there}")
    assert "all sound" in shell("verify tale")


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    """A movie with one revision in the default store of a project."""
    toy = Toy(tmp_path / "scratch", ["a", "b"], driver=LocalDriver(tmp_path / "builds"), clock=SystemClock())
    toy.make()
    return toy


def movies(tmp_path: Path, line: str, code: int) -> str:
    result = CliRunner().invoke(main, [*line.split(), "--project", str(tmp_path)])
    assert result.exit_code == code, result.output
    return result.output


def test_different_ways_are_refused_in_a_sentence(toy: Toy, tmp_path: Path) -> None:
    """Exit 1, with what to do; a store is no place to sync itself to, and what is not there cannot be brought."""
    assert "rev-0001 brought" in movies(tmp_path, "sync-store builds other", 0)
    other = Toy(tmp_path / "scratch", ["a", "c"], driver=LocalDriver(tmp_path / "other"), clock=SystemClock())
    other.make()
    assert "it has rev-0002 of its own" in movies(tmp_path, "sync-store builds other", 0)
    assert "no revision is ever deleted" in movies(tmp_path, "sync-store builds other --mirror", 1)
    toy.texts[0] = "other"
    toy.make()
    said = movies(tmp_path, "sync-store builds other", 1)
    assert "rev-0002 is one revision here and another there" in said
    assert "next:" in said
    assert "the same place" in movies(tmp_path, "sync-store builds ./builds", 2)
    assert "nothing is kept of tail" in movies(tmp_path, "sync-store builds other tail", 2)
    assert "is not a movie id" in movies(tmp_path, "sync-store builds other ../tale", 2)


def test_damage_is_told_and_nothing_of_it_is_brought(toy: Toy, tmp_path: Path) -> None:
    """Exit 1, and the command that repairs it."""
    ref = toy.store.manifests.read(1).artefacts["film"].blob
    blob = tmp_path / "builds" / toy.store.keys.blob(ref.digest)
    blob.chmod(0o644)
    blob.write_bytes(b"?" * ref.size)
    said = movies(tmp_path, "sync-store builds other", 1)
    assert "do not match" in said
    assert "toy --repair --root builds" in said
    assert MovieStore(LocalDriver(tmp_path / "other"), "toy").manifests.live() is None

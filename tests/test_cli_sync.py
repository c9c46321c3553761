"""`movies sync-store`: a movie that was made here goes on elsewhere, and comes back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from resources.instant import InstantPorts
from resources.rehearsal.s3_server import Bucket

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


def test_a_movie_goes_on_at_the_other_root_and_comes_back(shell: Any, s3_bucket: Bucket) -> None:
    """There is nothing to make there, all commands work, and what is made there is brought back."""
    there = f"{s3_bucket.root}/tenant/films"
    shell("make tale")
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
    shell(f"make tale --root {there}")
    (said,) = json.loads(shell(f"sync-store {there} builds --json"))
    assert said["revisions"] == ["rev-0002"]
    assert shell.json("show tale") == shell.json(f"show tale --root {there}")
    assert "all sound" in shell("verify tale")


def test_different_ways_are_refused_in_a_sentence(shell: Any) -> None:
    """Exit 1, with what to do; a store is no place to sync itself to, and what is not there cannot be brought."""
    shell("make tale")
    shell("sync-store builds other")
    shell.edit("It goes on.", "It ends.")
    shell("make tale --root other")
    shell.edit("It ends.", "It never ends.")
    shell("make tale")
    said = shell("sync-store builds other", code=1)
    assert "rev-0002 is one revision here and another there" in said
    assert "next:" in said
    assert "the same place" in shell("sync-store builds ./builds", code=2)
    assert "nothing is kept of tail" in shell("sync-store builds other tail", code=2)
    assert "is not a movie id" in shell("sync-store builds other ../tale", code=2)


def test_damage_is_told_and_nothing_of_it_is_brought(shell: Any) -> None:
    """Exit 1, and the command that repairs it."""
    shell("make tale")
    digest = shell.json("show tale")["artefacts"]["film"]["blob"]["digest"]
    blob = shell.folder / "builds" / "tale" / "blobs" / digest[:2] / digest
    blob.chmod(0o644)
    blob.write_bytes(b"?" * blob.stat().st_size)
    said = shell("sync-store builds other", code=1)
    assert "do not match" in said
    assert "movies verify tale --repair --root builds" in said
    assert "tale has no revision yet" in shell("show tale --root other", code=2)

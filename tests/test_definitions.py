"""Dagster's own commands load this project as it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The sample movie and Dagster's files in a folder of their own, at a size that is quick to make."""
    for name in ("dagster.yaml", "workspace.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "movies", tmp_path / "movies")
    return tmp_path


def _run(project: Path, *command: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("DAGSTER_HOME", None)
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        cwd=project, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_definitions_validate(project: Path) -> None:
    """`dagster definitions validate` finds nothing wrong, through workspace.yaml."""
    assert "valid" in _run(project, "dagster", "definitions", "validate").lower()


def test_a_movie_can_be_materialized_from_the_command_line(project: Path) -> None:
    """`dagster asset materialize --select galapagos/picture_prompt --partition 003`, into the store `movies` uses."""
    _run(project, "dagster", "asset", "materialize", "-m", "movie_assets.definitions",
         "--select", "galapagos/picture_prompt", "--partition", "003")  # fmt: skip
    log = (project / "builds" / "galapagos" / "events" / "artefacts.log").read_text()
    assert '"artefactId":"picture_prompt[3]"' in log and '"artefactId":"picture_prompt[2]"' not in log
    assert (project / ".dagster").is_dir()


def test_dg_loads_the_project() -> None:
    """`dg check defs` reads pyproject.toml; it looks for the code in the folder itself."""
    _run(ROOT, "dg", "check", "defs")

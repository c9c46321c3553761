"""Scratch folders of dead processes go, those of living ones stay."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from resources.scratch import own_scratch, sweep_scratch


def test_only_the_folders_of_dead_processes_are_swept(tmp_path: Path) -> None:
    """And nothing of anyone else's, nor anything that only looks like one."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left = tmp_path / f"movie-assets-{os.getuid()}-{dead.pid}"
    others = tmp_path / f"movie-assets-{os.getuid() + 1}-{dead.pid}"
    named = tmp_path / "movie-assets-mine"
    own = own_scratch(tmp_path)
    for folder in (left / "galapagos", others, named, own):
        folder.mkdir(parents=True)
    assert sweep_scratch(tmp_path) == [left]
    assert not left.exists() and others.exists() and named.exists() and own.exists()

"""Ctrl-C ends `movies make` though a provider holds every request and others wait for their turn."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from resources.rehearsal.openai_server import Fault, OpenAIServer

pytestmark = pytest.mark.heavy
ROOT = Path(__file__).resolve().parents[2]
YAML = """\
title: Tale
brief: A tale.
segments: 5
picture: {provider: openai}
"""


def test_ctrl_c_ends_what_waits_for_a_provider(tmp_path: Path) -> None:
    """Two requests are never answered, three wait for their turn: the command says it stopped, and ends."""
    (tmp_path / "movies" / "tale").mkdir(parents=True)
    (tmp_path / "movies" / "tale" / "movie.yaml").write_text(YAML)
    (tmp_path / ".env").write_text("OPENAI_API_KEY=sk-of-a-test-of-ctrl-c\n")
    environment = {
        name: value for name, value in os.environ.items() if name not in ("DAGSTER_HOME", "OPENAI_API_KEY")
    }
    with OpenAIServer() as server:
        server.misbehave("images/generations", *[Fault(how="silent")] * 5)
        (tmp_path / "providers.yaml").write_text(f"openai: {{base_url: {server.url}, at_once: 2}}\n")
        made = subprocess.Popen(
            [sys.executable, "-m", "movie_assets.cli", "make", "tale", "--yes"],
            cwd=tmp_path,
            env={**environment, "PYTHONPATH": str(ROOT)},
            stderr=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + 100
        while server.calls["images/generations"] < 2:
            assert made.poll() is None and time.monotonic() < deadline, made.poll()
            time.sleep(0.05)
        made.send_signal(signal.SIGINT)
        _, said = made.communicate(timeout=60)
    assert made.returncode == 130 and "stopped" in said and "Traceback" not in said, said
    assert server.calls["images/generations"] == 2

"""`movies make` with a video service: killed or stopped while a job is waited for, it goes on with the same job."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from resources.probe import probe
from resources.rehearsal.video_server import KEY, VideoServer

pytestmark = pytest.mark.heavy
ROOT = Path(__file__).resolve().parents[3]
YAML = """\
title: Waves
brief: Waves roll in.
segments: 1
frame: {width: 320, height: 180, fps: 10}
music: none
motion: {kind: animated, provider: replicate, model: some-lab/waves, seconds: 4}
"""


@pytest.fixture
def begin(server: VideoServer, docs: Any, tmp_path: Path) -> Callable[[], subprocess.Popen[str]]:
    """Starts `movies make` in a project whose provider is the service of docs/video.md, rehearsed."""
    (tmp_path / "movies" / "waves").mkdir(parents=True)
    (tmp_path / "movies" / "waves" / "movie.yaml").write_text(YAML)
    connection = docs["replicate"]
    connection["base_url"] = f"{server.url}/replicate"
    connection["video"]["every"] = 0.2
    connection["prices"] = {"some-lab/waves": {"video_seconds": 0.05}}
    (tmp_path / "providers.yaml").write_text(yaml.safe_dump({"replicate": connection}))
    (tmp_path / ".env").write_text(f"REPLICATE_API_TOKEN={KEY}\n")
    environment = {
        name: text for name, text in os.environ.items() if name not in ("DAGSTER_HOME", "REPLICATE_API_TOKEN")
    }

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "movie_assets.cli", "make", "waves", "--yes"],
            cwd=tmp_path,
            env={**environment, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    return start


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert process.poll() is None and time.monotonic() < end, process.communicate()[0]
        time.sleep(0.05)


def ended(process: subprocess.Popen[str]) -> str:
    """What a process said until it ended well."""
    said = process.communicate(timeout=150)[0]
    assert process.returncode == 0, said
    return said


def test_one_job_is_paid_whatever_happens_to_the_one_who_waits(
    begin: Callable[[], subprocess.Popen[str]], server: VideoServer, tmp_path: Path
) -> None:
    """Killed, then stopped by Ctrl-C, then run to the end: one submission, and a film of a video unlike the film."""
    server.polls = 10**6
    first = begin()
    wait_for(lambda: server.calls["poll"] >= 2, first)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()

    before = server.calls["poll"]
    second = begin()
    wait_for(lambda: server.calls["poll"] >= before + 2, second)
    second.send_signal(signal.SIGINT)
    said = second.communicate(timeout=60)[0]
    assert second.returncode != 0
    assert "Traceback" not in said

    for job in server.jobs.values():
        job.left = 1
    ended(begin())
    assert server.calls["submit"] == len(server.jobs) == 1
    film = probe(tmp_path / "films" / "waves" / "film.mp4").video
    assert film is not None
    assert (film.width, film.height, film.fps) == (320, 180, 10)
    store = tmp_path / "builds" / "waves"
    assert not list((store / "pending").rglob("*.json"))
    assert not [path for path in store.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]

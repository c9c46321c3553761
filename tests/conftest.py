"""What several parts of the suite start: `dagster dev`, and the `movies` command in a project of its own."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import wave
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from math import sin
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from movie_assets import cli
from movie_assets.commands import command
from movie_assets.core.errors import Unready
from movie_assets.core.ports import Frame, Workspace
from resources.coding import FINAL, coding
from resources.ffmpeg import ffmpeg
from resources.instant import InstantPorts
from resources.studio import Studio

if TYPE_CHECKING:
    from resources.rehearsal.ceph import CephServer
    from resources.rehearsal.s3_server import Bucket, S3Server

USUAL = Frame(1280, 720, 30)
PACKAGES = "radosgw ceph-mon ceph-osd ceph-common"
ROOT = Path(__file__).resolve().parent.parent
YAML = """\
title: Tiny
brief: A tiny film. It is made while a person watches.
segments: 2
frame: {width: 320, height: 180, fps: 10}
"""


class Dev:
    """`dagster dev` in a project, spoken to by GraphQL."""

    def __init__(self, project: Path, address: str) -> None:
        self.project, self.address = project, address

    def ask(self, query: str, **variables: Any) -> Any:
        """A GraphQL answer's data."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(
            f"{self.address}/graphql", body, {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["data"]

    @property
    def location(self) -> str:
        """The name of the project's code location."""
        found = self.ask("{workspaceOrError{... on Workspace{locationEntries{name}}}}")
        return str(found["workspaceOrError"]["locationEntries"][0]["name"])


@pytest.fixture(scope="session")
def tiny_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Makes projects with one tiny movie, `tiny`."""

    def make() -> Path:
        project = tmp_path_factory.mktemp("project")
        for name in ("dagster.yaml", "workspace.yaml", "pyproject.toml"):
            shutil.copy(ROOT / name, project)
        (project / "movies" / "tiny").mkdir(parents=True)
        (project / "movies" / "tiny" / "movie.yaml").write_text(YAML)
        return project

    return make


@pytest.fixture(scope="session")
def dagster_dev() -> Callable[[Path], AbstractContextManager[Dev]]:
    """Starts `dagster dev` in a project on a free loopback port; ended with its children at the end."""
    return _dagster_dev


@contextmanager
def _dagster_dev(project: Path) -> Iterator[Dev]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("dagster")), "dev", "-h", "127.0.0.1", "-p", str(port)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("DAGSTER_HOME", None)
    log = project / "dagster-dev.log"
    with log.open("w") as stream:
        server = subprocess.Popen(
            command, cwd=project, env=environment, stdout=stream, stderr=stream, start_new_session=True
        )
    dev = Dev(project, f"http://127.0.0.1:{port}")
    try:
        _wait_for(dev, server, log)
        yield dev
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)


def _wait_for(dev: Dev, server: subprocess.Popen[bytes], log: Path) -> None:
    begin = time.monotonic()
    while time.monotonic() - begin < 120:
        assert server.poll() is None, log.read_text()[-2000:]
        try:
            dev.ask("{version}")
            return
        except OSError:
            time.sleep(0.25)
    raise TimeoutError(log.read_text()[-2000:])


class Shell:
    """Types `movies` commands in a folder of its own, with instant providers; the movie is `tale`."""

    def __init__(self, folder: Path, ports: InstantPorts, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.ports = folder, ports
        self.config = folder / "movies" / "tale" / "movie.yaml"
        monkeypatch.chdir(folder)
        monkeypatch.delenv("DAGSTER_HOME", raising=False)
        monkeypatch.setattr(command, "Studio", partial(Studio, ports=ports))

    def __call__(self, line: str, code: int = 0) -> str:
        """What is said, on either stream."""
        self.ports.calls.clear()
        result = CliRunner().invoke(cli.main, line.split(" "))
        assert result.exit_code == code, (result.output, result.exception)
        assert "Traceback" not in result.output
        return result.output

    def json(self, line: str) -> Any:
        return json.loads(self(f"{line} --json"))

    def write(self, yaml: str) -> None:
        self.config.parent.mkdir(parents=True, exist_ok=True)
        self.config.write_text(yaml)

    def edit(self, old: str, new: str) -> None:
        text = self.config.read_text()
        assert old in text
        self.config.write_text(text.replace(old, new))

    def files(self) -> set[str]:
        return {str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file()}

    def kept(self) -> dict[str, bytes]:
        """Everything in the store."""
        return {
            str(path): path.read_bytes() for path in (self.folder / "builds").rglob("*") if path.is_file()
        }


class OwnMedia:
    """A person's own files, as small as they can be: a sound, and videos coded as clips are."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def sound(self, hertz: int = 440) -> bytes:
        """A tenth of a second as a WAV."""
        file = io.BytesIO()
        with wave.open(file, "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(8000)
            sound.writeframes(
                b"".join(
                    round(9000 * sin(at * hertz / 1273)).to_bytes(2, "little", signed=True)
                    for at in range(800)
                )
            )
        return file.getvalue()

    def clip(self, frames: int, frame: Frame = USUAL, colour: str = "teal") -> bytes:
        """An MP4 of one colour."""
        source = f"color={colour}:s={frame.width}x{frame.height}:r={frame.fps}"
        command = [
            "-f",
            "lavfi",
            "-i",
            source,
            "-frames:v",
            str(frames),
            *coding(frame, ",setsar=0", FINAL),
            "own.mp4",
        ]
        ffmpeg(command, Workspace(self._folder))
        return (self._folder / "own.mp4").read_bytes()


@pytest.fixture(scope="session")
def own_media(tmp_path_factory: pytest.TempPathFactory) -> OwnMedia:
    """Makes a person's own sounds and videos."""
    return OwnMedia(tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="session")
def shell_in() -> type[Shell]:
    """Makes a shell from a folder, ports and a monkeypatch."""
    return Shell


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """moto's S3 server, in this process; it takes half a second to import."""
    from resources.rehearsal.s3_server import S3Server

    with S3Server() as server:
        yield server


@pytest.fixture
def s3_bucket(s3_server: S3Server) -> Bucket:
    """An empty bucket."""
    return s3_server.bucket()


@pytest.fixture(scope="session")
def ceph_server() -> Iterator[CephServer]:
    """Ceph's S3 gateway, a real server; it takes ten seconds to start."""
    from resources.rehearsal.ceph import CephServer, missing_programs

    if missing := missing_programs():
        pytest.skip(f"not installed: {', '.join(missing)} (apt-get install {PACKAGES})")
    with ExitStack() as stack:
        try:
            server = stack.enter_context(CephServer())
        except Unready as error:
            pytest.skip(str(error))
        yield server

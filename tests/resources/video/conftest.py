"""A rehearsal service, the connections of docs/video.md to it, and one request for a video."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
import yaml
from PIL import Image

from movie_assets.core.errors import Transient
from movie_assets.core.ports import AnimateRequest, Result, Workspace
from resources.connection import Connection
from resources.line import Answer
from resources.rehearsal.video_server import KEY, VideoServer
from resources.video.animate import VideoAnimator
from resources.video.api import VideoApi

T = TypeVar("T")
DOCS = Path(__file__).resolve().parents[3] / "docs" / "video.md"
DIALECTS = {"replicate": "replicate", "fal": "fal", "studio-box": "plain"}


def documented() -> dict[str, Any]:
    """The connections that docs/video.md shows."""
    blocks = re.findall(r"```yaml\n(?!# movie)(.*?)```", DOCS.read_text(), re.DOTALL)
    return {name: entry for block in blocks for name, entry in yaml.safe_load(block).items()}


@dataclass(frozen=True)
class StraightLine:
    """Asks at once, and again three times in all."""

    connection: Connection

    def call(self, ask: Callable[[], T], at: Workspace) -> Answer[T]:
        for attempt in (1, 2, 3):
            try:
                return Answer(ask(), attempt)
            except Transient:
                if attempt == 3:
                    raise
        raise AssertionError


@dataclass(frozen=True)
class PerSecond:
    def cost(self, provider: str, model: str | None, amounts: Any) -> float | None:
        return 0.05 * amounts["video_seconds"] if "video_seconds" in amounts else None


@dataclass
class Desk:
    """Asks one service for one video, again and again, as run after run does."""

    server: VideoServer
    folder: Path
    at: Workspace
    picture: Path
    said: list[str] = field(default_factory=list)

    def connection(self, name: str, **video: Any) -> Connection:
        entry = documented()[name]
        api = VideoApi.model_validate({**entry["video"], "every": 0.01, **video})
        url = f"{self.server.url}/{DIALECTS[name]}"
        return Connection(name, "video", url, KEY, "VIDEO_KEY", timeout=10.0, video=api)

    def request(self, **fields: Any) -> AnimateRequest:
        settings = {"model": "some-lab/image-to-video", "seed": 7}
        asked = AnimateRequest(self.picture, "waves roll in", 5.0, 320, 180, 10, settings)
        return replace(asked, **fields)

    def animate(self, name: str = "replicate", request: AnimateRequest | None = None, **video: Any) -> Result:
        animator = VideoAnimator(StraightLine(self.connection(name, **video)), PerSecond())
        return animator.animate(request or self.request(), self.at)

    @property
    def note(self) -> dict[str, Any] | None:
        return (
            self.at.pending.read("replicate")
            or self.at.pending.read("studio-box")
            or self.at.pending.read("fal")
        )

    @property
    def submitted(self) -> int:
        return self.server.calls["submit"]


@pytest.fixture
def server() -> Iterator[VideoServer]:
    with VideoServer() as running:
        yield running


@pytest.fixture
def desk(server: VideoServer, tmp_path: Path) -> Desk:
    picture = tmp_path / "picture.png"
    Image.new("RGB", (64, 36), (40, 90, 160)).save(picture)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    said: list[str] = []
    return Desk(server, tmp_path, Workspace(scratch, tell=said.append), picture, said)


@pytest.fixture
def docs() -> dict[str, Any]:
    return documented()

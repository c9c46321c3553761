"""A movie in a folder of its own, made at once and without Dagster, and exported."""

from __future__ import annotations

import wave
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from movie_assets.core.blueprints import BLUEPRINTS
from movie_assets.core.manifest import Manifest
from movie_assets.core.ports import SpeakRequest, Speech, Workspace
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.storyboard import Storyboard, storyboards_of
from resources.export import export
from resources.instant import InstantPorts
from resources.studio import Studio

YAML = """\
title: Tale
brief: A tale of three parts. It goes on. Then it ends.
segments: 3
frame: {width: 320, height: 180, fps: 10}
narration: {provider: offline, voice: en-us}
"""


@dataclass(slots=True)
class Dear(InstantPorts):
    """Providers whose voice costs what nobody knows."""

    def speak(self, request: SpeakRequest, at: Workspace) -> Speech:
        made = InstantPorts.speak(self, request, at)
        return replace(made, sound=replace(made.sound, meta=replace(made.sound.meta, cost=None)))


class Tale:
    """The movie `tale`; `to` is where it is exported."""

    def __init__(self, folder: Path) -> None:
        self.studio, self.to = Studio(folder, ports=Dear()), folder / "films"
        self.folder = folder / "movies" / "tale"
        self.folder.mkdir(parents=True)
        self.yaml = YAML

    @property
    def store(self) -> MovieStore:
        return self.studio.store("tale")

    def make(self, old: str = "", new: str = "") -> Manifest:
        """Makes the movie after an edit of its file; the live revision."""
        assert old in self.yaml
        self.yaml = self.yaml.replace(old, new) if old else self.yaml + new
        (self.folder / "movie.yaml").write_text(self.yaml)
        production = self.studio.open("tale").produce()
        if production.has_work:
            production.begin()
            list(production.outcomes())
            production.publish()
        live = self.store.manifests.live()
        assert live is not None
        return live

    def export(self, manifest: Manifest, everything: bool = False) -> list[str]:
        blueprint = BLUEPRINTS[manifest.blueprint]
        names = {**blueprint.exports, **(blueprint.on_request if everything else {})}
        paths = export(self.store, manifest, names, self.to, blueprint.on_request)
        return [path.name for path in paths]

    def boards(self) -> list[Storyboard]:
        live = self.store.manifests.live()
        assert live is not None
        return storyboards_of(self.store, live)

    def page(self) -> str:
        return (self.to / "index.html").read_text()

    def sound(self, name: str, seconds: float) -> None:
        """A person's own sound in the movie's folder."""
        with wave.open(str(self.folder / name), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(b"\1\2" * round(seconds * 8000))

    def files(self) -> dict[str, tuple[int, int]]:
        """Everything exported: its inode and when it was written."""
        found = (path for path in self.to.rglob("*") if path.is_file())
        return {
            str(path.relative_to(self.to)): (path.stat().st_ino, path.stat().st_mtime_ns) for path in found
        }


@pytest.fixture
def tale(tmp_path: Path) -> Tale:
    """A movie that is not made yet."""
    return Tale(tmp_path)


@pytest.fixture(scope="session")
def tale_in() -> Callable[[Path], Tale]:
    """The same for a folder of one's choice."""
    return Tale

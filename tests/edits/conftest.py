"""A movie of three segments that is edited, with counted providers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from movie_assets.core.artefact import Name
from movie_assets.core.manifest import Manifest
from movie_assets.core.store.disk import Disk
from movie_assets.core.store.local import LocalDriver
from resources.encoders import encoder_of
from resources.instant import InstantPorts
from resources.studio import Studio

SECTIONS = {
    "One": "The first sentence.",
    "Two": "The second sentence is longer.",
    "Three": "The third.",
}


class Tale:
    """A movie of three segments with a person's own script, and how often anybody was called for it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ports = folder / "movies" / "tale", InstantPorts()
        self.encoder_of = encoder_of
        self.folder.mkdir(parents=True)
        self.fields: dict[str, Any] = {
            "title": "Tale",
            "segments": 3,
            "duration": 20,
            "script": {"source": "script.md"},
            "narration": {"voice": "en-us"},
        }
        self.script(SECTIONS)
        self.says()

    def says(self, **fields: Any) -> None:
        """Sets fields of movie.yaml; None takes one away."""
        self.fields = {name: value for name, value in {**self.fields, **fields}.items() if value is not None}
        (self.folder / "movie.yaml").write_text(json.dumps(self.fields))

    def script(self, sections: dict[str, str]) -> None:
        parts = [f"## {name}\n\n{text}\n\n> picture: {name}\n" for name, text in sections.items()]
        (self.folder / "script.md").write_text("\n".join(["# Tale\n\nA summary.\n\nmood: calm\n", *parts]))

    def file(self, name: str, data: bytes | str) -> str:
        (self.folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
        return name

    def studio(self, root: str = "builds", ports: InstantPorts | None = None) -> Studio:
        project = self.folder.parent.parent
        studio = Studio(project, root, ports=ports or self.ports, encoder_of=self.encoder_of)
        # Nobody cuts the power here: what is written need not be waited for.
        quick = Disk(sync=lambda descriptor: None, sync_data=lambda descriptor: None)
        vars(studio)["driver"] = LocalDriver(project / root, quick)
        return studio

    def make(self, *targets: str) -> dict[str, int]:
        """Makes the movie, or some artefacts and what they need; the calls it took."""
        self.ports.calls.clear()
        names = frozenset(map(Name.parse, targets)) or None
        _produce(self.studio(), names)
        return dict(self.ports.calls)

    def plan(self) -> dict[str, tuple[str, ...]]:
        """The jobs that must or may run, with their reasons."""
        plan = self.studio().open("tale").plan()
        return {job.job_id: job.reasons for layer in plan.layers for job in layer}

    @property
    def store(self) -> Any:
        return self.studio().store("tale")

    @property
    def live(self) -> Manifest:
        manifest = self.store.manifests.live()
        assert manifest is not None
        return manifest

    def made(self) -> dict[str, str]:
        """The digest of every artefact of the newest revision."""
        return {name: record.blob.digest for name, record in self.live.artefacts.items()}

    def from_scratch(self) -> dict[str, str]:
        """The digest of every artefact, made in an empty store."""
        studio = self.studio(f"fresh-{self.live.revision}", InstantPorts())
        _produce(studio, None)
        manifest = studio.store("tale").manifests.live()
        assert manifest is not None
        return {name: record.blob.digest for name, record in manifest.artefacts.items()}

    def blob(self, name: str) -> Path:
        digest = self.made()[name]
        (found,) = (self.folder.parent.parent / "builds" / "tale" / "blobs").rglob(digest)
        found.chmod(0o644)
        return found

    def log(self) -> Path:
        return self.folder.parent.parent / "builds" / "tale" / "events" / "artefacts.log"

    def hint(self) -> Path:
        return self.folder.parent.parent / "builds" / "tale" / "current.json"

    def files(self) -> dict[str, bytes]:
        root = self.folder.parent.parent
        return {str(path): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def _produce(studio: Studio, targets: frozenset[Name] | None) -> None:
    production = studio.open("tale").produce(targets)
    if production.has_work:
        production.begin()
        list(production.outcomes())
        if (error := production.error()) is not None:
            raise error
        production.publish()


@pytest.fixture
def tale(tmp_path: Path) -> Iterator[Tale]:
    """The movie, made once."""
    tale = Tale(tmp_path)
    tale.make()
    yield tale

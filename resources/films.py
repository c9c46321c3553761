"""Films: the folders in which a person looks for what was made, films/ID of a project."""

from __future__ import annotations

from pathlib import Path

from movie_assets.core.blueprints import BLUEPRINTS
from movie_assets.core.manifest import Manifest
from resources.export import export
from resources.exports.shelf import Shelf
from resources.studio import Studio

__all__ = ["Films"]


class Films:
    """Exports revisions of a studio's movies."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    def folder(self, movie: str) -> Path:
        """Where a movie's film lies."""
        return self._studio.project / "films" / movie

    def write(self, live: Manifest, to: Path | None = None) -> list[Path]:
        """A revision's film and what goes with it, in place of what an earlier one left."""
        blueprint, folder = BLUEPRINTS[live.blueprint], to or self.folder(live.movie)
        return export(self._studio.store(live.movie), live, blueprint.exports, folder, blueprint.on_request)

    def refresh(self, live: Manifest) -> list[Path]:
        """The same where an earlier revision was exported on this machine; nothing where nobody looks for it."""
        return self.write(live) if Shelf(self.folder(live.movie)).is_used else []

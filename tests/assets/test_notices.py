"""What a provider says while Dagster waits for it is in the log of the run's process, with the artefact it is about."""

from __future__ import annotations

from pathlib import Path

import pytest

from movie_assets.assets.notices import Notices
from movie_assets.core.artefact import Name
from movie_assets.core.ports import PaintRequest, Result, Workspace
from movie_assets.definitions import definitions_of
from resources.instant import InstantPorts
from resources.studio import Studio


class Talkative(InstantPorts):
    """A painter that says that it tries again."""

    def paint(self, request: PaintRequest, at: Workspace) -> Result:
        at.tell("openai: retry 1 in 2 s: rate limit")
        return super().paint(request, at)


def test_a_retry_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """By the logger `movie_assets.providers`, in every run that Dagster starts."""
    (tmp_path / "movies" / "tale").mkdir(parents=True)
    (tmp_path / "movies" / "tale" / "movie.yaml").write_text("title: Tale\nbrief: A tale.\nsegments: 2\n")
    studio = Studio(tmp_path, ports=Talkative())
    assert isinstance(progress := definitions_of(studio).resources["progress"], Notices)
    production = studio.open("tale").produce(frozenset([Name("picture", 1)]))
    production.begin()
    assert all(outcome.status == "produced" for outcome in production.outcomes(progress=progress))
    (told,) = [each.message for each in caplog.records if each.name == "movie_assets.providers"]
    assert told == "picture[1] openai: retry 1 in 2 s: rate limit"

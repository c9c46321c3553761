"""What a provider says while Dagster waits for it is in the log of the run's process, with the artefact it is about."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

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
    """By the logger `movie_assets.providers`."""
    (tmp_path / "movies" / "tale").mkdir(parents=True)
    (tmp_path / "movies" / "tale" / "movie.yaml").write_text("title: Tale\nbrief: A tale.\nsegments: 2\n")
    definitions = definitions_of(Studio(tmp_path, ports=Talkative()))
    (tmp_path / "home").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "home")) as instance:
        job = definitions.resolve_implicit_global_asset_job_def()
        job.execute_in_process(instance=instance, asset_selection=[dg.AssetKey(["tale", "film"])])
    told = {each.message for each in caplog.records if each.name == "movie_assets.providers"}
    assert told == {f"picture[{segment}] openai: retry 1 in 2 s: rate limit" for segment in range(2)}

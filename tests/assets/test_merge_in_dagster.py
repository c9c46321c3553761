"""A run that another one overtakes merges with it, in Dagster as on the command line."""

from __future__ import annotations

from typing import Any

from movie_assets.core.artefact import Name
from movie_assets.core.ports import FilmRequest
from resources.instant import InstantPorts
from resources.studio import Studio


def test_what_a_merge_makes_is_told_in_dagster(project: Any) -> None:
    """Both edits are in the newest revision, which Dagster shows as fresh; only what joins them was made for it."""
    project.make()
    before = project.config.read_text()
    project.edit("voice: en-us", "voice: en-gb")
    mine = project.config.read_text()
    theirs = before.replace("title: Test", "title: Other")
    overtaken: list[bool] = []

    def publish_first(request: Any) -> None:
        if isinstance(request, FilmRequest) and not overtaken:
            overtaken.append(True)
            project.config.write_text(theirs)
            other = Studio(project.path, ports=InstantPorts()).open("tale").produce()
            other.begin()
            list(other.outcomes())
            assert other.publish() is not None
            project.config.write_text(mine)

    project.ports.before = publish_first
    made = project.make()
    live = project.studio.store("tale").manifests.live()
    assert live is not None and live.number == 3
    assert live.inputs["title"].payload == "Other"
    assert live.inputs["narration[0]"].payload["voice"] == "en-gb"
    assert made["film"] == 2 and made["speak"] == 3
    told = (project.latest("film").tags or {})["dagster/data_version"]
    assert told == live.output(Name("film")).digest
    project.config.write_text(mine.replace("title: Test", "title: Other"))
    assert not project.studio.open("tale").produce().has_work

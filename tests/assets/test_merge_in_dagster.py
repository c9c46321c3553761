"""A run that another one overtakes merges with it, in Dagster as on the command line."""

from __future__ import annotations

from typing import Any

import pytest
from dagster._core.utils import make_new_run_id

from movie_assets.core.artefact import Name
from movie_assets.core.errors import Conflict
from movie_assets.core.movie import Production
from movie_assets.core.ports import FilmRequest
from movie_assets.core.progress import Silence
from movie_assets.launch import launch
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


# --- what was agreed to is what is carried out ---------------------------------------------------------------------


@pytest.fixture
def paid(project: Any) -> Any:
    """Pictures by a provider who costs; made once."""
    project.ports.costs = {"openai": 0.0165, "offline": 0.0}
    project.edit("overrides:", "picture: {provider: openai}\noverrides:")
    project.make()
    return project


def _published_by_another(project: Any, base: str, old: str, new: str) -> None:
    """Another checkout's edit of what was there before, which this one's files know nothing of."""
    mine = project.config.read_text()
    assert old in base
    project.config.write_text(base.replace(old, new))
    production = Studio(project.path, ports=InstantPorts()).open("tale").produce()
    production.begin()
    list(production.outcomes())
    assert production.publish() is not None
    project.config.write_text(mine)


def _carry_out(project: Any, production: Production) -> dict[str, int]:
    project.ports.calls.clear()
    launch(project.studio, production, Silence())
    return dict(project.ports.calls)


def test_an_overlapping_edit_published_while_a_person_thinks_is_a_conflict(paid: Any) -> None:
    """It names the input and both values, before anything is paid for."""
    base, motion = paid.config.read_text(), "1: {motion: animated}"
    mine, theirs = (
        f"1: {{motion: animated, picture: {{prompt: {prompt}}}}}" for prompt in ("a red fox", "a blue fox")
    )
    paid.edit(motion, mine)
    planned = paid.studio.open("tale").produce(run_id=make_new_run_id())
    _published_by_another(paid, base, motion, theirs)
    with pytest.raises(
        Conflict,
        match=r"rev-0002 changed what this run changed, too .*: prompt\[1\]: prompt a blue fox → a red fox",
    ):
        _carry_out(paid, planned)
    assert not paid.ports.calls
    assert paid.studio.store("tale").manifests.live().number == 2


def test_an_edit_that_does_not_touch_is_joined_where_it_costs_no_more(paid: Any) -> None:
    """Both are live; what was agreed to is paid once."""
    base = paid.config.read_text()
    paid.edit("{provider: openai}", "{provider: openai, style: ink}")
    planned = paid.studio.open("tale").produce(run_id=make_new_run_id())
    _published_by_another(paid, base, "title: Test", "title: Other")
    assert _carry_out(paid, planned)["paint"] == 3
    live = paid.studio.store("tale").manifests.live()
    assert (live.number, live.inputs["title"].payload) == (3, "Other")


def test_an_edit_that_would_make_it_dearer_is_a_conflict(paid: Any) -> None:
    """It names what the other changed, and what both come to: a wide picture costs more than a square one."""
    paid.edit("title: Test", "title: Test\nframe: {width: 1080, height: 1080}")
    paid.make()
    base = paid.config.read_text()
    paid.edit("{provider: openai}", "{provider: openai, style: ink}")
    planned = paid.studio.open("tale").produce(run_id=make_new_run_id())
    _published_by_another(paid, base, "width: 1080", "width: 1920")
    paid.ports.calls.clear()
    with pytest.raises(
        Conflict, match=r"rev-0003 changed canvas, frame .* together may cost 0\.\d+ USD, not 0\.\d+ USD"
    ):
        launch(paid.studio, planned, Silence())
    assert not paid.ports.calls


def test_an_edit_after_the_plan_is_the_next_ones(paid: Any) -> None:
    """While a person thinks, the file may be edited on: what they agree to is what they were shown."""
    paid.edit("{provider: openai}", "{provider: openai, style: ink}")
    planned = paid.studio.open("tale").produce({Name("picture", 0)}, run_id=make_new_run_id())
    paid.edit("style: ink", "style: oil")
    assert _carry_out(paid, planned) == {"paint": 1}
    plan = paid.studio.open("tale").plan()
    assert {"picture[0]", "picture[1]", "picture[2]"} <= {job.job_id for job in plan.jobs}

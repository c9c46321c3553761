"""The job that takes in a movie, and how a run's end finds the movie it was of."""

from __future__ import annotations

import base64
from typing import Any

import dagster as dg
import pytest

from movie_assets.assets.notify import notify
from movie_assets.assets.receive import RECEIVE
from movie_assets.core.errors import Refused


def config(sent: str, /, **files: str) -> dict[str, Any]:
    coded = {f"{name}.yaml": base64.b64encode(text.encode()).decode() for name, text in files.items()}
    return {"ops": {"Receive": {"config": {"movie": sent, "files": coded}}}}


def test_a_movie_is_taken_in(project: Any) -> None:
    """And is made once the definitions are loaded anew."""
    job = project.definitions.resolve_job_def(RECEIVE)
    text = "title: Sent\nbrief: It was sent. It is short.\nsegments: 1\n"
    assert job.execute_in_process(instance=project.instance, run_config=config("sent", movie=text)).success
    assert project.studio.ids() == ["sent", "tale"]
    assert project.studio.open("sent").produce().has_work


def test_what_is_no_movie_fails_the_run(project: Any) -> None:
    """With the sentence that says why; nothing has changed."""
    job = project.definitions.resolve_job_def(RECEIVE)
    with pytest.raises(Refused, match="segments"):
        job.execute_in_process(instance=project.instance, run_config=config("tale", movie="segments: two\n"))
    assert project.config.read_text().startswith("title: Test")


def test_a_run_of_the_command_is_told_as_well(project: Any) -> None:
    """`movies make` leaves its run in the same records; what is of no movie of the project is passed over."""
    told: list[str] = []

    class Told:
        def send(self, message: Any, delivery: str) -> None:
            told.append(message["movie"])

    project.make()
    [run] = project.instance.get_runs()
    ended = project.instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_SUCCESS)[-1].dagster_event
    assert ended is not None
    for ids in (["other", "tale"], ["other"]):
        [sensor] = [each for each in notify(lambda ids=ids: ids) if each.name == "webhook_succeeded"]
        gear = {"movies": project.studio, "webhook": Told()}
        context: Any = dg.build_run_status_sensor_context(
            sensor.name, ended, project.instance, run, resources=gear
        )
        sensor(context)
    assert told == ["tale"]

"""A movie spread over several runs: each has a place of its own in Dagster's queue, and together they make it once."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from movie_assets import definitions
from movie_assets.assets.places import MOVIE, PLACE, tags_of
from movie_assets.core.movie import Movie
from movie_assets.definitions import definitions_of
from resources.studio import Studio

MOVIES = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,8}", fullmatch=True)
RUNS = st.integers(1, 64).flatmap(lambda runs: st.tuples(st.integers(1, runs), st.just(runs)))


@settings(deadline=None)
@given(MOVIES, RUNS, MOVIES, RUNS)
def test_no_two_parts_share_a_place(
    one: str, first: tuple[int, int], other: str, second: tuple[int, int]
) -> None:
    """Not of one movie nor of two; but the same part of the next edit's runs has to wait for it."""
    places = [tags_of(movie, *part)[PLACE] for movie, part in ((one, first), (other, second))]
    assert (places[0] == places[1]) == ((one, first[0]) == (other, second[0]))


def _requests(project: Any, runs: int) -> list[dg.RunRequest]:
    """What the sensor asks for after an edit."""
    found = definitions_of(project.studio, runs=runs)
    repository = found.get_repository_def()
    project.edit("A test.", "A test, edited.")
    context = dg.build_sensor_context(
        instance=project.instance, repository_def=repository, resources={"movies": project.studio}
    )
    return list(repository.get_sensor_def("config_edits").evaluate_tick(context).run_requests or ())


def test_an_edit_is_made_by_as_many_runs_as_set(project: Any) -> None:
    """All of the same, each with a key and a place of its own; carried out, they publish one revision."""
    requests = _requests(project, 3)
    assert len({request.run_key for request in requests}) == 3
    assert [request.tags[PLACE] for request in requests] == ["tale", "tale 2", "tale 3"]
    assert {request.tags[MOVIE] for request in requests} == {"tale"}
    job = project.definitions.resolve_implicit_global_asset_job_def()
    for request in requests:
        done = job.execute_in_process(
            instance=project.instance, asset_selection=request.asset_selection, tags=dict(request.tags),
            run_config=request.run_config,
        )  # fmt: skip
        assert done.success
    assert project.studio.store("tale").manifests.numbers() == [1]
    assert project.ports.calls["film"] == 1


def test_one_run_is_as_before(project: Any) -> None:
    """Where nothing is set."""
    [request] = _requests(project, 1)
    assert request.tags[PLACE] == "tale"
    assert "shared" not in str(request.run_config)


def test_a_revision_that_comes_in_between_is_no_failure(
    project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two runs of one movie: one publishes after the other has planned, and before it begins."""
    produce, planned = Movie.produce, []

    def late(movie: Movie, *said: Any, **more: Any) -> Any:
        production = produce(movie, *said, **more)
        if not planned:
            planned.append(production)
            other = produce(Studio(project.path, ports=project.ports).open("tale"))
            other.begin()
            list(other.outcomes())
            assert other.publish() is not None
        return production

    monkeypatch.setattr(Movie, "produce", late)
    assert project.materialize().success
    assert project.studio.store("tale").manifests.numbers() == [1]


@pytest.mark.parametrize(("said", "runs"), [("", 1), ("4", 4), ("0", 1), ("many", 1), ("65", 1)])
def test_the_setting_is_a_number_or_counts_as_one(
    said: str, runs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be is told in the log and stops nothing."""
    monkeypatch.setenv("MOVIES_RUNS_PER_MOVIE", said)
    assert definitions._runs() == runs

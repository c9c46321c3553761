"""The sensor as Dagster's daemon calls it: what is edited leads to one run, what cannot be made is told."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import pytest

from movie_assets.definitions import definitions_of


@dataclass
class Daemon:
    """Ticks `config_edits` with the cursor of the tick before; starts no run by itself."""

    project: Any
    definitions: dg.Definitions = field(init=False)
    cursor: str | None = None

    def __post_init__(self) -> None:
        self.reload()

    def reload(self) -> None:
        self.definitions = definitions_of(self.project.studio)

    def tick(self) -> dg.SensorResult:
        """One tick, as Dagster checks it."""
        repository = self.definitions.get_repository_def()
        context = dg.build_sensor_context(
            instance=self.project.instance, cursor=self.cursor, repository_def=repository,
            resources={"movies": self.project.studio},
        )  # fmt: skip
        sensor = repository.get_sensor_def("config_edits")
        ticked = sensor.evaluate_tick(context)
        self.cursor = ticked.cursor
        return dg.SensorResult(
            run_requests=list(ticked.run_requests or ()),
            skip_reason=ticked.skip_message,
            cursor=ticked.cursor,
        )

    def said(self) -> str:
        """What a tick says that starts nothing."""
        result = self.tick()
        assert not result.run_requests
        assert result.skip_reason is not None
        return str(result.skip_reason.skip_message)

    def requests(self) -> list[dg.RunRequest]:
        return list(self.tick().run_requests or ())

    def run(self, request: dg.RunRequest) -> dict[str, int]:
        """Does what the daemon does with a request; the calls it took."""
        self.project.ports.calls.clear()
        job = self.definitions.resolve_implicit_global_asset_job_def()
        job.execute_in_process(
            instance=self.project.instance, asset_selection=request.asset_selection, tags=dict(request.tags),
            run_config=request.run_config, raise_on_error=False,
        )  # fmt: skip
        return dict(self.project.ports.calls)

    def in_flight(self, status: dg.DagsterRunStatus, **about: Any) -> dg.DagsterRun:
        """A run that is not over."""
        run = dg.DagsterRun(job_name="other", run_id=dg._core.utils.make_new_run_id(), status=status, **about)
        self.project.instance.add_run(run)
        return run

    def second(self, movie: str = "other") -> None:
        """Another movie beside `tale`."""
        shutil.copytree(self.project.config.parent, self.project.path / "movies" / movie)


@pytest.fixture
def daemon(project: Any) -> Iterator[Daemon]:
    """A daemon over a project whose movie has been made."""
    project.make()
    yield Daemon(project)


def _revision(daemon: Daemon, movie: str = "tale") -> int:
    return max(daemon.project.studio.store(movie).manifests.numbers(), default=0)


def test_nothing_is_made_while_nothing_is_edited(daemon: Daemon) -> None:
    """Not at the first tick, and not at the next."""
    assert daemon.said() == daemon.said() == "nothing was edited"


def test_a_movie_that_was_never_made_waits_for_an_edit(project: Any) -> None:
    """Starting Dagster pays for nothing by itself."""
    daemon = Daemon(project)
    assert daemon.said() == "nothing was edited"
    project.edit("A test.", "A test, edited.")
    assert len(daemon.requests()) == 1


def test_an_edit_leads_to_one_run_that_makes_exactly_the_plan(daemon: Daemon) -> None:
    """One sentence: its narration, its clip, the sound and the film; a revision; everything fresh."""
    daemon.tick()
    daemon.project.edit("The second sentence.", "Another second sentence.")
    plan = daemon.project.studio.open("tale").plan()
    [request] = daemon.requests()
    assert request.tags["movie"] == "tale"
    assert daemon.run(request) == {"speak": 1, "clip": 1, "soundtrack": 1, "film": 1}
    assert {job.job_id for job in plan.jobs} >= {"narration[1]", "clip[1]", "film"}
    assert _revision(daemon) == 2
    assert not daemon.project.stale()
    assert daemon.said() == "nothing was edited"


def test_an_edit_before_the_first_tick_counts(daemon: Daemon) -> None:
    """What is watched is watched from when the definitions were loaded."""
    daemon.project.edit("The second sentence.", "Another second sentence.")
    assert len(daemon.requests()) == 1


def test_an_edit_that_changes_no_input_starts_nothing(daemon: Daemon) -> None:
    """A comment is not worth a run."""
    daemon.tick()
    daemon.project.config.write_text(daemon.project.config.read_text() + "# a comment\n")
    assert daemon.said() == "nothing was edited"


def test_back_and_forth(daemon: Daemon) -> None:
    """A, B, A: three runs, though the third makes nothing and only publishes."""
    daemon.tick()
    keys, calls = set(), []
    for voice in ("en-gb", "en-us", "en-gb"):
        text = daemon.project.config.read_text()
        daemon.project.config.write_text(text.replace("en-us", voice).replace("en-gb", voice))
        [request] = daemon.requests()
        keys.add(request.run_key)
        calls.append(daemon.run(request))
    assert len(keys) == 3
    assert calls[0]["speak"] == 3 and calls[1] == calls[2] == {}
    assert _revision(daemon) == 4


def test_an_invalid_edit_is_told_and_changes_nothing(daemon: Daemon) -> None:
    """In each tick until it is corrected: the file, the line and what is allowed."""
    daemon.tick()
    before = sorted((daemon.project.path / "builds").rglob("*"))
    daemon.project.edit("segments: 3", "segments: many")
    for _ in range(2):
        said = daemon.said()
        assert all(
            words in said for words in ("tale", "movie.yaml:3", "segments", "many", "movies check tale")
        )
    assert sorted((daemon.project.path / "builds").rglob("*")) == before
    daemon.project.edit("segments: many", "segments: 3")
    assert daemon.said() == "nothing was edited"


def test_a_file_that_is_missing_is_told_until_it_is_there(daemon: Daemon) -> None:
    """Also what movie.yaml names is watched."""
    daemon.tick()
    daemon.project.script.rename(daemon.project.path / "script.md")
    assert "script.md does not exist" in daemon.said()
    shutil.copy(daemon.project.path / "script.md", daemon.project.script)
    assert daemon.said() == "nothing was edited"


@pytest.mark.parametrize(
    "status", [dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]
)
@pytest.mark.parametrize(
    "about",
    [{"tags": {"movie": "tale"}}, {"asset_selection": frozenset({dg.AssetKey(["tale", "film"])})}],
    ids=["tagged", "asked for on a page"],
)
def test_quick_edits_do_not_pile_up(
    daemon: Daemon, status: dg.DagsterRunStatus, about: dict[str, Any]
) -> None:
    """While a run of the movie is waiting or working none is asked for; afterwards one, for all edits."""
    daemon.tick()
    run = daemon.in_flight(status, **about)
    for number in range(3):
        daemon.project.edit("The first sentence.", f"Take {number}. The first sentence.")
        assert "tale is being made; its edits are next" in daemon.said()
    daemon.project.instance.report_run_failed(run)
    assert len(daemon.requests()) == 1
    assert not daemon.requests()


def test_a_failed_run_is_not_tried_again_without_an_edit(daemon: Daemon) -> None:
    """One attempt for each edit; saving the file again is asking again."""
    daemon.tick()
    daemon.project.edit("en-us", "en-gb")
    [first] = daemon.requests()
    daemon.project.instance.report_run_failed(daemon.in_flight(dg.DagsterRunStatus.STARTED, tags=first.tags))
    assert daemon.said() == "nothing was edited"
    daemon.project.config.touch()
    [second] = daemon.requests()
    assert first.run_key != second.run_key


def test_a_tick_that_is_repeated_asks_under_the_same_key(daemon: Daemon) -> None:
    """A daemon that dies before it has kept the cursor starts no second run."""
    daemon.tick()
    cursor = daemon.cursor
    daemon.project.edit("en-us", "en-gb")
    [first] = daemon.requests()
    daemon.cursor = cursor
    [again] = daemon.requests()
    assert first.run_key == again.run_key


def test_two_movies_do_not_hinder_each_other(daemon: Daemon) -> None:
    """One is invalid or being made; the other one's edit leads to its run, and what is wrong is told after that."""
    daemon.second()
    daemon.second("third")
    daemon.reload()
    daemon.tick()
    daemon.in_flight(dg.DagsterRunStatus.STARTED, tags={"movie": "third"})
    for movie, text in (("other", "titel: x\n"), ("third", "title: New\n")):
        path = daemon.project.path / "movies" / movie / "movie.yaml"
        path.write_text(path.read_text().replace("title: Test\n", text))
    daemon.project.edit("en-us", "en-gb")
    [request] = daemon.requests()
    assert request.tags["movie"] == "tale"
    said = daemon.said()
    assert "other cannot be made as it is now" in said and "titel" in said
    assert "third is being made" in said


def test_a_movie_that_cannot_be_read_keeps_no_other_from_being_loaded(daemon: Daemon) -> None:
    """The tick says what is wrong with it, then that a reload is due, and then it is made."""
    daemon.second()
    config = daemon.project.path / "movies" / "other" / "movie.yaml"
    good = config.read_text()
    config.write_text("titel: x\n")
    daemon.reload()
    assert "other cannot be made as it is now" in daemon.said()
    config.write_text(good)
    assert "other is new" in daemon.said()
    daemon.reload()
    [request] = daemon.requests()
    assert request.tags["movie"] == "other"


def test_a_new_movie_is_told_and_made_after_a_reload(daemon: Daemon) -> None:
    """It needs assets of its own first."""
    daemon.tick()
    daemon.second()
    for _ in range(2):
        assert "other is new: Dagster has not loaded it\n  next: reload the definitions" in daemon.said()
    daemon.reload()
    [request] = daemon.requests()
    daemon.run(request)
    assert _revision(daemon, "other") == 1


def test_another_number_of_segments_is_told_and_made_after_a_reload(daemon: Daemon) -> None:
    """It needs other partitions first."""
    daemon.tick()
    daemon.project.edit("segments: 3", "segments: 2")
    daemon.project.edit("\n## Three\n\nThe third sentence.\n", "")
    said = daemon.said()
    assert "tale has 2 segments now, and had 3 when Dagster loaded it" in said and "reload" in said
    daemon.reload()
    [request] = daemon.requests()
    daemon.run(request)
    assert _revision(daemon) == 2


def test_a_deleted_folder_leaves_what_was_made(daemon: Daemon) -> None:
    """The store is as it was, before and after a reload."""
    daemon.tick()
    store = sorted((daemon.project.path / "builds" / "tale").rglob("*"))
    shutil.rmtree(daemon.project.config.parent)
    assert "what was made of it is kept" in daemon.said()
    daemon.reload()
    assert daemon.said() == "nothing was edited"
    assert sorted((daemon.project.path / "builds" / "tale").rglob("*")) == store


def test_the_inputs_log_says_who_edited_what(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run the sensor asked for records the edit under the person's login name."""
    monkeypatch.setenv("LOGNAME", "fitzroy")
    daemon.tick()
    daemon.project.edit("The second sentence.", "Another second sentence.")
    [request] = daemon.requests()
    daemon.run(request)
    last = list(daemon.project.studio.store("tale").events.inputs())[-1]
    assert (last.id, last.editor, last.revision) == ("script", "fitzroy", "rev-0002")


def test_a_quiet_tick_reads_no_file(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking after many movies costs next to nothing while nobody edits them."""
    for number in range(19):
        daemon.second(f"copy-{number}")
    daemon.reload()
    daemon.tick()
    monkeypatch.setattr(type(daemon.project.studio), "open", lambda *_: pytest.fail("a movie was opened"))
    monkeypatch.setattr(type(daemon.project.studio), "file", lambda *_: pytest.fail("a movie was read"))
    assert daemon.said() == "nothing was edited"


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        ("title_card: Hello\n", "title_card"),
        ("motion: {kind: animated, sound: 0.4}\n", "motion_sound"),
        ("descriptions: {provider: offline}\n", "description"),
    ],
)
def test_an_asset_more_is_told_and_holds_up_no_other_movie(daemon: Daemon, edit: str, says: str) -> None:
    """In each tick until the definitions are loaded anew, and then it is made; the other way round as well."""
    daemon.second()
    daemon.reload()
    daemon.tick()
    config = daemon.project.path / "movies" / "other" / "movie.yaml"
    before = config.read_text()
    config.write_text(before + edit)
    daemon.project.edit("en-us", "en-gb")
    [request] = daemon.requests()
    assert request.tags["movie"] == "tale"
    for _ in range(2):
        said = daemon.said()
        assert "other has " in said and says in said
        assert "when Dagster loaded it\n  next: reload the definitions" in said
    daemon.reload()
    [request] = daemon.requests()
    assert request.tags["movie"] == "other"
    config.write_text(before)
    assert "other has no " in daemon.said()


def test_a_page_that_was_loaded_before_an_asset_more_says_so(daemon: Daemon) -> None:
    """Materialized by hand without a reload, nothing is made, and it is said what to do."""
    loaded = daemon.definitions.resolve_implicit_global_asset_job_def()
    daemon.project.config.write_text(daemon.project.config.read_text() + "title_card: Hello\n")
    daemon.project.ports.calls.clear()
    result = loaded.execute_in_process(instance=daemon.project.instance, raise_on_error=False)
    [failed] = [event for event in result.all_events if event.event_type_value == "STEP_FAILURE"]
    assert "tale has title_card now, and had none when Dagster loaded it" in str(failed.event_specific_data)
    assert not daemon.project.ports.calls


def test_a_reload_by_itself_starts_nothing(project: Any) -> None:
    """Another shape that nobody was told of waits for an edit, as a movie that was never made does."""
    daemon = Daemon(project)
    daemon.tick()
    cursor = daemon.cursor
    project.config.write_text(project.config.read_text() + "title_card: Hello\n")
    daemon.reload()
    daemon.cursor = None
    assert daemon.said() == "nothing was edited"
    assert daemon.cursor != cursor


def test_what_nobody_foresaw_in_one_movie_is_told_and_holds_up_no_other(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """By its type, with what to do; the log has where it broke."""
    daemon.second()
    daemon.reload()
    daemon.tick()
    studio = type(daemon.project.studio)
    opened = studio.open

    def breaks(self: Any, movie: str) -> Any:
        return {}["no such thing"] if movie == "other" else opened(self, movie)

    monkeypatch.setattr(studio, "open", breaks)
    (daemon.project.path / "movies" / "other" / "movie.yaml").touch()
    daemon.project.edit("en-us", "en-gb")
    [request] = daemon.requests()
    assert request.tags["movie"] == "tale"
    said = daemon.said()
    assert "other cannot be planned: KeyError: 'no such thing'\n  next: please report it" in said
    assert "Traceback" in caplog.text and "breaks" in caplog.text


def test_a_movie_that_cannot_be_glanced_at_is_told_like_any(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look at it says what is wrong."""
    daemon.second()
    daemon.reload()
    daemon.tick()
    studio = type(daemon.project.studio)
    glance = studio.glance

    def breaks(self: Any, movie: str) -> Any:
        return {}["no such thing"] if movie == "other" else glance(self, movie)

    monkeypatch.setattr(studio, "glance", breaks)
    monkeypatch.setattr(studio, "open", lambda self, movie: {}["no such movie"])
    assert "other cannot be planned: KeyError: 'no such movie'" in daemon.said()


def test_a_movie_file_that_is_a_folder_is_told(daemon: Daemon) -> None:
    """With what to do, and no other movie is held up by it, nor kept from being loaded."""
    daemon.second()
    config = daemon.project.path / "movies" / "other" / "movie.yaml"
    daemon.reload()
    daemon.tick()
    config.unlink()
    config.mkdir()
    for _ in range(2):
        said = daemon.said()
        assert "movie.yaml cannot be read: Is a directory" in said and "\n  next: " in said
        assert "Errno" not in said
        daemon.reload()
    daemon.project.edit("en-us", "en-gb")
    [request] = daemon.requests()
    assert request.tags["movie"] == "tale"


def test_a_cursor_of_an_earlier_version_counts_as_none(daemon: Daemon) -> None:
    """What was edited since the definitions were loaded is made."""
    daemon.cursor = '{"tale":{"mark":"0123 narrated 3"}}'
    assert daemon.said() == "nothing was edited"
    daemon.cursor = '{"tale":{"mark":"0123 narrated 3"}}'
    daemon.project.edit("en-us", "en-gb")
    assert len(daemon.requests()) == 1

"""A movie in Dagster: any selection of it, failures and interrupts."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import Any

import dagster as dg
import pytest

from movie_assets.core.errors import Refused, Transient
from movie_assets.core.ports import PaintRequest


def test_one_picture_pulls_in_what_it_needs(project: Any) -> None:
    """A partition on a fresh store makes itself and its upstream, publishes nothing, and Dagster sees it all."""
    project.materialize("picture", partitions=("001", "001"))
    assert project.ports.calls == {"paint": 1}
    assert project.events("picture[1]") == project.events("script") == 1
    assert project.studio.store("tale").manifests.live() is None


def test_waves_of_partial_runs_publish_when_the_movie_is_whole(project: Any) -> None:
    """As Dagster's backfill of a whole group does it."""
    project.materialize("script", "music_prompt", "music")
    project.materialize("picture", "narration", "words", "motion", "clip", partitions=("000", "002"))
    assert project.studio.store("tale").manifests.live() is None
    project.materialize("timeline", "soundtrack", "subtitles", "film")
    assert project.studio.store("tale").manifests.live().revision == "rev-0001"
    assert project.make() == {}


def test_a_failed_run_shows_what_failed_and_keeps_the_rest(project: Any) -> None:
    """Failed and blocked artefacts are not told as made; the next run makes just those."""

    def refuse(request: Any) -> None:
        if isinstance(request, PaintRequest) and "two" in request.prompt.lower():
            raise Transient("the painter is away")

    project.ports.before = refuse
    result = project.materialize(partitions=("000", "002"), raises=False)
    assert not result.success
    assert project.events("picture[0]") == project.events("picture[2]") == project.events("narration[1]") == 1
    assert project.events("picture[1]") == project.events("clip[1]") == project.events("film") == 0
    project.ports.before = lambda request: None
    assert project.make() == {"paint": 1, "animate": 1, "clip": 2, "film": 1}
    assert project.stale() == set()


def test_only_what_failed_and_what_it_blocked_is_red(project: Any) -> None:
    """Dagster's own colours name the failure, also when the rest was reused; an observation says why."""

    def refuse(request: Any) -> None:
        if isinstance(request, PaintRequest) and "two" in request.prompt.lower():
            raise Transient("the painter is away")

    project.ports.before = refuse
    for _ in range(2):
        assert not project.materialize(partitions=("000", "002"), raises=False).success
        assert project.painted("picture") == ["MATERIALIZED", "FAILED", "MATERIALIZED"]
        assert project.painted("clip") == ["MATERIALIZED", "FAILED", "FAILED"]
        assert project.painted("narration") == project.painted("inputs/text") == ["MATERIALIZED"] * 3
    seen = project.instance.fetch_observations(dg.AssetKey(["tale", "picture"]), limit=1).records[0]
    assert "the painter is away" in seen.asset_observation.description


def test_an_interrupted_run_is_cancelled_and_nothing_turns_red(project: Any) -> None:
    """The workers hear of it, what was made is kept, and the next run makes the rest."""

    def interrupt(request: Any) -> None:
        if isinstance(request, PaintRequest) and "three" in request.prompt.lower():
            threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
            time.sleep(1.0)

    project.ports.before = interrupt
    begin = time.monotonic()
    assert not project.materialize(partitions=("000", "002"), raises=False).success
    assert time.monotonic() - begin < 60
    assert project.instance.get_runs(limit=1)[0].status is dg.DagsterRunStatus.CANCELED
    assert "FAILED" not in project.painted("picture")
    project.ports.before = lambda request: None
    project.make()
    assert project.ports.calls["paint"] < 3 and project.stale() == set()


def test_the_error_says_what_was_blocked(project: Any) -> None:
    """One sentence with the artefact, what it blocks, and the next step."""

    def refuse(request: Any) -> None:
        if isinstance(request, PaintRequest) and "two" in request.prompt.lower():
            raise Transient("the painter is away", next_step="try again")

    project.ports.before = refuse
    with pytest.raises(Transient, match=r"the painter is away \(.*picture\[1\].*"):
        project.make()


def test_another_number_of_segments_asks_for_a_reload(project: Any) -> None:
    """Dagster's partitions are those of when the definitions were loaded."""
    job = project.definitions.resolve_implicit_global_asset_job_def()
    project.edit("segments: 3", "segments: 2")
    project.edit("\n## Three\n\nThe third sentence.\n", "")
    with pytest.raises(Refused, match="2 segments now, and had 3"):
        job.execute_in_process(instance=project.instance)


def test_pages_show_what_was_made(project: Any) -> None:
    """Text, cost, provider, digest, and the picture itself."""
    project.make()
    text = project.latest("segment_text[0]").metadata
    assert text["content"].value == "The first sentence."
    picture = project.latest("picture[0]").metadata
    assert picture["picture"].value.startswith("![") and len(picture["picture"].value) < 1000
    assert (picture["provider"].value, picture["cost_usd"].value) == ("instant", 0.0)
    assert len(picture["digest"].value) == 64
    assert project.latest("clip[0]").metadata["frames"].value > 0


def test_inputs_are_told_before_what_is_made_from_them(project: Any) -> None:
    """Lineage begins with what a person set, under its digest."""
    project.make()
    movie = project.studio.open("tale")
    for name, given in movie.inputs.items():
        if name.segment is None:
            event = project.instance.get_latest_materialization_event(
                dg.AssetKey(["tale", "inputs", name.kind])
            )
            assert event.asset_materialization.tags["dagster/data_version"] == given.digest


def test_a_podcast_needs_nothing_but_its_declaration(project: Any) -> None:
    """Another blueprint: no pictures, no clips, the same everything else."""
    project.edit("title: Test", "blueprint: podcast\ntitle: Test")
    assert project.make() == {"speak": 3, "compose": 1, "soundtrack": 1}
    assert project.stale() == set()
    live = project.studio.store("tale").manifests.live()
    assert {name.partition("[")[0] for name in live.artefacts} == {
        "script", "segment_text", "narration", "words", "music_prompt", "music", "ambience", "timeline", "soundtrack",
        "subtitles",
    }  # fmt: skip


def test_no_partitions_named_means_all_of_them(project: Any) -> None:
    """Where Dagster lets a partitioned asset be selected without a partition."""
    project.materialize("picture")
    assert project.ports.calls == {"paint": 3}

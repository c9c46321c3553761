"""Dagster's own staleness says what our planner says."""

from __future__ import annotations

from typing import Any

PARTS = ("000", "002")


def test_after_a_full_run_everything_is_fresh(project: Any) -> None:
    """Film and the unpartitioned artefacts included, and nothing was told twice."""
    project.make()
    assert project.stale() == set()
    assert project.events("film") == project.events("clip[1]") == 1


def test_the_whole_group_by_dagster_is_fresh_too(project: Any) -> None:
    """Materialising the group over all partitions is what `movies make` does."""
    project.materialize(partitions=PARTS)
    assert project.stale() == set()
    assert project.studio.store("tale").manifests.live() is not None


def test_one_text_makes_exactly_its_downstream_stale(project: Any) -> None:
    """Step by step, since Dagster's staleness does not pass on beyond one edge."""
    project.make()
    project.edit("  1: {motion: animated}", "  1: {motion: animated, narration: {text: Other words.}}")
    project.materialize("inputs/text", partitions=("001", "001"))
    assert project.stale() == {"segment_text[1]"}
    project.materialize("segment_text", partitions=("001", "001"))
    assert project.stale() == {"narration[1]", "words[1]"}
    project.materialize("narration", "words", partitions=("001", "001"))
    assert project.stale() == {"clip[1]", "timeline", "soundtrack", "subtitles"}
    project.make()
    assert project.stale() == set()


def test_a_changed_picture_makes_two_clips_stale(project: Any) -> None:
    """The crossfade at the head of the next clip shows it."""
    project.make()
    project.edit("  1: {motion: animated}", "  1: {motion: animated, picture: {prompt: a cactus}}")
    project.materialize("picture", partitions=("001", "001"))
    assert project.ports.calls == {"paint": 1}
    assert project.stale() == {"motion[1]", "clip[1]", "clip[2]"}
    project.make()
    assert project.stale() == set()


def test_a_result_with_the_same_bytes_stops_the_staleness(project: Any) -> None:
    """A rewritten script dirties only the segments whose text changed."""
    project.make()
    project.edit("The second sentence", "The 2nd sentence")
    project.materialize("script")
    assert project.stale() == {
        *(f"{kind}[{segment}]" for kind in ("segment_text", "picture_prompt") for segment in range(3)),
        "music_prompt",
    }
    project.materialize("segment_text", "picture_prompt", "music_prompt", partitions=PARTS)
    assert project.stale() == {"narration[1]", "words[1]"}


def test_going_back_is_told_to_dagster_without_making_anything(project: Any) -> None:
    """Voice A, voice B, voice A: nothing is paid for, and Dagster shows the old versions as live again."""
    project.make()
    before = project.latest("film").tags["dagster/data_version"]
    project.edit("en-us", "en-gb")
    project.make()
    assert project.latest("film").tags["dagster/data_version"] != before
    project.edit("en-gb", "en-us")
    assert project.make() == {}
    assert project.latest("film").tags["dagster/data_version"] == before
    assert project.stale() == set()


def test_a_fresh_instance_learns_of_an_old_store(project: Any) -> None:
    """Dagster's records can be lost: the next run tells them again, and makes nothing."""
    project.make()
    for key in project.instance.all_asset_keys():
        project.instance.wipe_assets([key])
    project.materialize(partitions=PARTS)
    assert project.ports.calls == {}
    assert project.stale() == set()
    assert project.latest("film").metadata["outcome"].value == "reused"


def test_materializing_what_is_up_to_date_tells_only_what_was_selected(project: Any) -> None:
    """It is reused, says so, and costs nothing; its readers are not told again."""
    project.make()
    project.materialize("picture", partitions=("001", "001"))
    assert project.ports.calls == {}
    assert project.latest("picture[1]").metadata["outcome"].value == "reused"
    assert (project.events("picture[1]"), project.events("clip[1]"), project.events("film")) == (2, 1, 1)
    assert project.stale() == set()

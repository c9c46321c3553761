"""Spoken descriptions in Dagster: assets like any, checked like any, and a silent one is not built upon."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from movie_assets.core.errors import Failed
from movie_assets.core.ports import Look
from resources.instant import InstantPorts

SPOKEN = ("title: Test", "title: Test\ndescriptions: spoken")


class Mute(InstantPorts):
    """Whose voice cannot be heard."""

    def look(self, file: Path, media_type: str) -> Look:
        seen = super().look(file, media_type)
        return replace(seen, peak=0.0) if media_type.startswith("audio/") else seen


def checked(project: Any) -> dict[str, list[bool]]:
    """Each check's verdicts in the last run, partition by partition."""
    found: dict[str, list[bool]] = {}
    run = project.instance.get_runs(limit=1)[0].run_id
    for record in project.instance.all_logs(run, of_type={dg.DagsterEventType.ASSET_CHECK_EVALUATION}):
        told = record.dagster_event.asset_check_evaluation_data
        found.setdefault(f"{told.asset_key.path[-1]}.{told.check_name}", []).append(told.passed)
    return found


def kinds(project: Any) -> set[str]:
    graph = project.definitions.resolve_asset_graph()
    return {key.path[-1] for key in graph.get_all_asset_keys() if key.path[0] == "tale"}


def test_they_are_assets_only_where_they_are_wanted(project: Any) -> None:
    """In the movie's group, upstream of a film of their own; the film's own assets and checks stay as they are."""
    before = kinds(project)
    assert not {kind for kind in before if kind.startswith("descri")}
    project.edit(*SPOKEN)
    after = kinds(project)
    assert after - before == {
        "description_text", "description", "description_seconds", "described_timeline", "described_clip",
        "described_soundtrack", "described_subtitles", "described_film", "descriptions", "alt",
    }  # fmt: skip
    assert before <= after


def test_what_is_made_for_them_is_checked(project: Any) -> None:
    """Segment by segment, in the run that makes it."""
    project.make()
    project.edit(*SPOKEN)
    assert project.make() == {"speak": 3, "clip": 3, "soundtrack": 1, "film": 1}
    told = checked(project)
    assert told["description.audible"] == told["described_clip.covers_narration"] == [True] * 3
    assert told["described_film.as_long_as_its_sound"] == told["described_film.frame_size"] == [True]
    assert project.stale() == set()


def test_a_silent_description_is_not_built_upon(project: Any) -> None:
    """It fails in a sentence, and the film that there is stays live."""
    project.make()
    project.edit(*SPOKEN)
    project.ports = Mute()
    with pytest.raises(Failed, match="the description is silent"):
        project.make()
    assert not {"clip", "soundtrack", "film"} & project.ports.calls.keys()
    assert project.studio.store("tale").manifests.live().revision == "rev-0001"

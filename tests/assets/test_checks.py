"""Checks of what was made: told in Dagster, and blocking where it would be built upon."""

from __future__ import annotations

import contextlib
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from PIL import Image

from movie_assets.core.errors import Failed
from movie_assets.core.ports import Look, Workspace
from resources.instant import InstantPorts

CLIP = dg.AssetCheckKey(dg.AssetKey(["tale", "clip"]), "covers_narration")
FILM = dg.AssetCheckKey(dg.AssetKey(["tale", "film"]), "frame_size")
DEAR = 0.05
_stream = io.BytesIO()
Image.new("RGB", (64, 36)).save(_stream, "PNG")
PNG = _stream.getvalue()


class Faulty(InstantPorts):
    """What it makes of one family of media looks or sounds otherwise than it ought to."""

    family: str = ""
    otherwise: dict[str, float] = {}  # noqa: RUF012
    films: dict[str, float] = {}  # noqa: RUF012
    late: float = 0.0

    def look(self, file: Path, media_type: str) -> Look:
        seen = super().look(file, media_type)
        if media_type.startswith("video/") and b'"soundtrack"' in file.read_bytes():
            return replace(seen, **{"sound_seconds": seen.seconds + self.late / 30, **self.films})
        return replace(seen, **self.otherwise) if media_type.startswith(self.family or "none") else seen

    heard: dict[str, float] = {}  # noqa: RUF012

    def soundtrack(self, request: Any, at: Workspace) -> Any:
        made = super().soundtrack(request, at)
        return replace(made, notes={**made.notes, **self.heard})

    def paint(self, request: Any, at: Workspace) -> Any:
        made = super().paint(request, at)
        return replace(made, meta=replace(made.meta, cost=DEAR))


@pytest.fixture
def faulty(project: Any) -> Faulty:
    project.ports = Faulty()
    return project.ports


def _last_run(project: Any) -> str:
    return str(project.instance.get_runs(limit=1)[0].run_id)


def checked(project: Any) -> dict[str, list[bool]]:
    """Each check's latest verdicts in Dagster, partition by partition."""
    found: dict[str, list[bool]] = {}
    kinds = (dg.DagsterEventType.ASSET_CHECK_EVALUATION,)
    for record in project.instance.all_logs(_last_run(project), of_type=set(kinds)):
        told = record.dagster_event.asset_check_evaluation_data
        found.setdefault(f"{told.asset_key.path[-1]}.{told.check_name}", []).append(told.passed)
    return found


def test_a_good_film_passes_every_check(project: Any) -> None:
    """Every check of every artefact is evaluated, segment by segment, in the one run."""
    project.make()
    told = checked(project)
    assert len(told["picture.shows_something"]) == len(told["clip.covers_narration"]) == 3
    assert told["motion.moves"] == [True]  # only one segment is animated
    assert {name for name, passed in told.items() if not all(passed)} == set()
    assert told.keys() >= {
        "script.all_said",
        "narration.audible",
        "words.within_narration",
        "film.frame_size",
    }


@pytest.mark.parametrize(
    ("family", "otherwise", "said", "kind", "spared"),
    [
        ("image/", {"brightest": 0.0}, "the picture is black", "picture", {"animate", "clip", "film"}),
        ("image/", {"spread": 0.0}, "the picture is one even colour", "picture", {"animate", "clip"}),
        ("audio/", {"peak": 0.0}, "the narration is silent", "narration", {"clip", "soundtrack"}),
        ("video/", {"moves": 0.0}, "the video does not move", "motion", {"film"}),
        ("video/", {"seconds": 0.1}, "the clip is 0.10 s long", "clip", {"film"}),
        ("video/", {"width": 320.0}, "the clip is 320", "clip", {"film"}),
        ("audio/", {"peak": 0.0}, "the music is silent", "music", {"soundtrack", "film"}),
    ],
)
def test_what_is_broken_is_not_built_upon(
    project: Any, faulty: Faulty, family: str, otherwise: Any, said: str, kind: str, spared: set[str]
) -> None:
    """The job fails in a sentence, nothing is made from it, no revision is published."""
    faulty.family, faulty.otherwise = family, otherwise
    with pytest.raises(Failed, match=said):
        project.make()
    assert not spared & project.ports.calls.keys()
    assert project.studio.store("tale").manifests.live() is None
    assert any(name.startswith(f"{kind}.") and not all(passed) for name, passed in checked(project).items())


def test_what_was_paid_for_is_kept_though_it_is_of_no_use(project: Any, faulty: Faulty) -> None:
    """Its bytes, its cost and what was wrong with it are in the log; the next make asks the provider again."""
    faulty.family, faulty.otherwise = "image/", {"brightest": 0.0}
    with pytest.raises(Failed):
        project.make()
    store = project.studio.store("tale")
    failed = [event for event in store.events.artefacts() if event.status == "failed"]
    assert {event.artefact_id for event in failed} == {"picture[0]", "picture[1]", "picture[2]"}
    for event in failed:
        assert event.cost == DEAR and event.output is not None and store.read(event.output)
        assert event.diagnostics["checks"]["shows_something"] == "the picture is black"
    faulty.family = ""
    assert project.make()["paint"] == 3
    assert project.stale() == set()


def test_a_persons_own_picture_may_be_black(project: Any, faulty: Faulty) -> None:
    """It is told as a failing check and used all the same."""
    faulty.family, faulty.otherwise = "image/", {"brightest": 0.0}
    for segment in range(3):
        (project.config.parent / f"{segment}.png").write_bytes(PNG)
    told = "".join(f"  {n}: {{picture: {{file: {n}.png}}}}\n" for n in range(3))
    project.config.write_text(project.config.read_text().replace("  1: {motion: animated}\n", told))
    project.make()
    assert project.studio.store("tale").manifests.live() is not None
    assert checked(project)["picture.shows_something"] == [False] * 3


@pytest.mark.parametrize(
    ("otherwise", "said", "check"),
    [
        ({"sound_seconds": 0.0}, r"its sound 0\.000 s", "as_long_as_its_sound"),
        (
            {"seconds": 3.0, "sound_seconds": 3.0},
            r"the film has 90 frames, its timeline \d+",
            "as_long_as_its_timeline",
        ),
        ({"width": 320.0}, r"the film is 320\.0 x 720, not 1280 x 720", "frame_size"),
    ],
)
def test_a_broken_film_is_not_published(
    project: Any, faulty: Faulty, otherwise: dict[str, float], said: str, check: str
) -> None:
    """Whatever was joined wrong: without sound, without some of its clips, in another size; nothing is lost."""
    faulty.films = otherwise
    with pytest.raises(Failed, match=said):
        project.make()
    assert project.studio.store("tale").manifests.live() is None
    assert checked(project)[f"film.{check}"] == [False]
    faulty.films = {}
    assert project.make() == {"film": 1}


@pytest.mark.parametrize(
    ("frames", "passes"), [(0.0, True), (0.9, True), (-0.9, True), (1.1, False), (-1.1, False)]
)
def test_film_and_sound_end_within_one_frame(
    project: Any, faulty: Faulty, frames: float, passes: bool
) -> None:
    """Of the film's own, however many a second has."""
    faulty.late = frames
    with contextlib.suppress(Failed):
        project.make()
    assert checked(project)["film.as_long_as_its_sound"] == [passes]


def test_loudness_out_of_range_is_only_a_warning(project: Any, faulty: Faulty) -> None:
    """The film is published."""
    faulty.heard = {"loudness": -23.0, "truePeak": -3.0}
    project.make()
    assert checked(project)["soundtrack.loudness"] == [False]
    assert project.studio.store("tale").manifests.live() is not None


def test_a_silent_soundtrack_is_not_joined(project: Any, faulty: Faulty) -> None:
    """Where its voices can be heard, the mix is broken; a person's own silence is what they want."""
    faulty.heard = {"loudness": -70.0, "truePeak": -70.0}
    with pytest.raises(Failed, match="the sound is silent"):
        project.make()
    assert "film" not in project.ports.calls
    assert checked(project)["soundtrack.audible"] == [False]
    faulty.heard = {}
    assert project.make() == {"soundtrack": 1, "film": 1}


def test_checks_alone_are_told_again_and_make_nothing(project: Any) -> None:
    """Pressing Execute on a check says what it said of the present results; no provider is called."""
    project.make()
    project.ports.calls.clear()
    job = project.definitions.resolve_implicit_global_asset_job_def()
    subset = job.get_subset(asset_check_selection={CLIP, FILM}, asset_selection=set())
    assert subset.execute_in_process(instance=project.instance).success
    assert not project.ports.calls
    assert checked(project) == {"clip.covers_narration": [True] * 3, "film.frame_size": [True]}

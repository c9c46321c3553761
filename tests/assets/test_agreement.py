"""Whatever a person edits, the planner and Dagster's own staleness call the same artefacts out of date."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from movie_assets.core.artefact import Name

PARTS = ("000", "002")
FIRST = {
    "title": "Tale",
    "segments": 3,
    "duration": 20,
    "script": {"source": "script.md"},
    "narration": {"voice": "en-us"},
}

# Takes and pins are left out: no data version of Dagster's says anything of them. So are other numbers of segments,
# for its partitions are those of when the definitions were loaded.
fields = st.fixed_dictionaries(
    {},
    optional={
        "title": st.sampled_from(["Tale", "Another"]),
        "duration": st.sampled_from([20, 30]),
        "pause": st.sampled_from([0.6, 1.0]),
        "frame": st.sampled_from([{"fps": 30}, {"fps": 25}, {"width": 720, "height": 1280}]),
        "captions": st.sampled_from(["karaoke", "plain", "none"]),
        "picture": st.sampled_from([{}, {"style": "woodcut"}, {"model": "other"}]),
        "narration": st.sampled_from([{"voice": "en-us"}, {"voice": "en-gb"}, {"speed": 1.5}]),
        "music": st.sampled_from([{}, "none", {"volume": 0.1}, {"mood": "dread"}]),
        "overrides": st.dictionaries(
            st.sampled_from("012"),
            st.sampled_from(
                [
                    {"picture": {"prompt": "a cactus"}},
                    {"narration": {"text": "Other words, and more."}},
                    {"motion": "animated"},
                    {"motion": {"move": "pan-up"}},
                    {"transition": "cut"},
                ]
            ),
            max_size=2,
        ),
    },
)
sentences = st.sampled_from(["The second sentence.", "The 2nd sentence.", "Quite another one, and longer."])
ends = st.sampled_from(["make", "part", "leave"])
edits = st.lists(st.tuples(fields, sentences, ends), min_size=2, max_size=2)


def test_the_plan_begins_where_dagster_sees_staleness(project: Any) -> None:
    """After an edit that leaves most as it was, and one that is made in part."""
    first = {"captions": "plain", "overrides": {"1": {"motion": {"move": "pan-up"}}}}
    second = {"narration": {"voice": "en-gb"}, "frame": {"fps": 25}}
    _agree(project, [(first, "The 2nd sentence.", "leave"), (second, "The second sentence.", "part")])


@pytest.mark.heavy
@pytest.mark.timeout(900)
def test_the_plan_begins_where_dagster_sees_staleness_whatever_is_edited(
    project: Any, request: pytest.FixtureRequest
) -> None:
    """After any edits, each made whole, in part or not at all before the next; others by `--hypothesis-seed=N`."""
    several = settings(
        max_examples=8,
        derandomize=request.config.getoption("--hypothesis-seed") is None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )

    @several
    @given(edits=edits)
    def agrees(edits: list[Any]) -> None:
        _agree(project, edits)

    agrees()


def _agree(project: Any, edits: list[Any]) -> None:
    _reset(project)
    project.make()
    for said, sentence, end in edits:
        project.config.write_text(json.dumps({**FIRST, **said}))
        project.edit(_sentence(project), sentence)
        _tell_inputs(project)
        planned, stale = _planned(project), project.stale()
        roots = _roots(project, planned)
        assert roots == _roots(project, stale)
        assert {planned[name] for name in roots} <= {"must"}
        assert stale <= planned.keys()
        if end == "make":
            project.make()
            assert project.stale() == set()
        elif end == "part" and roots:
            project.materialize(Name.parse(min(roots)).kind, partitions=PARTS)


def test_a_file_in_an_artefacts_place_stays_fresh(project: Any, own_media: Any) -> None:
    """Also after what would have made it has changed: Dagster's lineage is the blueprint's, the file's is not."""
    folder = project.config.parent
    project.config.write_text(json.dumps(FIRST))
    project.make()
    plan = project.studio.store("tale").manifests.live().timeline
    (folder / "my.mp4").write_bytes(own_media.clip(plan["segments"][1]["frames"]))
    (folder / "score.wav").write_bytes(own_media.sound())
    mine = {**FIRST, "replace": {"clip[1]": "my.mp4", "music": "score.wav"}}
    project.config.write_text(json.dumps(mine))
    project.make()
    assert project.stale() == set()
    project.config.write_text(
        json.dumps({**mine, "picture": {"style": "woodcut"}, "music": {"mood": "dread"}})
    )
    assert project.make() == {"paint": 3, "clip": 2, "film": 1}
    assert project.stale() == set()


def test_a_pin_stands_while_what_it_reads_is_made(project: Any) -> None:
    """What a pinned picture would be made from is not known yet when Dagster is told that it stays."""
    project.config.write_text(json.dumps({**FIRST, "script": {}}))
    project.make()
    project.config.write_text(json.dumps({**FIRST, "script": {}, "brief": "Other.", "pins": ["picture[1]"]}))
    assert project.make()["write"] == 1


def _reset(project: Any) -> None:
    shutil.rmtree(project.path / "builds", ignore_errors=True)
    for key in project.instance.all_asset_keys():
        project.instance.wipe_assets([key])
    project.config.write_text(json.dumps(FIRST))


def _sentence(project: Any) -> str:
    """What the second section of the script says."""
    lines = project.script.read_text().split("\n")
    return str(lines[lines.index("## Two") + 2])


def _tell_inputs(project: Any) -> None:
    """Dagster notices only what it is told of."""
    kinds = {name.kind for name in project.studio.open("tale").inputs}
    project.materialize(*(f"inputs/{kind}" for kind in sorted(kinds)), partitions=PARTS)
    assert project.ports.calls == {}


def _planned(project: Any) -> dict[str, str]:
    """Must or may, of every artefact the plan holds."""
    plan = project.studio.open("tale").plan()
    return {name: job.status for layer in plan.layers for job in layer for name in job.makes}


def _roots(project: Any, names: Collection[str]) -> set[str]:
    """Those that depend on no other of them."""
    graph = project.studio.open("tale").graph
    found = set()
    for name in map(Name.parse, names):
        siblings = graph.makers[name].makes
        above = {str(each) for each in graph.upstream([name]) if each not in siblings}
        if above.isdisjoint(names):
            found.add(str(name))
    return found

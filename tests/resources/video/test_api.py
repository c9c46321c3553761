"""`video:` in providers.yaml: read strictly, each mistake told with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from movie_assets.core.errors import Failed, Refused
from resources.connections import read_connections
from resources.secrets import Secrets
from resources.studio import Studio
from resources.video.api import VideoApi, filled, found, must_find

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_characters="{}"), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def read(folder: Path, entry: dict[str, Any]) -> Any:
    (folder / "providers.yaml").write_text(yaml.safe_dump({"mysora": entry}, sort_keys=False))
    return read_connections(folder, Secrets(folder, {"KEY": "secret"}))["mysora"]


def test_what_the_page_shows_is_read(docs: Any, tmp_path: Path) -> None:
    """Each connection of docs/video.md, as it stands there."""
    assert len(docs) == 3
    for entry in docs.values():
        assert isinstance(read(tmp_path, entry).video, VideoApi)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("submit",), None, "submit"),
        (("submit", "path"), "predictions", "begins with /"),
        (("submit", "method"), "DELETE", "must be POST or PUT"),
        (("submit", "body"), {"prompt": "{prompt}"}, "where the picture goes"),
        (("submit", "body"), {"image": "{image}", "seed": {"seed": None}}, 'into quotes: "{seed}"'),
        (("submit", "boddy"), {}, "is unknown; did you mean body?"),
        (("id",), "data..id", "a way into the answer"),
        (("poll", "path"), "/jobs/{prompt}", "{prompt} is not known here"),
        (("poll", "done"), "succeeded", "must be a list such as [succeeded]"),
        (("poll", "done"), [], "must be a list such as [succeeded]"),
        (("result",), {}, "say where the video is"),
        (("lengths",), [0], "lengths"),
        (("every",), 0, "must be a number of seconds up to 600"),
        (("patience",), "long", "must be a number of seconds up to 86400"),
    ],
)
def test_a_mistake_is_told_with_its_line(
    docs: Any, tmp_path: Path, path: tuple[str, ...], value: Any, said: str
) -> None:
    """And with what to write instead."""
    entry = docs["replicate"]
    at = entry["video"]
    for part in path[:-1]:
        at = at[part]
    at[path[-1]] = value
    with pytest.raises(Refused) as caught:
        read(tmp_path, entry)
    assert said in str(caught.value), caught.value
    assert "providers.yaml" in str(caught.value)


def test_a_form_has_no_parts_inside_of_parts(docs: Any, tmp_path: Path) -> None:
    """What a multipart body cannot say is refused before it is sent."""
    entry = docs["studio-box"]
    entry["video"]["submit"]["body"]["options"] = {"loop": True}
    with pytest.raises(Refused, match="options"):
        read(tmp_path, entry)


def test_a_video_connection_says_where_it_is(docs: Any, tmp_path: Path) -> None:
    """There is no address to fall back on."""
    del docs["replicate"]["base_url"]
    with pytest.raises(Refused, match="base_url"):
        read(tmp_path, docs["replicate"])


@given(JSON)
def test_a_body_without_placeholders_is_sent_as_it_is(body: Any) -> None:
    """Whatever is in it."""
    assert filled(body, {}) == body


@given(
    st.integers() | st.floats(allow_nan=False) | st.text(min_size=1),
    st.text(st.characters(exclude_characters="{}")),
)
def test_a_placeholder_alone_keeps_its_type(value: Any, around: str) -> None:
    """Inside of a text it becomes text."""
    assert filled(["{value}", {"a": f"{around}-{{value}}"}], {"value": value}) == [
        value,
        {"a": f"{around}-{value}"},
    ]


def test_ways_lead_into_answers() -> None:
    """Through names and numbers; a way that leads nowhere is told with what there is."""
    answer = {"data": {"videos": [{"url": "x"}]}, "status": ""}
    assert found(answer, "data.videos[0].url") == found(answer, "data.videos.0.url") == "x"
    assert found(answer, "data.videos[1].url") is None
    with pytest.raises(Failed, match="no status at status") as caught:
        must_find(answer, "status", "status")
    assert caught.value.labels["it_has"] == "data, status"


@pytest.mark.parametrize(("asked", "given"), [(3, 5), (5, 5), (5.1, 10), (60, 10)])
def test_the_length_is_one_the_service_makes(docs: Any, asked: float, given: float) -> None:
    """Long enough where there is one."""
    assert VideoApi.model_validate(docs["replicate"]["video"]).length(asked) == given


def test_the_estimate_is_of_the_length_it_makes(docs: Any, tmp_path: Path) -> None:
    """Six seconds at a service that makes five or ten cost ten."""
    (tmp_path / "movies" / "waves").mkdir(parents=True)
    (tmp_path / "movies" / "waves" / "movie.yaml").write_text(
        "title: Waves\nbrief: Waves roll in.\nsegments: 1\n"
        "motion: {kind: animated, provider: replicate, model: some-lab/waves, seconds: 6}\n"
    )
    docs["replicate"]["prices"] = {"some-lab/waves": {"video_seconds": 0.05}}
    (tmp_path / "providers.yaml").write_text(yaml.safe_dump({"replicate": docs["replicate"]}))
    plan = Studio(tmp_path).open("waves").plan()
    assert plan.may_cost.usd + plan.must_cost.usd == pytest.approx(0.5)

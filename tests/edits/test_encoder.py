"""Another encoder: it makes clips, cards and the film again, and nothing else; where it is not there, that is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from movie_assets.core.encoder import Encoder
from movie_assets.core.errors import Unready
from resources.encoders import encoder_of
from resources.preview import Cache, preview

CODED = {"clip": 3, "card": 1, "film": 1}


def works(*names: str) -> Callable[[str], Encoder]:
    """A machine where these encoders work."""
    return lambda asked: encoder_of(asked, lambda name: "" if name in names else f"no {name} card")


def never(asked: str) -> Encoder:
    raise AssertionError(f"{asked} is tried")


@pytest.fixture
def tale(tale: Any) -> Any:
    """The movie with a title card."""
    tale.says(title_card={"seconds": 2})
    tale.make()
    return tale


def test_x264_is_as_if_nothing_were_said(tale: Any) -> None:
    """Nothing reads the input, so that what was made before there was any stands; no hardware is tried."""
    tale.encoder_of = never
    labels = {wire.label for job in tale.studio().open("tale").graph.jobs for wire in job.wires}
    assert "inputs/encoder" not in labels and "encoder" not in tale.live.inputs
    tale.says(frame={"encoder": "x264"})
    assert tale.make() == {} and tale.studio().open("tale").plan().encoder is None


def test_gpu_without_hardware_makes_nothing_again_and_says_why(tale: Any) -> None:
    """The film is x264's, as it was."""
    tale.encoder_of = works()
    tale.says(frame={"encoder": "gpu"})
    told = tale.studio().open("tale").plan().encoder
    assert told.said.startswith("x264 in place of gpu") and "nvenc: no nvenc card" in told.said
    assert tale.make() == {}


def test_gpu_is_what_it_turned_out_to_be(tale: Any) -> None:
    """Its name stands in the digests, so clips, card and film are made again, and no other."""
    tale.encoder_of = works("nvenc")
    tale.says(frame={"encoder": "gpu"})
    assert tale.plan()["clip[1]"] == ("input encoder changed: x264 → nvenc",)
    assert tale.make() == CODED
    assert tale.live.inputs["encoder"].payload == "nvenc"
    tale.says(frame={"encoder": "nvenc"})
    assert tale.make() == {}
    tale.says(frame={"encoder": "x264"})
    assert tale.make() == {}
    assert "encoder" not in tale.live.inputs


def test_a_film_of_hardware_is_edited_on_a_machine_without(tale: Any) -> None:
    """All of it is coded anew, because no two encoders' clips can be joined; the plan says what is wanting."""
    tale.encoder_of = works("vaapi")
    tale.says(frame={"width": 640, "encoder": "gpu"})
    tale.make()
    tale.encoder_of = works()
    assert tale.plan()["clip[1]"] == ("input encoder changed: vaapi → x264",)
    assert tale.plan()["title_card"] == ("input encoder changed: vaapi → x264",)
    assert tale.make() == CODED
    assert tale.made() == tale.from_scratch()


def test_a_named_encoder_that_is_wanting_is_told_before_anything_is_made(tale: Any) -> None:
    """Neither a call nor a byte in the store; the plan could be read."""
    tale.encoder_of = works()
    tale.says(frame={"encoder": "qsv"}, overrides={1: {"picture": {"prompt": "a harbour"}}})
    assert "does not work on this machine: no qsv card" in tale.studio().open("tale").plan().encoder.said
    before = tale.files()
    with pytest.raises(Unready, match="no qsv card"):
        tale.make()
    assert tale.files() == before and not tale.ports.calls


def test_what_codes_nothing_needs_no_encoder(tale: Any) -> None:
    """A film of a named encoder gets other music, or a picture to look at, on any machine."""
    tale.encoder_of = works("nvenc")
    tale.says(frame={"encoder": "nvenc"})
    tale.make()
    tale.encoder_of = works()
    tale.says(music={"volume": 0.1})
    assert tale.make() == {"soundtrack": 1, "film": 1}
    tale.says(overrides={1: {"picture": {"prompt": "a harbour"}}})
    assert tale.make("picture[1]") == {"paint": 1}


def test_a_draft_is_the_same_whatever_codes_the_film(tale: Any, tmp_path: Path) -> None:
    """On a machine without the encoder, too; nothing of it is rendered again for another."""
    cache = Cache(tmp_path / "cache")

    def rendered() -> tuple[Any, ...]:
        return preview(tale.studio().open("tale"), tmp_path, cache, tale.ports).rendered

    assert rendered()
    tale.encoder_of = works()
    tale.says(frame={"encoder": "nvenc"})
    assert rendered() == ()


def test_a_podcast_has_no_pictures_to_code(tale: Any) -> None:
    """Whatever its file says of a frame."""
    tale.encoder_of = never
    tale.says(frame={"encoder": "gpu"}, blueprint="podcast", title_card=None)
    assert tale.studio().open("tale").plan().encoder is None


def test_what_is_not_read_any_more_is_a_reason(tale: Any) -> None:
    """A timeline without the title card, which also has another pause, is made for both."""
    tale.says(title_card=None, pause=0.5)
    assert tale.plan()["timeline"] == (
        "input pauses changed: 0.6 → 0.5",
        "inputs/title_seconds is not wanted any more",
    )

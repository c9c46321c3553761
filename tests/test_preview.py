"""`movies preview`: a draft from what is there and placeholders for the rest, free and without a trace."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_assets.core.artefact import Name
from movie_assets.core.blueprints import BLUEPRINTS
from movie_assets.core.ports import Frame
from resources.instant import InstantPorts
from resources.placeholders import PLACEHOLDERS, draft_size
from resources.preview import Cache, preview
from resources.probe import probe
from resources.studio import Studio

YAML = """\
title: Test
brief: A test. It goes on.
segments: 3
frame: {width: 1280, height: 720, fps: 10}
"""
CACHE = Cache(Path(".previews/tale"))
RENDERING = {"clip", "soundtrack", "film"}


@pytest.fixture
def shell(shell_in: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A project with one movie, `tale`."""
    shell = shell_in(tmp_path, InstantPorts(), monkeypatch)
    shell.write(YAML)
    return shell


def make(shell: Any, *only: str) -> None:
    """Makes the movie, or a part of it."""
    movie = Studio(shell.folder, ports=shell.ports).open("tale")
    production = movie.produce(frozenset(map(Name.parse, only)) or None)
    production.begin()
    assert all(outcome.error is None for outcome in production.outcomes())
    production.publish()


# --- what it is made of -------------------------------------------------------------------------------------------


def test_nothing_need_be_made_for_it(shell: Any) -> None:
    """A movie that was only written down has a preview of placeholders, and still no store."""
    said = shell("preview tale")
    assert said.strip().splitlines()[-1] == "films/tale/preview.mp4"
    assert "script; " in said and "picture 0, 1, 2" in said and "narration 0, 1, 2" in said
    assert set(shell.ports.calls) <= RENDERING
    assert not shell.kept()


def test_what_is_made_is_shown(shell: Any) -> None:
    """Of a film that is whole nothing is a placeholder, and its sound is taken as it is."""
    make(shell)
    before = shell.kept()
    said = shell("preview tale")
    assert "placeholders" not in said
    assert shell.ports.calls == {"clip": 3, "film": 1}
    assert shell.kept() == before


def test_only_what_changed_is_rendered_again(shell: Any) -> None:
    """An edit that would cost is seen before it is paid for: its own clip, the sound, the join."""
    make(shell)
    shell("preview tale")
    shell.write(YAML + "overrides: {1: {narration: {text: A sentence that nobody has spoken yet.}}}\n")
    before = shell.kept()
    said = shell("preview tale")
    assert "shown by placeholders: narration 1\n" in said
    assert shell.ports.calls == {"clip": 1, "soundtrack": 1, "film": 1}
    assert shell.kept() == before
    assert shell("preview tale") == said
    assert not shell.ports.calls


def test_another_caption_style_costs_clips_alone(shell: Any) -> None:
    """And the style before is still there."""
    make(shell)
    shell("preview tale")
    shell.write(YAML + "captions: plain\n")
    shell("preview tale")
    assert shell.ports.calls == {"clip": 3, "film": 1}
    shell.write(YAML)
    shell("preview tale")
    assert not shell.ports.calls


@pytest.mark.parametrize("only", ["script", "picture[1]", "narration", "music", "clip[0]"])
def test_a_partial_film_has_placeholders_for_the_rest_alone(shell: Any, only: str) -> None:
    """Whatever was made so far is used, whatever would have to be paid for is not made."""
    make(shell, only)
    jobs = [job for layer in shell.json("plan tale")["layers"] for job in layer]
    left = {job["jobId"] for job in jobs if job["producer"] in PLACEHOLDERS.keys() - {"ambience", "motion"}}
    shell("preview tale")
    assert set(shell.ports.calls) <= RENDERING
    shown = preview(Studio(shell.folder, ports=shell.ports).open("tale"), shell.folder, CACHE, shell.ports)
    assert set(map(str, shown.placeholders)) == left


def test_a_podcast_is_heard(shell: Any) -> None:
    """What has no picture is previewed as sound."""
    shell.write(YAML.replace("frame: {width: 1280, height: 720, fps: 10}", "blueprint: podcast"))
    assert shell("preview tale").strip().endswith("films/tale/preview.m4a")


def test_it_can_be_written_elsewhere(shell: Any) -> None:
    """Into a folder that need not exist."""
    shell("preview tale --to there/it/is")
    assert Path("there/it/is/preview.mp4").is_file()


def test_a_mistake_is_told_as_ever(shell: Any) -> None:
    """With its line, before anything is rendered."""
    shell.write(YAML + "captions: loud\n")
    assert "movie.yaml:5: captions.style" in shell("preview tale", code=2)


def test_it_does_without_its_cache(shell: Any) -> None:
    """Removed, it is made again."""
    make(shell)
    shell("preview tale")
    shutil.rmtree(".previews")
    shell("preview tale")
    assert shell.ports.calls["clip"] == 3


def test_who_asks_a_provider_has_a_placeholder() -> None:
    """Of every blueprint."""
    asking = {p.name for blueprint in BLUEPRINTS.values() for p in blueprint.producers if p.asks}
    assert asking == PLACEHOLDERS.keys()


# --- its parts ----------------------------------------------------------------------------------------------------

sides = st.integers(8, 2048).map(lambda half: 2 * half)


@given(sides, sides)
def test_a_draft_is_small_and_of_the_films_shape(width: int, height: int) -> None:
    """At most 540 pixels on its short side, even, and never larger than the film."""
    small = draft_size(width, height)
    assert min(small) <= 540 and all(side % 2 == 0 and side >= 16 for side in small)
    assert small[0] <= width and small[1] <= height
    share = min(1, 540 / min(width, height))
    assert abs(small[0] - width * share) <= 1 and abs(small[1] - height * share) <= 1


def test_the_cache_is_bounded(tmp_path: Path) -> None:
    """What was used least recently goes, never what the preview at hand needs."""
    made = tmp_path / "made"
    made.write_bytes(bytes(100))
    cache = Cache(tmp_path / "kept", most_bytes=350)
    paths = [cache.keep("clip", f"{number}", made, "video/mp4") for number in range(5)]
    for age, path in enumerate(reversed(paths)):
        os.utime(path, (1000 - age, 1000 - age))
    cache.trim({paths[0]})
    assert [path for path in paths if path.exists()] == [paths[0], *paths[2:]]


@pytest.mark.heavy
def test_a_draft_is_a_film(tmp_path: Path, own_media: Any) -> None:
    """The real renderer: as small as it should be, its picture and sound of one length, a person's own clip among them."""
    from resources.draft import DraftRenderer

    folder = tmp_path / "movies" / "tale"
    folder.mkdir(parents=True)
    (folder / "own.mp4").write_bytes(own_media.clip(20, Frame(1280, 720, 10)))
    text = YAML.replace("segments: 3", "segments: 2") + 'replace: {"clip[1]": own.mp4}\nmotion: animated\n'
    (folder / "movie.yaml").write_text(text)
    movie = Studio(tmp_path).open("tale")
    found = preview(movie, tmp_path, Cache(tmp_path / ".previews"), DraftRenderer())
    media = probe(found.file)
    assert media.video is not None and media.sound is not None
    assert (media.video.width, media.video.height) == (960, 540)
    assert not (tmp_path / "builds").exists()
    assert set(map(str, found.rendered)) == {
        "picture[0]", "clip[0]", "clip[1]", "soundtrack", "film",
    }  # fmt: skip

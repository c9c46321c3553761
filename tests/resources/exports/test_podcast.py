"""Podcast files: sound with a chapter per segment."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest

from movie_assets.core.ports import Workspace
from movie_assets.core.storyboard import chapters
from resources.ffmpeg import ffmpeg

TITLE = r"Tales; of = #1 \\ 'x'"


@pytest.fixture(scope="module")
def podcast(tale_in: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A podcast with a real soundtrack, a person's own, exported."""
    tale = tale_in(tmp_path_factory.mktemp("project"))
    ffmpeg(
        ["-f", "lavfi", "-i", "sine=440:d=12", "-c:a", "aac", str(tale.folder / "own.m4a")],
        Workspace(tale.to.parent / "scratch"),
    )
    own = "replace: {soundtrack: own.m4a}\n"
    live = tale.make("title: Tale", f'blueprint: podcast\ntitle: "{TITLE}"\n{own}'.rstrip("\n"))
    tale.export(live)
    return tale


@pytest.mark.parametrize("name", ["podcast.m4a", "podcast.mp3"])
def test_chapters_are_the_segments(podcast: Any, name: str) -> None:
    """Their names and times, from the beginning, without a gap; and the title is the movie's."""
    wanted = chapters(podcast.boards()[-1])
    with av.open(str(podcast.to / name)) as file:
        found = file.chapters()
        assert [chapter["metadata"]["title"] for chapter in found] == [chapter.title for chapter in wanted]
        begins = [float(chapter["start"] * chapter["time_base"]) for chapter in found]
        assert begins == pytest.approx([chapter.start for chapter in wanted], abs=0.002)
        assert all(a["end"] == b["start"] for a, b in pairwise(found))
        assert file.metadata["title"] == TITLE.replace("\\\\", "\\")
        assert file.duration / av.time_base == pytest.approx(12, abs=0.1)


def test_the_sound_of_an_m4a_is_not_coded_again(podcast: Any) -> None:
    """Packet for packet the soundtrack's."""

    def packets(path: Path) -> list[bytes]:
        with av.open(str(path)) as file:
            return [bytes(packet) for packet in file.demux(file.streams.audio[0]) if packet.size]

    assert packets(podcast.to / "podcast.m4a") == packets(podcast.folder / "own.m4a")


def test_an_mp3_has_a_table_of_contents(podcast: Any) -> None:
    """ID3 chapters, as players read them."""
    head = (podcast.to / "podcast.mp3").read_bytes()[:20_000]
    assert head.startswith(b"ID3") and head.count(b"CHAP") == 3


def test_a_second_export_codes_nothing(podcast: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both stand."""
    before = podcast.files()
    monkeypatch.setattr("resources.exports.podcast.ffmpeg", None)
    podcast.export(podcast.store.manifests.live())
    assert podcast.files() == before
    assert {
        "podcast.m4a",
        "podcast.mp3",
        "podcast.srt",
        "podcast.vtt",
        "index.html",
        "provenance.json",
    } <= before.keys()


SCRIPT = """\
# The script's own title

## The valley

Tea came over the mountains, slowly and in small bags.

> picture: a valley

## Segment 1

Nobody gave this part a name.

> picture: a kettle
"""


def test_a_persons_title_and_headings_are_the_files_own(tale: Any) -> None:
    """movie.yaml's title goes before the script's; a part without a heading is called by its first words."""
    (tale.folder / "script.md").write_text(SCRIPT)
    tale.make("segments: 3", "segments: 2\nblueprint: podcast\nscript: {source: script.md}")
    board = tale.boards()[-1]
    assert board.title == "Tale"
    assert [chapter.title for chapter in chapters(board)] == [
        "The valley",
        "Nobody gave this part a name.",
    ]


def test_a_heading_is_no_reason_to_make_anything(tale: Any) -> None:
    """It says nothing and shows nothing where the prompt is given: other headings cost no call."""
    (tale.folder / "script.md").write_text(SCRIPT)
    tale.make("segments: 3", "segments: 2\nblueprint: podcast\nscript: {source: script.md}")
    tale.studio.ports.calls.clear()
    (tale.folder / "script.md").write_text(SCRIPT.replace("The valley", "Tea comes"))
    tale.make()
    assert not tale.studio.ports.calls
    assert chapters(tale.boards()[-1])[0].title == "Tea comes"

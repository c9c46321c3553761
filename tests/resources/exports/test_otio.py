"""OpenTimelineIO, read back by its own library: what an editor opens is the film, and all it is made of."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from movie_assets.core.timeline import Timeline


def read(path: Path) -> otio.schema.Timeline:
    return otio.adapters.read_from_file(str(path))


def track(timeline: otio.schema.Timeline, name: str) -> otio.schema.Track:
    return next(each for each in timeline.tracks if each.name == name)


def frames(item: Any) -> float:
    return item.duration().value


def plan(tale: Any) -> Timeline:
    found = tale.boards()[-1].timeline
    assert found is not None
    return found


def urls(timeline: otio.schema.Timeline) -> set[str]:
    return {clip.media_reference.target_url for clip in timeline.find_clips()}


@pytest.fixture(scope="module")
def tale(tale_in: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A film of three segments, with a crossfade, a dip and a cut, a score of its own, and all its files."""
    tale = tale_in(tmp_path_factory.mktemp("project"))
    tale.sound("score.wav", 4)
    styles = ("{style: crossfade, seconds: 0.5}", "{style: dip, seconds: 0.4}", "cut")
    overrides = "".join(f"  {n}: {{transition: {style}}}\n" for n, style in enumerate(styles))
    live = tale.make(new=f"music: {{provider: offline, file: score.wav}}\noverrides:\n{overrides}")
    tale.export(live, everything=True)
    return tale


@pytest.fixture(scope="module")
def made(tale: Any) -> otio.schema.Timeline:
    """Its timeline, read back."""
    return read(tale.to / "film.otio")


def test_every_track_is_as_long_as_the_film(tale: Any, made: otio.schema.Timeline) -> None:
    """To the frame; the film's picture and sound are what plays."""
    assert [each.name for each in made.tracks] == ["Pictures", "Film", "Sound", "Narration", "Music"]
    assert [each.kind for each in made.tracks] == ["Video"] * 2 + ["Audio"] * 3
    assert {each.name for each in made.tracks if each.enabled} == {"Film", "Sound"}
    for each in made.tracks:
        assert frames(each) == pytest.approx(plan(tale).frames) and each.duration().rate == 10


def test_the_film_is_cut_where_segments_meet(tale: Any, made: otio.schema.Timeline) -> None:
    """Each piece is that part of film.mp4, and says what it shows, what is said and who made it."""
    clips = list(track(made, "Film"))
    for clip, segment in zip(clips, plan(tale).segments, strict=True):
        assert (
            clip.source_range.start_time.value
            == segment.start_frame
            == clip.range_in_parent().start_time.value
        )
        assert clip.source_range.duration.value == segment.frames
        assert clip.media_reference.target_url == "film.mp4"
    told = clips[1].metadata["movie_assets"]
    assert (
        told["segment"] == 1 and "Part 1" in told["text"] and told["made"]["picture"]["provider"] == "instant"
    )
    assert told["made"]["narration"]["cost"] == "unknown"


def test_transitions_are_where_they_are_seen(tale: Any, made: otio.schema.Timeline) -> None:
    """All of one lies in the head of the later segment, over what the picture before has left to show."""
    found = [each for each in track(made, "Pictures") if isinstance(each, otio.schema.Transition)]
    assert [
        (each.name, each.transition_type, each.in_offset.value, each.out_offset.value) for each in found
    ] == [
        ("crossfade", "SMPTE_Dissolve", 0, 5),
        ("dip", "Custom_Transition", 0, 4),
    ]


def test_voices_are_heard_when_they_are_in_the_film(tale: Any, made: otio.schema.Timeline) -> None:
    """Exactly, also between frames."""
    clips = [each for each in track(made, "Narration") if isinstance(each, otio.schema.Clip)]
    for clip, segment in zip(clips, plan(tale).segments, strict=True):
        assert clip.range_in_parent().start_time.to_seconds() == pytest.approx(segment.voice_start)
        assert clip.duration().to_seconds() == pytest.approx(segment.voice_seconds)


def test_music_is_played_as_often_as_the_mix_plays_it(tale: Any, made: otio.schema.Timeline) -> None:
    """Four seconds with a joint of one: every three seconds anew, each time fading into itself."""
    clips = [each for each in track(made, "Music") if isinstance(each, otio.schema.Clip)]
    starts = [clip.range_in_parent().start_time.to_seconds() for clip in clips]
    assert len(clips) > 2 and starts == pytest.approx([3.0 * n for n in range(len(clips))])
    joints = [each for each in track(made, "Music") if isinstance(each, otio.schema.Transition)]
    assert [each.out_offset.to_seconds() for each in joints[:-1]] == pytest.approx([1.0] * (len(clips) - 2))


def test_no_clip_asks_for_more_than_its_media_have(tale: Any, made: otio.schema.Timeline) -> None:
    """Nor does a transition; and all media are there."""
    for each in made.tracks:
        for clip in each.find_clips():
            _, after = each.neighbors_of(clip)
            tail = (
                after.out_offset
                if isinstance(after, otio.schema.Transition)
                else otio.opentime.RationalTime(0, 10)
            )
            available = clip.media_reference.available_range
            wanted = otio.opentime.TimeRange(clip.source_range.start_time, clip.source_range.duration + tail)
            assert available.start_time <= wanted.start_time
            assert (
                wanted.end_time_exclusive().to_seconds() <= available.end_time_exclusive().to_seconds() + 1e-6
            )
    assert all((tale.to / url).is_file() for url in urls(made))


def test_markers_say_what_is_said(tale: Any, made: otio.schema.Timeline) -> None:
    """One where each segment begins."""
    board = tale.boards()[-1]
    assert [marker.comment for marker in made.tracks.markers] == [scene.text for scene in board.scenes]
    begins = [marker.marked_range.start_time.to_seconds() for marker in made.tracks.markers]
    assert begins == pytest.approx([scene.start for scene in board.scenes])


def test_it_says_what_generated_it(tale: Any, made: otio.schema.Timeline) -> None:
    """The revision, and every provider."""
    told = made.metadata["movie_assets"]
    assert told["revision"] == "rev-0001" and {each["provider"] for each in told["generatedBy"]} >= {
        "instant"
    }


def test_a_bundle_holds_its_media(tale: Any, made: otio.schema.Timeline, tmp_path: Path) -> None:
    """The library unpacks it, finds every file, and its bytes are those beside the film."""
    (tmp_path / "unpacked").mkdir()
    bundled = otio.adapters.read_from_file(
        str(tale.to / "film.otioz"), extract_to_directory=str(tmp_path / "unpacked")
    )
    assert frames(bundled.tracks) == frames(made.tracks)
    for url in urls(bundled):
        name = Path(url).name
        beside = tale.to / name if name == "film.mp4" else tale.to / "media" / name
        assert (tmp_path / "unpacked" / "media" / name).read_bytes() == beside.read_bytes()
    assert {Path(url).name for url in urls(bundled)} == {Path(url).name for url in urls(made)}
    with zipfile.ZipFile(tale.to / "film.otioz") as bundle:
        assert bundle.testzip() is None and bundle.read("version.txt") == b"1.0.0"
        media = [each for each in bundle.infolist() if each.filename.startswith("media/")]
        assert len(media) == len(urls(made)) and all(
            each.compress_type == zipfile.ZIP_STORED for each in media
        )


def test_bundles_of_the_same_are_the_same_bytes(tale: Any, made: otio.schema.Timeline) -> None:
    """Whenever they are written."""
    first = (tale.to / "film.otioz").read_bytes()
    (tale.to / "film.otioz").unlink()
    tale.export(tale.make(), everything=True)
    assert (tale.to / "film.otioz").read_bytes() == first


def test_a_film_without_music_has_an_empty_track(tale_in: Any, tmp_path: Path) -> None:
    """And the rest stands."""
    tale = tale_in(tmp_path)
    tale.export(tale.make(new="music: none\n"))
    timeline = read(tale.to / "film.otio")
    assert len(track(timeline, "Music")) == 0 and frames(track(timeline, "Film")) == plan(tale).frames

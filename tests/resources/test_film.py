"""The film: every frame of its clips, its sound and its subtitles, and nothing else."""

from __future__ import annotations

import hashlib
import shutil
import threading
import wave
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from movie_assets.core.camera import move_for
from movie_assets.core.errors import Failed, Stopped
from movie_assets.core.ports import (
    Captions,
    ClipRequest,
    FilmRequest,
    Frame,
    Shot,
    SoundtrackRequest,
    Transition,
    Voice,
    Workspace,
)
from movie_assets.core.words import Words
from resources.clip import clip
from resources.ffmpeg import ffmpeg
from resources.film import film
from resources.probe import Colours, probe
from resources.soundtrack import soundtrack

FRAME = Frame(160, 90, 25)
COUNTS = (20, 1, 14)
SRT = "1\n00:00:00,200 --> 00:00:00,900\nHello <i>there</i>\n"


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> FilmRequest:
    """Three clips and a soundtrack of their length."""
    folder = tmp_path_factory.mktemp("it's a folder")
    clips = tuple(_clip(folder / str(number), count) for number, count in enumerate(COUNTS))
    return FilmRequest(
        clips, _sound(folder, sum(COUNTS) / FRAME.fps), SRT, "de", "Darwin's 'finches' = 13", FRAME
    )


def _clip(folder: Path, count: int, frame: Frame = FRAME) -> Path:
    folder.mkdir()
    noise = np.random.default_rng(count).integers(0, 255, (9, 16, 3), np.uint8)
    Image.fromarray(noise).resize((192, 108)).save(folder / "picture.png")
    shot = Shot(folder / "picture.png", move_for(hashlib.sha256(bytes([count])).hexdigest()))
    nothing = Words(count / frame.fps, ())
    request = ClipRequest(
        shot, None, nothing, 0.0, count, frame, Captions("none", burn=False), Transition("dip", 0.2)
    )
    return clip(request, Workspace(folder)).file


def _sound(folder: Path, seconds: float) -> Path:
    folder.mkdir(exist_ok=True)
    noise = np.random.default_rng(1).normal(0, 3000, round(seconds * 24_000)).astype("<i2")
    with wave.open(str(folder / "voice.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(24_000)
        file.writeframes(noise.tobytes())
    voice = Voice(folder / "voice.wav", 0.0, seconds)
    return soundtrack(SoundtrackRequest((voice,), None, 0.0, seconds), Workspace(folder)).file


def frames(path: Path) -> list[tuple[float, str]]:
    """When each frame is shown, and the digest of its pixels."""
    with av.open(str(path)) as container:
        return [
            (float(frame.pts * frame.time_base), hashlib.sha256(frame.to_ndarray().tobytes()).hexdigest())
            for frame in container.decode(video=0)
        ]


def packets(path: Path, kind: str) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(**{kind: 0}) if packet.size]


def test_the_film_is_its_clips_frame_by_frame(ready: FilmRequest, tmp_path: Path) -> None:
    """Each decodes to the same pixels as in its clip, evenly spaced, over all joints; the sound is untouched."""
    made = film(ready, Workspace(tmp_path))
    expected = [digest for path in ready.clips for _, digest in frames(path)]
    assert len(expected) == sum(COUNTS)
    times, digests = zip(*frames(made.file), strict=True)
    assert list(digests) == expected
    assert times == pytest.approx([number / FRAME.fps for number in range(sum(COUNTS))])
    assert packets(made.file, "audio") == packets(ready.soundtrack, "audio")
    assert made.notes["frames"] == sum(COUNTS)
    assert made.notes["seconds"] == pytest.approx(sum(COUNTS) / FRAME.fps)


def test_picture_and_sound_are_equally_long_and_colours_stay_tagged(
    ready: FilmRequest, tmp_path: Path
) -> None:
    """Within one frame."""
    media = probe(film(ready, Workspace(tmp_path)).file)
    assert media.sound is not None and media.video is not None
    assert media.sound.seconds == pytest.approx(sum(COUNTS) / FRAME.fps, abs=1 / FRAME.fps)
    assert media.video.colours == Colours(1, 1, 1, 1)


def test_subtitles_lie_in_a_track_of_the_language_that_is_off(ready: FilmRequest, tmp_path: Path) -> None:
    """A player may show them and does not by itself; title and languages are told."""
    with av.open(str(film(ready, Workspace(tmp_path)).file)) as container:
        kinds = {stream.type: stream for stream in container.streams}
        assert container.metadata["title"] == ready.title
        assert {kinds[kind].metadata["language"] for kind in ("audio", "subtitle")} == {"deu"}
        assert not kinds["subtitle"].disposition & av.stream.Disposition.default
    assert "there" in b"".join(packets(tmp_path / "film.mp4", "subtitles")).decode(errors="ignore")


@pytest.mark.parametrize(
    ("language", "told"), [("pt-BR", "por"), ("haw", "haw"), ("xx", "und"), ("EN", "eng")]
)
def test_a_language_is_told_as_mp4_knows_it(
    language: str, told: str, ready: FilmRequest, tmp_path: Path
) -> None:
    """Three letters, or undetermined."""
    with av.open(str(film(replace(ready, language=language), Workspace(tmp_path)).file)) as container:
        assert container.streams.audio[0].metadata.get("language", "und") == told


def test_a_film_without_subtitles_has_no_track_for_them(ready: FilmRequest, tmp_path: Path) -> None:
    """Silence about words is possible."""
    with av.open(str(film(replace(ready, subtitles=None), Workspace(tmp_path)).file)) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]


def test_a_player_can_begin_before_it_has_the_whole_file(ready: FilmRequest, tmp_path: Path) -> None:
    """The index comes before the pictures."""
    body = film(ready, Workspace(tmp_path)).file.read_bytes()
    assert body.index(b"moov") < body.index(b"mdat")


def test_equal_requests_give_equal_bytes(ready: FilmRequest, tmp_path: Path) -> None:
    """No clock, no folder and no encoder's name gets into the film."""
    first = film(ready, Workspace(tmp_path / "a")).file.read_bytes()
    assert film(ready, Workspace(tmp_path / "b")).file.read_bytes() == first
    assert b"Lavf" not in first


@pytest.mark.parametrize("odd", [0, 2])
def test_a_clip_encoded_otherwise_is_named(odd: int, ready: FilmRequest, tmp_path: Path) -> None:
    """Joined, it would spoil every frame after it; the first one counts no more than the others."""
    shutil.copy(ready.clips[odd], tmp_path / "clip.mp4")
    ffmpeg(["-i", "clip.mp4", "-c:v", "libx264", "-preset", "ultrafast", "odd.mp4"], Workspace(tmp_path))
    clips = list(ready.clips)
    clips[odd] = tmp_path / "odd.mp4"
    with pytest.raises(Failed, match=rf"clip\[{odd}\] "):
        film(replace(ready, clips=tuple(clips)), Workspace(tmp_path))


def test_a_clip_of_another_size_is_named(ready: FilmRequest, tmp_path: Path) -> None:
    """With what it is and what it should be."""
    small = _clip(tmp_path / "small", 3, Frame(128, 72, 25))
    with pytest.raises(Failed, match=r"clip\[1\] .*128×72.*160×90"):
        film(replace(ready, clips=(ready.clips[0], small, ready.clips[2])), Workspace(tmp_path))


def test_sound_of_another_length_is_an_error(ready: FilmRequest, tmp_path: Path) -> None:
    """A film whose sound ends early or late is not handed over."""
    with pytest.raises(Failed, match="do not end together"):
        film(replace(ready, soundtrack=_sound(tmp_path / "long", 3.0)), Workspace(tmp_path))


def test_a_stop_is_obeyed(ready: FilmRequest, tmp_path: Path) -> None:
    """Before or while it joins."""
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        film(ready, Workspace(tmp_path, stop))


def test_sound_that_tells_what_is_seen_is_marked_so(ready: FilmRequest, tmp_path: Path) -> None:
    """By its name and by its role, for players that choose by either; picture and sound are the same."""
    made = film(replace(ready, described=True), Workspace(tmp_path)).file
    plain = film(ready, Workspace(tmp_path / "plain")).file
    with av.open(str(made)) as told, av.open(str(plain)) as bare:
        assert told.streams.audio[0].metadata["handler_name"] == "Audio description"
        assert "visual_impaired" in str(told.streams.audio[0].disposition.name)
        assert "visual_impaired" not in str(bare.streams.audio[0].disposition.name)
        sounds = (
            b"".join(bytes(packet) for packet in each.demux(each.streams.audio[0])) for each in (told, bare)
        )
        assert len(set(sounds)) == 1
    assert frames(made) == frames(plain)

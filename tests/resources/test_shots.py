"""Shots as frames: a picture under its camera, a video of any length, rate and shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from movie_assets.core.camera import box_at, move_for
from movie_assets.core.errors import Refused
from movie_assets.core.ports import Frame, Shot, Workspace
from resources.ffmpeg import ffmpeg
from resources.planes import Pixels, open_picture, planes_of, seen
from resources.shots import shown

FRAME = Frame(64, 36, 30)
SEED = "0123456789abcdef" * 4
STEP = 8  # levels of brightness from one frame of a test video to the next
LOSSLESS = [
    "-c:v",
    "libx264",
    "-qp",
    "0",
    "-preset",
    "veryfast",
    "-g",
    "6",
    "-bf",
    "2",
    "-pix_fmt",
    "yuv420p",
]

Film = Callable[..., Path]


@pytest.fixture
def film(tmp_path: Path) -> Film:
    """Makes a video that gets brighter by one step a frame; more of ffmpeg's options may follow."""

    def make(frames: int, fps: int = 30, name: str = "a.mp4", *options: str) -> Path:
        source = f"color=gray:s=96x54:r={fps},format=yuv420p,geq=lum='16+{STEP}*N':cb=128:cr=128,setparams=colorspace=bt709:range=tv"
        coding = [*LOSSLESS, *options]
        ffmpeg(["-f", "lavfi", "-i", source, "-frames:v", str(frames), *coding, name], Workspace(tmp_path))
        return tmp_path / name

    return make


def own_times(count: int, fps: int = 30) -> list[float]:
    """When a segment's own frames are seen, from its end; its last one a frame before it."""
    return [(number - count) / fps for number in range(count)]


def steps(path: Path, times: Sequence[float], frame: Frame = FRAME) -> list[float]:
    """Which of the video's frames are seen, by their brightness."""
    shot = Shot(path.with_name("unused.png"), path)
    return [(brightness(pixels, frame) - 16) / STEP for pixels in shown(shot, times, frame)]


def brightness(pixels: Pixels, frame: Frame = FRAME) -> float:
    return float(pixels[: frame.width * frame.height].mean())


# --- pictures ---------------------------------------------------------------------------------------------------


def test_a_picture_is_seen_where_its_camera_is(tmp_path: Path) -> None:
    """One frame for each time, before and after the segment's end alike."""
    Image.radial_gradient("L").convert("RGB").save(tmp_path / "a.png")
    move = move_for(SEED, "drift")
    planes = planes_of(open_picture(tmp_path / "a.png"), FRAME)
    times = [-2.0, -1.0, -1 / 30, 0.0, 0.5]
    frames = list(shown(Shot(tmp_path / "a.png", move), times, FRAME))
    expected = [seen(planes, box_at(move, time), FRAME) for time in times]
    assert [frame.tobytes() for frame in frames] == [frame.tobytes() for frame in expected]
    assert len({frame.tobytes() for frame in frames}) == len(times)


def test_a_camera_that_stands_still_costs_nothing(tmp_path: Path) -> None:
    """The same frame is handed out again, not made again."""
    Image.radial_gradient("L").convert("RGB").save(tmp_path / "a.png")
    frames = list(shown(Shot(tmp_path / "a.png", move_for(SEED, "still")), own_times(20), FRAME))
    assert len(frames) == 20
    assert all(after is before for before, after in pairwise(frames))


# --- videos: length and pace ------------------------------------------------------------------------------------


@pytest.mark.parametrize("there", [1, 2, 7, 24])
@pytest.mark.parametrize("wanted", [1, 2, 9, 24, 60])
def test_a_video_ends_on_its_last_frame_whatever_its_length(there: int, wanted: int, film: Film) -> None:
    """Longer, shorter or much shorter than its clip; it never runs backwards, and stands on its last frame after it."""
    path = film(there)
    seen_steps = steps(path, [*own_times(wanted), 0.0, 1 / 30, 0.5])
    assert len(seen_steps) == wanted + 3
    assert seen_steps[wanted - 1 :] == pytest.approx([there - 1] * 4)
    assert all(after >= before for before, after in pairwise(seen_steps))


def test_a_longer_video_loses_its_beginning(film: Film) -> None:
    """At its own pace, the last frames of it."""
    assert steps(film(24), own_times(5)) == pytest.approx([19, 20, 21, 22, 23])


def test_a_shorter_video_is_slowed_by_a_quarter_at_most(film: Film) -> None:
    """Then its first frame stands until it moves."""
    path = film(8)
    assert steps(path, own_times(9))[0] == pytest.approx(0)
    slow = steps(path, own_times(20))
    assert slow[:10] == pytest.approx([0] * 10)
    moving = [round(step) for step in slow[10:]]
    assert moving == sorted(moving)
    assert set(moving) == set(range(8))
    assert max(moving.count(step) for step in range(1, 7)) == 2


@pytest.mark.parametrize("fps", [12, 24, 25, 60])
def test_a_video_of_another_rate_keeps_its_speed(fps: int, film: Film) -> None:
    """A second of it is a second of the film, within a frame of its own."""
    seen_steps = steps(film(24, fps), own_times(min(10, 24 * 30 // fps)))
    expected = [23 - (len(seen_steps) - 1 - n) * fps / 30 for n in range(len(seen_steps))]
    assert np.abs(np.array(seen_steps) - expected).max() <= 1


def test_frames_of_uneven_length_are_seen_at_their_times(film: Film) -> None:
    """A video with a gap stands still in the gap."""
    path = film(10, 30, "vfr.mkv", "-vf", "select='lt(n,5)+gt(n,14)'", "-fps_mode", "vfr")
    assert steps(path, own_times(20)) == [0, 1, 2, 3, *[4] * 11, 15, 16, 17, 18, 19]


def test_a_video_that_starts_late_is_seen_from_its_start(film: Film) -> None:
    """Its clock need not begin at nought."""
    path = film(10, 30, "late.mkv", "-output_ts_offset", "7")
    assert steps(path, own_times(10)) == pytest.approx(range(10))


# --- videos: shape and colour -----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", ["96x54", "97x55", "54x96", "32x32", "640x20"])
@pytest.mark.parametrize(
    "frame", [FRAME, Frame(36, 64, 30), Frame(50, 50, 30)], ids=["wide", "upright", "square"]
)
def test_a_video_of_any_shape_fills_the_frame(size: str, frame: Frame, tmp_path: Path) -> None:
    """No edge and no bar shows: white stays white to the last pixel."""
    source = ["-f", "lavfi", "-i", f"color=white:s={size}:r=30", "-frames:v", "2"]
    ffmpeg([*source, "-c:v", "ffv1", "-pix_fmt", "yuv444p", "white.mkv"], Workspace(tmp_path))
    for pixels in shown(Shot(tmp_path, tmp_path / "white.mkv"), own_times(2), frame):
        assert pixels.shape == (frame.width * frame.height * 3 // 2,)
        assert pixels[: frame.width * frame.height].min() >= 233


def test_pixels_that_are_not_square_are_taken_as_meant(tmp_path: Path) -> None:
    """A square video said to be 16:9 is seen whole."""
    source = "color=black:s=72x72:r=30,drawbox=x=0:w=36:h=72:t=fill:c=white,setsar=16/9"
    ffmpeg(["-f", "lavfi", "-i", source, "-frames:v", "1", *LOSSLESS, "a.mp4"], Workspace(tmp_path))
    [pixels] = shown(Shot(tmp_path, tmp_path / "a.mp4"), own_times(1), FRAME)
    rows = pixels[: 64 * 36].reshape(36, 64)
    assert rows[:, :30].min() > 220
    assert rows[:, 34:].max() < 30


@pytest.mark.parametrize(
    ("matrix", "extent", "tagged"),
    [("bt709", "tv", True), ("bt709", "pc", True), ("smpte170m", "tv", True), ("smpte170m", "tv", False)],
)
def test_colours_of_a_video_are_ours(matrix: str, extent: str, tagged: bool, tmp_path: Path) -> None:
    """Whatever matrix and range it is coded in, red is red; without a tag a small one is taken for bt601."""
    scale = f"scale=out_color_matrix={matrix}:out_range={extent},format=yuv420p"
    tags = f",setparams=colorspace={matrix}:range={extent}" if tagged else ""
    source = ["-f", "lavfi", "-i", "color=0xd02030:s=64x36:r=30,format=rgb24", "-frames:v", "1"]
    untag = [] if tagged else ["-colorspace", "unknown", "-bsf:v", "h264_metadata=matrix_coefficients=2"]
    ffmpeg([*source, "-vf", scale + tags, *LOSSLESS, *untag, "a.mp4"], Workspace(tmp_path))
    [pixels] = shown(Shot(tmp_path, tmp_path / "a.mp4"), own_times(1), FRAME)
    red = seen(
        planes_of(Image.new("RGB", (64, 36), (0xD0, 0x20, 0x30)), FRAME), box_at(move_for(SEED), 0), FRAME
    )
    assert np.abs(pixels.astype(int) - red.astype(int)).max() <= 3


# --- videos: what is wrong with them ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["text", "empty", "missing", "sound", "head"])
def test_what_is_no_video_is_refused_by_name(kind: str, tmp_path: Path, film: Film) -> None:
    """The error names the file and what is accepted."""
    path = tmp_path / "odd.mp4"
    if kind == "sound":
        ffmpeg(["-f", "lavfi", "-i", "sine=d=0.1", "odd.mp4"], Workspace(tmp_path))
    elif kind != "missing":
        body = {"text": b"no video\n" * 99, "empty": b"", "head": film(20).read_bytes()[:400]}
        path.write_bytes(body[kind])
    with pytest.raises(Refused, match=r"odd\.mp4 cannot be read[^\n]*\n.*mp4"):
        steps(path, own_times(3))


def test_a_video_that_breaks_off_stands_on_its_last_good_frame(film: Film) -> None:
    """A download cut short still gives every frame of its clip."""
    path = film(24, 30, "a.mkv")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    seen_steps = steps(path, own_times(24))
    assert len(seen_steps) == 24
    assert 0 < seen_steps[-1] < 23


def test_a_video_whose_frames_cannot_be_decoded_is_refused(film: Film) -> None:
    """A container that is whole around rubbish is no video."""
    path = film(4, 30, "a.mkv", "-bsf:v", "noise=amount=1")
    with pytest.raises(Refused, match=r"a\.mkv cannot be read"):
        steps(path, own_times(3))

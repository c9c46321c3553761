"""Clips: the right number of frames, the right pictures in them, and the same bytes every time."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from movie_assets.core.camera import box_at, move_for
from movie_assets.core.errors import Refused, Stopped, Unready
from movie_assets.core.ports import Captions, ClipRequest, Encoded, Frame, Shot, Transition, Workspace
from movie_assets.core.words import Word, Words
from resources.clip import clip
from resources.probe import Colours, probe

FRAME = Frame(320, 180, 30)
STILL = move_for("0" * 64, "still")
CUT = Transition("cut", 0.6)
SILENT = Captions("none", burn=True)
HELLO = Words(0.4, (Word("Hello", 0, 0.2), Word("there", 0.2, 0.4)))

Paint = Callable[[str, tuple[int, int, int]], Path]
Pictures = NDArray[np.float64]


@pytest.fixture
def paint(tmp_path: Path) -> Paint:
    """Leaves a picture of one colour with darker stripes, and says where."""

    def painted(name: str, colour: tuple[int, int, int]) -> Path:
        rows = np.arange(240)[:, None, None]
        columns = np.arange(400)[None, :, None]
        shade = 0.8 + 0.2 * np.cos(rows / 24) * np.cos(columns / 31)
        Image.fromarray((np.array(colour) * shade).astype(np.uint8)).save(tmp_path / name)
        return tmp_path / name

    return painted


@pytest.fixture
def request_(paint: Paint) -> ClipRequest:
    """Six frames of a red picture after a blue one, no captions."""
    return ClipRequest(
        shot=Shot(paint("red.png", (220, 60, 40)), STILL),
        previous=Shot(paint("blue.png", (40, 70, 210)), STILL),
        words=HELLO,
        lead=0.0,
        frames=6,
        frame=FRAME,
        captions=SILENT,
        transition=CUT,
    )


def render(request: ClipRequest, folder: Path) -> Encoded:
    return clip(request, Workspace(folder))


def pictures(encoded: Encoded) -> Pictures:
    """The clip's frames as RGB, shape (n, height, width, 3)."""
    with av.open(str(encoded.file)) as container:
        frames = [
            frame.reformat(format="rgb24", src_colorspace="itu709") for frame in container.decode(video=0)
        ]
    return np.stack([frame.to_ndarray() for frame in frames]).astype(np.float64)


def apart(one: Pictures, two: Pictures) -> float:
    """How far two pictures are from each other on average, in steps of 255."""
    return float(np.abs(one - two).mean())


def source(path: Path) -> Pictures:
    """A picture as the frame shows it whole."""
    with Image.open(path) as picture:
        left = (picture.width - picture.height * 16 / 9) / 2
        top = (picture.height - picture.width * 9 / 16) / 2
        box = (max(0, left), max(0, top), picture.width - max(0, left), picture.height - max(0, top))
        whole = picture.convert("RGB").resize((FRAME.width, FRAME.height), Image.Resampling.LANCZOS, box)
    return np.asarray(whole, np.float64)


# --- the file ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("frames", "fps"), [(1, 30), (7, 24), (31, 60)])
def test_a_clip_has_exactly_the_frames_asked_for(
    frames: int, fps: int, request_: ClipRequest, tmp_path: Path
) -> None:
    """At any rate, evenly spaced from nought; it is silent, and its colours are tagged."""
    asked = replace(request_, frames=frames, frame=Frame(320, 180, fps))
    made = render(asked, tmp_path / "work")
    media = probe(made.file)
    assert media.video is not None and media.sound is None
    assert (media.video.frames, media.video.fps) == (frames, fps)
    assert (media.video.width, media.video.height, media.video.pix_fmt) == (320, 180, "yuv420p")
    assert media.video.colours == Colours(1, 1, 1, 1)
    assert made.notes["frames"] == frames
    assert made.notes["seconds"] == pytest.approx(frames / fps)
    assert 0.05 < made.notes["cpu_seconds"] < 30
    with av.open(str(made.file)) as container:
        times = [frame.time for frame in container.decode(video=0)]
    assert times == pytest.approx([number / fps for number in range(frames)])


def test_equal_requests_give_equal_bytes(request_: ClipRequest, tmp_path: Path) -> None:
    """Captions, camera and crossfade included, in any folder."""
    moving = Shot(request_.shot.picture, move_for("5" * 64, "drift"))
    asked = replace(
        request_,
        shot=moving,
        captions=Captions("karaoke", burn=True),
        transition=Transition("crossfade", 0.1),
    )
    first, second = (render(asked, tmp_path / name).file.read_bytes() for name in ("a", "b"))
    assert first == second


@pytest.mark.parametrize(("width", "height"), [(180, 320), (322, 182), (16, 16)])
def test_a_frame_of_any_shape_is_filled(
    width: int, height: int, request_: ClipRequest, tmp_path: Path
) -> None:
    """Upright, square, not divisible by four, tiny: the picture reaches every edge."""
    made = pictures(render(replace(request_, frames=2, frame=Frame(width, height, 30)), tmp_path / "work"))
    assert made.shape == (2, height, width, 3)
    edges = [made[-1, 0], made[-1, -1], made[-1, :, 0], made[-1, :, -1]]
    assert min(edge[..., 0].min() for edge in edges) > 100


# --- the pictures -----------------------------------------------------------------------------------------------


def test_colours_are_the_picture_s(request_: ClipRequest, tmp_path: Path) -> None:
    """A decoded frame is within 2 of 255 steps of the picture it shows."""
    made = pictures(render(request_, tmp_path / "work"))
    assert apart(made[-1], source(request_.shot.picture)) < 2


def test_saturated_colours_are_the_picture_s(request_: ClipRequest, tmp_path: Path) -> None:
    """Pure red, green, blue and what is between them, dark and light: within 2 of 255 steps on average."""
    levels = (0, 128, 255)
    patches = [(red, green, blue) for red in levels for green in levels for blue in levels]
    card = Image.new("RGB", (9, 3))
    card.putdata(patches)
    card = card.resize((FRAME.width, FRAME.height), Image.Resampling.NEAREST)
    card.save(tmp_path / "card.png")
    made = pictures(render(replace(request_, shot=Shot(tmp_path / "card.png", STILL)), tmp_path / "work"))[-1]
    middles = [made[30 + 60 * (n // 9), FRAME.width * (2 * (n % 9) + 1) // 18] for n in range(27)]
    assert np.abs(np.array(middles) - patches).mean() < 2
    assert np.abs(np.array(middles) - patches).max() < 6


def test_the_middle_of_a_crossfade_is_the_mean_of_both(request_: ClipRequest, tmp_path: Path) -> None:
    """It begins with the previous picture and ends with this one."""
    asked = replace(request_, frames=16, transition=Transition("crossfade", 0.5))
    made = pictures(render(asked, tmp_path / "work"))
    assert asked.previous is not None
    blue, red = source(asked.previous.picture), source(asked.shot.picture)
    assert apart(made[0], blue) < 3
    assert apart(made[7], (blue + red) / 2) < 3
    assert apart(made[15], red) < 3
    reds = made[..., 0].mean(axis=(1, 2))
    assert (np.diff(reds[:15]) > 0).all()


def test_a_dip_goes_through_black(request_: ClipRequest, tmp_path: Path) -> None:
    """First the previous picture goes, then this one comes."""
    asked = replace(request_, frames=16, transition=Transition("dip", 0.5))
    made = pictures(render(asked, tmp_path / "work"))
    assert asked.previous is not None
    assert apart(made[0], source(asked.previous.picture)) < 8
    assert made[7].mean() < 4
    assert made[3, ..., 2].mean() > 2 * made[3, ..., 0].mean()
    assert made[11, ..., 0].mean() > 2 * made[11, ..., 2].mean()
    assert apart(made[15], source(asked.shot.picture)) < 3


@pytest.mark.parametrize(("style", "seconds"), [("cut", 0.5), ("crossfade", 0.0)])
def test_a_cut_shows_this_picture_at_once(
    style: str, seconds: float, request_: ClipRequest, tmp_path: Path
) -> None:
    """A transition of no length is a cut."""
    made = pictures(render(replace(request_, transition=Transition(style, seconds)), tmp_path / "work"))
    assert apart(made[0], source(request_.shot.picture)) < 2


@pytest.mark.parametrize("style", ["crossfade", "dip"])
def test_the_film_fades_in_from_black(style: str, request_: ClipRequest, tmp_path: Path) -> None:
    """What has nothing before it comes out of black."""
    asked = replace(request_, previous=None, frames=16, transition=Transition(style, 0.5))
    made = pictures(render(asked, tmp_path / "work"))
    assert made[0].mean() < 4
    assert apart(made[7], source(asked.shot.picture) / 2) < 6


def test_a_transition_longer_than_its_clip_ends_with_it(request_: ClipRequest, tmp_path: Path) -> None:
    """Nothing of it is left for the next clip, which knows nothing of it."""
    asked = replace(request_, frames=6, transition=Transition("crossfade", 5))
    made = pictures(render(asked, tmp_path / "work"))
    assert len(made) == 6
    assert apart(made[-1], source(asked.shot.picture)) < 6


@pytest.mark.parametrize("name", ["push-in", "pan-left", "drift"])
def test_a_camera_is_steady_in_the_film_itself(name: str, request_: ClipRequest, tmp_path: Path) -> None:
    """Tracked in decoded frames, a dot goes from frame to frame as it should within a tenth of a pixel (RMS)."""
    move, rows, columns = move_for("0123456789abcdef" * 4, name), *(np.indices((360, 640)) + 0.5)
    look = box_at(move, -0.4)
    dot = np.exp(-((columns - look.x * 640) ** 2 + (rows - look.y * 360) ** 2) / (2 * 12.0**2))
    Image.fromarray((dot * 255).round().astype(np.uint8)).convert("RGB").save(tmp_path / "dot.png")
    made = pictures(
        render(replace(request_, shot=Shot(tmp_path / "dot.png", move), frames=24), tmp_path / "work")
    )
    misses = []
    for number, picture in enumerate(made):
        box, light = box_at(move, (number - 24) / 30), (picture.mean(axis=2) - 3).clip(0)
        down, across = np.indices(light.shape) + 0.5
        x, y = ((light * places).sum() / light.sum() for places in (across, down))
        misses.append(
            (x - ((look.x - box.x) / box.width + 0.5) * 320, y - ((look.y - box.y) / box.width + 0.5) * 180)
        )
    assert np.sqrt(np.square(np.diff(misses, axis=0)).sum(axis=1).mean()) < 0.1


# --- captions ---------------------------------------------------------------------------------------------------


def test_captions_are_drawn_at_the_foot_while_they_are_heard(request_: ClipRequest, tmp_path: Path) -> None:
    """Nothing is drawn before the first word, nor above the lower third."""
    asked = replace(request_, lead=0.2, frames=16)
    bare = pictures(render(asked, tmp_path / "bare"))
    made = pictures(render(replace(asked, captions=Captions("plain", burn=True)), tmp_path / "work"))
    drawn = np.abs(made - bare)
    assert drawn[:5].mean() < 1
    assert drawn[12, 120:].max() > 100
    assert drawn[12, :110].mean() < 1


@pytest.mark.parametrize("captions", [Captions("none", burn=True), Captions("karaoke", burn=False)])
def test_captions_that_are_not_burnt_in_need_no_font(
    captions: Captions, request_: ClipRequest, tmp_path: Path
) -> None:
    """Neither style none nor a soft track alone looks at glyphs, and nothing is drawn."""
    asked = replace(request_, words=Words(0.2, (Word("ᎠᏂ", 0, 0.2),)), captions=captions)
    made = pictures(render(asked, tmp_path / "work"))
    assert apart(made[-1], source(request_.shot.picture)) < 2


# --- when it cannot be ------------------------------------------------------------------------------------------


def test_a_character_no_font_has_is_an_error_before_rendering(request_: ClipRequest, tmp_path: Path) -> None:
    """It names the characters and what to do; no clip is left behind."""
    words = Words(0.2, (Word("ᎠᏂ", 0, 0.2),))
    with pytest.raises(Unready, match="Ꭰ Ꮒ") as caught:
        render(replace(request_, words=words, captions=Captions("plain", burn=True)), tmp_path / "work")
    assert "burn: false" in caught.value.next_step
    assert not (tmp_path / "work" / "clip.mp4").exists()


def test_a_picture_that_cannot_be_read_is_refused(request_: ClipRequest, tmp_path: Path) -> None:
    """The error names the file."""
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(Refused, match=r"broken\.png"):
        render(replace(request_, shot=Shot(tmp_path / "broken.png", STILL)), tmp_path / "work")


def test_a_stop_ends_the_work_within_a_second(request_: ClipRequest, tmp_path: Path) -> None:
    """Neither the child that paints nor the encoder it started is left."""
    at = Workspace(tmp_path / "work", threading.Event())
    stopped: list[float] = []

    def stop_when_encoding() -> None:
        end = time.monotonic() + 30
        while len(processes_in(at.scratch)) < 2 and time.monotonic() < end:
            time.sleep(0.02)
        stopped.append(time.monotonic())
        at.stop.set()

    watcher = threading.Thread(target=stop_when_encoding)
    watcher.start()
    with pytest.raises(Stopped):
        clip(replace(request_, frames=30_000), at)
    assert time.monotonic() - stopped[0] < 1
    watcher.join()
    time.sleep(0.1)
    assert processes_in(at.scratch) == []


def processes_in(folder: Path) -> list[str]:
    """The processes that work in a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (entry / "cwd").readlink() == folder:
                found.append(entry.name)
    return found

"""The offline animator: a still picture becomes a video with depth."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from movie_assets.core.errors import Refused, Stopped
from movie_assets.core.ports import AnimateRequest, Workspace
from resources.offline.animate import OfflineAnimator
from resources.offline.depth import nearness
from resources.offline.paint import picture

WIDTH, HEIGHT, FPS = 320, 180, 24


@pytest.fixture(scope="session")
def still(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture with detail everywhere."""
    file = tmp_path_factory.mktemp("still") / "still.png"
    picture("a giant tortoise in the highlands at noon. Style: film", 400, 226, 3).save(file)
    return file


Animate = Callable[..., Path]


@pytest.fixture
def animate(tmp_path: Path, still: Path) -> Animate:
    def call(seconds: float = 1.0, **changed: object) -> Path:
        given = {"picture": still, "prompt": "x", "seconds": seconds, "width": WIDTH, "height": HEIGHT}
        request = AnimateRequest(**{**given, "fps": FPS, "settings": {"amount": 1.0}, **changed})  # type: ignore[arg-type]
        body = OfflineAnimator().animate(request, Workspace(tmp_path)).body
        assert isinstance(body, Path)
        return body

    return call


def frames(video: Path) -> list[np.ndarray]:
    """The decoded frames' luma."""
    with av.open(str(video)) as container:
        return [frame.to_ndarray(format="gray").astype(np.float64) for frame in container.decode(video=0)]


def shift(before: np.ndarray, after: np.ndarray) -> float:
    """How far a band has moved to the right, to a fraction of a pixel."""
    reach = 14
    middle = before[:, reach:-reach]
    cost = [
        np.abs(after[:, reach + step : after.shape[1] - reach + step] - middle).mean()
        for step in range(-reach, reach + 1)
    ]
    best = int(np.clip(np.argmin(cost), 1, 2 * reach - 1))
    left, here, right = cost[best - 1 : best + 2]
    return float(best - reach + (left - right) / max(2 * (left - 2 * here + right), 1e-9))


@pytest.mark.parametrize(("seconds", "fps"), [(1.0, 24), (0.5, 30), (0.03, 25), (0.99, 10)])
def test_the_video_is_as_long_as_asked(animate: Animate, seconds: float, fps: int) -> None:
    """It has round(seconds × fps) frames, at least one, of the size asked for, and no sound."""
    with av.open(str(animate(seconds, fps=fps))) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (WIDTH, HEIGHT)
        assert float(stream.average_rate or 0) == fps
        assert len(list(container.decode(video=0))) == max(1, round(seconds * fps))
        assert len(container.streams.audio) == 0


def test_the_video_is_tagged_for_joining(animate: Animate) -> None:
    """H.264, 4:2:0, bt709 in limited range, beginning with a keyframe."""
    with av.open(str(animate(0.5))) as container:
        context = container.streams.video[0].codec_context
        assert (context.codec.canonical_name, context.pix_fmt) == ("h264", "yuv420p")
        assert (context.color_primaries, context.color_trc, context.colorspace) == (1, 1, 1)
        first = next(container.decode(video=0))
        assert first.key_frame


def test_near_things_pass_far_ones(animate: Animate) -> None:
    """The lower part of the picture moves differently from the sky: no plain camera move does that."""
    seen = frames(animate(3.0))
    first, last = seen[0], seen[-1]
    far = shift(first[10:50], last[10:50])
    near = shift(first[-50:-10], last[-50:-10])
    assert abs(near - far) > 2.5


def test_the_motion_is_smooth(animate: Animate) -> None:
    """From one frame to the next it neither jumps nor halts: the drift of the near part is even."""
    seen = frames(animate(2.0))
    places = np.array([shift(seen[0][-60:-10], frame[-60:-10]) for frame in seen])
    assert abs(places[-1]) > 2
    assert np.abs(np.diff(places, n=2)).max() < 0.35


def test_without_motion_it_stands_still(animate: Animate) -> None:
    """An amount of 0 is the picture as it is."""
    seen = frames(animate(1.0, settings={"amount": 0}))
    assert np.abs(seen[-1] - seen[0]).mean() < 1.0


def test_an_animation_is_the_same_each_time(animate: Animate) -> None:
    """The same request gives the same bytes; another take goes another way."""
    first = animate().read_bytes()
    assert animate().read_bytes() == first
    assert animate(take=2).read_bytes() != first


@pytest.mark.parametrize("size", [(90, 160), (100, 100), (160, 90)])
def test_any_picture_fills_any_frame(animate: Animate, size: tuple[int, int]) -> None:
    """The picture is cropped to the video's shape, never padded."""
    (frame, *_) = frames(animate(0.1, width=size[0], height=size[1]))
    assert frame.shape == size[::-1]
    assert min(frame[0].std(), frame[-1].std(), frame[:, 0].std(), frame[:, -1].std()) > 1


def test_what_cannot_be_animated_is_refused(animate: Animate, tmp_path: Path) -> None:
    """Odd sides, an amount beyond 1 and files that are no pictures are named as such."""
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    for changed in (
        {"width": 321},
        {"settings": {"amount": 2}},
        {"settings": {"amount": "much"}},
        {"picture": broken},
    ):
        with pytest.raises(Refused):
            animate(0.1, **changed)


def test_low_and_dark_is_near() -> None:
    """Depth is guessed from height and haze, between 0 and 1."""
    rows = np.linspace(230, 40, 90)[:, None] * np.ones((1, 160))
    near = nearness(Image.fromarray(rows.astype(np.uint8)), 160, 90)
    assert near.shape == (90, 160)
    assert 0 <= near.min() < 0.05
    assert 0.95 < near.max() <= 1
    assert np.all(np.diff(near.mean(axis=1)) > -0.01)


def test_animating_stops_at_once(still: Path, tmp_path: Path) -> None:
    """Told to stop, it does so within a second, and its encoder is gone with it."""
    at = Workspace(tmp_path)
    threading.Timer(1.0, at.stop.set).start()
    started = time.monotonic()
    with pytest.raises(Stopped):
        OfflineAnimator().animate(AnimateRequest(still, "x", 60, 1280, 720, 30, {}), at)
    assert time.monotonic() - started < 6
    _wait_until(lambda: not _at_work_in(tmp_path))


def _wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 1
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def _at_work_in(folder: Path) -> list[Path]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").resolve() == folder.resolve():
                found.append(process)
        except OSError:
            continue
    return found

"""What one clip hands over to the next: where the shot was, and a stream that can be joined."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from movie_assets.core.camera import Box, CameraMove
from movie_assets.core.ports import Captions, ClipRequest, Frame, Shot, Transition, Workspace
from movie_assets.core.words import Word, Words
from resources.clip import clip
from resources.ffmpeg import ffmpeg
from resources.probe import probe

FRAME = Frame(160, 90, 30)
LONG = Transition("crossfade", 100.0)  # cut to its clip: of its first frame hardly anything is the clip's own
NOTHING = Captions("none", burn=False)

Render = Callable[[ClipRequest], Path]


@pytest.fixture
def render(tmp_path_factory: pytest.TempPathFactory) -> Render:
    return lambda request: clip(request, Workspace(tmp_path_factory.mktemp("clip"))).file


@pytest.fixture
def request_(tmp_path: Path) -> ClipRequest:
    """Six frames of a fast pan over waves, after nothing."""
    rows, columns = np.indices((180, 320))
    waves = 128 + 60 * np.sin(columns / 9) + 40 * np.sin(rows / 7)
    Image.fromarray(waves.astype(np.uint8)).convert("RGB").save(tmp_path / "waves.png")
    pan = Shot(tmp_path / "waves.png", CameraMove(Box(0.5, 0.5, 0.5), drift_x=0.4))
    return ClipRequest(pan, None, Words(0.2, ()), 0.0, 6, FRAME, NOTHING, Transition("cut", 0.0))


def lumas(path: Path) -> np.ndarray:
    """The brightness of each frame's pixels, shape (frames, height, width)."""
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray()[: frame.height] for frame in container.decode(video=0)]).astype(
            float
        )


def test_a_camera_goes_on_into_the_next_clip(render: Render, request_: ClipRequest) -> None:
    """The next clip fades from the frame after this clip's last: one step further, no jump and no halt."""
    here = lumas(render(request_))
    following = lumas(render(replace(request_, previous=request_.shot, transition=LONG, frames=60)))
    step, across = (np.abs(b - a).mean() for a, b in ((here[-2], here[-1]), (here[-1], following[0])))
    assert step > 5
    assert across == pytest.approx(step, rel=0.2)


@pytest.mark.parametrize("length", [3, 20])
def test_a_generated_video_stands_on_its_last_frame(
    length: int, render: Render, request_: ClipRequest, tmp_path: Path
) -> None:
    """Shorter or longer than its clip, the clip ends on that frame and the next one fades from it."""
    source = (
        "color=black:s=160x90:r=30,format=yuv420p,geq=lum='40+8*N':cb=128:cr=128,setparams=colorspace=bt709"
    )
    options = ["-frames:v", str(length), "-c:v", "libx264", "-qp", "0"]
    ffmpeg(["-f", "lavfi", "-i", source, *options, "generated.mp4"], Workspace(tmp_path))
    video = Shot(request_.shot.picture, tmp_path / "generated.mp4")
    here = lumas(render(replace(request_, shot=video)))
    following = lumas(render(replace(request_, previous=video, transition=LONG, frames=40)))
    assert here[-1].mean() == pytest.approx(40 + 8 * (length - 1), abs=0.6)
    assert following[0].mean() == pytest.approx(here[-1].mean(), abs=0.6)


def test_all_clips_of_a_film_are_coded_alike(render: Render, request_: ClipRequest) -> None:
    """Length, captions and transition leave no trace in the header, else clips could not be joined."""
    words = Words(0.2, (Word("Hi", 0.0, 0.2),))
    other = replace(
        request_,
        frames=2,
        previous=request_.shot,
        transition=LONG,
        words=words,
        captions=Captions("plain", burn=True),
    )
    one, two = (probe(render(request)).video for request in (request_, other))
    assert one is not None and two is not None
    assert replace(one, frames=0) == replace(two, frames=0)


def test_keyframes_stand_at_the_head_and_every_four_seconds(render: Render, request_: ClipRequest) -> None:
    """A hard change of picture sets none, so that equal lengths have equal structure."""
    with av.open(str(render(replace(request_, frames=20, frame=replace(FRAME, fps=2))))) as container:
        keys = [number for number, frame in enumerate(container.decode(video=0)) if frame.key_frame]
    assert keys == [0, 8, 16]

"""The poster: the frame a third into a film."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from movie_assets.core.errors import Refused
from movie_assets.core.ports import Workspace
from resources.ffmpeg import ffmpeg
from resources.poster import poster


@pytest.mark.parametrize("frames", [1, 2, 30, 300])
def test_a_poster_is_the_frame_a_third_into_the_film(frames: int, tmp_path: Path) -> None:
    """Of a film that grows brighter from black to white it is a dark grey; of one frame, that one."""
    brighter = (
        f"color=black:s=64x36:r=30,geq=lum='16+219*N/{max(1, frames - 1)}':cb=128:cr=128,setparams=range=tv"
    )
    ffmpeg(
        ["-f", "lavfi", "-i", brighter, "-frames:v", str(frames), "-crf", "5", "film.mp4"],
        Workspace(tmp_path),
    )
    made = poster(tmp_path / "film.mp4", Workspace(tmp_path))
    assert made.media_type == "image/jpeg"
    with Image.open(made.file) as picture:
        assert picture.size == (64, 36)
        level = float(np.asarray(picture.convert("L"), float).mean())
    assert level == pytest.approx(255 * (frames // 3) / max(1, frames - 1), abs=6)


def test_what_is_no_film_is_refused(tmp_path: Path) -> None:
    """The error names the file."""
    (tmp_path / "film.mp4").write_bytes(b"no film")
    with pytest.raises(Refused, match=r"film\.mp4"):
        poster(tmp_path / "film.mp4", Workspace(tmp_path))

"""A person's own clip is held against what clips are really coded like, and told how to become one."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from movie_assets.core.camera import move_for
from movie_assets.core.errors import Refused
from movie_assets.core.ports import Captions, ClipRequest, Frame, Shot, Transition, Workspace
from movie_assets.core.words import Words
from resources.clip import clip
from resources.ffmpeg import ffmpeg
from resources.instant import InstantPorts
from resources.studio import Studio

FRAME = Frame(160, 90, 25)
YAML = """\
title: Tea
segments: 2
frame: {width: 160, height: 90, fps: 25}
replace: {"clip[1]": my.mp4}
"""


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    """A project whose movie has a person's own clip that is not there yet."""
    folder = tmp_path / "movies" / "tale"
    folder.mkdir(parents=True)
    (folder / "movie.yaml").write_text(YAML)
    return Studio(tmp_path, ports=InstantPorts())


def test_a_clip_of_ours_fits(studio: Studio, own_media: Any, tmp_path: Path) -> None:
    """As it comes from the renderer."""
    from PIL import Image

    Image.effect_noise((192, 108), 90).convert("RGB").save(tmp_path / "picture.png")
    shot = Shot(tmp_path / "picture.png", move_for("0" * 64))
    captions, cut = Captions("none", burn=False), Transition("cut", 0.0)
    request = ClipRequest(shot, None, Words(0.2, ()), 0.0, 5, FRAME, captions, cut)
    mine = studio.movies / "tale" / "my.mp4"
    mine.write_bytes(clip(request, Workspace(tmp_path / "work")).file.read_bytes())
    assert studio.open("tale").fit is not None
    mine.write_bytes(own_media.clip(5, FRAME))
    assert studio.open("tale").fit is not None


@pytest.mark.parametrize("source", ["testsrc2=s=320x240:r=12", "testsrc2=s=160x90:r=25"])
def test_any_other_is_converted_by_the_command_that_is_told(
    studio: Studio, tmp_path: Path, source: str
) -> None:
    """Another size or rate, or only other settings of the encoder: after it nothing is wrong."""
    mine = studio.movies / "tale" / "my.mp4"
    made = ["-f", "lavfi", "-i", source, "-t", "1", "-pix_fmt", "yuv420p", "-preset", "ultrafast", str(mine)]
    ffmpeg(made, Workspace(tmp_path / "work"))
    with pytest.raises(
        Refused, match=r"movie\.yaml:4: replace\.clip\[1\]: my\.mp4 is .*; convert it: "
    ) as told:
        studio.open("tale")
    [command] = re.findall("convert it: (.*)", told.value.fact)
    _, *arguments = shlex.split(command)
    (tmp_path / "work" / "IN.mp4").write_bytes(mine.read_bytes())
    ffmpeg(arguments, Workspace(tmp_path / "work"))
    mine.write_bytes((tmp_path / "work" / "OUT.mp4").read_bytes())
    assert studio.open("tale").fit is not None

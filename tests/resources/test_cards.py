"""Cards, looked at: text over a picture out of focus, out of what came before, into black, joinable with clips."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from movie_assets.core.camera import Box, CameraMove
from movie_assets.core.errors import Unready
from movie_assets.core.ports import (
    Captions,
    CardLine,
    CardRequest,
    ClipRequest,
    Encoded,
    Frame,
    Shot,
    Transition,
    Workspace,
)
from movie_assets.core.words import Words
from resources.cards import card
from resources.clip import clip
from resources.probe import probe

FRAME = Frame(320, 180, 15)
STILL = CameraMove(Box(0.5, 0.5, 1.0))


@pytest.fixture
def asked(tmp_path: Path) -> CardRequest:
    """A title over fine red and white stripes."""
    stripes = np.full((180, 320, 3), 255, np.uint8)
    stripes[:, ::2] = (200, 20, 20)
    Image.fromarray(stripes).save(tmp_path / "stripes.png")
    return CardRequest((CardLine("Galápagos", 0.15),), tmp_path / "stripes.png", None, 30, FRAME, "en")


def pictures(made: Encoded) -> np.ndarray:
    with av.open(str(made.file)) as container:
        return np.stack([frame.to_ndarray(format="gray") for frame in container.decode(video=0)]).astype(
            np.float32
        )


def test_a_card_shows_its_text_over_a_dark_blurred_picture(asked: CardRequest, tmp_path: Path) -> None:
    """The stripes are gone, the text is bright and in the middle, and it has exactly its frames."""
    made = pictures(card(asked, Workspace(tmp_path)))
    assert len(made) == 30
    middle = made[15]
    rows, columns = np.nonzero(middle > 200)
    assert abs((columns.min() + columns.max()) / 2 - 160) < 6
    assert abs((rows.min() + rows.max()) / 2 - 90) < 14
    corner = middle[5:40, 20:300]
    assert corner.std() < 4
    assert 25 < corner.mean() < 110


def test_a_card_comes_out_of_black_and_goes_into_black(asked: CardRequest, tmp_path: Path) -> None:
    """Text and picture both."""
    made = pictures(card(asked, Workspace(tmp_path)))
    assert made[0].max() < 60 and made[-1].max() < 60


def test_credits_come_out_of_the_last_picture(asked: CardRequest, tmp_path: Path) -> None:
    """The shot before goes on and gives way."""
    Image.new("RGB", (320, 180), (90, 200, 90)).save(tmp_path / "last.png")
    after = replace(asked, previous=Shot(tmp_path / "last.png", STILL))
    made = pictures(card(after, Workspace(tmp_path)))
    assert made[0].mean() == pytest.approx(158, abs=12)
    assert made[0].mean() > made[6].mean() > made[14][5:40].mean()


def test_a_plain_card_is_black_behind_its_text(asked: CardRequest, tmp_path: Path) -> None:
    """And as bright in its letters."""
    made = pictures(card(replace(asked, picture=None), Workspace(tmp_path)))
    assert made[15][5:40].max() < 20
    assert made[15].max() > 200


def test_a_card_can_be_joined_with_clips(asked: CardRequest, tmp_path: Path) -> None:
    """The same coding to the last bit of its parameters; equal cards are equal bytes."""
    assert asked.picture is not None
    words, silent, cut = Words(1.0, ()), Captions("none", burn=True), Transition("cut", 0.0)
    usual = clip(
        ClipRequest(Shot(asked.picture, STILL), None, words, 0.0, 5, FRAME, silent, cut),
        Workspace(tmp_path / "clip"),
    )
    one, two = (card(asked, Workspace(tmp_path / name)).file for name in ("a", "b"))
    videos = [probe(path).video for path in (usual.file, one)]
    assert videos[0] and videos[1]
    assert videos[0].extradata == videos[1].extradata
    assert one.read_bytes() == two.read_bytes()


def test_a_letter_no_font_has_is_told_before_rendering(asked: CardRequest, tmp_path: Path) -> None:
    """As for captions."""
    with pytest.raises(Unready, match="Ꭰ"):
        card(replace(asked, lines=(CardLine("Ꭰ", 0.1),)), Workspace(tmp_path / "work"))
    assert not (tmp_path / "work" / "clip.mp4").exists()

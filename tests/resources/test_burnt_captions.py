"""Captions in the picture, looked at: legible on any ground, in time with the voice, every script in its form."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from movie_assets.core.camera import Box, CameraMove
from movie_assets.core.ports import Captions, ClipRequest, Frame, Shot, SpeakRequest, Transition, Workspace
from movie_assets.core.words import Word, Words
from resources.clip import clip
from resources.offline.voice import OfflineVoice

WIDE, UPRIGHT, SQUARE = Frame(320, 180, 30), Frame(180, 320, 30), Frame(240, 240, 30)
LARGE = Frame(480, 270, 30)
STILL = CameraMove(Box(0.5, 0.5, 1.0))
WHITE, GREY, BLACK = ((level,) * 3 for level in (255, 128, 0))

Draw = Callable[..., np.ndarray]


@pytest.fixture
def draw(tmp_path: Path) -> Draw:
    """Burns words into a picture of vertical bands; the frames' Y, U and V, chroma repeated, (n, height, width, 3)."""

    def make(
        spoken: Words,
        frames: int,
        frame: Frame,
        bands: tuple[tuple[int, ...], ...] = (BLACK,),
        lead: float = 0.0,
        **look: Any,
    ) -> np.ndarray:
        ground = Image.new("RGB", (len(bands), 1))
        ground.putdata(bands)
        ground.resize((frame.width, frame.height), Image.Resampling.NEAREST).save(tmp_path / "ground.png")
        shot, cut = Shot(tmp_path / "ground.png", STILL), Transition("cut", 0.0)
        captions = Captions("karaoke", burn=True, **look)
        made = clip(ClipRequest(shot, None, spoken, lead, frames, frame, captions, cut), Workspace(tmp_path))
        with av.open(str(made.file)) as container:
            return np.stack([full_size(picture) for picture in container.decode(video=0)])

    return make


def full_size(picture: Any) -> np.ndarray:
    planes, height, width = picture.to_ndarray(), picture.height, picture.width
    chroma = planes[height:].reshape(2, height // 2, width // 2).repeat(2, 1).repeat(2, 2)
    return np.stack([planes[:height], *chroma], axis=2).astype(np.float32)


def said(text: str, start: float, each: float, pause: float = 0.0) -> Words:
    """Words of equal length, the first at `start`, with pauses between them."""
    times = [start + number * (each + pause) for number in range(len(text.split()))]
    words = tuple(Word(part, at, at + each) for part, at in zip(text.split(), times, strict=True))
    return Words(words[-1].end + 0.3, words)


def coloured(pictures: np.ndarray) -> np.ndarray:
    """Where the colour of spoken words is: bright, and far from blue."""
    return np.asarray((pictures[..., 0] > 110) & (pictures[..., 1] < 105))


@pytest.mark.parametrize(
    ("frame", "foot"), [(WIDE, 0.05), (UPRIGHT, 0.12), (SQUARE, 0.05)], ids=["wide", "upright", "square"]
)
def test_captions_can_be_read_on_any_ground(frame: Frame, foot: float, draw: Draw) -> None:
    """On white, grey and black letters are bright and edged with dark, and even capitals keep to the safe part.

    That is clear of the sides and of the foot, which on an upright screen belongs to the player's buttons.
    """
    words = said("WHEN WWWWW WHEN WWWWW WHEN WWWWW WHEN WWWWW", 0.3, 0.1)
    pictures = draw(words, 26, frame, (WHITE, GREY, BLACK))[..., 0]
    drawn = pictures[16]
    rows, columns = np.nonzero(np.abs(drawn - pictures[0]) > 12)
    assert min(columns.min(), frame.width - 1 - columns.max()) >= 0.05 * frame.width
    assert frame.height - 1 - rows.max() >= foot * frame.height
    assert rows.min() > frame.height / 2
    for band in np.array_split(np.arange(columns.min(), columns.max()), 3):
        text = drawn[rows.min() : rows.max(), band]
        assert np.percentile(text, 92) > 140
        assert np.percentile(text, 92) - np.percentile(text, 8) > 110


def test_words_take_colour_when_they_are_heard(draw: Draw) -> None:
    """A quarter, half and three quarters through each word so much of it is coloured, within one frame."""
    words = said("mmmm mmmm mmmm", 0.45, 0.4, pause=0.2)
    area = coloured(draw(words, 70, LARGE)).sum(axis=(1, 2))
    for number, word in enumerate(words.words):
        for share in (0.25, 0.5, 0.75):
            reached = int(np.argmax(area >= (number + share) / 3 * area[62]))
            assert reached == pytest.approx((word.start + share * (word.end - word.start)) * 30, abs=1)


def test_captions_keep_time_with_the_offline_voice(draw: Draw, tmp_path: Path) -> None:
    """In the film's pictures each word takes colour within 50 ms of the moment the voice begins it."""
    request = SpeakRequest("Small birds came close to him.", "en", {})
    speech = OfflineVoice().speak(request, Workspace(tmp_path))
    assert speech.words is not None
    words, wide, lead = Words(speech.words[-1].end + 0.3, speech.words), Frame(560, 240, 30), 0.3
    spoken = coloured(draw(words, round((words.duration + lead) * 30), wide, lead=lead)).any(axis=1)
    columns = stretches(spoken[round((speech.words[-1].end + lead) * 30) + 2], len(speech.words))
    seen = [int(np.argmax(spoken[:, begin : end + 1].any(axis=1))) / 30 for begin, end in columns]
    late = [at - lead - word.start for at, word in zip(seen, speech.words, strict=True)]
    assert max(map(abs, late)) < 0.05


def stretches(there: np.ndarray, count: int) -> list[tuple[int, int]]:
    """The columns in which something is, cut at the widest gaps into so many runs."""
    places = np.flatnonzero(there)
    cuts = np.sort(np.argsort(np.diff(places), kind="stable")[1 - count :])
    return list(zip(places[[0, *(cuts + 1)]], places[[*cuts, -1]], strict=True))


@pytest.mark.parametrize(
    "look",
    [
        {"background": "box"},
        {"colour": "black"},
        {"size": "large", "case": "upper", "position": "middle", "words": 3},
    ],
    ids=["box", "black", "large"],
)
@pytest.mark.parametrize("frame", [WIDE, UPRIGHT], ids=["wide", "upright"])
def test_every_style_can_be_read_on_any_ground(look: dict[str, Any], frame: Frame, draw: Draw) -> None:
    """On white, grey and black what is yet to be said differs from what is around it, and keeps to the safe part."""
    words = said("WHEN WWWWW WHEN", 1.5, 0.2)
    words = Words(words.duration, (Word("WHEN", 0.1, 0.2), *words.words[1:]))
    pictures = draw(words, 26, frame, (WHITE, GREY, BLACK), **look)[..., 0]
    drawn = pictures[16]
    rows, columns = np.nonzero(np.abs(drawn - pictures[0]) > 12)
    assert min(columns.min(), frame.width - 1 - columns.max()) >= 0.02 * frame.width
    assert min(rows.min(), frame.height - 1 - rows.max()) >= 0.05 * frame.height
    for band in np.array_split(np.arange(columns.min(), columns.max()), 3):
        text = drawn[rows.min() : rows.max(), band]
        assert np.percentile(text, 92) - np.percentile(text, 8) > 75


def test_hebrew_takes_colour_from_the_right_and_its_stop_stands_left(draw: Draw) -> None:
    """The first word is the rightmost, and the full stop after the last word is at the line's left end."""
    words = said("שלום ילדים טובים.", 0.2, 0.3)
    spoken = coloured(draw(words, 40, LARGE)).any(axis=1)
    early, late = (np.flatnonzero(spoken[number]) for number in (12, 36))
    assert early.min() > (late.min() + late.max()) / 2
    assert early.max() == pytest.approx(late.max(), abs=2)
    leftmost = late[: np.argmax(np.diff(late) > 1) + 1]
    assert np.ptp(leftmost) < 9


def test_arabic_is_joined_and_takes_colour_from_the_right(draw: Draw) -> None:
    """Its letters take their joined forms; the rightmost word is coloured first, and not from its left end on."""
    words = said("كتبتك ك\u200cت\u200cب\u200cت\u200cك", 0.2, 0.3)
    spoken = coloured(draw(words, 34, LARGE)).any(axis=1)
    early, half, whole = (np.flatnonzero(spoken[number]) for number in (8, 13, 25))
    joined, apart = whole[whole >= half.min()], whole[whole < half.min()]
    assert early.max() == pytest.approx(whole.max(), abs=2)
    assert np.ptp(joined) < 0.8 * np.ptp(apart)


def test_braces_and_backslashes_are_drawn(draw: Draw) -> None:
    """They are letters like others: a word with them takes more room than one without."""
    area = coloured(draw(said(r"mm {mm} \Nmm", 0.2, 0.3), 44, LARGE)).sum(axis=(1, 2))
    bare, braced, escaped = np.diff([0, area[14], area[23], area[32]])
    assert min(braced, escaped) > 1.1 * bare

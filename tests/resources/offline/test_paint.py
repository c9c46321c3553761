"""The offline painter: pictures that follow their prompt, the same each time, and stop when told to."""

from __future__ import annotations

import io
import threading
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from movie_assets.core.errors import Refused, Stopped
from movie_assets.core.ports import PaintRequest, Workspace
from resources.offline import paint as paint_module
from resources.offline.landscape import landscape
from resources.offline.paint import OfflinePainter, picture
from resources.offline.scene import read
from resources.offline.stage import set_up
from resources.offline.treatment import finish
from resources.offline.view import FAR, Canvas

OUTDOORS = ("sea", "island", "volcano", "shore", "desert", "snow", "forest", "mountain", "river", "field")
PLACES = (*OUTDOORS, "city", "study", "underwater", "space")
PROMPT = "volcanic islands and a black lava shore"
STYLES = (
    "woodcut",
    "engraving",
    "watercolour",
    "oil painting",
    "ink",
    "pencil",
    "noir",
    "pastel",
    "vintage",
    "poster",
)


@lru_cache
def painted(prompt: str, width: int = 320, height: int = 180, seed: int = 5) -> np.ndarray:
    return np.asarray(picture(prompt, width, height, seed), np.float64) / 255


def paint(
    at: Workspace, prompt: str = "the sea", width: int = 128, height: int = 72, **given: object
) -> bytes:
    request = PaintRequest(prompt, width, height, given.pop("settings", {}), **given)  # type: ignore[arg-type]
    body = OfflinePainter().paint(request, at).body
    assert isinstance(body, bytes)
    return body


def luma(rgb: np.ndarray) -> np.ndarray:
    return rgb @ [0.2126, 0.7152, 0.0722]


def saturation(rgb: np.ndarray) -> float:
    return float((rgb.max(-1) - rgb.min(-1)).mean())


def edges(rgb: np.ndarray) -> float:
    return float(np.abs(np.diff(luma(rgb), axis=0)).mean())


def at_work_in(folder: Path) -> list[str]:
    """Processes whose working folder this is."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").resolve() == folder.resolve():
                found.append((process / "cmdline").read_text())
        except OSError:
            continue
    return found


def test_a_request_is_painted_the_same_each_time(tmp_path: Path) -> None:
    """The same request gives the same bytes; another prompt, take or setting gives others."""
    at = Workspace(tmp_path)
    first = paint(at)
    assert paint(at) == first
    others = [paint(at, take=2), paint(at, "the sea at dawn"), paint(at, settings={"quality": "high"})]
    assert len({first, *others}) == 4


def test_the_result_says_where_it_came_from(tmp_path: Path) -> None:
    """A picture is PNG, free, and made by the offline landscape painter; nothing else is left behind."""
    result = OfflinePainter().paint(PaintRequest("the sea", 64, 36, {}), Workspace(tmp_path))
    assert result.media_type == "image/png"
    assert (result.meta.provider, result.meta.model, result.meta.cost) == ("offline", "landscape", 0.0)
    assert result.meta.seconds > 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("width", "height"), [(320, 180), (180, 320), (200, 200), (192, 240), (17, 33)])
def test_a_picture_has_room_around_the_frame(tmp_path: Path, width: int, height: int) -> None:
    """A picture is a quarter larger than asked in each direction, in the same shape, whatever the shape."""
    image = Image.open(io.BytesIO(paint(Workspace(tmp_path), width=width, height=height)))
    assert image.mode == "RGB"
    assert abs(image.width - width * 1.25) <= 1
    assert abs(image.height - height * 1.25) <= 1


def test_sizes_that_are_none_are_refused(tmp_path: Path) -> None:
    """Nothing is painted for sides of nothing, or beyond what fits the memory."""
    for width, height in ((0, 100), (100, -1), (9000, 100)):
        with pytest.raises(Refused, match="16 to 8192"):
            paint(Workspace(tmp_path), width=width, height=height)


def test_very_large_pictures_are_enlarged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond what it paints pixel by pixel, it paints the same smaller, and the size is still the one asked for."""
    small = painted("the sea", 160, 90)
    monkeypatch.setattr(paint_module, "_LARGEST", 160 * 90)
    large = picture("the sea", 640, 360, 5)
    assert large.size == (640, 360)
    again = np.asarray(large.resize((160, 90), Image.Resampling.BOX), np.float64) / 255
    assert np.abs(again - small).mean() < 0.02


@pytest.mark.parametrize(
    "place",
    PLACES,
)
def test_every_place_makes_a_whole_picture(place: str) -> None:
    """A picture fills its frame: many tones, contours everywhere, and no border of one colour."""
    rgb = painted(f"{place}. Style: cinematic")
    tones = np.bincount((luma(rgb) * 255).astype(int).ravel(), minlength=256) / rgb[..., 0].size
    entropy = -sum(share * np.log2(share) for share in tones if share > 0)
    assert entropy > 4
    assert edges(rgb) > 0.003
    for border in (rgb[0], rgb[-1], rgb[:, 0], rgb[:, -1]):
        assert border.std() > 0.004


def test_every_subject_shows() -> None:
    """Naming a subject changes the picture, and mostly where a viewer looks."""
    for subject in (
        "ship",
        "tortoise",
        "finch",
        "iguana",
        "cactus",
        "palm tree",
        "lighthouse",
        "house",
        "person",
    ):
        without, having = painted("an island"), painted(f"an island, a {subject}")
        changed = np.abs(luma(having) - luma(without)) > 0.08
        assert changed[20:-20, 40:-40].mean() > 0.01, subject


@pytest.mark.parametrize("style", STYLES)
def test_every_style_treats_the_picture_its_own_way(style: str) -> None:
    """No two manners look alike."""
    mine = painted(f"{PROMPT}. Style: {style}")
    assert all(
        np.abs(mine - painted(f"{PROMPT}. Style: {other}")).mean() > 0.01
        for other in STYLES
        if other != style
    )


def test_style_words_mean_what_they_say() -> None:
    """Noir has no colour and hard contrast, a woodcut is cut in lines, watercolour is light, warm is warm."""
    film, noir, cut, wash = (
        painted(f"{PROMPT} at noon. Style: {s}") for s in ("film", "noir", "woodcut", "watercolour")
    )
    assert saturation(noir) < 0.1 * saturation(film) + 0.03
    assert edges(cut) > 2.5 * edges(film)
    assert luma(wash).mean() > luma(noir).mean() + 0.1
    warm, cold = (painted(f"{PROMPT}. Style: {s} light") for s in ("warm", "cold"))
    assert (warm[..., 0] - warm[..., 2]).mean() > (cold[..., 0] - cold[..., 2]).mean() + 0.1


def test_hours_change_the_light() -> None:
    """Night is darker than noon, and dusk is redder."""
    noon, night, dusk = (painted(f"the sea at {hour}. Style: film") for hour in ("noon", "midnight", "dusk"))
    assert luma(night).mean() < 0.6 * luma(noon).mean()
    assert (dusk[..., 0] - dusk[..., 2]).mean() > (noon[..., 0] - noon[..., 2]).mean()


@given(
    st.sampled_from(STYLES),
    st.text(max_size=30),
    st.text(max_size=30),
    st.integers(0, 99),
    st.integers(0, 99),
)
def test_pictures_of_one_style_share_a_palette(
    style: str, one: str, other: str, seed: int, another: int
) -> None:
    """The palette follows from the style alone, whatever the subject and the seed."""
    first, second = (
        set_up(f"{text.replace('Style:', '')}. Style: {style}", 160, 90, number).palette
        for text, number in ((one, seed), (other, another))
    )
    paints = ("ink", "deep", "cool", "haze", "warm", "light", "leaf", "stone")
    assert all(np.array_equal(getattr(first, paint), getattr(second, paint)) for paint in paints)


@pytest.mark.parametrize(
    ("prompt", "hour", "place", "subjects"),
    [
        ("HMS Beagle at sea at dawn", "dawn", "sea", ("ship",)),
        ("Volcanic islands, black lava shore, noon", "day", "volcano", ()),
        ("A giant tortoise in the highlands mist at sunset", "dusk", "mountain", ("tortoise",)),
        ("A finch on a cactus under the stars", "night", None, ("finch", "cactus")),
        ("Night study with a lamp and notebooks in London", "night", "study", ()),
        ("The tree of life at sunset", "dusk", None, ("tree",)),
        ("A man walks through the snow in a storm", "storm", "snow", ("person",)),
    ],
)
def test_a_prompt_is_read(prompt: str, hour: str, place: str | None, subjects: tuple[str, ...]) -> None:
    """Hour, place and subjects are taken from the prompt's words, subjects in its order."""
    scene = read(f"{prompt}. Style: woodcut", np.random.default_rng(1))
    assert (scene.hour, scene.subjects, scene.manner) == (hour, subjects, "woodcut")
    assert place in (None, scene.place)


@pytest.mark.parametrize(
    ("prompt", "counts"),
    [
        ("A giant tortoise", {"tortoise": 1}),
        ("tortoises in the mist", {"tortoise": 3}),
        ("Two old men and a lighthouse", {"person": 2, "lighthouse": 1}),
        ("a flock of small finches over a cactus", {"flock": 1, "finch": 5, "cactus": 1}),
        ("a herd of horses", {"horse": 5}),
        ("three islands, a ship", {"ship": 1}),
        ("a three-masted ship", {"ship": 1}),
        ("How lighthouses were built", {"lighthouse": 3}),
        ("Wie zwei Leuchttürme gebaut wurden", {"lighthouse": 2}),
        ("Les phares de Bretagne", {"lighthouse": 3}),
        ("un faro en la costa", {"lighthouse": 1}),
    ],
)
def test_a_prompt_says_how_many(prompt: str, counts: dict[str, int]) -> None:
    """Numbers, plurals and words for groups, in several languages; birds in the sky are nobody's hero."""
    scene = read(prompt, np.random.default_rng(1))
    assert dict(scene.counts) == counts
    assert set(scene.subjects) == set(counts)
    assert "flock" not in scene.subjects[:-1]


@pytest.mark.parametrize(
    ("one", "several", "nobody"),
    [
        ("a tortoise in the desert", "seven tortoises in the desert", "the desert"),
        ("a finch on a cactus by a volcano", "four finches on a cactus by a volcano", "a volcano"),
    ],
)
def test_several_are_seen_where_several_are_asked_for(one: str, several: str, nobody: str) -> None:
    """They are spread over the picture: they stand in more of its columns than one does."""
    empty, single, many = (
        landscape(set_up(f"{prompt}. Style: film", 160, 90, 5)).distance for prompt in (nobody, one, several)
    )
    assert (many != empty).any(0).sum() > (single != empty).any(0).sum() > 0


@pytest.mark.parametrize("manner", ["oil", "ink", "pastel"])
def test_a_small_spot_stays_a_spot(manner: str) -> None:
    """No manner makes a cross or a hole of it: an eye of five pixels is dark all over."""
    stage = set_up(f"the sea. Style: {manner}", 160, 160, 5)
    rgb = np.full((160, 160, 3), 0.6, np.float32)
    y, x = np.ogrid[:160, :160]
    rgb[np.hypot(y - 80, x - 80) < 2.3] = 0.05
    grey = luma(finish(stage, Canvas(rgb, np.full((160, 160), FAR, np.float32))))
    away = np.hypot(y - 80, x - 80)
    assert grey[away < 2.3].max() < 0.5 * grey[(away > 9) & (away < 15)].mean()


def test_a_boat_lies_on_the_water() -> None:
    """Also where most of the prompt's place is land."""
    stages = [set_up(prompt, 320, 180, 5) for prompt in ("a lake", "a rowboat on a lake")]
    without, having = (landscape(stage).distance for stage in stages)
    boat = having != without
    foot = np.flatnonzero(boat.any(1))[-1]
    hull = np.flatnonzero(boat[foot - 2 : foot + 1].any(0))
    view = stages[0].view
    wet = np.abs(without[foot, hull] * view.v[foot] / (view.lens * view.eye) - 1) < 0.01
    assert wet.all()


def test_style_words_do_not_name_subjects() -> None:
    """What follows `Style:` says how, never what."""
    scene = read("a mountain. Style: like a ship painter's cat in a city", np.random.default_rng(1))
    assert (scene.place, scene.subjects) == ("mountain", ())


@given(st.text(max_size=200), st.integers(0, 2**32))
def test_any_text_can_be_painted(prompt: str, seed: int) -> None:
    """No prompt in any language is too strange to be given an hour, a place and a manner."""
    stage = set_up(prompt, 160, 90, seed)
    assert stage.scene.place and stage.scene.hour and stage.scene.manner
    assert abs(stage.hero) < stage.view.wide


def test_painting_stops_at_once(tmp_path: Path) -> None:
    """Told to stop, it does so and leaves no process behind."""
    at = Workspace(tmp_path)
    threading.Timer(0.4, at.stop.set).start()
    with pytest.raises(Stopped):
        paint(at, width=3840, height=2160)
    assert at_work_in(tmp_path) == []

"""Pictures as video pixels: any picture, true colours, a steady camera."""

from __future__ import annotations

import math
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from movie_assets.core.camera import MOVES, Box, CameraMove, box_at, move_for
from movie_assets.core.errors import Refused
from movie_assets.core.ports import Frame
from resources.planes import Pixels, black, covering, mix, open_picture, planes_of, seen

FRAME = Frame(320, 180, 30)
SHAPES = [FRAME, Frame(180, 320, 30), Frame(180, 180, 30)]
WHOLE = Box(0.5, 0.5, 1.0)
CORNERS = ((255, 0, 0), (0, 160, 0), (0, 0, 255), (255, 220, 0))  # of the test card, row by row
SATURATED = [
    (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255), (255, 0, 255),
    (0, 0, 0), (255, 255, 255), (128, 128, 128), (250, 128, 10), (12, 60, 130), (90, 20, 60),
]  # fmt: skip


def card(width: int = 64, height: int = 36, colours: tuple[tuple[int, ...], ...] = CORNERS) -> Image.Image:
    """A picture with a colour in each quarter."""
    picture = Image.new("RGB", (2, 2))
    picture.putdata(colours)
    return picture.resize((width, height), Image.Resampling.NEAREST)


def split(pixels: Pixels, frame: Frame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Y, U and V of a frame."""
    luma = frame.width * frame.height
    y, u, v = np.split(np.asarray(pixels, np.float64), [luma, luma * 5 // 4])
    half = (frame.height // 2, frame.width // 2)
    return y.reshape(frame.height, frame.width), u.reshape(half), v.reshape(half)


def rgb(pixels: Pixels, frame: Frame) -> np.ndarray:
    """A frame's colours as BT.709 defines them, each chroma sample for its four pixels."""
    y, u, v = split(pixels, frame)
    luma = (y - 16) / 219
    blue, red = ((plane.repeat(2, 0).repeat(2, 1) - 128) / 224 for plane in (u, v))
    r, b = luma + 1.5748 * red, luma + 1.8556 * blue
    g = (luma - 0.2126 * r - 0.0722 * b) / 0.7152
    return np.stack([r, g, b], axis=2).clip(0, 1) * 255


def quarters(colours: np.ndarray) -> list[np.ndarray]:
    """The colour in the middle of each quarter."""
    height, width = colours.shape[:2]
    return [colours[height * y // 4, width * x // 4] for y in (1, 3) for x in (1, 3)]


def quarters_of(path: Path) -> np.ndarray:
    frame = Frame(64, 36, 30)
    return np.array(quarters(rgb(seen(planes_of(open_picture(path), frame), WHOLE, frame), frame)))


# --- any picture ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(64, 36), (1000, 563), (63, 37), (40, 300), (700, 30), (16, 9)])
@pytest.mark.parametrize("frame", SHAPES, ids=["wide", "upright", "square"])
def test_the_middle_of_a_picture_of_any_size_fills_the_frame(size: tuple[int, int], frame: Frame) -> None:
    """Large, small, odd, upright or a ribbon: the four quarters of a picture lie in the four quarters of the frame."""
    pixels = seen(planes_of(card(*size), frame), WHOLE, frame)
    assert pixels.shape == (frame.width * frame.height * 3 // 2,)
    corners = [
        rgb(pixels, frame)[y, x]
        for y in (frame.height // 8, -frame.height // 8)
        for x in (frame.width // 8, -frame.width // 8)
    ]
    assert np.abs(np.array(corners) - CORNERS).max() < 14


def test_a_picture_of_one_pixel_fills_the_frame() -> None:
    """Even that is a picture."""
    pixels = seen(planes_of(Image.new("RGB", (1, 1), (10, 200, 100)), FRAME), WHOLE, FRAME)
    assert np.abs(rgb(pixels, FRAME) - (10, 200, 100)).max() < 2


def test_what_does_not_fit_is_cut_off_evenly() -> None:
    """Of an upright picture in a wide frame the middle is kept."""
    picture = Image.linear_gradient("L").convert("RGB")  # 256 × 256, black above, white below
    y, _, _ = split(seen(planes_of(picture, FRAME), WHOLE, FRAME), FRAME)
    assert y[0].mean() + y[-1].mean() == pytest.approx(16 + 235, abs=1.5)
    kept = (y[-1].mean() - y[0].mean()) / 219
    assert kept == pytest.approx(180 / 320, abs=0.01)


@pytest.mark.parametrize(
    ("mode", "name"),
    [
        ("RGB", "a.png"),
        ("RGB", "a.webp"),
        ("RGBA", "a.png"),
        ("RGBA", "a.webp"),
        ("P", "a.png"),
        ("CMYK", "a.jpg"),
    ],
)
def test_pictures_of_any_mode_keep_their_colours(mode: str, name: str, tmp_path: Path) -> None:
    """Palette, opaque alpha or print colours: the same picture."""
    picture = card().quantize(8) if mode == "P" else card().convert(mode)
    picture.save(tmp_path / name, quality=100)
    assert np.abs(quarters_of(tmp_path / name) - CORNERS).max() < 8


@pytest.mark.parametrize("mode", ["L", "LA", "I;16", "1"])
def test_grey_pictures_are_grey(mode: str, tmp_path: Path) -> None:
    """Eight or sixteen bits, with alpha or one bit only."""
    grey = card(colours=((0, 0, 0), (255, 255, 255), (255, 255, 255), (0, 0, 0))).convert("L")
    if mode == "I;16":
        grey = Image.fromarray(np.asarray(grey, np.uint16) * 257)
    (grey if mode in {"L", "I;16"} else grey.convert(mode)).save(tmp_path / "a.png")
    assert np.abs(quarters_of(tmp_path / "a.png") - [[0] * 3, [255] * 3, [255] * 3, [0] * 3]).max() < 2


def test_middle_grey_of_16_bits_is_middle_grey(tmp_path: Path) -> None:
    """Sixteen bits are scaled, not cut off."""
    Image.fromarray(np.full((36, 64), 0x8080, np.uint16)).save(tmp_path / "a.png")
    assert np.abs(quarters_of(tmp_path / "a.png") - 128).max() < 2


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_black(mode: str, tmp_path: Path) -> None:
    """Whatever colour lies hidden under it; half of it is half as bright."""
    picture = Image.new("RGBA", (64, 36), (255, 255, 255, 0))
    picture.paste((255, 255, 255, 128), (0, 0, 32, 18))
    if mode == "P":
        picture = Image.new("P", (64, 36), 0)
        picture.putpalette([255, 255, 255, 128, 128, 128])
        picture.paste(1, (0, 0, 32, 18))
        picture.save(tmp_path / "a.png", transparency=0)
    else:
        picture.convert(mode).save(tmp_path / "a.png")
    assert np.abs(quarters_of(tmp_path / "a.png") - [[128] * 3, [0] * 3, [0] * 3, [0] * 3]).max() < 2


TURNS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("orientation", TURNS)
def test_a_photograph_stands_upright(orientation: int, tmp_path: Path) -> None:
    """A camera held any way notes it in EXIF, and the picture is seen as it was taken."""
    turn = TURNS[orientation]
    stored = card() if turn is None else card().transpose(turn)
    exif = stored.getexif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "a.jpg", exif=exif, quality=100, subsampling=0)
    assert np.abs(quarters_of(tmp_path / "a.jpg") - CORNERS).max() < 8


def test_a_picture_in_another_colour_space_is_converted(tmp_path: Path) -> None:
    """Its profile is obeyed: under one whose red is blue, exchanged colours come out as they are meant."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exchanged = srgb.replace(b"rXYZ", b"?XYZ", 1).replace(b"bXYZ", b"rXYZ", 1).replace(b"?XYZ", b"bXYZ", 1)
    red, green, blue = card().split()
    Image.merge("RGB", (blue, green, red)).save(tmp_path / "a.png", icc_profile=exchanged)
    assert np.abs(quarters_of(tmp_path / "a.png") - CORNERS).max() < 8


def test_a_broken_profile_is_passed_over(tmp_path: Path) -> None:
    """The picture is there; only what its numbers mean is not."""
    card().save(tmp_path / "a.png", icc_profile=b"no profile")
    assert np.abs(quarters_of(tmp_path / "a.png") - CORNERS).max() < 8


@pytest.mark.parametrize("kind", ["missing", "text", "half", "bomb", "gif", "folder"])
def test_what_cannot_be_read_is_refused_by_name(kind: str, tmp_path: Path) -> None:
    """The error names the file and what is accepted."""
    path = tmp_path / "odd.png"
    whole = BytesIO()
    Image.effect_noise((100, 100), 90).save(whole, "PNG")
    gif = BytesIO()
    card().save(gif, "GIF")
    head = whole.getvalue()
    bodies = {
        "text": b"no picture",
        "half": head[:4000],
        "bomb": head[:16] + (60_000).to_bytes(4, "big") * 2 + head[24:],
        "gif": gif.getvalue(),
    }
    if kind in bodies:
        path.write_bytes(bodies[kind])
    elif kind == "folder":
        path.mkdir()
    with pytest.raises(Refused, match=r"odd\.png cannot be read[^\n]*\n.*PNG, JPEG or WebP"):
        open_picture(path)


# --- colours ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("colour", SATURATED)
def test_a_colour_comes_out_as_it_went_in(colour: tuple[int, int, int]) -> None:
    """Within the rounding of eight bits, the most saturated ones too."""
    pixels = seen(planes_of(Image.new("RGB", (400, 225), colour), FRAME), WHOLE, FRAME)
    assert np.abs(rgb(pixels, FRAME) - colour).max() < 2


def test_a_smooth_picture_comes_out_as_it_went_in() -> None:
    """A gradient of all hues, scaled down: on average less than one of 255 steps off."""
    hue, light = np.meshgrid(np.linspace(0, 255, 640), np.linspace(40, 255, 360))
    hsv = np.stack([hue, np.full_like(hue, 200), light], axis=2).astype(np.uint8)
    picture = Image.fromarray(hsv, "HSV").convert("RGB")
    expected = np.asarray(picture.resize((320, 180), Image.Resampling.BOX), np.float64)
    got = rgb(seen(planes_of(picture, FRAME), WHOLE, FRAME), FRAME)
    assert np.abs(got - expected).mean() < 1


def test_colours_lie_where_brightness_does() -> None:
    """Chroma is sited left, in the middle of two rows, as players take it: an edge of colour is not beside its edge."""
    ramp = np.zeros((180, 320, 3), np.uint8)
    ramp[..., 0] = np.linspace(0, 255, 320).round()[None]
    _, _, v = split(seen(planes_of(Image.fromarray(ramp), FRAME), WHOLE, FRAME), FRAME)
    slope = 224 * (1 - 0.2126) / 1.5748 / 319
    expected = 128 + slope * np.arange(0, 320, 2)  # at the left one of each two pixels
    assert np.abs(v[:, 4:-4] - expected[4:-4]).mean() < 0.35
    assert abs((v[:, 4:-4] - expected[4:-4]).mean()) < 0.1


def test_black_is_black_and_mixing_is_even() -> None:
    """The limited range begins at 16; the share of a mixture is the second frame's."""
    dark = black(FRAME)
    assert rgb(dark, FRAME).max() == 0
    bright = seen(planes_of(Image.new("RGB", (16, 9), "white"), FRAME), WHOLE, FRAME)
    assert (mix(dark, bright, 0.0) == dark).all()
    assert (mix(dark, bright, 1.0) == bright).all()
    assert np.abs(rgb(mix(dark, bright, 0.25), FRAME) - 0.25 * 255).max() < 1


@given(st.floats(0, 1), st.integers(0, 255), st.integers(0, 255))
def test_a_mixture_is_right_to_the_half_step(share: float, before: int, after: int) -> None:
    """Rounded, not cut off, so that a slow fade has no jump."""
    [mixed] = mix(np.array([before], np.uint8), np.array([after], np.uint8), share)
    assert mixed == pytest.approx(before + (after - before) * share, abs=1.001)


# --- the camera -------------------------------------------------------------------------------------------------


@given(
    st.builds(
        CameraMove,
        st.builds(Box, st.floats(0.05, 0.95), st.floats(0.05, 0.95), st.floats(0.1, 1.5)),
        st.floats(-0.5, 0.5),
        st.floats(-0.5, 0.5),
        st.floats(-0.3, 0.3),
    ),
    st.floats(-60, 3),
)
def test_no_edge_ever_shows(move: CameraMove, time: float) -> None:
    """Over a white picture every frame is white to its last pixel, whatever the move."""
    frame = Frame(64, 36, 30)
    planes = planes_of(Image.new("RGB", (90, 50), "white"), frame)
    y, u, v = split(seen(planes, box_at(move, time), frame), frame)
    assert y.min() >= 234
    assert np.abs(np.array([u, v]) - 128).max() <= 1


def centre(y: np.ndarray) -> tuple[float, float]:
    """Where a dot on black is, in pixels."""
    weight = (y - 16).clip(0)
    rows, columns = np.indices(y.shape) + 0.5
    return float((weight * columns).sum() / weight.sum()), float((weight * rows).sum() / weight.sum())


@pytest.mark.parametrize("name", MOVES)
def test_the_camera_does_not_jitter(name: str) -> None:
    """A dot in the picture moves on the ideal path within a twentieth of a pixel (RMS), over two seconds."""
    width, height = 640, 360
    rows, columns = np.indices((height, width)) + 0.5
    move = move_for("0123456789abcdef" * 4, name)
    look = box_at(move, -1.0)
    dot = np.exp(-(((columns - look.x * width) ** 2 + (rows - look.y * height) ** 2) / (2 * 6.0**2)))
    planes = planes_of(Image.fromarray((dot * 255).round().astype(np.uint8)).convert("RGB"), FRAME)
    misses = []
    for number in range(-60, 0):
        box = box_at(move, number / 30)
        x, y = centre(split(seen(planes, box, FRAME), FRAME)[0])
        misses.append(
            (
                x - ((look.x - box.x) / box.width + 0.5) * FRAME.width,
                y - ((look.y - box.y) / box.width + 0.5) * FRAME.height,
            )
        )
    assert math.sqrt(np.square(misses).sum(axis=1).mean()) < 0.05


def test_a_detail_stays_sharp_under_a_close_camera() -> None:
    """What the picture holds beyond the frame's size is kept for a camera that moves in."""
    stripes = np.zeros((540, 960, 3), np.uint8)
    stripes[:, np.arange(960) // 4 % 2 == 0] = 255
    box = Box(0.5, 0.5, 0.8)
    y, _, _ = split(seen(planes_of(Image.fromarray(stripes), FRAME), box, FRAME), FRAME)
    contrast = np.percentile(y, 95) - np.percentile(y, 5)
    assert contrast > 150


def test_video_frames_of_any_shape_fill_the_frame() -> None:
    """Planes of another shape are cut in the middle; pixels that are not square are taken as they are meant."""
    whole = planes_of(card(640, 360), FRAME)
    for frame in SHAPES:
        assert np.abs(np.array(quarters(rgb(covering(whole, 1.0, frame), frame))) - CORNERS).max() < 8
    squeezed = planes_of(card(320, 320), Frame(320, 320, 30))
    corners = quarters(rgb(covering(squeezed, 16 / 9, FRAME), FRAME))
    assert np.abs(np.array(corners) - CORNERS).max() < 8

"""Pictures as video pixels: bt709, limited range, 4:2:0 with chroma sited left, seen by a camera to a part of a pixel."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

from movie_assets.core.camera import Box
from movie_assets.core.errors import Refused
from movie_assets.core.ports import Frame

__all__ = ["Pixels", "Planes", "black", "covering", "mix", "open_picture", "planes_of", "seen"]

Pixels: TypeAlias = NDArray[np.uint8]
"""One frame of yuv420p, its planes one after the other."""

Numbers: TypeAlias = NDArray[np.floating[Any]]
Part: TypeAlias = tuple[float, float, float, float]

_PICTURES = ("PNG", "JPEG", "WEBP")
_DETAIL = 1.2  # how much finer than the frame a picture is kept, so that a camera moving in stays sharp
_KR, _KB = 0.2126, 0.0722


@dataclass(frozen=True, slots=True)
class Planes:
    """A picture of the frame's shape; luma has even sides, chroma half of them."""

    y: Image.Image
    u: Image.Image
    v: Image.Image


def open_picture(path: Path) -> Image.Image:
    """Reads a picture of any mode as upright RGB, transparent parts on black; `Refused` if it cannot be read."""
    try:
        with Image.open(path, formats=_PICTURES) as picture:
            upright = ImageOps.exif_transpose(picture)
            return _rgb(upright)
    # Pillow answers damage with errors of many kinds, SyntaxError among them.
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise Refused(
            f"{path.name} cannot be read as a picture",
            said=str(error).split("\n", 1)[0],
            next_step="use a PNG, JPEG or WebP of at most 100 million pixels",
        ) from error


def planes_of(picture: Image.Image, frame: Frame) -> Planes:
    """An RGB picture cut to the frame's shape and turned into planes."""
    box = _cover(picture.width, picture.height, frame.width / frame.height)
    detail = min(max((box[2] - box[0]) / frame.width, 1.0), _DETAIL)
    size = (_even(frame.width * detail), _even(frame.height * detail))
    return _planes(picture.resize(size, Image.Resampling.LANCZOS, box))


def seen(planes: Planes, box: Box, frame: Frame) -> Pixels:
    """What the camera sees of planes in the frame's shape, as one frame."""
    width, height = planes.y.size
    left, top = (box.x - box.width / 2) * width, (box.y - box.width / 2) * height
    return _scaled(planes, (left, top, left + box.width * width, top + box.width * height), frame)


def covering(planes: Planes, pixel_shape: float, frame: Frame) -> Pixels:
    """The middle of planes of any shape, as one frame; `pixel_shape` is the width of their pixels over the height."""
    return _scaled(planes, _cover(*planes.y.size, frame.width / frame.height / pixel_shape), frame)


def black(frame: Frame) -> Pixels:
    """A black frame."""
    luma = frame.width * frame.height
    return np.repeat(np.array([16, 128], np.uint8), [luma, luma // 2])


def mix(before: Pixels, after: Pixels, share: float) -> Pixels:
    """Two frames mixed; `share` is the second one's, 0 to 1."""
    weight = round(share * 256)
    mixed = before.astype(np.uint16) * np.uint16(256 - weight) + after.astype(np.uint16) * np.uint16(weight)
    return ((mixed + np.uint16(128)) >> np.uint16(8)).astype(np.uint8)


# --- conversion -------------------------------------------------------------------------------------------------


def _cover(width: float, height: float, shape: float) -> Part:
    """The largest box of a shape (width over height) in the middle of a picture."""
    across, down = min(width, height * shape), min(height, width / shape)
    left, top = (width - across) / 2, (height - down) / 2
    return left, top, left + across, top + down


def _rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):
        # Pillow clips 16 bit grey instead of scaling it.
        picture = Image.fromarray(np.rint(np.asarray(picture, np.float32) / 257).astype(np.uint8))
    if "transparency" in picture.info or picture.mode in {"LA", "La", "PA", "RGBA", "RGBa"}:
        layer = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, (0, 0, 0, 255)), layer).convert("RGB")
    return _in_srgb(picture).convert("RGB")


def _in_srgb(picture: Image.Image) -> Image.Image:
    profile = picture.info.get("icc_profile")
    if profile and picture.mode in {"CMYK", "RGB"}:
        with contextlib.suppress(ImageCms.PyCMSError):
            srgb = ImageCms.createProfile("sRGB")
            return ImageCms.profileToProfile(picture, BytesIO(profile), srgb, outputMode="RGB") or picture
    return picture


def _planes(picture: Image.Image) -> Planes:
    rgb = np.asarray(picture, np.float32) / 255
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    luma = _KR * red + (1 - _KR - _KB) * green + _KB * blue
    chroma = (_halved((colour - luma) / (2 - 2 * k)) for colour, k in ((blue, _KB), (red, _KR)))
    u, v = (_plane(128 + 224 * part) for part in chroma)
    return Planes(_plane(16 + 219 * luma), u, v)


def _halved(plane: Numbers) -> Numbers:
    """Half the size: rows in pairs, columns by 1 2 1 around each even one."""
    rows = (plane[0::2] + plane[1::2]) / 2
    left = np.concatenate([rows[:, :1], rows[:, 1:-1:2]], axis=1)
    return (left + 2 * rows[:, 0::2] + rows[:, 1::2]) / 4


def _plane(values: Numbers) -> Image.Image:
    return Image.fromarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))


def _scaled(planes: Planes, part: Part, frame: Frame) -> Pixels:
    left, top, right, bottom = part
    # Chroma samples sit on the left of each pair of luma samples, before and after scaling.
    aside = (1 - (right - left) / frame.width) / 4
    half_part = (left / 2 + aside, top / 2, right / 2 + aside, bottom / 2)
    luma = _view(planes.y, part, (frame.width, frame.height))
    half = (frame.width // 2, frame.height // 2)
    return np.frombuffer(
        b"".join([luma, *(_view(plane, half_part, half) for plane in (planes.u, planes.v))]), np.uint8
    )


def _view(plane: Image.Image, part: Part, size: tuple[int, int]) -> bytes:
    columns, rows = _span(part[0], part[2], plane.width), _span(part[1], part[3], plane.height)
    box = (columns[0], rows[0], columns[1], rows[1])
    return plane.resize(size, Image.Resampling.BICUBIC, box).tobytes()


def _span(start: float, stop: float, whole: float) -> tuple[float, float]:
    """A part of a side moved inside it."""
    begin = min(max(start, 0.0), max(whole - (stop - start), 0.0))
    return begin, min(begin + stop - start, whole)


def _even(number: float) -> int:
    return round(number / 2) * 2

"""Still pictures as video frames: converted to Y, U and V once, and seen through a moving camera."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageOps

from movie_assets.core.camera import Box
from movie_assets.core.ports import Frame

__all__ = ["Planes", "black", "blend", "planes_of", "seen", "to_bytes"]

Planes: TypeAlias = tuple[Image.Image, Image.Image, Image.Image]
"""Y in full, U and V in half the size, 8 bits, bt709 in the limited range."""

# bt709: Kr = 0.2126, Kb = 0.0722; limited range: Y 16 to 235, U and V 16 to 240 (ITU-R BT.709).
_TO_Y = np.array([0.2126, 0.7152, 0.0722], np.float32) * (219 / 255)
_TO_U = np.array([-0.2126, -0.7152, 0.9278], np.float32) / 1.8556 * (224 / 255)
_TO_V = np.array([0.7874, -0.7152, -0.0722], np.float32) / 1.5748 * (224 / 255)


def planes_of(picture: Path, frame: Frame) -> Planes:
    """A picture, upright, opaque and cropped to the frame's shape."""
    with Image.open(picture) as opened:
        upright = ImageOps.exif_transpose(opened).convert("RGBA")
    whole = Image.alpha_composite(Image.new("RGBA", upright.size, "black"), upright).convert("RGB")
    colours = np.asarray(_cropped(whole, frame), np.float32)
    half = np.asarray(Image.fromarray(colours.astype(np.uint8)).reduce(2), np.float32)
    return _plane(colours, _TO_Y, 16), _plane(half, _TO_U, 128), _plane(half, _TO_V, 128)


def _cropped(picture: Image.Image, frame: Frame) -> Image.Image:
    """The largest middle part of the frame's shape, with even sides."""
    scale = min(picture.width / frame.width, picture.height / frame.height)
    width, height = (max(2, int(side * scale) // 2 * 2) for side in (frame.width, frame.height))
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))


def _plane(
    colours: np.ndarray[tuple[int, ...], np.dtype[np.float32]], row: object, offset: int
) -> Image.Image:
    levels = colours @ np.asarray(row, np.float32) + np.float32(offset + 0.5)
    return Image.fromarray(levels.clip(0, 255).astype(np.uint8))


def seen(planes: Planes, box: Box, frame: Frame) -> Planes:
    """What the camera sees, resampled at fractions of a pixel."""
    y, u, v = (_seen(plane, box, size) for plane, size in zip(planes, _sizes(frame), strict=True))
    return y, u, v


def _seen(plane: Image.Image, box: Box, size: tuple[int, int]) -> Image.Image:
    left, top = (box.x - box.width / 2) * plane.width, (box.y - box.width / 2) * plane.height
    right, bottom = left + box.width * plane.width, top + box.width * plane.height
    inside = (max(0.0, left), max(0.0, top), min(plane.width, right), min(plane.height, bottom))
    return plane.resize(size, Image.Resampling.BICUBIC, box=inside)


def _sizes(frame: Frame) -> tuple[tuple[int, int], ...]:
    half = (frame.width // 2, frame.height // 2)
    return (frame.width, frame.height), half, half


def black(frame: Frame) -> Planes:
    """A black frame."""
    y, u, v = (Image.new("L", size, level) for size, level in zip(_sizes(frame), (16, 128, 128), strict=True))
    return y, u, v


def blend(before: Planes, after: Planes, share: float) -> Planes:
    """`share` of the one after over the rest of the one before."""
    y, u, v = (Image.blend(one, two, share) for one, two in zip(before, after, strict=True))
    return y, u, v


def to_bytes(planes: Planes) -> bytes:
    """The frame as raw yuv420p."""
    return b"".join(plane.tobytes() for plane in planes)

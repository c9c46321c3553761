"""The offline animator: one picture in motion, near things passing far ones, mist and dust drifting between."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from movie_assets.core.digest import digest_of
from movie_assets.core.errors import Failed, Refused
from movie_assets.core.ports import AnimateRequest, Meta, Result, Workspace
from resources import worker
from resources.ffmpeg import binary
from resources.offline.depth import nearness
from resources.offline.drift import Drift
from resources.offline.noise import Plane

__all__ = ["OfflineAnimator"]

_ROOM = 1.25
_SWAY_SECONDS = 11.0
_BAND = 48
_COLOURS = ("-color_range", "tv", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709")
_EXACT = ("-fflags", "+bitexact", "-flags:v", "+bitexact", "-map_metadata", "-1", "-movflags", "+faststart")


class OfflineAnimator:
    """Gives a still picture depth and sends a camera through it; `settings["amount"]` 0 to 1 says how far."""

    def animate(self, request: AnimateRequest, at: Workspace) -> Result:
        """A silent H.264 video of exactly round(seconds × fps) frames; a size that is odd is `Refused`."""
        amount = request.settings.get("amount", 0.6)
        if not isinstance(amount, (int, float)) or not 0 <= amount <= 1:
            raise Refused("the amount of motion is a number from 0 to 1", amount=amount)
        if request.width % 2 or request.height % 2 or min(request.width, request.height) < 16:
            raise Refused(
                "a video's sides are even, 16 pixels or more", width=request.width, height=request.height
            )
        seed = digest_of({"prompt": request.prompt, "settings": dict(request.settings), "take": request.take})
        started = time.monotonic()
        job = {
            "picture": str(request.picture.absolute()),
            "frames": max(1, round(request.seconds * request.fps)),
            "width": request.width,
            "height": request.height,
            "fps": request.fps,
            "amount": float(amount),
            "seed": seed,
            "ffmpeg": binary(),
            "file": "animated.mp4",
        }
        worker.call(__name__, job, at, timeout=3600)
        meta = Meta(provider="offline", model="parallax", cost=0.0, seconds=time.monotonic() - started)
        return Result(at.scratch / "animated.mp4", "video/mp4", meta)


@dataclass(frozen=True, slots=True)
class _Path:
    """The camera's way: a slow sway and a push forward, both beginning and ending softly; lengths in widths."""

    reach: float
    push: float
    phase: float
    side: float

    @classmethod
    def drawn(cls, seed: int, amount: float) -> _Path:
        rng = np.random.default_rng(seed)
        side = float(rng.choice([-1, 1]))
        return cls(0.028 * amount, 0.085 * amount, float(rng.uniform(-0.5, 0.1)), side)

    def at(self, second: float, whole: float) -> tuple[float, float, float]:
        """Sway right, sway down and push at a second of the whole."""
        turn = 2 * np.pi * second / _SWAY_SECONDS + self.phase
        part = second / max(whole, 1e-6)
        eased = part * part * (3 - 2 * part) * 0.5 + part * 0.5
        return (
            self.side * self.reach * np.sin(turn),
            0.3 * self.reach * np.sin(0.7 * turn + 1),
            self.push * eased,
        )


class _Scene:
    """The picture's planes with room around the frame, and for each pixel how near it is."""

    def __init__(self, picture: Image.Image, width: int, height: int, reach: float) -> None:
        room = (2 * round(width * _ROOM / 2), 2 * round(height * _ROOM / 2))
        fitted = ImageOps.fit(picture.convert("RGB"), room, Image.Resampling.LANCZOS)
        planes = _planes(np.asarray(fitted, np.float32))
        near = nearness(fitted, width, height)
        halved = np.ascontiguousarray(near[::2, ::2])
        spare = 1 - 2.2 * reach
        self._warps = [
            _Warp(plane, depth, spare) for plane, depth in zip(planes, (near, halved, halved), strict=True)
        ]
        self.near = near

    def seen(self, sway: float, dip: float, push: float) -> list[Plane]:
        """Y, U and V from where the camera is."""
        return [warp.seen(sway, dip, push) for warp in self._warps]


class _Warp:
    """Reads a plane through a displacement that grows with nearness; bilinear, so that it moves without steps."""

    def __init__(self, plane: Plane, near: Plane, spare: float) -> None:
        self._plane, self._near = plane, near
        height, width = near.shape
        self._scale = spare * plane.shape[1] / width, spare * plane.shape[0] / height
        self._x = np.arange(width, dtype=np.float32)[None, :] - np.float32(width / 2 - 0.5)
        self._y = np.arange(height, dtype=np.float32)[:, None] - np.float32(height / 2 - 0.5)

    def seen(self, sway: float, dip: float, push: float) -> Plane:
        out = np.empty(self._near.shape, np.float32)
        for top in range(0, len(out), _BAND):
            rows = slice(top, top + _BAND)
            out[rows] = self._band(rows, sway, dip, push)
        return out

    def _band(self, rows: slice, sway: float, dip: float, push: float) -> Plane:
        height, width = self._plane.shape
        near = self._near[rows]
        zoom = 1 - np.float32(push) * (np.float32(0.3) + np.float32(0.7) * near)
        lean = near - np.float32(0.4)
        x = self._x * zoom * np.float32(self._scale[0]) + (
            lean * np.float32(sway * width) + np.float32(width / 2 - 0.5)
        )
        y = self._y[rows] * zoom * np.float32(self._scale[1])
        y += lean * np.float32(dip * width) + np.float32(height / 2 - 0.5)
        np.clip(x, 0, width - 1.001, out=x)
        np.clip(y, 0, height - 1.001, out=y)
        return _bilinear(self._plane, x, y)


def _bilinear(plane: Plane, x: Plane, y: Plane) -> Plane:
    column, row = x.astype(np.int32), y.astype(np.int32)
    right, down = x - column, y - row
    flat, width = plane.ravel(), plane.shape[1]
    corner = row * width + column
    above = flat.take(corner)
    above += (flat.take(corner + 1) - above) * right
    corner += width
    below = flat.take(corner)
    below += (flat.take(corner + 1) - below) * right
    above += (below - above) * down
    seen: Plane = above
    return seen


def _planes(rgb: Plane) -> tuple[Plane, Plane, Plane]:
    """Y, U, V of bt709 in limited range, colour at half size."""
    red, green, blue = (rgb[..., channel] for channel in range(3))
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    chroma = [(blue - luma) / np.float32(1.8556), (red - luma) / np.float32(1.5748)]
    halves = [(c[::2, ::2] + c[1::2, ::2] + c[::2, 1::2] + c[1::2, 1::2]) / 4 for c in chroma]
    u, v = (128 + half * np.float32(224 / 255) for half in halves)
    return 16 + luma * np.float32(219 / 255), u, v


def _answer(job: dict[str, Any]) -> dict[str, Any]:
    seed = int(job["seed"][:12], 16)
    path = _Path.drawn(seed, job["amount"])
    scene = _Scene(_opened(Path(job["picture"])), job["width"], job["height"], path.reach)
    drift = Drift(scene.near, seed, job["amount"])
    encoder = subprocess.Popen(_command(job), stdin=subprocess.PIPE)
    assert encoder.stdin is not None
    try:
        for number in range(job["frames"]):
            second = number / job["fps"]
            luma, *chroma = scene.seen(*path.at(second, job["frames"] / job["fps"]))
            drift.over(luma, second)
            for plane in (luma, *chroma):
                encoder.stdin.write((plane + np.float32(0.5)).astype(np.uint8).tobytes())
        encoder.stdin.close()
    except BrokenPipeError:
        pass
    if encoder.wait() != 0:
        raise Failed("ffmpeg could not encode the animation", next_step="run again with --debug")
    return {}


def _opened(path: Path) -> Image.Image:
    try:
        with Image.open(path) as picture:
            return ImageOps.exif_transpose(picture).convert("RGB")
    except (OSError, SyntaxError, ValueError) as error:
        raise Refused(f"{path.name} cannot be read as a picture", said=str(error)) from error


def _command(job: dict[str, Any]) -> list[str]:
    size, fps = f"{job['width']}x{job['height']}", str(job["fps"])
    read = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", size, "-r", fps, *_COLOURS, "-i", "-"]
    x264 = f"scenecut=0:open-gop=0:keyint={2 * job['fps']}:colorprim=bt709:transfer=bt709:colormatrix=bt709"
    encode = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-threads", "1", "-x264-params", x264]
    start = [job["ffmpeg"], "-hide_banner", "-loglevel", "error", "-y"]
    return [*start, *read, *encode, "-pix_fmt", "yuv420p", *_COLOURS, *_EXACT, job["file"]]


if __name__ == "__main__":
    worker.serve(_answer)

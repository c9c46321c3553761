"""Rendering clips against a floor in the same run: x264 alone, with the same settings, on the same frames.

    python bench/render.py [--quick]

CPU milliseconds per frame of all processes. `start` is what a clip costs however short it is, in ms.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from movie_assets.core.camera import move_for
from movie_assets.core.ports import Captions, ClipRequest, Frame, Shot, Transition, Workspace
from movie_assets.core.words import Word, Words
from resources.clip import clip
from resources.ffmpeg import binary
from resources.shots import shown

FRAMES = {"720p": Frame(1280, 720, 30), "1080p": Frame(1920, 1080, 30)}
AIMS = {"720p": "20", "1080p": "49"}
SAID = "The islands lay black and bare under a white sun and nothing seemed to live on them"
MOVE = move_for("5" * 64, "push-in")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="a third of the frames")
    count = 40 if options.parse_args().quick else 120
    print(f"{'':28}{'frames':>7}{'ms/frame':>10}{'floor':>8}{'ratio':>8}{'start':>8}{'aim':>7}")
    with tempfile.TemporaryDirectory() as folder:
        shot = Shot(picture(Path(folder) / "picture.png"), MOVE)
        for name, frame in FRAMES.items():
            floor = x264_alone(shot, frame, count, Path(folder))
            for style in ("none", "plain", "karaoke"):
                row(f"{name} captions {style}", shot, frame, style, count, floor, AIMS[name], Path(folder))
            row(f"{name} crossfade", shot, frame, "none", count, floor, "", Path(folder), previous=shot)


def row(
    name: str,
    shot: Shot,
    frame: Frame,
    style: str,
    count: int,
    floor: float,
    aim: str,
    folder: Path,
    previous: Shot | None = None,
) -> None:
    start = spent(request(shot, frame, style, 1, previous), folder)
    each = (spent(request(shot, frame, style, count, previous), folder) - start) / (count - 1)
    print(f"{name:28}{count:7}{each:10.1f}{floor:8.1f}{each / floor:8.2f}{start:8.0f}{aim:>7}", flush=True)


def spent(asked: ClipRequest, folder: Path) -> float:
    """CPU milliseconds of one clip."""
    return float(clip(asked, Workspace(folder / "work")).notes["cpu_seconds"]) * 1000


def request(shot: Shot, frame: Frame, style: str, count: int, previous: Shot | None) -> ClipRequest:
    """A clip that is captioned from end to end; with a previous shot, a crossfade from end to end."""
    seconds = count / frame.fps
    texts = SAID.split()
    length = seconds / len(texts)
    said = tuple(Word(text, n * length, (n + 0.9) * length) for n, text in enumerate(texts))
    turn = Transition("crossfade" if previous else "cut", seconds)
    words, captions = Words(seconds, said), Captions(style, burn=True)
    return ClipRequest(shot, previous, words, 0.0, count, frame, captions, turn)


def x264_alone(shot: Shot, frame: Frame, count: int, folder: Path) -> float:
    """CPU milliseconds per frame to encode the frames of a clip that are already made."""
    raw = folder / "frames.yuv"
    with raw.open("wb") as file:
        for pixels in shown(shot, [(number - count) / frame.fps for number in range(count)], frame):
            file.write(pixels.data)
    size = f"{frame.width}x{frame.height}"
    encoder = subprocess.Popen(
        [
            *(binary(), "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", size),
            *("-r", str(frame.fps), "-i", raw, "-c:v", "libx264", "-preset", "veryfast", "-crf", "20"),
            *("-threads", "1", "-g", str(4 * frame.fps), "-x264-params", "scenecut=0", folder / "floor.mp4"),
        ]
    )
    _, _, usage = os.wait4(encoder.pid, 0)
    raw.unlink()
    return (usage.ru_utime + usage.ru_stime) * 1000 / count


def picture(path: Path) -> Path:
    """Cloudy noise at all scales with a little grain, as detailed as a painting."""
    chance = np.random.default_rng(7)
    levels = np.zeros((1152, 2048, 3), np.float32)
    for scale in (4, 16, 64, 256, 1024):
        noise = chance.integers(0, 256, (scale * 9 // 16 + 1, scale, 3), np.uint8)
        levels += (
            np.asarray(Image.fromarray(noise).resize((2048, 1152), Image.Resampling.BICUBIC)) / scale**0.5
        )
    grain = chance.normal(0, 1.5, levels.shape)
    Image.fromarray((levels / levels.max() * 250 + grain).clip(0, 255).astype(np.uint8)).save(path)
    return path


if __name__ == "__main__":
    main()

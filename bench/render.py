"""Rendering clips against a floor in the same run: x264 alone, with the same settings, on the same frames.

    python bench/render.py [--quick]

CPU milliseconds per frame of all processes, the better of two turns. `start` is what a clip costs however short it is.
Then a film of six segments: made whole, and made again after one of them was edited.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from movie_assets.core.camera import move_for
from movie_assets.core.ports import (
    Captions,
    ClipRequest,
    FilmRequest,
    Frame,
    Shot,
    SoundtrackRequest,
    Transition,
    Voice,
    Workspace,
)
from movie_assets.core.words import Word, Words
from resources.clip import clip
from resources.ffmpeg import binary
from resources.film import film
from resources.shots import shown
from resources.soundtrack import soundtrack

FRAMES = {"720p": Frame(1280, 720, 30), "1080p": Frame(1920, 1080, 30)}
AIMS = {"720p": "20", "1080p": "49"}
SAID = "The islands lay black and bare under a white sun and nothing seemed to live on them"
MOVE = move_for("5" * 64, "push-in")
SEGMENTS = 6


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="a third of the frames")
    count = 40 if options.parse_args().quick else 120
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shot = Shot(picture(folder / "picture.png"), MOVE)
        print(f"{'':24}{'frames':>7}{'ms/frame':>10}{'floor':>8}{'ratio':>8}{'start':>8}{'aim':>7}")
        for title, frame in FRAMES.items():
            floor = min(x264_alone(shot, frame, count, folder) for _ in range(2))
            asked = {f"captions {style}": (style, None) for style in ("none", "plain", "karaoke")}
            for kind, (style, previous) in {**asked, "crossfade": ("none", shot)}.items():
                start, each = cost(shot, frame, style, count, previous, folder)
                aim = "" if previous else AIMS[title]
                print(
                    f"{f'{title} {kind}':24}{count:7}{each:10.1f}{floor:8.1f}{each / floor:8.2f}{start:8.0f}{aim:>7}",
                    flush=True,
                )
        edit_and_film(shot, FRAMES["720p"], count, folder)


def cost(
    shot: Shot, frame: Frame, style: str, count: int, previous: Shot | None, folder: Path
) -> tuple[float, float]:
    """CPU milliseconds of a clip of one frame, and of each further one."""

    def spent(frames: int) -> float:
        asked = request(shot, frame, style, frames, previous)
        return min(clip(asked, Workspace(folder / "work")).notes["cpu_seconds"] for _ in range(2)) * 1000

    start = spent(1)
    return start, (spent(count) - start) / (count - 1)


def edit_and_film(shot: Shot, frame: Frame, count: int, folder: Path) -> None:
    """Prints what a whole film costs, and what it costs again when one segment's clip was made anew."""
    asked = [request(shot, frame, "karaoke", count, shot, fade=0.6) for _ in range(SEGMENTS)]
    sound = whisper(folder, SEGMENTS * count / frame.fps)

    def make(segments: range) -> None:
        for number in segments:
            clip(asked[number], Workspace(folder / str(number)))
        clips = tuple(folder / str(number) / "clip.mp4" for number in range(SEGMENTS))
        film(FilmRequest(clips, sound, None, "en", "Bench", frame), Workspace(folder / "film"))

    whole, edit, join = (timed(make, segments) for segments in (range(SEGMENTS), range(3, 4), range(0)))
    print(f"\n{f'{SEGMENTS} segments of {count} frames, 720p':34}{'CPU s':>8}{'s':>8}{'share':>8}")
    for name, (processor, clock) in {"whole film": whole, "after one edit": edit, "join alone": join}.items():
        print(f"{name:34}{processor:8.2f}{clock:8.2f}{processor / whole[0]:8.0%}")


def timed(make: Callable[[range], None], segments: range) -> tuple[float, float]:
    """Seconds of all processors and of the clock."""
    processor, clock = processor_seconds(), time.perf_counter()
    make(segments)
    return processor_seconds() - processor, time.perf_counter() - clock


def processor_seconds() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def whisper(folder: Path, seconds: float) -> Path:
    """A soundtrack of the film's length."""
    noise = np.random.default_rng(0).normal(0, 2000, round(seconds * 24_000)).astype("<i2")
    with wave.open(str(folder / "voice.wav"), "wb") as file:
        file.setparams((1, 2, 24_000, 0, "NONE", ""))
        file.writeframes(noise.tobytes())
    voice = Voice(folder / "voice.wav", 0.0, seconds)
    return soundtrack(SoundtrackRequest((voice,), None, 0.0, seconds), Workspace(folder / "sound")).file


def request(
    shot: Shot, frame: Frame, style: str, count: int, previous: Shot | None, fade: float | None = None
) -> ClipRequest:
    """A clip that is captioned from end to end; with a previous shot, a crossfade of `fade` seconds, or all through."""
    seconds = count / frame.fps
    texts = SAID.split()
    length = seconds / len(texts)
    said = tuple(Word(text, n * length, (n + 0.9) * length) for n, text in enumerate(texts))
    turn = Transition("crossfade" if previous else "cut", seconds if fade is None else fade)
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

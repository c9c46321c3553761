"""Looking at files: what a check is judged by."""

from __future__ import annotations

import subprocess
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from movie_assets.core.errors import MovieError
from resources.ffmpeg import binary
from resources.inspection import inspected_look as look


def video(path: Path, source: str) -> Path:
    command = [binary(), "-v", "error", "-y", "-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p", str(path)]
    subprocess.run(command, check=True, timeout=60)
    return path


def sound(path: Path, samples: np.ndarray) -> Path:
    with wave.open(str(path), "wb") as stream:
        stream.setnchannels(1)
        stream.setsampwidth(2)
        stream.setframerate(8000)
        stream.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


@pytest.mark.parametrize(
    ("light", "black", "flat"),
    [
        (lambda y, x: 0 * x, True, True),
        (lambda y, x: 0 * x + 120, False, True),
        (lambda y, x: x / 4, False, False),
        (
            lambda y, x: 255.0 * ((x % 16 == 0) & (y % 16 == 0)),
            True,
            False,
        ),  # fewer than one spot in a hundred
    ],
)
def test_pictures(tmp_path: Path, light: Callable[..., np.ndarray], black: bool, flat: bool) -> None:
    """Black, evenly grey, a gradient, some stars."""
    pixels = np.fromfunction(light, (144, 256)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "picture.png")
    seen = look(tmp_path / "picture.png", "image/png")
    assert (seen.width, seen.height) == (256, 144)
    assert (seen.brightest < 0.04, seen.spread < 0.004) == (black, flat)


@pytest.mark.parametrize(
    ("source", "black", "frozen"),
    [
        ("color=black:s=160x90:r=10:d=2", True, True),
        ("color=red:s=160x90:r=10:d=2", False, True),
        ("testsrc=s=160x90:r=10:d=2", False, False),
    ],
)
def test_videos(tmp_path: Path, source: str, black: bool, frozen: bool) -> None:
    """Black, standing still, moving; with size and length."""
    seen = look(video(tmp_path / "v.mp4", source), "video/mp4")
    assert (seen.width, seen.height, seen.seconds, seen.sound_seconds) == (160, 90, 2.0, 0.0)
    assert (seen.brightest < 0.04, seen.moves < 0.0004) == (black, frozen)


def test_sounds(tmp_path: Path) -> None:
    """The loudest moment and the length."""
    tone = 0.25 * np.sin(np.arange(8000) / 8000 * 440 * 2 * np.pi)
    heard = look(sound(tmp_path / "tone.wav", tone), "audio/wav")
    assert heard.peak == pytest.approx(0.25, abs=0.01) and heard.seconds == pytest.approx(1.0)
    silent = look(sound(tmp_path / "none.wav", 0 * tone), "audio/wav")
    assert silent.peak == 0.0


@pytest.mark.parametrize("media_type", ["image/png", "audio/wav", "video/mp4"])
def test_what_cannot_be_read_is_refused(tmp_path: Path, media_type: str) -> None:
    """In a sentence, whatever it claims to be."""
    (tmp_path / "bad").write_bytes(b"not what it claims to be")
    with pytest.raises(MovieError, match="cannot be read"):
        look(tmp_path / "bad", media_type)

"""A whole film by the offline providers: how long it takes, whole and after an edit, and how good it is.

    python bench/film.py [--quick] [--moviepy]

Each of 720p and 1080p: `movies make` from nothing, after one sentence was changed, and `movies preview` of the same; beside
them x264 alone on the same frames (decoding not counted) and, with --moviepy, MoviePy making the same film of the same
pictures, voices, music and captions, in a venv of its own. `--quick` makes a small film of two segments.
Seconds by the clock and of all processors. Give it an otherwise idle machine: it is meant for 2 cores.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from movie_assets.core.artefact import Name
from movie_assets.core.camera import MOVES, move_for
from movie_assets.core.ports import Frame, Shot, Workspace
from resources.ffmpeg import binary
from resources.probe import probe
from resources.shots import shown
from resources.soundtrack import measure_loudness
from resources.studio import Studio

ROOT = Path(__file__).resolve().parent.parent
SIZES = {"720p": (1280, 720), "1080p": (1920, 1080)}
QUICK = {"360p": (640, 360)}
CODING = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20"]
SENTENCE = "A sentence that was not there before, and is spoken now."

MOVIEPY = """
import json, sys
from moviepy import AudioFileClip, CompositeAudioClip, CompositeVideoClip, ImageClip, TextClip, afx, concatenate_audioclips, vfx
said = json.load(open(sys.argv[1]))
size, clips, voices = tuple(said["size"]), [], []
for number, one in enumerate(said["segments"]):
    length = one["length"] + (0.6 if number else 0)
    zoomed = ImageClip(one["picture"]).resized(size).with_duration(length).resized(lambda t: 1.28 - 0.02 * t)
    shot = CompositeVideoClip([zoomed.with_position("center")], size=size)
    start = one["start"] - (0.6 if number else 0)
    clips.append(shot.with_start(start).with_effects([vfx.CrossFadeIn(0.6)] if number else []))
    voices.append(AudioFileClip(one["voice"]).with_start(one["voiceStart"]))
for cue in said["cues"]:
    text = TextClip(text=cue["text"], font=said["font"], font_size=size[1] // 16, color="white", stroke_width=2,
                    stroke_color="black", method="caption", size=(int(size[0] * 0.9), None), text_align="center")
    clips.append(text.with_start(cue["start"]).with_end(cue["end"]).with_position(("center", 0.8), relative=True))
music = AudioFileClip(said["music"])
times = int(said["length"] / music.duration) + 1
music = concatenate_audioclips([music] * times).with_duration(said["length"])
music = music.with_effects([afx.MultiplyVolume(0.2), afx.AudioFadeIn(1), afx.AudioFadeOut(3)])
film = CompositeVideoClip(clips, size=size).with_duration(said["length"]).with_audio(CompositeAudioClip([music, *voices]))
film.write_videofile(sys.argv[2], fps=30, codec="libx264", preset="veryfast", ffmpeg_params=["-crf", "20"], threads=2, logger=None)
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="a small film of two segments")
    options.add_argument(
        "--moviepy", action="store_true", help="compare with MoviePy, which is installed for it"
    )
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        python = moviepy_python(Path(name)) if chosen.moviepy else None
        for title, size in (QUICK if chosen.quick else SIZES).items():
            one_size(title, size, Path(name) / title, chosen.quick, python)
        print(f"camera jitter, worst of {len(MOVES)} moves: {jitter():.3f} px (RMS)")


def one_size(title: str, size: tuple[int, int], project: Path, quick: bool, python: Path | None) -> None:
    """Prints the rows of one size."""
    write_movie(project, size, quick)
    rows = {"movies make, from nothing": timed(lambda: movies(project, "make", "galapagos", "--yes"))}
    length = probe(project / "films/galapagos/film.mp4").seconds
    rows["x264 alone, same frames"] = x264_alone(project / "films/galapagos/film.mp4")
    if python is not None:
        rows["MoviePy, same film"] = timed(lambda: by_moviepy(project, size, python))
    quality = told_quality(project)
    rows["movies preview, from nothing"] = timed(lambda: movies(project, "preview", "galapagos"))
    edit(project)
    rows["movies preview, after an edit"] = timed(lambda: movies(project, "preview", "galapagos"))
    rows["movies make, after that edit"] = timed(lambda: movies(project, "make", "galapagos", "--yes"))
    print(f"\n{title}, {length:.1f} s of film{'':16}{'s':>8}{'CPU s':>8}{'CPU ms/frame':>14}")
    for row, (clock, processor) in rows.items():
        print(f"{row:40}{clock:8.1f}{processor:8.1f}{processor / length / 30 * 1000:14.1f}")
    print(quality, flush=True)


def write_movie(project: Path, size: tuple[int, int], quick: bool) -> None:
    """The sample film in another size; in short its first two segments."""
    folder = project / "movies" / "galapagos"
    shutil.copytree(ROOT / "movies" / "galapagos", folder)
    config = folder / "movie.yaml"
    text = re.sub(
        r"frame: .*", f"frame: {{width: {size[0]}, height: {size[1]}, fps: 30}}", config.read_text()
    )
    if quick:
        text = text.replace("segments: 6", "segments: 2").replace("duration: 60", "duration: 20")
        script = (folder / "script.md").read_text().split("\n## ")
        (folder / "script.md").write_text("\n## ".join(script[:3]))
    config.write_text(text)


def edit(project: Path) -> None:
    """Other words in the second segment."""
    config = project / "movies" / "galapagos" / "movie.yaml"
    said = f'  1: {{narration: {{text: "{SENTENCE}"}}}}\n'
    config.write_text(config.read_text().replace("overrides:\n", f"overrides:\n{said}"))


def movies(project: Path, *words: str) -> None:
    """Types a command in a project."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("DAGSTER_HOME", None)
    command = [sys.executable, "-m", "movie_assets.cli", *words]
    subprocess.run(command, cwd=project, env=environment, check=True, capture_output=True)


def timed(work: Callable[[], None]) -> tuple[float, float]:
    """Seconds by the clock and of all processors."""
    clock, before = time.perf_counter(), processor_seconds()
    work()
    return time.perf_counter() - clock, processor_seconds() - before


def processor_seconds() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def x264_alone(film: Path) -> tuple[float, float]:
    """What coding the film's frames again costs, without decoding them."""

    def run(coding: list[str]) -> tuple[float, float]:
        command = [binary(), "-v", "error", "-i", str(film), "-map", "0:v", *coding, "-f", "null", "-"]
        return timed(lambda: subprocess.run(command, check=True))  # type: ignore[arg-type, return-value]

    both, decoding = run([*CODING, "-threads", "2"]), run(["-c:v", "rawvideo"])
    return max(both[0] - decoding[0], 0.0), both[1] - decoding[1]


# --- MoviePy ------------------------------------------------------------------------------------------------------


def moviepy_python(folder: Path) -> Path | None:
    """A Python that has MoviePy, in a venv below a folder; None, with the reason printed, where there can be none."""
    python = folder / "moviepy" / "bin" / "python"
    try:
        subprocess.run([sys.executable, "-m", "venv", folder / "moviepy"], check=True, capture_output=True)
        install = [python, "-m", "pip", "install", "--quiet", "moviepy"]
        subprocess.run(install, check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        print(
            f"without MoviePy, which cannot be installed: {str(error.stderr or error).strip().splitlines()[-1]}"
        )
        return None
    return python


def by_moviepy(project: Path, size: tuple[int, int], python: Path) -> None:
    order = project / "moviepy.json"
    order.write_text(json.dumps(as_moviepy(project, size)))
    environment = {**os.environ, "FFMPEG_BINARY": binary()}
    script = [python, "-c", MOVIEPY, order, project / "moviepy.mp4"]
    subprocess.run(script, check=True, cwd=project, env=environment, capture_output=True)


def as_moviepy(project: Path, size: tuple[int, int]) -> dict[str, object]:
    """The film for MoviePy: what is seen and heard when, and which files hold it."""
    import fontpkg  # type: ignore[import-untyped]

    folder, timeline = project / "films" / "galapagos", plan(project)
    found = {path.stem: str(path) for path in (folder / "media").glob("*-*.*")}
    music = next(str(path) for path in (folder / "media").glob("music.*"))
    segments = [
        {
            "picture": found[f"picture-{each['segment']:03}"],
            "voice": found[f"narration-{each['segment']:03}"],
            "start": each["startFrame"] / 30,
            "length": each["frames"] / 30,
            "voiceStart": each["voiceStart"],
        }
        for each in timeline["segments"]
    ]
    cues = [{"start": start, "end": end, "text": text} for start, end, text in captions(folder)]
    font = fontpkg.select_file(fontpkg.families()["noto-sans"], 600, "normal", nearest=True).path
    return {
        "size": size, "segments": segments, "music": music, "cues": cues, "length": timeline["seconds"], "font": str(font),
    }  # fmt: skip


def plan(project: Path) -> dict[str, object]:
    return json.loads(read(project, "timeline"))


def read(project: Path, name: str) -> bytes:
    """The bytes of an artefact of the live revision."""
    store = Studio(project).store("galapagos")
    live = store.manifests.live()
    assert live is not None
    ref = live.output(Name.parse(name))
    assert ref is not None
    return store.read(ref)


def captions(folder: Path) -> list[tuple[float, float, str]]:
    """The cues of the exported subtitles."""
    found = re.findall(r"(\S+) --> (\S+)\n(.*?)\n\n", (folder / "film.srt").read_text() + "\n\n", re.DOTALL)
    return [(seconds(start), seconds(end), text) for start, end, text in found]


def seconds(clock: str) -> float:
    hours, minutes, rest = clock.replace(",", ".").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


# --- quality ------------------------------------------------------------------------------------------------------


def told_quality(project: Path) -> str:
    """Loudness, how far captions are from the voice's own events, and what the page weighs."""
    folder = project / "films" / "galapagos"
    found = measure_loudness(folder / "film.mp4", Workspace(project))
    page = (folder / "index.html").stat().st_size / 1000
    return (
        f"loudness {found.integrated:.1f} LUFS, {found.true_peak:.1f} dBTP; "
        f"captions off by {caption_error(project) * 1000:.1f} ms at most; page {page:.0f} kB"
    )


def caption_error(project: Path) -> float:
    """The longest time between a cue's begin and that of its first word in the voice's events."""
    timeline = plan(project)
    begins = [
        each["voiceStart"] + word["start"]
        for each in timeline["segments"]
        for word in json.loads(read(project, f"words[{each['segment']}]"))["words"]
    ]
    cues = captions(project / "films" / "galapagos")
    return max(min(abs(start - begin) for begin in begins) for start, _, _ in cues)


def jitter() -> float:
    """How far a spot in the picture is from a smooth path over two seconds (RMS), in pixels of a 720p frame."""
    frame, times = Frame(1280, 720, 30), [number / 30 - 2 for number in range(60)]
    rows, columns = np.mgrid[0:900, 0:1600]
    spot = 255 * np.exp(-((columns - 800) ** 2 + (rows - 450) ** 2) / (2 * 12**2))
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "spot.png"
        Image.fromarray(np.repeat(spot.astype(np.uint8)[..., None], 3, axis=2)).save(path)
        return max(strayed(Shot(path, move_for("5" * 64, move)), times, frame) for move in MOVES)


def strayed(shot: Shot, times: list[float], frame: Frame) -> float:
    places = np.array([centre(pixels, frame) for pixels in shown(shot, times, frame)])
    smooth = np.polynomial.polynomial.polyfit(times, places, 5)
    misses = places - np.polynomial.polynomial.polyval(np.array(times), smooth).T
    return float(np.sqrt(np.square(misses).sum(axis=1).mean()))


def centre(pixels: np.ndarray, frame: Frame) -> tuple[float, float]:
    luma = pixels[: frame.width * frame.height].reshape(frame.height, frame.width).astype(float) - 16
    luma[luma < 1] = 0
    down, across = np.mgrid[0 : frame.height, 0 : frame.width]
    return float((luma * across).sum() / luma.sum()), float((luma * down).sum() / luma.sum())


if __name__ == "__main__":
    main()

"""Incremental rendering is exact: after any edits the film is, frame for frame, the one made from nothing."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from movie_assets.core.artefact import Name
from movie_assets.core.digest import digest_of
from movie_assets.core.ports import (
    AnimateRequest,
    ComposeRequest,
    PaintRequest,
    Result,
    SpeakRequest,
    Speech,
    Workspace,
)
from movie_assets.core.words import spread
from resources.ffmpeg import ffmpeg
from resources.instant import InstantPorts
from resources.renderer import FfmpegRenderer
from resources.studio import Studio

pytestmark = pytest.mark.heavy

SEED = 6
EDITS = 4
RATE = 24_000
TEXTS = ("Black rock.", "A finch sang.", "He drew it.", "Rain fell late.", "Nothing moved here.")
SCENES = ("rock", "finch", "desk", "rain")


class Ports(InstantPorts):
    """Noise for pictures and tones for voices, told apart by what was asked for; the renderer is the real one."""

    @property
    def renderer(self) -> Any:
        return FfmpegRenderer()

    def writer(self, provider: str) -> Ports:
        return self

    painter = speaker = animator = composer = surrounder = writer

    def paint(self, request: PaintRequest, at: Workspace) -> Result:
        chance = np.random.default_rng(_seed(request.prompt))
        coarse = Image.fromarray(chance.integers(0, 255, (9, 16, 3), np.uint8))
        stream = io.BytesIO()
        coarse.resize((request.width, request.height), Image.Resampling.BICUBIC).save(stream, "PNG")
        return Result(stream.getvalue(), "image/png", self._meta())

    def speak(self, request: SpeakRequest, at: Workspace) -> Speech:
        seconds = 0.8 + len(request.text) / 40
        sound = _tone(seconds, 200 + _seed(request.text) % 400)
        return Speech(Result(sound, "audio/wav", self._meta()), spread(request.text, 0.1, seconds - 0.1))

    def compose(self, request: ComposeRequest, at: Workspace) -> Result:
        return Result(_tone(3.0, 110), "audio/wav", self._meta())

    def animate(self, request: AnimateRequest, at: Workspace) -> Result:
        source = f"testsrc2=size={request.width}x{request.height}:rate={request.fps}:duration=2"
        shifted = f"hue=h={_seed(request.prompt) % 360}"
        ffmpeg(["-f", "lavfi", "-i", source, "-vf", shifted, "-pix_fmt", "yuv420p", "moving.mp4"], at)
        return Result(at.scratch / "moving.mp4", "video/mp4", self._meta())


def _seed(text: str) -> int:
    return int(digest_of(text)[:8], 16)


def _tone(seconds: float, hertz: float) -> bytes:
    moments = np.arange(round(seconds * RATE)) / RATE
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((8000 * np.sin(2 * np.pi * hertz * moments)).astype("<i2").tobytes())
    return stream.getvalue()


# --- edits --------------------------------------------------------------------------------------------------------

Said = dict[str, Any]


def first() -> Said:
    """The movie before all edits; `order` is that of its scenes."""
    return {
        "title": "Tiny",
        "segments": 3,
        "duration": 6,
        "frame": {"width": 320, "height": 180, "fps": 10},
        "script": {"source": "script.md"},
        "overrides": {number: {} for number in range(3)},
    }


def texts(said: Said, scenes: list[str], chance: Random) -> None:
    said["overrides"][chance.randrange(3)]["narration"] = {"text": chance.choice(TEXTS)}


def pictures(said: Said, scenes: list[str], chance: Random) -> None:
    said["overrides"][chance.randrange(3)]["picture"] = {"prompt": f"a {chance.choice(SCENES)} at dusk"}


def captions(said: Said, scenes: list[str], chance: Random) -> None:
    style = chance.choice(("karaoke", "plain", "none"))
    said["captions"] = {"style": style, "burn": chance.random() < 0.8}


def transitions(said: Said, scenes: list[str], chance: Random) -> None:
    style = chance.choice(("crossfade", "dip", "cut"))
    said["overrides"][chance.randrange(3)]["transition"] = {
        "style": style,
        "seconds": chance.choice((0.3, 0.8)),
    }


def motions(said: Said, scenes: list[str], chance: Random) -> None:
    motion = chance.choice(({"kind": "animated", "seconds": 2}, {"move": "push-in"}, {"move": "pan-left"}))
    said["overrides"][chance.randrange(3)]["motion"] = motion


def order(said: Said, scenes: list[str], chance: Random) -> None:
    scenes.append(scenes.pop(0))


def pauses(said: Said, scenes: list[str], chance: Random) -> None:
    said["pause"] = chance.choice((0.2, 0.45, 1.0))
    said["overrides"][chance.randrange(3)]["pause"] = chance.choice((0.3, 0.8))


KINDS: tuple[Callable[[Said, list[str], Random], None], ...] = (
    texts, pictures, captions, transitions, motions, order, pauses,
)  # fmt: skip


def write(project: Path, said: Said, scenes: list[str]) -> None:
    folder = project / "movies" / "tiny"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "movie.yaml").write_text(yaml.safe_dump(said))
    told = "\n\n".join(f"## {scene}\n\nThis is the {scene}.\n\n> picture: a {scene}" for scene in scenes)
    (folder / "script.md").write_text(f"# Tiny\n\n{told}\n")


# --- making -------------------------------------------------------------------------------------------------------


def made(project: Path, root: str) -> tuple[str, int]:
    """Every decoded frame of the film and every decoded block of its sound, and how many clips were rendered for it."""
    movie = Studio(project, root, ports=Ports(), places=2).open("tiny")
    production = movie.produce()
    production.begin()
    outcomes = list(production.outcomes())
    assert production.error() is None
    production.publish()
    live = movie.store.manifests.live()
    assert live is not None
    film = live.output(Name("film"))
    assert film is not None
    at = Workspace(project / "decoded")
    at.scratch.mkdir(exist_ok=True)
    tracks = ["-map", "0:v", "-map", "0:a", "-f", "framemd5", f"{root}.txt"]
    ffmpeg(["-i", str(movie.store.file(film, at.scratch).absolute()), *tracks], at)
    rendered = [one for one in outcomes if one.status == "produced" and one.job.producer.name == "clip"]
    return (at.scratch / f"{root}.txt").read_text(), len(rendered)


def test_a_film_after_edits_is_the_film_from_nothing(tmp_path: Path) -> None:
    """Whatever is edited, in whatever order: text, picture, captions, transition, motion, order, pause."""
    said, scenes, chance = first(), list(SCENES[:3]), Random(SEED)
    write(tmp_path, said, scenes)
    films, clips = [made(tmp_path, "kept")[0]], []
    kinds = chance.sample(KINDS, len(KINDS))
    for number in range(EDITS):
        for edit in kinds[number::EDITS]:
            edit(said, scenes, chance)
        write(tmp_path, said, scenes)
        film, rendered = made(tmp_path, "kept")
        anew, all_clips = made(tmp_path, f"anew-{number}")
        assert film == anew, (kinds[number::EDITS], said, scenes)
        films.append(film)
        clips.append((rendered, all_clips))
    assert len(set(films)) > 3, "the edits changed the film"
    assert any(some < every for some, every in clips), "and not all of it was rendered again"

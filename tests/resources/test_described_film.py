"""The described film as it comes out: who is heard when, how loud, and that the film itself is untouched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from movie_assets.core.artefact import Name
from movie_assets.core.manifest import Manifest
from movie_assets.core.ports import Workspace
from movie_assets.core.timeline import BREATH
from resources.probe import Samples, probe, sound_blocks
from resources.soundtrack import measure_loudness
from resources.studio import Studio

pytestmark = pytest.mark.heavy

RATE = 16_000
YAML = """\
title: Tiny
brief: Gulls over a harbour. They cry.
segments: 2
duration: 8
frame: {width: 160, height: 90, fps: 10}
narration: {voice: en-gb}
music: none
overrides:
  0: {picture: {file: own.png, alt: A wide harbour at dawn.}}
  1: {picture: {file: own.png, alt: A gull on a pole.}}
"""


class Made:
    """The movie made without descriptions and then with them, by the offline providers."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.config = folder, folder / "movies" / "tiny" / "movie.yaml"
        self.config.parent.mkdir(parents=True)
        noise = np.random.default_rng(1).integers(0, 255, (9, 16, 3), np.uint8)
        Image.fromarray(noise).resize((320, 180)).save(self.config.parent / "own.png")
        self.bare = self._made(YAML)
        self.live = self._made(YAML + "descriptions: {voice: en-us, speed: 1.5}\n")
        self.plan: dict[str, Any] = json.loads(self.store.read(self.ref("described_timeline")))

    @property
    def store(self) -> Any:
        return Studio(self.folder).store("tiny")

    def ref(self, name: str) -> Any:
        return self.live.output(Name.parse(name))

    def file(self, name: str) -> Path:
        path: Path = self.store.file(self.ref(name), self.folder)
        return path

    def _made(self, text: str) -> Manifest:
        self.config.write_text(text)
        production = Studio(self.folder).open("tiny").produce()
        production.begin()
        list(production.outcomes())
        assert production.error() is None
        manifest = production.publish()
        assert manifest is not None
        return manifest


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("described"))


def sound(file: Path) -> Samples:
    return np.concatenate(list(sound_blocks(file, RATE, "mono")))[:, 0]


def test_the_film_itself_is_the_same_bytes(made: Made) -> None:
    """And everything that it is made of."""
    kept = {name: record.blob.digest for name, record in made.bare.artefacts.items()}
    assert kept.items() <= {name: record.blob.digest for name, record in made.live.artefacts.items()}.items()


def test_each_description_is_heard_where_the_timeline_says(made: Made) -> None:
    """Found in the film's sound to a few milliseconds; between it and the narration there is a breath of silence."""
    film = sound(made.file("described_film"))
    for each in made.plan["segments"]:
        spoken = sound(made.file(f"description[{each['segment']}]"))
        begin, reach = each["descriptionStart"], 0.25
        around = film[round((begin - reach) * RATE) : round((begin + reach) * RATE) + len(spoken)]
        found = int(np.argmax(np.correlate(around, spoken, "valid"))) / RATE - reach
        assert abs(found) < 0.01
        end = begin + each["descriptionSeconds"]
        assert each["voiceStart"] - end >= BREATH - 0.001
        silence = film[round((end + 0.05) * RATE) : round((each["voiceStart"] - 0.05) * RATE)]
        voice = film[round(begin * RATE) : round(end * RATE)]
        assert np.sqrt(np.mean(silence**2)) < 0.1 * np.sqrt(np.mean(voice**2))


def test_it_is_as_loud_as_the_film_and_ends_with_its_picture(made: Made, tmp_path: Path) -> None:
    """-16 LUFS within a half, no peak above -1.5 dBTP; picture and sound within a frame of the timeline."""
    loudness = measure_loudness(made.file("described_film"), Workspace(tmp_path))
    assert loudness.integrated == pytest.approx(-16, abs=0.5) and loudness.true_peak <= -1.5
    media = probe(made.file("described_film"))
    assert media.video is not None and media.sound is not None
    assert media.video.frames == made.plan["frames"]
    assert media.sound.seconds == pytest.approx(made.plan["seconds"], abs=1 / made.plan["fps"])

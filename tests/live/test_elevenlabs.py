"""The real ElevenLabs: a sentence with its words, and half a second of surf, for less than 0.02 USD in all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from movie_assets.core.ports import SpeakRequest, SurroundRequest, Workspace
from resources.connection import Connection
from resources.elevenlabs.ambience import ElevenLabsSurrounder
from resources.elevenlabs.speak import ElevenLabsSpeaker
from resources.line import Line, PacedLine
from resources.pacing import pace_of
from resources.price_list import PriceList

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not os.environ.get("ELEVENLABS_API_KEY"), reason="ELEVENLABS_API_KEY is not set"),
]

PRICES = PriceList.read()


@pytest.fixture
def line() -> Line:
    key = os.environ["ELEVENLABS_API_KEY"]
    connection = Connection("elevenlabs", "elevenlabs", key=key, key_name="ELEVENLABS_API_KEY", timeout=120.0)
    return PacedLine(connection, pace_of(connection))


def test_a_voice(line: Line, tmp_path: Path) -> None:
    """Each word with its time, in order; about 0.001 USD."""
    request = SpeakRequest("Tea came on horses.", "en", {"model": "eleven_flash_v2_5"})
    made = ElevenLabsSpeaker(line, PRICES).speak(request, Workspace(tmp_path))
    assert made.words is not None
    assert [word.text for word in made.words] == ["Tea", "came", "on", "horses."]
    assert all(word.start < word.end for word in made.words)
    assert made.sound.meta.cost is not None and made.sound.meta.cost < 0.005


def test_a_place(line: Line, tmp_path: Path) -> None:
    """A sound that can be read; about 0.001 USD."""
    made = ElevenLabsSurrounder(line, PRICES).surround(SurroundRequest("surf", 0.5, {}), Workspace(tmp_path))
    assert made.media_type == "audio/mpeg"
    assert made.meta.cost is not None and made.meta.cost < 0.01

"""The real OpenAI: a script, a picture and a voice, for less than 0.02 USD in all."""

from __future__ import annotations

import io
import os
import wave
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from movie_assets.core.ports import PaintRequest, SpeakRequest, Workspace, WriteRequest
from movie_assets.core.script import Script
from resources.connection import Connection
from resources.line import Line, PacedLine
from resources.openai.paint import OpenAIPainter
from resources.openai.speak import OpenAISpeaker
from resources.openai.write import OpenAIWriter
from resources.pacing import pace_of
from resources.price_list import PriceList
from resources.prompts import standard_text

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not os.environ.get("OPENAI_API_KEY"), reason="OPENAI_API_KEY is not set"),
]

PRICES = PriceList.read()


@pytest.fixture
def line() -> Line:
    key = os.environ["OPENAI_API_KEY"]
    connection = Connection("openai", "openai", key=key, key_name="OPENAI_API_KEY", timeout=300.0)
    return PacedLine(connection, pace_of(connection))


def test_a_script(line: Line, tmp_path: Path) -> None:
    """Two segments, as asked for; about 0.0005 USD."""
    request = WriteRequest(
        "The tea road", "Tea came on horses.", "en", 2, 16.0, {}, template=standard_text("script.md")
    )
    made = OpenAIWriter(line, PRICES).write(request, Workspace(tmp_path))
    assert len(msgspec.json.decode(made.body, type=Script).segments) == 2
    assert made.meta.request_id
    assert made.meta.cost is not None
    assert 0 < made.meta.cost < 0.005


def test_a_picture(line: Line, tmp_path: Path) -> None:
    """The cheapest there is, in the frame's shape; about 0.008 USD."""
    request = PaintRequest("a tea caravan at dawn", 1280, 720, {"quality": "low"}, template="{prompt}")
    made = OpenAIPainter(line, PRICES).paint(request, Workspace(tmp_path))
    with Image.open(io.BytesIO(bytes(made.body))) as image:
        assert image.size == (1536, 864)
    assert made.meta.cost is not None
    assert 0 < made.meta.cost < 0.012


def test_a_voice(line: Line, tmp_path: Path) -> None:
    """One word; a fraction of a cent. OpenAI's own speech ends on 2027-01-06."""
    speech = OpenAISpeaker(line, PRICES).speak(SpeakRequest("Tea.", "en", {}), Workspace(tmp_path))
    with wave.open(io.BytesIO(bytes(speech.sound.body))) as sound:
        assert 0.2 < sound.getnframes() / sound.getframerate() < 5

"""Pictures by an images API: in the frame's shape, with reference pictures, and never a broken one."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from movie_assets.core.errors import Failed, Refused, Transient
from movie_assets.core.ports import PaintRequest, Result, Workspace
from resources.line import Line
from resources.openai.paint import OpenAIPainter
from resources.price_list import PriceList
from resources.prompts import standard_text
from resources.rehearsal.openai_server import Fault, OpenAIServer, Reply

Paint = Callable[..., Result]


@pytest.fixture
def paint(line: Line, prices: PriceList, at: Workspace) -> Paint:
    def made(prompt: str = "a finch", width: int = 1280, height: int = 720, **given: Any) -> Result:
        request = PaintRequest(prompt, width, height, given.pop("settings", {}), **given)
        return OpenAIPainter(line, prices).paint(request, at)

    return made


def picture(result: Result) -> Image.Image:
    assert isinstance(result.body, bytes)
    return Image.open(io.BytesIO(result.body))


def encoded(body: bytes) -> Fault:
    """The server's answer with another picture in it."""
    return answered([{"b64_json": base64.b64encode(body).decode()}])


def answered(data: object) -> Fault:
    return Fault(lambda reply: Reply({**json.loads(reply.bytes()), "data": data}))


def stored(colour: str, kind: str = "PNG") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(stream, kind)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("frame", "size"),
    [
        ((1920, 1080), (1536, 864)),
        ((1280, 720), (1536, 864)),
        ((720, 1280), (864, 1536)),
        ((1080, 1080), (1024, 1024)),
        ((1440, 1080), (1280, 960)),
        ((1080, 1620), (1024, 1536)),
        ((2048, 858), (1536, 640)),
    ],
)
def test_a_picture_has_the_frames_shape(frame: tuple[int, int], size: tuple[int, int], paint: Paint) -> None:
    """Or the nearest that the models paint."""
    assert picture(paint("a finch", *frame)).size == size


@settings(deadline=None, max_examples=100)
@given(st.integers(16, 4096), st.integers(16, 4096))
def test_every_size_is_one_the_models_take(width: int, height: int) -> None:
    """Sides divisible by 16, a shape of at most 3 to 1."""
    from resources.openai.paint import _size

    sides = _size(width / height)
    assert all(side % 16 == 0 for side in sides)
    assert max(sides) / min(sides) <= 3


def test_the_settings_shape_the_picture(paint: Paint, server: OpenAIServer) -> None:
    """Model, size and quality are the section's own fields; the rest goes along as it is."""
    made = paint(
        settings={
            "model": "gpt-image-2.5-sunburst",
            "size": "1024x1024",
            "quality": "low",
            "settings": {"background": "opaque", "moderation": "low"},
        }
    )
    sent = server.bodies[0][1]
    assert sent == {
        "model": "gpt-image-2.5-sunburst",
        "prompt": "a finch",
        "size": "1024x1024",
        "quality": "low",
        "output_format": "png",
        "background": "opaque",
        "moderation": "low",
    }
    assert (made.meta.model, made.meta.notes) == ("gpt-image-2.5-sunburst", {"size": "1024x1024"})


def test_without_settings_it_is_the_default_model_at_medium(paint: Paint, server: OpenAIServer) -> None:
    """The defaults that docs/providers.md names."""
    paint()
    sent = server.bodies[0][1]
    assert (sent["model"], sent["quality"]) == ("gpt-image-2.5-flare", "medium")


def test_the_template_makes_the_prompt(paint: Paint, server: OpenAIServer) -> None:
    """The standard one asks for a picture without text."""
    paint(template=standard_text("picture.md"))
    assert server.bodies[0][1]["prompt"].startswith("a finch\n\nThis is one full-screen frame")
    assert "{" not in server.bodies[0][1]["prompt"]


def test_what_it_cost_is_what_the_server_bills(paint: Paint, server: OpenAIServer) -> None:
    """By the tokens of the answer."""
    meta = paint().meta
    assert (meta.provider, meta.request_id) == ("openai", "req_000001")
    assert meta.usage["image_output_tokens"] > 0
    assert meta.cost == pytest.approx(server.bill)
    assert server.bill > 0


def test_a_server_that_tells_no_usage_is_priced_by_the_pictures_area(
    paint: Paint, server: OpenAIServer
) -> None:
    """A medium picture of the list, by its share of 1024 by 1024 pixels."""
    server.misbehave(
        "images/generations", Fault(lambda reply: Reply({**json.loads(reply.bytes()), "usage": None}))
    )
    assert paint().meta.cost == pytest.approx(0.013 * 1536 * 864 / 1024**2)


# --- reference pictures ---


def test_reference_pictures_go_along(paint: Paint, server: OpenAIServer, tmp_path: Path) -> None:
    """All of them, to the API that takes pictures; whatever the files are called in the store."""
    for name, kind in (("0a", "PNG"), ("0b", "JPEG"), ("0c", "WEBP")):
        (tmp_path / name).write_bytes(stored("red", kind))
    references = tuple(tmp_path / name for name in ("0a", "0b", "0c"))
    made = paint(references=references, settings={"settings": {"input_fidelity": "high"}})
    path, sent = server.bodies[0]
    assert (path, sent["images"], sent["input_fidelity"]) == ("images/edits", 3, "high")
    assert made.meta.usage["image_input_tokens"] > 0
    assert made.meta.cost == pytest.approx(server.bill)


# --- what is no picture ---


@pytest.mark.parametrize(
    "fault",
    [
        answered([{"b64_json": "not base64 at all!"}]),
        answered([{"b64_json": "QUJ"}]),
        answered([{"b64_json": ""}]),
        answered([]),
        answered(None),
        answered("none"),
        encoded(b"GIF89a, or so it says"),
        encoded(stored("red")[:100]),
        encoded(stored("red", "JPEG")[:300]),
        encoded(stored("red", "GIF")),
        encoded(b"<svg/>"),
    ],
    ids=[
        "broken base64", "cut base64", "empty", "no data", "null", "odd", "garbage", "cut PNG", "cut JPEG", "GIF", "SVG",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_no_picture(fault: Fault, paint: Paint, server: OpenAIServer) -> None:
    """Damage on the way: to be tried again, never to be kept."""
    server.misbehave("images/generations", fault)
    with pytest.raises(Transient) as caught:
        paint()
    assert caught.value.labels["request_id"] == "req_000001"
    assert caught.value.next_step


def test_any_bytes_are_a_picture_or_an_error(paint: Paint, server: OpenAIServer) -> None:
    """Nothing else comes out, whatever the server sends."""

    @settings(deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))
    @given(
        st.binary(max_size=60) | st.integers(0, len(stored("red")) - 13).map(lambda at: stored("red")[:at])
    )
    def check(body: bytes) -> None:
        server.misbehave("images/generations", encoded(body))
        with pytest.raises(Transient):
            paint(settings={"size": "64x64"})

    check()


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_other_types_of_picture_are_told_as_what_they_are(
    kind: str, paint: Paint, server: OpenAIServer
) -> None:
    """Servers do not always paint what was asked for."""
    server.misbehave("images/generations", encoded(stored("red", kind)))
    assert paint().media_type == f"image/{kind.lower()}"


def test_a_link_is_no_picture(paint: Paint, server: OpenAIServer) -> None:
    """The setting that helps is named."""
    server.misbehave("images/generations", answered([{"url": "https://example.org/finch.png"}]))
    with pytest.raises(Failed, match="a link instead of a picture") as caught:
        paint()
    assert "response_format: b64_json" in caught.value.next_step


def test_the_prompt_cannot_be_set(paint: Paint) -> None:
    """It is the movie's."""
    with pytest.raises(Refused, match=r"settings\.prompt"):
        paint(settings={"settings": {"prompt": "another"}})

"""Narration by an OpenAI-compatible speech API: whole, as WAV, whatever its length."""

from __future__ import annotations

import io
import struct
import wave
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_assets.core.errors import Failed, MovieError, Transient
from movie_assets.core.ports import SpeakRequest, Speech, Workspace
from resources.connection import Connection
from resources.line import Line, PacedLine
from resources.openai.speak import OpenAISpeaker
from resources.openai.wave import mended
from resources.price_list import PriceList
from resources.rehearsal.openai_content import hum
from resources.rehearsal.openai_server import Fault, OpenAIServer, Reply, status

LONG = " ".join(
    f"On day {number} the tea came over a mountain, and it was a long way." for number in range(130)
)


@pytest.fixture
def speak(line: Line, prices: PriceList, at: Workspace) -> Callable[..., Speech]:
    def made(text: str = "Tea came on horses.", **settings: Any) -> Speech:
        return OpenAISpeaker(line, prices).speak(SpeakRequest(text, "en", settings), at)

    return made


def seconds(sound: bytes) -> float:
    with wave.open(io.BytesIO(sound)) as reader:
        return reader.getnframes() / reader.getframerate()


def body(speech: Speech) -> bytes:
    assert isinstance(speech.sound.body, bytes)
    return speech.sound.body


def test_a_text_is_spoken(speak: Callable[..., Speech], server: OpenAIServer) -> None:
    """As WAV with a true length; the word times come from elsewhere."""
    speech = speak()
    assert speech.words is None
    assert speech.sound.media_type == "audio/wav"
    assert 1 < seconds(body(speech)) < 3
    assert server.bodies[0][1] == {
        "model": "gpt-4o-mini-tts",
        "voice": "marin",
        "input": "Tea came on horses.",
        "response_format": "wav",
    }


def test_the_settings_shape_the_voice(speak: Callable[..., Speech], server: OpenAIServer) -> None:
    """Model, voice and speed are the section's own fields; the rest goes along as it is."""
    told = {"model": "kokoro", "voice": "af_sky", "speed": 1.25}
    speech = speak(**told, settings={"instructions": "Whisper.", "lang_code": "a"})
    sent = server.bodies[0][1]
    assert {**sent, **told, "instructions": "Whisper.", "lang_code": "a"} == sent
    assert speech.sound.meta.model == "kokoro"
    assert speech.sound.meta.cost is None


def test_what_it_cost_is_what_the_server_bills(speak: Callable[..., Speech], server: OpenAIServer) -> None:
    """By its characters."""
    meta = speak().sound.meta
    assert (meta.provider, meta.request_id, meta.usage) == ("openai", "req_000001", {"characters": 19})
    assert meta.cost == pytest.approx(server.bill)


def test_a_long_text_is_spoken_in_parts(speak: Callable[..., Speech], server: OpenAIServer) -> None:
    """Each below the limit, together every word, joined to one sound."""
    speech = speak(LONG, speed=4.0)
    sent = [body["input"] for _, body in server.bodies]
    assert len(sent) == 3
    assert all(len(part) <= 4096 and part.endswith(".") for part in sent)
    assert " ".join(sent).split() == LONG.split()
    assert speech.sound.meta.notes == {"parts": 3}
    assert speech.sound.meta.cost == pytest.approx(server.bill)
    alone = sum(seconds(mended(hum(part, 4.0))) for part in sent)
    assert alone - 0.1 <= seconds(body(speech)) <= alone + 1.5


def test_a_retry_of_one_part_does_not_pay_the_others_again(
    server: OpenAIServer,
    prices: PriceList,
    at: Workspace,
    connection: Connection,
    paced: Callable[[Connection], PacedLine],
) -> None:
    """Each part is tried again by itself."""
    server.misbehave("audio/speech", Fault(), status(500), Fault(how="cut"))
    speech = OpenAISpeaker(paced(connection), prices).speak(SpeakRequest(LONG, "en", {"speed": 4.0}), at)
    assert (server.calls.total(), server.distinct.total()) == (5, 3)
    assert speech.sound.meta.attempts == 3


def test_a_part_that_was_bought_is_not_bought_again_by_the_next_run(
    server: OpenAIServer, speak: Callable[..., Speech], at: Workspace
) -> None:
    """The second of three fails for good: the next run buys it and the third; another voice shares none of them."""
    server.misbehave("audio/speech", Fault(), status(500))
    with pytest.raises(Transient):
        speak(LONG, speed=4.0)
    whole = speak(LONG, speed=4.0)
    sent = [body["input"] for _, body in server.bodies]
    assert len(sent) == 4 and " ".join([sent[0], *sent[2:]]).split() == LONG.split()
    speak(LONG, speed=4.0, voice="cedar")
    assert server.calls["audio/speech"] == 7
    at.pending.settle()  # as a run does when the result is recorded
    again = speak(LONG, speed=4.0)
    assert (body(again), again.sound.meta.cost) == (body(whole), whole.sound.meta.cost)
    assert server.calls["audio/speech"] == 10


@pytest.mark.parametrize(
    ("reply", "kind", "fact"),
    [
        (Reply(b"", content_type="audio/wav"), Transient, "the sound is empty"),
        (Reply(hum("tea", 1.0)[:44], content_type="audio/wav"), Transient, "the sound is empty"),
        (Reply(mended(hum("tea", 1.0))[:900], content_type="audio/wav"), Transient, "the sound breaks off"),
        (Reply(b"ID3\x04 an mp3", content_type="audio/mpeg"), Failed, "no uncompressed WAV"),
        (Reply(b"RIFF", content_type="application/octet-stream"), Failed, "no uncompressed WAV"),
        (Reply({"ok": True}), Failed, "the answer is application/json, not audio"),
    ],
)
def test_what_is_no_sound_is_an_error(
    reply: Reply, kind: type[MovieError], fact: str, speak: Callable[..., Speech], server: OpenAIServer
) -> None:
    """Nothing half-made is taken for a narration."""
    server.misbehave("audio/speech", Fault(lambda due: reply))
    with pytest.raises(MovieError, match=fact) as caught:
        speak()
    assert type(caught.value) is kind
    assert {**caught.value.labels, "provider": "openai", "request_id": "req_000001"} == caught.value.labels


# --- headers of streams ---


@given(
    st.binary(min_size=2, max_size=400),
    st.sampled_from([0, 2_000_000_000, 0x7FFFFFFF, 0xFFFFFFFF]),
    st.booleans(),
)
def test_a_streams_header_is_mended(data: bytes, length: int, has_extra_chunk: bool) -> None:
    """Whatever length the server made up, the sound is all that came, in whole samples."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 24_000, 48_000, 2, 16)
    extra = struct.pack("<4sI", b"LIST", 3) + b"abc\0" if has_extra_chunk else b""
    sound = mended(b"RIFF\xff\xff\xff\xffWAVE" + form + extra + struct.pack("<4sI", b"data", length) + data)
    with wave.open(io.BytesIO(sound)) as reader:
        assert reader.readframes(reader.getnframes()) == data[: len(data) // 2 * 2]
    assert mended(sound) == sound


@given(st.binary(max_size=200))
def test_any_bytes_are_a_sound_or_an_error(data: bytes) -> None:
    """Nothing else comes out."""
    try:
        assert mended(data)
    except MovieError as error:
        assert isinstance(error, (Transient, Failed))

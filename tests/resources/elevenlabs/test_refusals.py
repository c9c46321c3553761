"""What goes wrong at ElevenLabs ends as one of our errors that says what to do."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from email.utils import formatdate

import httpx
import pytest
from elevenlabs.core import ApiError

from movie_assets.core.errors import (
    Exhausted,
    Failed,
    MovieError,
    Refused,
    Throttled,
    Transient,
    Unreached,
    Unready,
)
from movie_assets.core.ports import ComposeRequest, SpeakRequest, SurroundRequest, Workspace
from resources.connection import Connection
from resources.elevenlabs.ambience import ElevenLabsSurrounder
from resources.elevenlabs.compose import ElevenLabsComposer
from resources.elevenlabs.refusals import translated
from resources.elevenlabs.speak import ElevenLabsSpeaker
from resources.line import Line
from resources.price_list import PriceList
from resources.rehearsal.elevenlabs_server import ElevenLabsServer

Paced = Callable[[Connection, int], Line]
Call = Callable[[Line, Workspace], object]

PRICES = PriceList.read()
PORTS: dict[str, tuple[str, Call]] = {
    "speech": (
        "eleven_multilingual_v2",
        lambda line, at: ElevenLabsSpeaker(line, PRICES).speak(SpeakRequest("Tea.", "en", {}), at),
    ),
    "music": (
        "music_v1",
        lambda line, at: ElevenLabsComposer(line, PRICES).compose(ComposeRequest("calm", 10, {}), at),
    ),
    "ambience": (
        "eleven_text_to_sound_v2",
        lambda line, at: ElevenLabsSurrounder(line, PRICES).surround(SurroundRequest("surf", 1, {}), at),
    ),
}
CASES: dict[str, tuple[type[MovieError], str, str]] = {
    "bad_request": (Refused, "malformed", "movie.yaml"),
    "invalid_api_key": (Unready, "Invalid API key", "ELEVENLABS_API_KEY"),
    "missing_permissions": (Unready, "lacks a permission", "movies doctor"),
    "quota_exceeded": (Exhausted, "exceeds your quota", "add credit"),
    "payment_required": (Exhausted, "not paid", "add credit"),
    "forbidden": (Refused, "Creator plan", "movies doctor"),
    "model_not_found": (Refused, "does not exist", "change `model`"),
    "timed_out": (Transient, "too long", "again later"),
    "conflict": (Transient, "being changed", "again later"),
    "validation": (Refused, "voice_settings.stability: must be <= 1", "movie.yaml"),
    "rate_limited": (Throttled, "Too many requests", "again later"),
    "too_many": (Throttled, "concurrent", "again later"),
    "busy": (Transient, "heavy traffic", "again later"),
    "moderated": (Refused, "violates our policy", "movie.yaml"),
    "internal": (Transient, "Internal server error", "again later"),
    "unavailable": (Transient, "status 503", "again later"),
    "cut": (Transient, "the connection failed", "movies doctor"),
    "web_page": (Failed, "the answer is text/html", "base_url"),
    "empty": (Transient, "the sound is empty", "again later"),
    "noise": (Transient, "the sound cannot be read", "again later"),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("port", PORTS)
def test_each_refusal_ends_as_its_class(
    server: ElevenLabsServer, line: Line, at: Workspace, port: str, case: str
) -> None:
    """With the server's own sentence, provider, model, and the next step; never with the key."""
    kind, fact, step = CASES[case]
    model, call = PORTS[port]
    server.befall(case)
    with pytest.raises(MovieError) as raised:
        call(line, at)
    assert type(raised.value) is kind
    assert fact in raised.value.fact
    assert step in raised.value.next_step
    assert raised.value.labels["provider"] == "elevenlabs"
    assert raised.value.labels["model"] == model
    assert case == "cut" or str(raised.value.labels["request_id"]).startswith("req-")
    assert server.key not in "".join(traceback.format_exception(raised.value))
    assert server.bill == 0


@pytest.mark.parametrize("case", ["truncated", "broken_base64"])
def test_speech_that_breaks_off_is_asked_for_again(
    server: ElevenLabsServer, connection: Connection, paced: Paced, at: Workspace, case: str
) -> None:
    """Half an answer is none."""
    server.befall(case)
    made = ElevenLabsSpeaker(paced(connection, 3), PRICES).speak(SpeakRequest("Tea.", "en", {}), at)
    assert made.sound.meta.attempts == 2


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("case", ["slow", "endless"])
def test_no_answer_is_waited_for_without_end(
    server: ElevenLabsServer, connection: Connection, paced: Paced, at: Workspace, port: str, case: str
) -> None:
    """Neither one that does not begin nor one that does not end."""
    server.befall(case)
    with pytest.raises(Transient, match=r"no whole answer within 0\.5 seconds"):
        PORTS[port][1](paced(replace(connection, timeout=0.5), 1), at)


@pytest.mark.parametrize("port", PORTS)
def test_what_passes_is_tried_again_within_bounds(
    server: ElevenLabsServer, connection: Connection, paced: Paced, at: Workspace, port: str
) -> None:
    """By the line, never by the SDK beside it."""
    server.befall("internal", "unavailable", "busy", "internal")
    with pytest.raises(Transient):
        PORTS[port][1](paced(connection, 3), at)
    assert sum(server.calls.values()) == 3


def test_a_full_account_queues(
    server: ElevenLabsServer, connection: Connection, paced: Paced, at: Workspace
) -> None:
    """Being put off is no failed attempt."""
    server.befall(*["too_many"] * 4)
    PORTS["ambience"][1](paced(connection, 2), at)
    assert sum(server.calls.values()) == 5


def test_without_a_key_nothing_is_asked(
    server: ElevenLabsServer, connection: Connection, paced: Paced, at: Workspace
) -> None:
    """Also where the environment held one when the SDK was imported."""
    with pytest.raises(Unready, match="ELEVENLABS_API_KEY is not set"):
        PORTS["speech"][1](paced(replace(connection, key=None), 1), at)
    assert not server.calls


def test_a_server_that_is_not_there(connection: Connection, paced: Paced, at: Workspace) -> None:
    """Is told with its address."""
    nowhere = replace(connection, base_url="http://127.0.0.1:1")
    with pytest.raises(Unreached) as raised:
        PORTS["music"][1](paced(nowhere, 1), at)
    assert "http://127.0.0.1:1" in raised.value.next_step


def test_a_key_that_the_server_repeats_is_not_told(connection: Connection) -> None:
    """Nor kept in what is quoted."""
    body = {"detail": {"status": "invalid_api_key", "message": f"Invalid key {connection.key}"}}
    error = translated(ApiError(status_code=401, body=body), connection)
    assert str(connection.key) not in str(error)


@pytest.mark.parametrize(("told", "seconds"), [("7", 7.0), ("date", 600.0), ("soon", None)])
def test_retry_after_is_obeyed(connection: Connection, told: str, seconds: float | None) -> None:
    """As seconds, or as a date."""
    after = formatdate(time.time() + 600, usegmt=True) if told == "date" else told
    error = translated(ApiError(status_code=429, headers={"Retry-After": after}, body={}), connection)
    assert isinstance(error, Throttled)
    assert error.retry_after == (seconds and pytest.approx(seconds, abs=60 if told == "date" else 0))


@pytest.mark.parametrize("body", [None, "no", [], {}, {"detail": None}, {"detail": [1, {}]}, {"detail": {}}])
def test_bodies_of_any_shape_are_told(connection: Connection, body: object) -> None:
    """With the status, where there is nothing to quote."""
    error = translated(ApiError(status_code=400, body=body), connection)
    assert type(error) is Refused
    assert error.fact == "the provider answered with status 400"


def test_newer_answers_are_understood(connection: Connection) -> None:
    """They call `code` what was `status`, and hold the request's id."""
    body = {"detail": {"type": "rate_limit_error", "code": "concurrent_limit_exceeded", "request_id": "r-1"}}
    error = translated(ApiError(status_code=429, body=body), connection)
    assert isinstance(error, Throttled)
    assert error.labels["request_id"] == "r-1"


def test_a_timeout_of_the_client_is_transient(connection: Connection) -> None:
    """As any request that took too long."""
    assert type(translated(httpx.ReadTimeout("slow"), connection)) is Transient

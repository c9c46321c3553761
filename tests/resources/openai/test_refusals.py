"""What goes wrong at an OpenAI-compatible server ends as one of our errors that says what to do."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import formatdate

import pytest

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
from movie_assets.core.ports import PaintRequest, SpeakRequest, Workspace, WriteRequest
from resources.connection import Connection
from resources.line import Line, PacedLine
from resources.openai.paint import OpenAIPainter
from resources.openai.speak import OpenAISpeaker
from resources.openai.write import OpenAIWriter
from resources.price_list import PriceList
from resources.rehearsal.openai_server import Fault, OpenAIServer, Reply, status

Paced = Callable[[Connection], PacedLine]

TEMPLATE = "Write exactly {segments} segments, about {length}, in the language {language}."
WRITE = WriteRequest("The tea road", "Tea came on horses.", "en", 2, 20.0, {}, template=TEMPLATE)


@dataclass(frozen=True)
class Port:
    """One thing asked of the server: its path, its default model, and the call."""

    path: str
    model: str
    call: Callable[[Line, Workspace], object]


PRICES = PriceList.read()
PORTS = {
    "responses": Port(
        "responses", "gpt-6-luna", lambda line, at: OpenAIWriter(line, PRICES).write(WRITE, at)
    ),
    "chat": Port(
        "chat/completions",
        "gpt-6-luna",
        lambda line, at: OpenAIWriter(line, PRICES).write(replace(WRITE, settings={"api": "chat"}), at),
    ),
    "picture": Port(
        "images/generations",
        "gpt-image-2.5-flare",
        lambda line, at: OpenAIPainter(line, PRICES).paint(PaintRequest("a finch", 320, 180, {}), at),
    ),
    "speech": Port(
        "audio/speech",
        "gpt-4o-mini-tts",
        lambda line, at: OpenAISpeaker(line, PRICES).speak(SpeakRequest("Tea.", "en", {}), at),
    ),
}

CASES: dict[str, tuple[Fault, type[MovieError], str, str]] = {
    "400": (status(400, "Unknown parameter"), Refused, "Unknown parameter", "movie.yaml"),
    "401": (status(401, "Incorrect API key"), Unready, "Incorrect API key", "OPENAI_API_KEY"),
    "402": (status(402, "Insufficient credits"), Exhausted, "credits", "movies doctor"),
    "403": (status(403, "Country not supported"), Refused, "Country", "movies doctor"),
    "404": (status(404, "The model does not exist", error="model_not_found"), Refused, "not exist", "doctor"),
    "408": (status(408), Transient, "no", "again later"),
    "409": (status(409), Transient, "no", "again later"),
    "413": (status(413), Refused, "no", "movie.yaml"),
    "422": (status(422, "seed must be a number"), Refused, "seed", "movie.yaml"),
    "429": (status(429), Throttled, "no", "again later"),
    "429 quota": (status(429, "Check your plan", error="insufficient_quota"), Exhausted, "plan", "credit"),
    "moderation": (
        status(400, "Your request was rejected by the safety system", error="moderation_blocked"),
        Refused,
        "safety system",
        "say it otherwise",
    ),
    "500": (status(500), Transient, "no", "again later"),
    "503": (status(503), Transient, "no", "again later"),
    "503 asks for a pause": (status(503, retry_after="3"), Throttled, "no", "again later"),
    "a page of a gateway": (
        Fault(lambda reply: Reply(b"<html>Bad gateway</html>", 502, "text/html")),
        Transient,
        "the provider answered with status 502",
        "again later",
    ),
    "wrong content type": (
        Fault(lambda reply: Reply(b"<html>Welcome</html>", 200, "text/html")),
        Failed,
        "the answer is text/html",
        "base_url",
    ),
    "cut": (Fault(how="cut"), Transient, "the connection failed", "movies doctor"),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("port", PORTS.values(), ids=PORTS)
def test_each_refusal_ends_as_its_class(
    port: Port, case: str, server: OpenAIServer, line: Line, at: Workspace
) -> None:
    """The class says what to do; provider, model, request id and the next step are told."""
    fault, kind, fact, next_step = CASES[case]
    server.misbehave(port.path, fault)
    with pytest.raises(MovieError) as caught:
        port.call(line, at)
    error = caught.value
    assert type(error) is kind
    assert fact in error.fact
    assert next_step in error.next_step
    assert {
        **error.labels,
        "provider": "openai",
        "model": port.model,
        "request_id": "req_000001",
    } == error.labels


@pytest.mark.parametrize("how", ["silent", "endless"])
@pytest.mark.parametrize("port", PORTS.values(), ids=PORTS)
def test_a_request_has_an_end(
    port: Port, how: str, server: OpenAIServer, at: Workspace, connection: Connection, paced: Paced
) -> None:
    """Neither a server that says nothing nor one that never stops holds a movie up."""
    server.misbehave(port.path, *[Fault(how=how)] * 3)
    with pytest.raises(Transient, match=r"no whole answer within 0\.2 seconds"):
        port.call(paced(replace(connection, timeout=0.2)), at)
    assert server.calls.total() == 3


@pytest.mark.parametrize("port", PORTS.values(), ids=PORTS)
def test_a_slow_answer_is_an_answer(port: Port, server: OpenAIServer, line: Line, at: Workspace) -> None:
    """Within its time it is waited for, and paid once."""
    server.misbehave(port.path, Fault(how="slow"))
    assert port.call(line, at)
    assert server.calls.total() == 1


def test_a_key_that_cannot_be_sent_is_told(at: Workspace, connection: Connection, paced: Paced) -> None:
    """Without showing it."""
    unusual = replace(connection, key="sk-schlüssel")
    with pytest.raises(Unready, match="OPENAI_API_KEY holds a character that no key has") as caught:
        PORTS["speech"].call(paced(unusual), at)
    assert "schl" not in "".join([repr(caught.value), *traceback.format_exception(caught.value)])


def test_a_server_that_is_not_there_is_named(at: Workspace, connection: Connection, paced: Paced) -> None:
    """Whoever forgot to start theirs reads its address."""
    with OpenAIServer() as gone:
        away = replace(connection, base_url=gone.url)
    with pytest.raises(Unreached) as caught:
        PORTS["speech"].call(paced(away), at)
    assert gone.url in caught.value.next_step


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"retry_after": "7"}, 7, 7),
        ({"retry_after_ms": "250", "retry_after": "1"}, 0.25, 0.25),
        ({"retry_after": formatdate(4_000_000_000, usegmt=True)}, 1e6, 4e9),
        ({"retry_after": "Sat, 01 Jan 2000 00:00:00 GMT"}, 0, 0),
    ],
)
def test_the_pause_asked_for_is_kept(
    headers: dict[str, str], least: float, most: float, server: OpenAIServer, line: Line, at: Workspace
) -> None:
    """Seconds, milliseconds or a date: all are seconds from now."""
    server.misbehave("audio/speech", status(429, **headers))
    with pytest.raises(Throttled) as caught:
        PORTS["speech"].call(line, at)
    assert caught.value.retry_after is not None
    assert least <= caught.value.retry_after <= most


@pytest.mark.parametrize("pause", [{}, {"retry_after": "soon"}])
def test_no_pause_is_made_up(pause: dict[str, str], server: OpenAIServer, line: Line, at: Workspace) -> None:
    """Without a readable Retry-After it is the line that decides."""
    server.misbehave("audio/speech", status(429, **pause))
    with pytest.raises(Throttled) as caught:
        PORTS["speech"].call(line, at)
    assert caught.value.retry_after is None


@pytest.mark.parametrize(
    "told", ["sk-proj-do-not-tell-anyone-0123456789", "sk-proj-********6789", "sk-other_1"]
)
def test_a_key_that_is_repeated_is_not_told(
    told: str, server: OpenAIServer, line: Line, at: Workspace
) -> None:
    """Servers quote the key they refuse, whole or in part; neither is in the error or what led to it."""
    server.misbehave(
        "responses", status(401, f"Incorrect API key provided: {told}. Find yours at example.org.")
    )
    with pytest.raises(Unready) as caught:
        PORTS["responses"].call(line, at)
    assert str(caught.value).startswith("Incorrect API key provided: (key)")
    assert told not in "".join([repr(caught.value), *traceback.format_exception(caught.value)])


def test_a_key_that_is_not_valid_is_refused_by_the_server(
    server: OpenAIServer, at: Workspace, connection: Connection, paced: Paced
) -> None:
    """The server's own refusal is what a person reads."""
    with pytest.raises(Unready, match="Incorrect API key"):
        PORTS["picture"].call(paced(replace(connection, key="sk-wrong")), at)


def test_a_retired_model_is_found_out(line: Line, at: Workspace) -> None:
    """The model named is told, and where to see which there are."""
    retired = PaintRequest("a finch", 320, 180, {"model": "dall-e-3"})
    with pytest.raises(Refused) as caught:
        OpenAIPainter(line, PRICES).paint(retired, at)
    assert caught.value.labels["model"] == "dall-e-3"
    assert "movies doctor" in caught.value.next_step


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": "rate_limit_exceeded", "message": "slow down"}, Throttled),
        ({"code": "server_error", "message": "oops"}, Transient),
        ({"code": "502", "message": "upstream"}, Transient),
        ({"code": "insufficient_quota", "message": "empty"}, Exhausted),
        ({"code": "bio_policy", "message": "no"}, Refused),
        ({"code": "image_too_small", "message": "no"}, Failed),
        ({}, Failed),
    ],
)
def test_an_error_inside_a_success_is_one(
    error: dict[str, str], kind: type[MovieError], server: OpenAIServer, line: Line, at: Workspace
) -> None:
    """Failed responses, and gateways that say 200 to everything."""
    server.misbehave(
        "responses", Fault(lambda reply: Reply({"status": "failed", "error": {"message": "", **error}}))
    )
    with pytest.raises(MovieError) as caught:
        PORTS["responses"].call(line, at)
    assert type(caught.value) is kind
    assert caught.value.labels["request_id"] == "req_000001"


def test_retries_are_bounded_and_counted(
    server: OpenAIServer, at: Workspace, connection: Connection, paced: Paced
) -> None:
    """Two errors cost two attempts and nothing more; the result says how many it took."""
    painter, finch = OpenAIPainter(paced(connection), PRICES), PaintRequest("a finch", 320, 180, {})
    server.misbehave("images/generations", status(500), Fault(how="cut"))
    assert painter.paint(finch, at).meta.attempts == 3
    assert (server.calls["images/generations"], server.paid["images/generations"]) == (3, 1)
    server.misbehave("images/generations", *[status(500)] * 9)
    with pytest.raises(Transient):
        painter.paint(finch, at)
    assert server.calls["images/generations"] == 6

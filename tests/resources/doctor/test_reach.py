"""A free request to each provider tells whether its key is taken and its models are there."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from resources.connection import Connection
from resources.doctor.finding import Finding
from resources.doctor.reach import check_connection
from resources.rehearsal.elevenlabs_server import ElevenLabsServer
from resources.rehearsal.openai_server import OpenAIServer, status

KEY = "sk-very-secret-key"
USUAL = [("script", "gpt-6-luna"), ("picture", "gpt-image-2.5-flare")]


def openai(url: str | None, key: str | None = KEY) -> Connection:
    return Connection("openai", "openai", url, key, "OPENAI_API_KEY")


def states(findings: list[Finding]) -> dict[str, str]:
    return {found.what: found.state for found in findings}


def test_a_valid_key_and_its_models() -> None:
    """One line for the key, one per model, and nothing is paid for."""
    with OpenAIServer(key=KEY) as server:
        found = check_connection(openai(server.url), USUAL, needed=True)
        assert states(found) == {
            "openai": "ok",
            "openai gpt-6-luna": "ok",
            "openai gpt-image-2.5-flare": "ok",
        }
        assert server.bill == 0


@pytest.mark.parametrize(
    ("days", "state", "told"),
    [
        (-1, "missing", "was shut down"),
        (0, "missing", "was shut down"),
        (89, "warning", "in 89 days"),
        (200, "ok", "there until"),
    ],
)
def test_a_model_that_ends(days: int, state: str, told: str) -> None:
    """Is warned of a quarter of a year before."""
    ends = (datetime.now(UTC) + timedelta(days=days)).date()
    with OpenAIServer(key=KEY) as server:
        server.models["gpt-6-luna"] = ends.isoformat()
        _, found = check_connection(openai(server.url), [("script", "gpt-6-luna")], needed=True)
    # A test may begin on one day and end on the next.
    assert found.state == state and (told in found.told or "in 88 days" in found.told)


def test_a_model_that_is_not_there_is_missing() -> None:
    """Named with the section that names it."""
    with OpenAIServer(key=KEY) as server:
        found = check_connection(openai(server.url), [("script", "gpt-2")], needed=True)[-1]
    assert (found.what, found.state) == ("openai gpt-2", "missing") and "script" in found.next_step


def test_a_model_may_have_a_tag() -> None:
    """As Ollama's have."""
    with OpenAIServer() as server:
        server.models = {"llama3:latest": None}
        found = check_connection(openai(server.url, ""), [("script", "llama3")], needed=True)
    assert [each.state for each in found] == ["ok", "ok"]


def test_a_wrong_key_is_missing_and_not_shown() -> None:
    """Only where a movie needs it; else it is a warning."""
    with OpenAIServer(key=KEY) as server:
        wrong = openai(server.url, "sk-another-secret")
        (needed,) = check_connection(wrong, USUAL, needed=True)
        (unused,) = check_connection(wrong, [], needed=False)
    assert (needed.state, unused.state) == ("missing", "warning")
    assert "OPENAI_API_KEY" in needed.next_step and "another-secret" not in repr((needed, unused))


def test_a_missing_key_is_told_without_a_request() -> None:
    """Missing where a movie needs it, and fine where none does."""
    (needed,) = check_connection(openai("http://localhost:1", None), USUAL, needed=True)
    (unused,) = check_connection(openai("http://localhost:1", None), [], needed=False)
    assert (needed.state, unused.state) == ("missing", "ok")
    assert ".env" in needed.next_step and "OPENAI_API_KEY" in unused.told


def test_a_server_without_a_list_of_models_may_still_have_them() -> None:
    """Many that speak OpenAI's way have none."""
    with OpenAIServer(key=KEY) as server:
        server.misbehave("models", status(404, "no such path"))
        (found,) = check_connection(openai(server.url), USUAL, needed=True)
    assert found.state == "warning" and "lists no models" in found.told


def test_a_server_that_is_not_there_is_missing() -> None:
    """With its address."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
        for speaks in ("openai", "elevenlabs", "video"):
            (found,) = check_connection(Connection("far", speaks, address, ""), [], needed=True)
            assert found.state == "missing" and found.next_step, speaks


# --- ElevenLabs ---------------------------------------------------------------------------------------------------


@contextmanager
def elevenlabs(answers: dict[str, tuple[int, Any]]) -> Iterator[Connection]:
    """A server that answers so by path."""

    class Exchange(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            code, body = (
                answers[self.path] if self.headers["xi-api-key"] == KEY else _refused("invalid_api_key")
            )
            text = json.dumps(body).encode()
            self.send_response(code)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Exchange)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield Connection(
            "elevenlabs", "elevenlabs", f"http://127.0.0.1:{server.server_port}", KEY, "ELEVENLABS_API_KEY"
        )
    finally:
        server.shutdown()
        server.server_close()


def _refused(why: str) -> tuple[int, Any]:
    return 401, {"detail": {"status": why, "message": f"no: {why}"}}


def _account(used: int) -> dict[str, tuple[int, Any]]:
    plan = {
        "tier": "creator",
        "character_count": used,
        "character_limit": 1000,
        "next_character_count_reset_unix": 1_800_000_000,
    }
    return {"/v1/models": (200, [{"model_id": "eleven_v3"}]), "/v1/user/subscription": (200, plan)}


@pytest.mark.parametrize(("used", "state"), [(100, "ok"), (950, "warning"), (1000, "missing")])
def test_what_is_left_of_a_quota(used: int, state: str) -> None:
    """Little is warned of; nothing left means that nothing can be made."""
    with elevenlabs(_account(used)) as connection:
        (found,) = check_connection(connection, [], needed=True)
    assert found.state == state and f"{1000 - used} of 1,000 characters left until 2027-01-15" in found.told


def test_voices_need_a_model_that_is_there() -> None:
    """Music and ambience are not on the list."""
    named = [("narration", "eleven_v3"), ("narration", "eleven_v1"), ("music", "music_v1")]
    with elevenlabs(_account(0)) as connection:
        found = states(check_connection(connection, named, needed=True))
    assert found == {"elevenlabs": "ok", "elevenlabs eleven_v3": "ok", "elevenlabs eleven_v1": "missing"}


def test_a_key_that_may_not_look_at_its_account_is_valid() -> None:
    """ElevenLabs keys are often restricted."""
    with elevenlabs({**_account(0), "/v1/user/subscription": _refused("missing_permissions")}) as connection:
        (found,) = check_connection(connection, [], needed=True)
    assert found.state == "warning" and "may not read its quota" in found.told


def test_an_elevenlabs_key_that_is_not_taken_is_missing() -> None:
    """As with any provider."""
    with elevenlabs(_account(0)) as connection:
        wrong = Connection(
            "elevenlabs", "elevenlabs", connection.base_url, "another-secret", "ELEVENLABS_API_KEY"
        )
        (found,) = check_connection(wrong, [], needed=True)
    assert found.state == "missing" and "another-secret" not in repr(found)


def test_an_account_at_elevenlabs() -> None:
    """Looked at in the shape its server answers in; nothing is paid for."""
    with ElevenLabsServer() as server:
        connection = Connection("elevenlabs", "elevenlabs", server.url, server.key, "ELEVENLABS_API_KEY")
        found = states(check_connection(connection, [("narration", "eleven_v3")], needed=True))
        assert found == {"elevenlabs": "ok", "elevenlabs eleven_v3": "ok"} and server.bill == 0


def test_a_video_service_is_only_looked_for() -> None:
    """No request is free at each of them."""
    with elevenlabs({}) as there:
        (found,) = check_connection(Connection("mine", "video", there.base_url, "key"), [], needed=True)
    assert found.state == "ok"

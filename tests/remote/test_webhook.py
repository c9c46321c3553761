"""The webhook: what is sent is signed, tried again within bounds, and tells no secret."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from movie_assets.assets.notify import notify
from movie_assets.core.errors import Failed, MovieError, Transient
from resources.secrets import Secret, Secrets
from resources.webhook import Webhook, signature

DEPLOY = Path(__file__).resolve().parents[2] / "docs" / "deploy.md"


def hook(url: str, pauses: list[float]) -> Webhook:
    return Webhook(
        Secret(f"{url}/take?token=in-the-address"), Secret("secret"), pauses.append, lambda: 1700000000.9
    )


def test_what_is_taken_is_sent_once(taker: Any) -> None:
    """Signed over the time and the body, as docs/deploy.md has it checked."""
    pauses: list[float] = []
    hook(taker.url, pauses).send({"movie": "tale", "said": "ü"}, "run-tale-succeeded")
    [(headers, body)] = taker.taken
    assert taker.messages() == [{"movie": "tale", "said": "ü"}]
    assert headers["x-movies-signature"] == signature("secret", "1700000000", body)
    assert headers["x-movies-delivery"] == "run-tale-succeeded"
    assert (headers["x-movies-timestamp"], pauses) == ("1700000000", [])


@settings(deadline=None)
@given(st.binary(), st.binary(), st.integers(0, 2**33), st.integers(0, 2**33))
def test_a_signature_is_of_one_time_and_one_body(one: bytes, other: bytes, now: int, then: int) -> None:
    """Neither can be exchanged for another."""
    same = (one, now) == (other, then)
    assert (signature("key", str(now), one) == signature("key", str(then), other)) == same
    assert signature("key", str(now), one) != signature("yek", str(now), one)


def test_trouble_is_tried_again_for_a_while(taker: Any) -> None:
    """Two pauses at most; then it is told, without the address, for a token may be in it."""
    pauses: list[float] = []
    taker.answers.extend([(503, b""), (429, b"")])
    hook(taker.url, pauses).send({}, "one")
    assert (len(taker.taken), pauses) == (3, [1.0, 2.0])
    taker.usual = (500, b"")
    with pytest.raises(Transient) as told:
        hook(taker.url, pauses).send({}, "two")
    assert len(taker.taken) == 6
    assert "answered 500" in str(told.value) and "token" not in str(told.value)


def test_a_refusal_is_final(taker: Any) -> None:
    """A taker who does not want it is not asked again."""
    taker.usual = (401, b"")
    with pytest.raises(Failed, match="401"):
        hook(taker.url, []).send({}, "one")
    assert len(taker.taken) == 1


def test_nobody_there_is_told(taker: Any) -> None:
    """As the kind of trouble it is."""
    taker.__exit__()
    with pytest.raises(Transient, match="ConnectError"):
        hook(taker.url, []).send({}, "one")
    taker.__enter__()


@pytest.mark.parametrize(
    ("environment", "is_called"),
    [
        ({"MOVIES_WEBHOOK_URL": "https://x.example", "MOVIES_WEBHOOK_SECRET": "s"}, True),
        ({"MOVIES_WEBHOOK_URL": "https://x.example"}, False),
        ({"MOVIES_WEBHOOK_URL": "file:///etc/passwd", "MOVIES_WEBHOOK_SECRET": "s"}, False),
        ({"MOVIES_WEBHOOK_SECRET": "s"}, False),
    ],
)
def test_nothing_is_sent_unsigned(tmp_path: Any, environment: dict[str, str], is_called: bool) -> None:
    """Nor to what is no address."""
    found = Webhook.of(Secrets(tmp_path, environment))
    assert (found is not None) == is_called
    assert "x.example" not in repr(found)


def test_the_documented_check_knows_what_is_genuine() -> None:
    """As docs/deploy.md has it: not another body, not another key, not an old message."""
    [code] = re.findall(r"```python\n(import hashlib.*?)```", DEPLOY.read_text(), re.S)
    known: dict[str, Any] = {}
    exec(code, known)

    def is_genuine(age: int, body: bytes, secret: str) -> bool:
        sent = str(int(time.time()) - age)
        headers = {"X-Movies-Timestamp": sent, "X-Movies-Signature": signature("secret", sent, b"body")}
        return bool(known["is_genuine"](headers, body, secret))

    assert is_genuine(0, b"body", "secret")
    assert not is_genuine(0, b"other", "secret")
    assert not is_genuine(0, b"body", "guess")
    assert not is_genuine(3600, b"body", "secret")


class Told:
    """Remembers what would be sent."""

    def __init__(self, error: MovieError | None = None) -> None:
        self.messages: list[dict[str, Any]] = []
        self.deliveries: list[str] = []
        self.error = error

    def send(self, message: dict[str, Any], delivery: str) -> None:
        self.messages.append(message)
        self.deliveries.append(delivery)
        if self.error:
            raise self.error


@pytest.fixture
def ended(shell_in: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes a run of a movie by Dagster, then has the sensor of its end evaluated; what would be sent."""
    from movie_assets.core.errors import Refused
    from movie_assets.definitions import definitions_of
    from resources.instant import InstantPorts
    from resources.studio import Studio

    def run(said: str, tags: dict[str, str], told: Told, breaks: bool = False) -> None:
        def before(request: Any) -> None:
            if breaks:
                raise Refused("the sky is not blue", next_step="look up")

        ports = InstantPorts(before)
        shell_in(tmp_path, ports, monkeypatch).write("title: T\nbrief: A film. It ends.\nsegments: 1\n")
        studio = Studio(tmp_path, ports=ports)
        with dg.DagsterInstance.ephemeral() as instance:
            job = definitions_of(studio).resolve_job_def("tale_make")
            result = job.execute_in_process(instance=instance, tags=tags, raise_on_error=False)
            ends = {dg.DagsterEventType.RUN_SUCCESS, dg.DagsterEventType.RUN_FAILURE}
            event = instance.all_logs(result.run_id, of_type=ends)[-1].dagster_event
            assert event is not None
            [sensor] = [each for each in notify(studio.ids) if each.name == f"webhook_{said}"]
            run = instance.get_run_by_id(result.run_id)
            assert run is not None
            context: Any = dg.build_run_status_sensor_context(
                sensor.name, event, instance, run, resources={"movies": studio, "webhook": told}
            )
            sensor(context)

    return run


def test_a_run_that_succeeded_is_told_with_its_film(ended: Any) -> None:
    """The revision, where the film lies, what it cost; no error."""
    told = Told()
    ended("succeeded", {"movie": "tale"}, told)
    [message] = told.messages
    assert (message["movie"], message["status"], message["revision"]) == ("tale", "succeeded", "rev-0001")
    assert "/tale/blobs/" in message["film"]
    assert message["cost_usd"] == 0 and "error" not in message
    assert told.deliveries == [f"{message['run_id']}-tale-succeeded"]


def test_a_run_that_failed_is_told_with_its_sentence(ended: Any) -> None:
    """The one that a person would have read, and what to do."""
    told = Told()
    ended("failed", {"movie": "tale"}, told, breaks=True)
    [message] = told.messages
    assert message["status"] == "failed" and message["revision"] is None and message["film"] is None
    assert "the sky is not blue" in message["error"] and "next: look up" in message["error"]
    assert "Traceback" not in message["error"] and "movie_assets.core" not in message["error"]


def test_of_several_runs_of_one_movie_the_first_tells(ended: Any) -> None:
    """Success is one thing however many made it."""
    told = Told()
    ended("succeeded", {"movie": "tale", "movies/part": "2"}, told)
    assert told.messages == []

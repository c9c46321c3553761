"""The client's sentences where a deployment is not as it should be."""

from __future__ import annotations

import json
from typing import Any

import pytest

from movie_assets.core.errors import Conflict, Failed, Refused, Stopped, Transient
from movie_assets.remote import Remote, Step


def node(*jobs: dict[str, Any]) -> dict[str, Any]:
    return {"name": "__repository__", "location": {"name": "here"}, "jobs": list(jobs)}


def loaded(*movies: str, runs: str = "1") -> bytes:
    """A deployment's answer to which jobs it has."""
    jobs = [
        {
            "name": f"{movie}_make",
            "tags": [{"key": "movie", "value": movie}, {"key": "movies/runs", "value": runs}],
        }
        for movie in movies
    ]
    return data(repositoriesOrError={"__typename": "RepositoryConnection", "nodes": [node(*jobs)]})


def data(**fields: Any) -> bytes:
    return json.dumps({"data": fields}).encode()


def logs(status: str, *events: dict[str, Any]) -> bytes:
    page = {"__typename": "EventConnection", "cursor": "1", "hasMore": False, "events": list(events)}
    return data(runOrError={"__typename": "Run", "runId": "r", "status": status}, logsForRun=page)


@pytest.fixture
def remote(taker: Any) -> Remote:
    """A client of a server that answers as told."""
    return Remote(taker.url, {"Authorization": "Bearer the-token"}, lambda seconds: None)


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        ((401, b""), Refused, "asks who you are"),
        ((302, b""), Refused, "asks who you are"),
        ((403, b""), Refused, "does not let these credentials in"),
        ((404, b"<html>"), Refused, "no Dagster webserver"),
        ((200, b"<html>"), Refused, "no Dagster webserver"),
        ((200, b"[]"), Refused, "no Dagster webserver"),
        ((502, b""), Transient, "502"),
        ((200, b'{"errors": [{"message": "no such field"}]}'), Failed, "no such field"),
        (
            (200, data(repositoriesOrError={"__typename": "PythonError", "message": "broken"})),
            Failed,
            "broken",
        ),
        ((200, data(repositoriesOrError={"__typename": "UnauthorizedError"})), Refused, "read-only"),
        ((200, loaded("tale")), Refused, "no movie other; it has tale"),
    ],
)
def test_whatever_is_in_the_way_is_said(
    remote: Remote, taker: Any, answer: tuple[int, bytes], error: type[Exception], says: str
) -> None:
    """With the next step, and without the token."""
    taker.usual = answer
    with pytest.raises(error, match=says) as told:
        remote.start("other")
    assert "the-token" not in str(told.value) + repr(remote)


def test_nobody_there_is_said(remote: Remote, taker: Any) -> None:
    """By its address."""
    taker.__exit__()
    with pytest.raises(Transient, match="does not answer"):
        remote.movies()
    taker.__enter__()


@pytest.mark.parametrize(
    "url",
    [
        "films.example.com",
        "ftp://films.example.com",
        "https://me:word@films.example.com",
        "http://[x",
        "http://x:port",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    """A password in an address would be shown with it."""
    with pytest.raises(Refused) as told:
        Remote(url)
    assert "word@" not in str(told.value)


def test_a_start_asks_for_as_many_runs_as_the_deployment_says(remote: Remote, taker: Any) -> None:
    """Each in a place of its own; one alone if only a part is wanted, or a budget is set."""
    started = data(launchRun={"__typename": "LaunchRunSuccess", "run": {"runId": "r"}})
    taker.answers.extend([(200, loaded("tale", runs="3")), *[(200, started)] * 3])
    assert remote.start("tale") == ["r", "r", "r"]
    asked = [message["variables"]["params"] for message in taker.messages()[1:]]
    tags = [{tag["key"]: tag["value"] for tag in each["executionMetadata"]["tags"]} for each in asked]
    assert [each["movies/place"] for each in tags] == ["tale", "tale 2", "tale 3"]
    assert all(each["runConfigData"]["ops"]["tale"]["config"]["shared"] for each in asked)
    taker.answers.extend([(200, loaded("tale", runs="3")), (200, started)])
    assert remote.start("tale", budget_usd=1.5) == ["r"]
    config = taker.messages()[-1]["variables"]["params"]["runConfigData"]["ops"]["tale"]["config"]
    assert config == {"only": [], "budget_usd": 1.5}
    assert {headers["authorization"] for headers, _ in taker.taken} == {"Bearer the-token"}


def test_steps_are_told_and_a_failure_ends_them(remote: Remote, taker: Any) -> None:
    """In the words of what failed, with what to do there and here."""
    made = {
        "__typename": "MaterializationEvent",
        "assetKey": {"path": ["tale", "picture"]},
        "partition": "003",
        "metadataEntries": [{"label": "outcome", "text": "made"}, {"label": "cost_usd", "floatValue": 0.04}],
    }
    inputs = {**made, "assetKey": {"path": ["tale", "inputs", "brief"]}}
    error = {
        "message": "around it",
        "className": "Around",
        "errorChain": [
            {
                "error": {
                    "message": "movie_assets.core.errors.Unready: no key\n  next: set it",
                    "className": "Unready",
                }
            }
        ],
    }
    failure = {"__typename": "ExecutionStepFailureEvent", "error": error}
    taker.answers.extend([(200, logs("STARTED", inputs, made)), (200, logs("FAILURE", failure))])
    steps = remote.follow(["r"], "tale")
    step = next(steps)
    assert (step, str(step)) == (Step("picture[3]", "made", 0.04), "made picture[3] for 0.0400 USD")
    with pytest.raises(Failed) as told:
        next(steps)
    assert str(told.value) == "no key (run r)\n  next: set it; then movies remote resume tale"


def test_a_webserver_that_restarts_is_waited_for(remote: Remote, taker: Any) -> None:
    """The run goes on meanwhile; a webserver that stays away is told."""
    taker.answers.extend([(502, b""), (503, b""), (200, logs("SUCCESS"))])
    assert list(remote.follow(["r"], "tale")) == []
    taker.usual = (502, b"")
    with pytest.raises(Transient, match="502"):
        list(remote.follow(["r"], "tale"))


def test_a_cancelled_run_is_no_failure(remote: Remote, taker: Any) -> None:
    """What was finished is kept."""
    taker.usual = (200, logs("CANCELED"))
    with pytest.raises(Stopped, match="movies remote resume tale"):
        list(remote.follow(["r"], "tale"))


def cancelling(*ends: str) -> list[tuple[int, bytes]]:
    """A deployment with one run under way: what it answers to a cancel, `late` while it is too early to end it."""
    run = {"runId": "r", "jobName": "tale_make", "status": "STARTED", "creationTime": 1.0}
    run |= {"startTime": None, "endTime": None, "tags": []}
    answers = [data(runsOrError={"__typename": "Runs", "results": [run]})]
    for end in ends:
        said = {"__typename": "TerminateRunFailure", "message": "not while it is STARTING"}
        answers.append(data(terminateRun={"__typename": "TerminateRunSuccess"} if end == "ended" else said))
        if end != "ended":
            answers.append(data(runOrError={"__typename": "Run", "status": end}))
    return [(200, answer) for answer in answers]


@pytest.mark.parametrize("ends", [("ended",), ("STARTING", "STARTING", "ended"), ("STARTING", "SUCCESS")])
def test_a_cancel_waits_for_a_run_that_is_just_starting(
    remote: Remote, taker: Any, ends: tuple[str, ...]
) -> None:
    """Dagster refuses to end one; a run that is over meanwhile is over, too."""
    taker.answers.extend(cancelling(*ends))
    assert remote.cancel("tale") == ["r"]
    assert not taker.answers


def test_a_run_that_cannot_be_ended_is_said(remote: Remote, taker: Any) -> None:
    """After a minute, in Dagster's words."""
    taker.answers.extend(cancelling(*["STARTING"] * 20))
    with pytest.raises(Conflict, match="not while it is STARTING"):
        remote.cancel("tale")

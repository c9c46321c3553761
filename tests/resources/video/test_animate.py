"""A video service: asked once, waited for, fetched; and every way in which that goes wrong."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from movie_assets.core.errors import (
    Exhausted,
    Failed,
    MovieError,
    Refused,
    Stopped,
    Throttled,
    Transient,
    Unready,
    Unsure,
)
from resources.probe import probe
from resources.rehearsal.video_server import KEY, Mishap

NAMES = ("replicate", "fal", "studio-box")


@pytest.mark.parametrize("name", NAMES)
def test_each_documented_service_gives_a_video(desk: Any, name: str) -> None:
    """As docs/video.md describes it: one job, polled to its end, whose video is brought here and told what it cost."""
    result = desk.animate(name)
    assert probe(result.body).video.frames == 48
    assert result.media_type == "video/mp4"
    assert (desk.submitted, desk.server.calls["poll"]) == (1, 2)
    meta = result.meta
    assert (meta.provider, meta.model, meta.request_id) == (name, "some-lab/image-to-video", "job-1")
    assert meta.usage == {"video_seconds": 5.0}
    assert meta.cost == pytest.approx(desk.server.bill) == pytest.approx(0.25)


def test_the_body_says_what_is_asked_for(desk: Any) -> None:
    """Numbers stay numbers, the picture is a data URI, the length one that the service makes, the shape a ratio."""
    desk.animate("replicate", desk.request(seconds=5.2, take=2))
    sent = json.loads(desk.server.seen[0].body)["input"]
    assert sent.pop("image").startswith("data:image/png;base64,iVBOR")
    assert sent == {"prompt": "waves roll in", "duration": 10, "aspect_ratio": "16:9", "seed": 8}


def test_a_form_carries_the_picture_as_a_file(desk: Any) -> None:
    """With its name and type, beside plain fields."""
    desk.animate("studio-box")
    sent = desk.server.seen[0]
    assert sent.headers["content-type"].startswith("multipart/form-data")
    assert b'name="picture"; filename="picture.png"' in sent.body
    assert desk.picture.read_bytes() in sent.body
    assert b"320x180" in sent.body


def test_the_key_goes_to_the_service_only(desk: Any) -> None:
    """Each request to its API carries it as the service wants it; the download of the video carries none."""
    desk.animate("fal")
    for seen in desk.server.seen:
        told = seen.headers.get("authorization")
        assert told == (None if seen.step == "file" else f"Key {KEY}")
    assert desk.server.calls["file"] == 1


def test_what_the_movie_does_not_say_is_asked_for(desk: Any) -> None:
    """A placeholder without a value is refused before anything is sent."""
    with pytest.raises(Refused, match="wants model"):
        desk.animate("replicate", desk.request(settings={}))
    assert desk.server.seen == []


def test_who_watches_is_told_how_the_job_is(desk: Any) -> None:
    """Once for each status."""
    desk.server.polls = 5
    desk.animate("replicate")
    assert desk.said == ["replicate: processing"]


# --- statuses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "headers", "expected"),
    [
        (400, {"detail": "duration must be 5 or 10"}, (), Refused),
        (401, {"detail": "Invalid token."}, (), Unready),
        (402, {"detail": "payment required"}, (), Exhausted),
        (403, {"detail": "User is locked. Reason: Exhausted balance."}, (), Exhausted),
        (403, {"detail": "this model is not for you"}, (), Refused),
        (404, {"detail": "model not found"}, (), Refused),
        (408, {}, (), Unsure),
        (409, {}, (), Transient),
        (422, {"detail": [{"msg": "prompt is too long"}]}, (), Refused),
        (422, {"error": {"message": "flagged by moderation"}}, (), Refused),
        (429, {}, (("Retry-After", "0"),), Throttled),
        (429, {"error": "insufficient credit"}, (), Exhausted),
        (500, {}, (), Unsure),
        (502, b"<html>", (), Unsure),
        (503, {}, (), Transient),
        (301, {}, (("Location", "https://elsewhere.example/"),), Refused),
        (200, b"{broken", (), Unsure),
        (200, {"no": "id"}, (), Failed),
    ],
)
def test_a_submission_that_is_turned_down(
    desk: Any, status: int, body: Any, headers: Any, expected: type[MovieError]
) -> None:
    """The right class, the service's own words, who and what; and never the key."""
    desk.server.mishaps["submit"].extend([Mishap(status, body, headers)] * 3)
    with pytest.raises(MovieError) as caught:
        desk.animate("replicate")
    error = caught.value
    assert type(error) is expected, error
    assert error.next_step
    assert error.labels["provider"] == "replicate"
    assert error.labels["model"] == "some-lab/image-to-video"
    assert KEY not in str(error)
    if status >= 300:
        assert (error.labels["status"], error.labels.get("request_id")) in (
            (status, "req-video"),
            (status, None),
        )
    assert desk.submitted == (3 if isinstance(error, Transient) else 1)
    if status != 200 or isinstance(error, Unsure):
        assert desk.note is None


def test_retry_after_is_passed_on(desk: Any) -> None:
    """In seconds or as a date that is past."""
    for asked, seconds in (("7", 7.0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0)):
        desk.server.mishaps["submit"].extend([Mishap(429, {}, (("Retry-After", asked),))] * 3)
        with pytest.raises(Throttled) as caught:
            desk.animate("replicate")
        assert caught.value.retry_after == seconds


def test_a_failed_job_is_told_in_the_services_words(desk: Any) -> None:
    """And is over: the next run begins another."""
    desk.server.failing = "GPU fell off the bus"
    with pytest.raises(Failed, match="GPU fell off the bus") as caught:
        desk.animate("replicate")
    assert caught.value.labels["job"] == "job-1"
    assert desk.note is None
    desk.server.failing = ""
    desk.animate("replicate")
    assert desk.submitted == 2


def test_a_job_refused_by_moderation_is_refused(desk: Any) -> None:
    """The next step is to say it otherwise."""
    desk.server.failing = "Output flagged as NSFW"
    with pytest.raises(Refused, match="NSFW") as caught:
        desk.animate("replicate")
    assert "motion.prompt" in caught.value.next_step


def test_polls_and_downloads_survive_hiccups(desk: Any) -> None:
    """An error, a cut connection, a page in the video's place: asked again, and paid once."""
    cut = Mishap(cut=True)
    desk.server.mishaps["poll"].extend([Mishap(503, {}), cut, Mishap(404, {})])
    desk.server.mishaps["file"].extend([cut, Mishap(200, b"<html>", (("Content-Type", "text/html"),))])
    desk.animate("replicate")
    assert desk.submitted == len(desk.server.jobs) == 1


def test_an_answer_that_does_not_end_is_given_up(desk: Any) -> None:
    """As lost: at most as long as a request may take, or as much as makes sense."""
    desk.server.mishaps["poll"].extend([Mishap(200, b"[" * (17 << 20))] * 3)
    with pytest.raises(Transient, match="does not end"):
        desk.animate("replicate")
    assert desk.note is not None


# --- paid for once ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_run_that_ended_while_waiting_is_gone_on_with(desk: Any, name: str) -> None:
    """With the same job: one submission, and the result says so."""
    desk.server.polls = 1000
    with pytest.raises(Transient, match="not finished"):
        desk.animate(name, patience=0.02)
    for job in desk.server.jobs.values():
        job.left = 1
    result = desk.animate(name)
    assert desk.submitted == len(desk.server.jobs) == 1
    assert result.meta.notes == {"resumed": True}


def test_a_lost_answer_is_never_followed_by_another_job_without_a_word(desk: Any) -> None:
    """A service that knows no idempotency: one error that says so, then a new job."""
    desk.server.mishaps["submit"].append(Mishap(cut=True, late=True))
    with pytest.raises(Unsure, match="cannot be told"):
        desk.animate("replicate")
    assert len(desk.server.jobs) == 1
    desk.animate("replicate")
    assert len(desk.server.jobs) == 2


def test_a_lost_answer_of_an_idempotent_service_costs_nothing(desk: Any) -> None:
    """It is asked again under the same key, in the same run or the next, and gives the same job."""
    desk.server.mishaps["submit"].extend([Mishap(cut=True, late=True)] * 4)
    with pytest.raises(Transient):
        desk.animate("studio-box")
    desk.animate("studio-box")
    assert desk.submitted == 5
    assert len(desk.server.jobs) == 1
    keys = {seen.headers["idempotency-key"] for seen in desk.server.seen if seen.step == "submit"}
    assert len(keys) == 1


def test_a_crash_during_the_submission_is_told(desk: Any) -> None:
    """Where the key helps nothing: once, by the next run."""
    desk.at.pending.write("replicate", {"key": "of a run that was killed"})
    with pytest.raises(Unsure, match="an earlier run ended"):
        desk.animate("replicate")
    assert desk.submitted == 0
    desk.animate("replicate")
    assert desk.submitted == 1


def test_a_job_that_is_gone_is_told_and_not_begun_anew_at_once(desk: Any) -> None:
    """What an earlier run began may be paid for; the next run begins another."""
    desk.at.pending.write("replicate", {"key": "k", "id": "job-of-last-week", "answer": {}})
    with pytest.raises(Unsure, match="does not know this job") as caught:
        desk.animate("replicate")
    assert caught.value.labels["job"] == "job-of-last-week"
    assert desk.submitted == 0
    desk.animate("replicate")
    assert desk.submitted == 1


@pytest.mark.parametrize(
    "mistake",
    [
        {"poll": {"path": "/nowhere/{id}", "status": "status", "done": ["succeeded"], "failed": ["failed"]}},
        {
            "poll": {
                "path": "/predictions/{id}",
                "status": "state",
                "done": ["succeeded"],
                "failed": ["failed"],
            }
        },
        {"result": {"url": "data.video"}},
        {"result": {"path": "/nowhere/{id}"}},
    ],
)
def test_a_corrected_connection_goes_on_with_the_job(desk: Any, mistake: dict[str, Any]) -> None:
    """A wrong path in providers.yaml does not cost a second video."""
    with pytest.raises(MovieError, match=r"providers\.yaml"):
        desk.animate("replicate", **mistake)
    desk.animate("replicate")
    assert desk.submitted == len(desk.server.jobs) == 1


def test_another_provider_does_not_take_the_job_for_its_own(desk: Any) -> None:
    """Notes are kept by provider, where a fallback names two."""
    desk.server.polls = 1000
    with pytest.raises(Transient):
        desk.animate("replicate", patience=0.02)
    desk.server.polls = 1
    desk.animate("fal")
    assert set(desk.server.jobs) == {"job-1", "job-2"}
    assert desk.at.pending.read("replicate")["id"] == "job-1"


def test_a_stop_ends_the_wait_at_once(desk: Any) -> None:
    """And keeps the note of the job."""
    desk.server.polls = 1000
    polled = threading.Thread(target=lambda: (_until(lambda: desk.server.calls["poll"]), desk.at.stop.set()))
    polled.start()
    with pytest.raises(Stopped):
        desk.animate("replicate", every=600)
    polled.join()
    assert desk.note["id"] == "job-1"


def _until(condition: Any) -> None:
    pause = threading.Event()
    while not condition():
        pause.wait(0.01)


# --- the video itself -------------------------------------------------------------------------------------------


def test_what_is_no_video_is_refused(desk: Any) -> None:
    """Nothing half-made is taken for a success."""
    desk.server.video = b"\x00\x00\x00\x18ftypmp42 and then nothing of it"
    with pytest.raises(Failed, match="no video"):
        desk.animate("replicate")
    assert desk.note is None


@pytest.mark.parametrize(
    "link",
    [
        "http://127.0.0.1:1/secret",
        "http://localhost:22/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.8/x.mp4",
        "http://[::1]/x.mp4",
        "http://[::ffff:127.0.0.1]/x.mp4",
        "file:///etc/passwd",
        "http://user:password@example.com/x.mp4",
    ],
)
def test_a_video_is_fetched_from_public_addresses_only(desk: Any, link: str) -> None:
    """What a service answers must not make us read our own network."""
    desk.server.link = link
    with pytest.raises(Refused, match="no public web address"):
        desk.animate("replicate")


def test_a_redirect_into_our_network_is_not_followed(desk: Any) -> None:
    """Each hop is checked."""
    desk.server.mishaps["file"].append(Mishap(302, {}, (("Location", "http://169.254.169.254/"),)))
    with pytest.raises(Refused, match="no public web address"):
        desk.animate("replicate")


def test_a_redirect_is_followed_without_the_key(desk: Any) -> None:
    """Where the service hands the video out by way of another address."""
    desk.server.mishaps["result"].append(Mishap(302, {}, (("Location", "/files/job-1.mp4"),)))
    desk.animate("studio-box")
    assert "authorization" not in desk.server.seen[-1].headers
    assert desk.server.seen[-1].step == "file"


def test_the_answers_may_not_lead_the_key_elsewhere(desk: Any) -> None:
    """A status_url on another host is refused, and the job kept."""
    desk.server.mishaps["submit"].append(
        Mishap(200, {"request_id": "r", "status_url": "https://evil.example/s"})
    )
    with pytest.raises(Refused, match=r"evil\.example"):
        desk.animate("fal")

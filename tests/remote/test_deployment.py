"""A deployment driven from afar: webserver, daemon and sensors run, results go to S3, ends are told to a webhook."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from movie_assets import cli
from movie_assets.remote import Remote
from resources.studio import Studio
from resources.webhook import signature

SECRET = "the webhook's secret"
YAML = """\
title: Sent
brief: A film that is made elsewhere. It is short.
segments: 2
frame: {width: 320, height: 180, fps: 10}
"""

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(400)]


@dataclass
class Deployment:
    """`dagster dev` with a movie `tiny`, and a person elsewhere with a project of their own."""

    remote: Remote
    project: Path
    here: Path
    root: str
    taker: Any

    def type(self, line: str, code: int = 0) -> str:
        """What a `movies remote` command says."""
        words = line.split(" ")
        typed = ["remote", *words, "--url", self.remote.url, "--project", str(self.here)]
        result = CliRunner().invoke(cli.main, typed)
        assert result.exit_code == code, (result.output, result.exception)
        return result.output

    def wait_until(self, holds: Callable[[], bool], limit: float = 60) -> None:
        begin = time.monotonic()
        while not holds():
            assert time.monotonic() - begin < limit, (self.remote.status("tiny"), self.taker.messages())
            time.sleep(0.25)


@pytest.fixture(scope="module")
def deployment(
    tiny_project: Callable[[], Path],
    dagster_dev: Callable[[Path], Any],
    s3_server: Any,
    module_taker: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployment]:
    """One for all tests of this file; each movie is spread over two runs."""
    bucket, here = s3_server.bucket(), tmp_path_factory.mktemp("here")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in bucket.environment.items():
            patch.setenv(name, value)
        patch.setenv("MOVIES_ROOT", f"{bucket.root}/films")
        patch.setenv("MOVIES_RUNS_PER_MOVIE", "2")
        patch.setenv("MOVIES_WEBHOOK_URL", f"{module_taker.url}/hook?token=secret-token")
        patch.setenv("MOVIES_WEBHOOK_SECRET", SECRET)
        with dagster_dev(tiny_project()) as dev:
            yield Deployment(Remote(dev.address), dev.project, here, f"{bucket.root}/films", module_taker)


def test_a_movie_is_sent_made_and_fetched(deployment: Deployment) -> None:
    """One command sends and makes it, another prints links that open; two runs made each artefact once."""
    folder = deployment.here / "movies" / "sent"
    folder.mkdir(parents=True)
    (folder / "movie.yaml").write_text(YAML.replace("segments: 2", "segments: two"))
    refused = deployment.type("start sent --upload", code=2)
    assert "movies/sent/movie.yaml:3" in refused and "two" in refused and ".arriving" not in refused
    assert not (deployment.project / "movies" / "sent").exists()

    (folder / "movie.yaml").write_text(YAML)
    said = deployment.type("start sent --upload")
    assert "sent was taken in" in said and said.count("started run") == 2
    assert "made narration[1]" in said and "made film" in said and "sent is made" in said

    store = Studio(deployment.project, deployment.root).store("sent")
    made = [
        (event.kind, event.inputs_digest) for event in store.events.artefacts() if event.status == "succeeded"
    ]
    assert len(made) == len(set(made)), "each artefact was made once"
    assert store.manifests.numbers() == [1]

    lines = deployment.type("results sent --expires 5").splitlines()
    name, link = lines[0].split("  ")
    assert name == "film" and "X-Amz-Expires=300" in link
    with urllib.request.urlopen(link, timeout=30) as answer:
        assert answer.read(12)[4:8] == b"ftyp"
    assert "X-Amz" not in str(deployment.remote.results("sent"))


def test_its_end_is_told_once_with_a_signature(deployment: Deployment) -> None:
    """By the first of its two runs; the film is named by its key, and no secret is in the message."""
    deployment.wait_until(lambda: any(told["movie"] == "sent" for told in deployment.taker.messages()))
    headers, body = next(each for each in deployment.taker.taken if b'"sent"' in each[1])
    message = next(told for told in deployment.taker.messages() if told["movie"] == "sent")
    assert (message["status"], message["revision"]) == ("succeeded", "rev-0001")
    assert message["film"].startswith(f"{deployment.root}/sent/blobs/")
    assert headers["x-movies-signature"] == signature(SECRET, headers["x-movies-timestamp"], body)
    assert "secret" not in str(message) and "X-Amz" not in str(message)


def test_a_build_is_cancelled_and_resumed(deployment: Deployment) -> None:
    """Cancelled is told as such, here and to the webhook; resuming makes what is left."""
    runs = deployment.remote.start("tiny")
    assert deployment.type("cancel tiny").count("cancelled run") == 2
    deployment.wait_until(lambda: all(build.is_over for build in deployment.remote.status("tiny")))
    # Dagster cannot end a run that is starting: the other of the two may have made the film by then.
    statuses = {build.status for build in deployment.remote.status("tiny")}
    assert "CANCELED" in statuses and statuses <= {"CANCELED", "SUCCESS"}
    assert "no run of tiny is under way" in deployment.type("cancel tiny")
    told = [message for message in deployment.taker.messages() if message["movie"] == "tiny"]
    assert {message["status"] for message in told} <= {"cancelled", "succeeded"}
    assert runs[0] in deployment.type("status tiny")
    assert "tiny is made" in deployment.type("resume tiny")
    assert "film" in deployment.type("results tiny film picture[1]")


def test_what_is_not_there_is_said(deployment: Deployment) -> None:
    """Another movie, an artefact no movie has, and a path without Dagster."""
    assert "no movie other; it has sent, tiny" in deployment.type("start other", code=2)
    assert "knows no pictures[1] of tiny" in deployment.type("results tiny pictures[1]", code=2)
    elsewhere = Remote(f"{deployment.remote.url}/elsewhere")
    with pytest.raises(Exception, match="no Dagster webserver"):
        elsewhere.movies()

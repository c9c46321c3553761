"""Two workers on two queues, Redis between them and one store on S3: Dagster's runs go to whoever is free."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from movie_assets.core.store.movie_store import MovieStore
from resources.roots import driver_of

ROOT = Path(__file__).resolve().parents[2]
OVER = {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}
LIMIT = 150

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(400)]


@dataclass
class Workers:
    """A Dagster instance whose runs two Celery workers carry out, called by the queues they listen to."""

    project: Path
    root: str
    environment: dict[str, str]
    logs: dict[str, Path] = field(default_factory=dict)

    def run(self, *asked: tuple[str, str, dict[str, Any]]) -> list[dg.DagsterRun]:
        """Launches a run for each movie, queue and config, all at once, and waits for their ends."""
        launches = [self._launch(*each) for each in asked]
        for launch in launches:
            assert launch.wait(LIMIT) == 0, "it could not be launched"
        with dg.DagsterInstance.from_config(self.environment["DAGSTER_HOME"]) as instance:
            begin = time.monotonic()
            while True:
                runs = instance.get_runs(limit=len(asked))
                if all(run.status in OVER for run in runs):
                    return list(runs)
                assert time.monotonic() - begin < LIMIT, [
                    log.read_text()[-2000:] for log in self.logs.values()
                ]
                time.sleep(0.25)

    def _launch(self, movie: str, queue: str, config: dict[str, Any]) -> subprocess.Popen[bytes]:
        command = [program("dagster"), "job", "launch", "-m", "movie_assets.definitions", "-d", str(ROOT)]
        command += ["-j", f"{movie}_make", "--tags", json.dumps({"dagster-celery/queue": queue})]
        command += ["--config-json", json.dumps({"ops": {movie: {"config": config}}})]
        with (self.project / "launch.log").open("a") as stream:
            return subprocess.Popen(
                command, cwd=self.project, env=self.environment, stdout=stream, stderr=stream
            )

    def store(self, movie: str) -> MovieStore:
        return MovieStore(driver_of(self.root, self.project), movie)

    def took(self, queue: str) -> int:
        """How many runs a worker has begun."""
        return self.logs[queue].read_text().count("received")


def program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


@pytest.fixture(scope="module")
def workers(
    tiny_project: Callable[[], Path], s3_server: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workers]:
    """Both workers, for all tests of this file."""
    pytest.importorskip(
        "dagster_celery", reason="dagster-celery is not installed (pip install -e '.[scale]')"
    )
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed (apt-get install redis-server)")
    bucket, project = s3_server.bucket(), tiny_project()
    shutil.copytree(project / "movies" / "tiny", project / "movies" / "other")
    scratch = tmp_path_factory.mktemp("celery")
    root = f"{bucket.root}/films"
    environment = {**os.environ, **bucket.environment, "MOVIES_ROOT": root, "MOVIES_PROJECT": str(project)}
    environment |= {"DAGSTER_HOME": str(scratch), "PYTHONPATH": str(ROOT)}
    environment |= {"REDIS_URL": f"redis+socket://{scratch}/redis"}
    (scratch / "dagster.yaml").write_text(yaml.safe_dump(_instance(scratch)))
    found = Workers(project, root, environment, {each: scratch / f"{each}.log" for each in ("one", "two")})
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        for name in ("REDIS_URL", *bucket.environment):
            patch.setenv(name, environment[name])
        redis = ["redis-server", "--port", "0", "--unixsocket", f"{scratch}/redis", "--save", ""]
        stack.enter_context(_running(redis, environment, scratch / "redis.log"))
        _wait_for((scratch / "redis").exists, scratch / "redis.log")
        for queue, log in found.logs.items():
            stack.enter_context(_running(_worker(queue), environment, log))
        for log in found.logs.values():
            _wait_for(lambda log=log: "ready." in log.read_text(), log)
        yield found


def _instance(home: Path) -> dict[str, Any]:
    """deploy/celery/dagster.yaml with SQLite in the place of Postgres, and without a queue, which takes a daemon."""
    said = yaml.safe_load((ROOT / "deploy" / "celery" / "dagster.yaml").read_text())
    kept = {"module": "resources.kept_sqlite", "class": "KeptSqlite", "config": {"base_dir": str(home)}}
    straight = {"module": "dagster._core.run_coordinator", "class": "DefaultRunCoordinator"}
    return {
        "run_launcher": said["run_launcher"],
        "storage": {"custom": kept},
        "run_coordinator": straight,
        "telemetry": {"enabled": False},
    }


def _worker(queue: str) -> list[str]:
    config = str(ROOT / "deploy" / "celery" / "celery.yaml")
    command = [program("dagster-celery"), "worker", "start", "-A", "dagster_celery.app", "-y", config]
    return [*command, "-q", queue, "-n", queue, "--", "--concurrency", "1"]


@contextmanager
def _running(command: list[str], environment: dict[str, str], log: Path) -> Iterator[None]:
    """A program with all its children, for as long as the context lasts."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    with log.open("w") as stream:
        child = subprocess.Popen(
            command, env={**environment, "PATH": path}, stdout=stream, stderr=stream, start_new_session=True
        )
    try:
        yield
    finally:
        os.killpg(child.pid, signal.SIGTERM)
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)


def _wait_for(holds: Callable[[], bool], log: Path) -> None:
    begin = time.monotonic()
    while not holds():
        assert time.monotonic() - begin < LIMIT, log.read_text()[-2000:]
        time.sleep(0.1)


def made_once(store: MovieStore) -> bool:
    """Whether nothing was made twice, and all that was begun was finished."""
    events = store.events.artefacts()
    made = [(event.kind, event.inputs_digest) for event in events if event.status == "succeeded"]
    return (
        bool(made) and len(made) == len(set(made)) and not list(store.driver.list(f"{store.movie}/claims/"))
    )


def test_two_movies_are_made_by_two_workers(workers: Workers) -> None:
    """Each by one of them, over one store."""
    runs = workers.run(("tiny", "one", {}), ("other", "two", {}))
    assert {run.status for run in runs} == {dg.DagsterRunStatus.SUCCESS}
    assert (workers.took("one"), workers.took("two")) == (1, 1)
    for movie in ("tiny", "other"):
        assert workers.store(movie).manifests.numbers() == [1]
        assert made_once(workers.store(movie))


def test_one_movie_is_spread_over_two_workers(workers: Workers) -> None:
    """An edit of it is made by both together, each artefact by one; one revision is published."""
    config = workers.project / "movies" / "tiny" / "movie.yaml"
    config.write_text(f"narration: {{speed: 1.2}}\n{config.read_text()}")
    runs = workers.run(("tiny", "one", {"shared": True}), ("tiny", "two", {"shared": True}))
    assert {run.status for run in runs} == {dg.DagsterRunStatus.SUCCESS}
    store = workers.store("tiny")
    assert store.manifests.numbers() == [1, 2]
    assert made_once(store)

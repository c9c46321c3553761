"""A client of a running deployment, by Dagster's own GraphQL API: start, follow, cancel builds and find what they made.

    from movie_assets.remote import Remote

    remote = Remote("https://films.example.com", {"Authorization": "Bearer ..."})
    remote.upload("tale", Path("movies/tale"))
    for step in remote.follow(remote.start("tale")):
        print(step)
    print(remote.results("tale"))

Whatever goes wrong is a `MovieError`: a fact and the next step.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from movie_assets.assets.places import tags_of
from movie_assets.core.artefact import Name, check_movie_id
from movie_assets.core.errors import Conflict, Failed, MovieError, Refused, Stopped, Transient
from movie_assets.graphql import ask, checked_address, fine
from resources.parcel import pack

__all__ = ["Build", "Made", "Remote", "Step"]

ENDED = frozenset({"SUCCESS", "FAILURE", "CANCELED"})
_RECEIVE = "receive_movie"
_PAUSE_SECONDS = 1.0
_PAGE = 500
_PATIENCE, _TRIES = 20, 10

_ERROR = "... on PythonError{message} ... on UnauthorizedError{message}"
_CAUSES = "error{message className errorChain{error{message className}}}"
_FACTS = """metadataEntries{label
  ... on TextMetadataEntry{text} ... on FloatMetadataEntry{floatValue} ... on IntMetadataEntry{intValue}
  ... on PathMetadataEntry{path}}"""
_JOBS = """{repositoriesOrError{__typename ... on PythonError{message}
  ... on RepositoryConnection{nodes{name location{name} jobs{name tags{key value}}}}}}"""
_LAUNCH = f"""mutation($params: ExecutionParams!){{launchRun(executionParams: $params){{__typename {_ERROR}
  ... on LaunchRunSuccess{{run{{runId}}}} ... on RunConfigValidationInvalid{{errors{{message}}}}
  ... on PipelineNotFoundError{{message}} ... on InvalidSubsetError{{message}}}}}}"""
_RUN = "runId jobName status creationTime startTime endTime tags{key value}"
_RUNS = f"""query($filter: RunsFilter, $limit: Int){{runsOrError(filter: $filter, limit: $limit){{__typename
  ... on PythonError{{message}} ... on InvalidPipelineRunsFilterError{{message}} ... on Runs{{results{{{_RUN}}}}}}}}}"""
_LOGS = f"""query($run: ID!, $after: String, $limit: Int){{
  runOrError(runId: $run){{__typename ... on Run{{{_RUN}}} ... on RunNotFoundError{{message}} ... on PythonError{{message}}}}
  logsForRun(runId: $run, afterCursor: $after, limit: $limit){{__typename ... on PythonError{{message}}
    ... on EventConnection{{cursor hasMore events{{__typename
      ... on MaterializationEvent{{assetKey{{path}} partition {_FACTS}}}
      ... on ObservationEvent{{assetKey{{path}} partition {_FACTS}}}
      ... on ExecutionStepFailureEvent{{{_CAUSES}}}
      ... on RunFailureEvent{{message {_CAUSES}}}}}}}}}}}"""
_STATUS = """query($run: ID!){runOrError(runId: $run){__typename ... on Run{status}
  ... on RunNotFoundError{message} ... on PythonError{message}}}"""
_CANCEL = f"""mutation($run: String!){{terminateRun(runId: $run, terminatePolicy: SAFE_TERMINATE){{__typename {_ERROR}
  ... on TerminateRunFailure{{message}} ... on RunNotFoundError{{message}}}}}}"""
_RELOAD = f"""mutation($name: String!){{reloadRepositoryLocation(repositoryLocationName: $name){{__typename {_ERROR}
  ... on WorkspaceLocationEntry{{locationOrLoadError{{__typename ... on PythonError{{message}}}}}}
  ... on ReloadNotSupported{{message}} ... on RepositoryLocationNotFound{{message}}}}}}"""
_EXPORTS = f"""query($job: PipelineSelector!){{assetNodes(pipeline: $job){{assetKey{{path}}
  assetMaterializations(limit: 1){{partition {_FACTS}}}}}}}"""
_ASSET = f"""query($key: AssetKeyInput!, $partitions: [String!]){{assetNodeOrError(assetKey: $key){{__typename
  ... on AssetNode{{assetKey{{path}} assetMaterializations(partitions: $partitions, limit: 1){{partition {_FACTS}}}}}}}}}"""


@dataclass(frozen=True, slots=True)
class Build:
    """One run of a movie; `status` is Dagster's (QUEUED, STARTED, SUCCESS, FAILURE, CANCELED …), times are Unix seconds."""

    run_id: str
    status: str
    began: float | None = None
    ended: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in ENDED


@dataclass(frozen=True, slots=True)
class Step:
    """What became of one artefact: `outcome` is made, reused or failed; then `error` says why. `cost` is in USD."""

    artefact: str
    outcome: str
    cost: float | None = None
    error: str = ""

    def __str__(self) -> str:
        costs = f" for {self.cost:.4f} USD" if self.cost else ""
        return f"{self.outcome} {self.artefact}{costs}" + (f": {self.error}" if self.error else "")


@dataclass(frozen=True, slots=True)
class Made:
    """An artefact that was made. `file` is s3://bucket/key, or a path on the deployment's machine; never a signed link."""

    artefact: str
    file: str
    media_type: str
    bytes: int


@dataclass(frozen=True, slots=True)
class _Job:
    """A job of a code location, and how Dagster is told of it."""

    name: str
    repository: str
    location: str
    tags: Mapping[str, str]

    @property
    def selector(self) -> dict[str, str]:
        return {"repositoryName": self.repository, "repositoryLocationName": self.location}


@dataclass(frozen=True)
class Remote:
    """The webserver at `url`, asked with these headers: whatever authentication stands before it wants to see."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    pause: Callable[[float], None] = field(default=time.sleep, repr=False)

    def __post_init__(self) -> None:
        checked_address(self.url)

    # --- what a person asks ---

    def movies(self) -> list[str]:
        """The movies that the deployment has loaded."""
        return sorted(job.tags["movie"] for job in self._jobs() if _is_make(job))

    def upload(self, movie: str, folder: Path) -> None:
        """Sends a movie's folder, waits until it is checked and in its place, and has the definitions reloaded."""
        job = next((job for job in self._jobs() if job.name == _RECEIVE), None)
        if job is None:
            raise Refused(
                "this deployment takes in no movies", next_step="look at its version of movie-assets"
            )
        parcel = {"movie": check_movie_id(movie), "files": dict(pack(folder))}
        run = self._launch(job, {"ops": {"Receive": {"config": parcel}}}, {})
        try:
            deque(self._followed(run, movie), maxlen=0)
        except Failed as error:
            raise Refused(error.fact, next_step="correct it, then send it again") from None
        self._reload(job.location)

    def start(self, movie: str, only: Sequence[str] = (), budget_usd: float | None = None) -> list[str]:
        """Starts what is left to make of a movie; the ids of its runs, more than one where the deployment spreads it."""
        job = self._job(movie)
        runs = 1 if only or budget_usd is not None else int(job.tags.get("movies/runs", "1"))
        config: dict[str, Any] = {"only": [str(Name.parse(name)) for name in only]}
        config |= {"shared": True} if runs > 1 else {}
        config |= {} if budget_usd is None else {"budget_usd": budget_usd}
        asked = {"ops": {job.name.removesuffix("_make"): {"config": config}}}
        return [self._launch(job, asked, tags_of(movie, part, runs)) for part in range(1, runs + 1)]

    def status(self, movie: str, limit: int = 10) -> list[Build]:
        """The latest runs of a movie, newest first; those of before it was loaded anew as well."""
        wanted = {"tags": [{"key": "movie", "value": check_movie_id(movie)}]}
        answer = self._ask(_RUNS, "runsOrError", filter=wanted, limit=limit)
        builds = [_build(run) for run in answer["results"]]
        if not builds:
            self._job(movie)
        return builds

    def follow(self, runs: Sequence[str], movie: str = "") -> Iterator[Step]:
        """What becomes of each artefact, as it becomes known, until all of the runs are over.

        `Failed` if one failed, with what it said; `Stopped` if one was cancelled.
        """
        left = [self._followed(run, movie) for run in runs]
        errors: list[MovieError] = []
        while left:
            for steps in list(left):
                try:
                    step = next(steps, None)
                except (Failed, Stopped) as error:
                    errors.append(error)
                    step = None
                if step is None:
                    left.remove(steps)
                elif step.artefact:
                    yield step
        if errors:
            raise next((error for error in errors if isinstance(error, Failed)), errors[0])

    def cancel(self, movie: str) -> list[str]:
        """Ends all runs of a movie that are under way, and tells which; what was finished is kept."""
        ended = [build.run_id for build in self.status(movie, limit=100) if not build.is_over]
        for run in ended:
            self._end(run, movie)
        return ended

    def results(self, movie: str, artefacts: Sequence[str] = ()) -> list[Made]:
        """Where the newest film lies and what goes with it, or other artefacts by name (`picture[3]`)."""
        if artefacts:
            nodes = [self._asset(movie, Name.parse(name)) for name in artefacts]
        else:
            job = self._job(movie)
            nodes = self._ask(_EXPORTS, "assetNodes", job={**job.selector, "pipelineName": job.name})
        return [found for node in nodes for found in _made(node)]

    # --- how Dagster is asked ---

    def _jobs(self) -> list[_Job]:
        answer = self._ask(_JOBS, "repositoriesOrError")
        return [
            _Job(job["name"], node["name"], node["location"]["name"], _pairs(job["tags"]))
            for node in answer["nodes"]
            for job in node["jobs"]
        ]

    def _job(self, movie: str) -> _Job:
        jobs = [job for job in self._jobs() if _is_make(job)]
        for job in jobs:
            if job.tags["movie"] == check_movie_id(movie):
                return job
        known = ", ".join(sorted(job.tags["movie"] for job in jobs)) or "none"
        raise Refused(
            f"the deployment has no movie {movie}; it has {known}",
            next_step=f"movies remote start {movie} --upload sends it, if it lies here",
        )

    def _launch(self, job: _Job, config: Mapping[str, Any], tags: Mapping[str, str]) -> str:
        params = {
            "selector": {**job.selector, "jobName": job.name},
            "runConfigData": config,
            "executionMetadata": {"tags": [{"key": key, "value": value} for key, value in tags.items()]},
        }
        answer = self._ask(_LAUNCH, "launchRun", params=params)
        return str(answer["run"]["runId"])

    def _end(self, run: str, movie: str) -> None:
        """Dagster cannot end a run that is only just starting, so this waits until it can, or until it is over."""
        said = ""
        for _ in range(_PATIENCE):
            answer = self._ask(_CANCEL, "", run=run)["terminateRun"]
            if answer["__typename"] != "TerminateRunFailure":
                fine(answer)
                return
            if self._ask(_STATUS, "runOrError", run=run)["status"] in ENDED:
                return
            said = answer["message"]
            self.pause(3 * _PAUSE_SECONDS)
        raise Conflict(said, next_step=f"movies remote status {movie}, then cancel it again")

    def _reload(self, location: str) -> None:
        answer = self._ask(_RELOAD, "reloadRepositoryLocation", name=location)
        loaded = answer.get("locationOrLoadError") or {}
        if loaded.get("__typename") == "PythonError":
            raise Failed(f"the definitions could not be reloaded: {loaded['message'].strip()}")

    def _followed(self, run: str, movie: str) -> Iterator[Step]:
        """Each step of a run; one without an artefact while there is nothing to tell."""
        cursor, said = None, ""
        while True:
            answer = self._ask_again(_LOGS, run=run, after=cursor, limit=_PAGE)
            status, page = fine(answer["runOrError"])["status"], fine(answer["logsForRun"])
            cursor = page["cursor"]
            for event in page["events"]:
                said = _failure(event) or said
                if step := _step(event):
                    yield step
            if not page["hasMore"]:
                if status in ENDED:
                    break
                self.pause(_PAUSE_SECONDS)
                yield Step("", "")
        _check_end(status, said, movie, run)

    def _asset(self, movie: str, name: Name) -> Any:
        partitions = None if name.segment is None else [f"{name.segment:03d}"]
        key = {"path": [check_movie_id(movie), name.kind]}
        answer = self._ask(_ASSET, "", key=key, partitions=partitions)["assetNodeOrError"]
        if answer["__typename"] != "AssetNode":
            raise Refused(
                f"the deployment knows no {name} of {movie}", next_step=f"movies remote results {movie}"
            )
        return answer

    def _ask_again(self, query: str, **variables: Any) -> Any:
        """As it was asked, also while the webserver is restarted; only for what changes nothing."""
        for _ in range(_TRIES):
            with suppress(Transient):
                return self._ask(query, "", **variables)
            self.pause(_PAUSE_SECONDS)
        return self._ask(query, "", **variables)

    def _ask(self, query: str, field: str, **variables: Any) -> Any:
        """The named field of the answer, which is no error; all of it, unnamed and unchecked, without a name."""
        answer = ask(checked_address(self.url), self.headers, query, variables)
        if not field:
            return answer
        found = answer[field]
        return fine(found) if isinstance(found, dict) else found


def _is_make(job: _Job) -> bool:
    return "movie" in job.tags and job.name.endswith("_make")


def _pairs(tags: Sequence[Mapping[str, str]]) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in tags}


def _build(run: Mapping[str, Any]) -> Build:
    return Build(run["runId"], run["status"], run["startTime"] or run["creationTime"], run["endTime"])


def _named(event: Mapping[str, Any]) -> str:
    """`picture[3]` for the third partition of [movie, picture]; nothing for what is no artefact."""
    path = (event.get("assetKey") or {}).get("path") or []
    if len(path) != 2:
        return ""
    partition = event.get("partition")
    return str(Name(path[1], int(partition) if partition and partition.isdecimal() else None))


def _facts(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    fields = ("text", "path", "floatValue", "intValue")
    return {
        entry["label"]: next((entry[name] for name in fields if entry.get(name) is not None), None)
        for entry in entries
    }


def _step(event: Mapping[str, Any]) -> Step | None:
    name, facts = _named(event), _facts(event.get("metadataEntries") or ())
    outcome = facts.get("outcome")
    if not name or outcome is None:
        return None
    cost = facts.get("cost_usd")
    paid = cost if isinstance(cost, float) and outcome == "made" else None
    return Step(name, outcome, paid, str(facts.get("error") or ""))


def _failure(event: Mapping[str, Any]) -> str:
    """The sentence of whatever raised the error of an event."""
    error = event.get("error")
    if not error:
        return ""
    deepest = error["errorChain"][-1]["error"] if error["errorChain"] else error
    said = str(deepest["message"]).strip()
    head, _, rest = said.partition(": ")
    return rest if head.rpartition(".")[2] == deepest["className"] else said


def _check_end(status: str, said: str, movie: str, run: str) -> None:
    resume = f"movies remote resume {movie}" if movie else "start it again"
    if status == "CANCELED":
        raise Stopped(
            "the run was cancelled; what was finished is kept", run=run, next_step=f"{resume} goes on"
        )
    if status == "FAILURE":
        fact, _, server = (
            said or "the run failed without a word; Dagster's page of it has its log"
        ).partition("\n  next: ")
        raise Failed(fact, run=run, next_step=f"{server}; then {resume}" if server else resume)


def _made(node: Mapping[str, Any]) -> list[Made]:
    """Nothing for what was never made, or is a short text that lies in the manifest."""
    found = []
    for event in node["assetMaterializations"]:
        facts = _facts(event["metadataEntries"])
        if facts.get("file"):
            name = _named({"assetKey": node["assetKey"], "partition": event["partition"]})
            size = int(facts.get("bytes") or 0)
            found.append(Made(name, facts["file"], str(facts.get("media_type")), size))
    return found

"""The video animator: any HTTP service that is given a job, asked how it is, and gives a video in the end."""

from __future__ import annotations

import base64
import math
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from movie_assets.core.digest import digest_of
from movie_assets.core.errors import MovieError, Refused, Stopped, Transient, Unsure
from movie_assets.core.ports import AnimateRequest, Meta, Result, Workspace
from resources.line import Line
from resources.prices import Prices
from resources.video.api import VideoApi, filled, found, must_find
from resources.video.download import check_video, fetched, saved
from resources.video.wire import Wire, failure, timeouts

__all__ = ["VideoAnimator"]

_GONE = (404, 410)
_BLINKS = 3
"""How often in a row a service may not know a job: one that was begun just now is not known everywhere at once."""

_MAGIC = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"RIFF": "webp"}


class VideoAnimator:
    """Speaks to one connection as its `video:` says; a job once begun is gone on with, not begun again."""

    def __init__(self, line: Line, prices: Prices) -> None:
        assert line.connection.video is not None
        self._line, self._prices, self._api = line, prices, line.connection.video

    def animate(self, request: AnimateRequest, at: Workspace) -> Result:
        """A silent or sounding video of about the length asked for, as the service makes it."""
        begun = time.monotonic()
        connection = self._line.connection
        with httpx.Client(timeout=timeouts(connection), follow_redirects=False) as client:
            wire = Wire(connection, self._api.headers, client)
            work = _Work(self._line, self._api, wire, client, request, at)
            try:
                job = work.begun_earlier() or work.begin()
                file, media_type = work.video_of(job)
            except MovieError as error:
                error.with_labels(provider=connection.name, model=work.model, job=work.job_id)
                raise
        return Result(file, media_type, self._meta(work, job, time.monotonic() - begun))

    def _meta(self, work: _Work, job: _Job, seconds: float) -> Meta:
        name = self._line.connection.name
        cost = self._prices.cost(name, work.model, {"video_seconds": work.length})
        if cost is None:
            cost = self._prices.cost(name, work.model, {"videos": 1})
        return Meta(
            name,
            work.model,
            request_id=job.id,
            usage={"video_seconds": work.length},
            cost=cost,
            seconds=seconds,
            attempts=job.attempts,
            notes={"resumed": True} if job.resumed else {},
        )


@dataclass(frozen=True, slots=True)
class _Job:
    """A job at the service: its id, and what else of the first answer later requests need."""

    id: str
    answer: Mapping[str, Any]
    attempts: int = 1
    resumed: bool = False

    def values(self, model: str | None) -> dict[str, Any]:
        told = {f"answer.{path}": value for path, value in self.answer.items()}
        return {"id": self.id, "model": model, **told}


class _Work:
    """One video: the job that makes it, the note of that, and the way here."""

    def __init__(
        self,
        line: Line,
        api: VideoApi,
        wire: Wire,
        client: httpx.Client,
        request: AnimateRequest,
        at: Workspace,
    ) -> None:
        self._line, self._api, self._wire, self._client = line, api, wire, client
        self._request, self._at = request, at
        self._name = line.connection.name
        self.model: str | None = request.settings.get("model")
        self.length = api.length(request.seconds)
        self.job_id: str | None = None

    # --- beginning ---

    def begun_earlier(self) -> _Job | None:
        """The job that an earlier run began; `Unsure` where it ended before it knew whether it had."""
        note = self._at.pending.read(self._name)
        if note is None:
            return None
        if "id" in note:
            self.job_id = note["id"]
            return _Job(note["id"], note["answer"], resumed=True)
        if self._api.submit.idempotent:
            return None
        self._at.pending.forget(self._name)
        raise Unsure(
            "an earlier run ended while it asked for this video: whether it was begun, and is paid for, cannot be told",
            next_step="look at the provider's list of jobs; movies make begins another one",
        )

    def begin(self) -> _Job:
        """Asks for the video; the note of it is on disk before the request, and the job's id after."""
        content = _content(self._api, self._values())
        path = filled(self._api.submit.path, {**self._request.settings, "model": self.model})
        earlier = self._at.pending.read(self._name)
        key = earlier["key"] if earlier else str(uuid.uuid4())
        got = self._line.call(lambda: self._submit(path, key, content), self._at)
        self.job_id = str(must_find(got.value, self._api.id, "id"))
        answer = {way: found(got.value, way) for way in self._api.of_interest()}
        self._at.pending.write(self._name, {"key": key, "id": self.job_id, "answer": answer})
        return _Job(self.job_id, answer, got.attempts)

    def _submit(self, path: str, key: str, content: dict[str, Any]) -> Any:
        submit = self._api.submit
        self._at.pending.write(self._name, {"key": key})
        try:
            return self._wire.ask(
                submit.method, path, again=submit.idempotent, headers={"Idempotency-Key": key}, **content
            )
        except MovieError as error:
            # Only a service that knows keys may have begun the job, and will not begin it again for this one.
            if not (submit.idempotent and isinstance(error, Transient)):
                self._at.pending.forget(self._name)
            raise

    def _values(self) -> dict[str, Any]:
        request, settings = self._request, self._request.settings
        across = math.gcd(request.width, request.height)
        seconds = int(self.length) if self.length == int(self.length) else self.length
        picture, kind = _picture(request.picture)
        return {
            **settings,
            "prompt": request.prompt,
            "image": picture if self._api.submit.encoding == "multipart" else _data_uri(picture, kind),
            "image_base64": base64.b64encode(picture).decode(),
            "seconds": seconds,
            "width": request.width,
            "height": request.height,
            "ratio": f"{request.width // across}:{request.height // across}",
            "fps": request.fps,
            "seed": _seed(request),
            "take": request.take,
            "model": self.model,
        }

    # --- waiting ---

    def video_of(self, job: _Job) -> tuple[Path, str]:
        """The finished video of a job and its media type."""
        last = self._finished(job)
        file = self._at.scratch / "animated"
        try:
            self._line.call(lambda: self._fetch(job, last, file), self._at)
        except Refused as error:
            raise (self._gone(job) if error.labels.get("status") in _GONE else error) from None
        try:
            return file, check_video(file)
        except MovieError:
            self._at.pending.forget(self._name)
            raise

    def _finished(self, job: _Job) -> Any:
        """The answer that tells of the job's end."""
        poll, until, blinks, before = self._api.poll, time.monotonic() + self._api.patience, 0, ""
        path = filled(poll.path, job.values(self.model))
        while True:
            answer = self._line.call(lambda: self._look(path), self._at).value
            if answer is None:
                blinks += 1
                if blinks == _BLINKS:
                    raise self._gone(job)
            elif (status := str(must_find(answer, poll.status, "status"))) in poll.done:
                return answer
            elif status in poll.failed:
                self._at.pending.forget(self._name)
                raise failure(_words(answer, poll.error)).with_labels(job_status=status)
            elif status != before:
                self._at.tell(f"{self._name}: {status}")
                before, blinks = status, 0
            if time.monotonic() > until:
                raise self._too_slow(before)
            if self._at.stop.wait(self._api.every):
                raise Stopped("stopped on request", next_step="run the same command again to go on")

    def _look(self, path: str) -> Any:
        """How the job is; None if the service does not know it."""
        try:
            return self._wire.ask("GET", path)
        except Refused as error:
            if error.labels.get("status") in _GONE:
                return None
            raise

    def _fetch(self, job: _Job, last: Any, file: Path) -> None:
        fetch = self._api.result
        if fetch.path is not None:
            path = filled(fetch.path, job.values(self.model))
            if fetch.url is None:
                return self._fetch_here(path, file)
            last = self._wire.ask("GET", path)
        url = must_find(last, fetch.url or "", "video")
        first = url[0] if isinstance(url, list) else url
        return fetched(self._wire.root.join(str(first)), self._wire, self._client, file, self._at)

    def _fetch_here(self, path: str, file: Path) -> None:
        """A video that the service itself hands out, or sends us elsewhere for, where its key does not go."""
        with self._wire.open("GET", path) as response:
            if not response.has_redirect_location:
                return saved(response, file, self._at)
            elsewhere = response.url.join(response.headers["location"])
        return fetched(elsewhere, self._wire, self._client, file, self._at)

    def _gone(self, job: _Job) -> MovieError:
        """What to say of a job that is not found: one begun just now is there, so a path must be wrong."""
        if not job.resumed:
            return Refused(
                "the service does not find the job it began just now",
                next_step="correct poll.path and result in providers.yaml; movies make then goes on with this job",
            )
        self._at.pending.forget(self._name)
        return Unsure(
            "the service does not know this job any more, though it may be paid for",
            next_step="look at the provider's list of jobs; movies make begins another one",
        )

    def _too_slow(self, status: str) -> MovieError:
        return Transient(
            f"the video is not finished after {self._api.patience:g} seconds",
            job_status=status,
            next_step="movies make waits on for the same job; `patience` in providers.yaml says how long",
        )


def _content(api: VideoApi, values: Mapping[str, Any]) -> dict[str, Any]:
    """The body of the request that begins a job, as httpx takes it."""
    body = filled(api.submit.body, values)
    if api.submit.encoding == "json":
        return {"json": body}
    picture, kind = values["image"], _kind(values["image"])
    parts = {
        name: (f"picture.{kind}", value, f"image/{kind}") for name, value in body.items() if value is picture
    }
    return {"files": parts, "data": {name: str(value) for name, value in body.items() if name not in parts}}


def _picture(path: Path) -> tuple[bytes, str]:
    data = path.read_bytes()
    return data, _kind(data)


def _kind(data: bytes) -> str:
    return next((kind for magic, kind in _MAGIC.items() if data.startswith(magic)), "png")


def _data_uri(data: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def _seed(request: AnimateRequest) -> int:
    """A person's own seed, else one drawn from the prompt; another take has another."""
    seed = request.settings.get("seed")
    if not isinstance(seed, int):
        seed = int(digest_of(request.prompt)[:7], 16)
    return seed + request.take - 1


def _words(answer: Any, way: str | None) -> str:
    said = found(answer, way) if way else None
    if isinstance(said, dict):
        said = said.get("message") or said
    return "" if said is None else str(said)[:300]

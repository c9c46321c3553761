"""A video service to rehearse with: submit, poll and download in three dialects, on a loopback port."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from resources.ffmpeg import binary

__all__ = ["KEY", "Job", "Mishap", "Seen", "VideoServer", "sample_video"]

KEY = "rehearsal-video-key"

_ROUTES = (
    ("submit", "POST", r"/replicate/models/(?P<model>[^/]+/[^/]+)/predictions"),
    ("poll", "GET", r"/replicate/predictions/(?P<id>[^/]+)"),
    ("poll", "GET", r"/fal/(?P<model>[^/]+)/requests/(?P<id>[^/]+)/status"),
    ("result", "GET", r"/fal/(?P<model>[^/]+)/requests/(?P<id>[^/]+)"),
    ("submit", "POST", r"/fal/(?P<model>.+)"),
    ("submit", "POST", r"/plain/videos"),
    ("result", "GET", r"/plain/videos/(?P<id>[^/]+)/content"),
    ("poll", "GET", r"/plain/videos/(?P<id>[^/]+)"),
    ("file", "GET", r"/files/(?P<id>[^/]+)\.mp4"),
)
_STATUSES = {
    "replicate": ("processing", "succeeded", "failed"),
    "fal": ("IN_PROGRESS", "COMPLETED", "FAILED"),
    "plain": ("running", "done", "error"),
}


@dataclass(frozen=True, slots=True)
class Mishap:
    """What happens to one request instead of its answer.

    `cut` ends the connection without a word; with `late` the request is done all the same, so that only its answer is
    lost. `wait` holds the answer back until the server's `go_on` is set.
    """

    status: int = 500
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()
    cut: bool = False
    late: bool = False
    wait: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it came."""

    step: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Job:
    """A job; it is finished when it was asked after `left` times more."""

    id: str
    seconds: float
    left: int
    error: str = ""


@dataclass(slots=True)
class VideoServer:
    """`with VideoServer() as server`: services at `url`/replicate, /fal and /plain that want `KEY`.

    `polls`: how often a job is asked after before it is finished. `mishaps`: by step (`submit`, `poll`, `result`,
    `file`) what happens to the next requests. `failing` is the error every job ends with, if any. `bill` is in USD.
    """

    polls: int = 2
    price: float = 0.05
    failing: str = ""
    video: bytes = b""
    link: str = ""
    mishaps: defaultdict[str, deque[Mishap]] = field(default_factory=lambda: defaultdict(deque))
    calls: Counter[str] = field(default_factory=Counter)
    seen: list[Seen] = field(default_factory=list)
    jobs: dict[str, Job] = field(default_factory=dict)
    bill: float = 0.0
    go_on: threading.Event = field(default_factory=threading.Event)
    _keys: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> VideoServer:
        self.video = self.video or sample_video()
        self._server = _Server(("127.0.0.1", 0), _handler_for(self))
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()
        return self

    def __exit__(self, *failure: object) -> None:
        assert self._server is not None
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()

    def took(self, seen: Seen) -> Mishap | None:
        """Counts a request, and says what happens to it."""
        with self._lock:
            self.calls[seen.step] += 1
            self.seen.append(seen)
            waiting = self.mishaps[seen.step]
            return waiting.popleft() if waiting else None

    def begin(self, seconds: float, key: str | None) -> Job:
        """A new job, paid for at once; the same one for the same idempotency key."""
        with self._lock:
            if key is not None and key in self._keys:
                return self.jobs[self._keys[key]]
            job = Job(f"job-{len(self.jobs) + 1}", seconds, self.polls, self.failing)
            self.jobs[job.id] = job
            self.bill += self.price * seconds
            if key is not None:
                self._keys[key] = job.id
            return job

    def ask_after(self, job_id: str) -> Job | None:
        """A job, one step further."""
        with self._lock:
            job = self.jobs.get(job_id)
            if job is not None and job.left:
                job.left -= 1
            return job


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that is cut, here or there, is part of the rehearsal."""


class _Handler(BaseHTTPRequestHandler):
    server_of_videos: VideoServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _serve(self, method: str) -> None:
        path = self.path.partition("?")[0]
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        for step, wanted, pattern in _ROUTES:
            match = re.fullmatch(pattern, path)
            if match and method == wanted:
                seen = Seen(step, path, {name.lower(): text for name, text in self.headers.items()}, body)
                return self._answer(seen, match.groupdict())
        return self._say(404, {"detail": "Not found"})

    def _answer(self, seen: Seen, named: dict[str, str]) -> None:
        mishap = self.server_of_videos.took(seen)
        if mishap is not None and not (mishap.late or mishap.wait):
            return self._come_to(mishap)
        if seen.step != "file" and KEY not in seen.headers.get("authorization", ""):
            return self._say(401, {"detail": "Invalid token."})
        if mishap is not None and mishap.wait:
            self.server_of_videos.go_on.wait(60)
        said = getattr(self, f"_{seen.step}")(seen, named)
        if mishap is not None and mishap.late:
            return self._come_to(mishap)
        return self._send_video() if said is None else self._say(*said)

    def _come_to(self, mishap: Mishap) -> None:
        if mishap.cut:
            self.close_connection = True
            self.connection.shutdown(2)
        else:
            self._say(mishap.status, mishap.body, mishap.headers)

    # --- steps ---

    def _submit(self, seen: Seen, named: dict[str, str]) -> tuple[int, Any]:
        dialect = seen.path.split("/")[1]
        wanted = _seconds(seen.body)
        job = self.server_of_videos.begin(
            wanted, seen.headers.get("idempotency-key") if dialect == "plain" else None
        )
        if dialect == "fal":
            app = f"{self.server_of_videos.url}/fal/{named['model'].split('/')[0]}/requests/{job.id}"
            return 200, {"request_id": job.id, "status_url": f"{app}/status", "response_url": app}
        return 201, {"id": job.id, "status": "starting", "input": {"image": "as it was sent"}}

    def _poll(self, seen: Seen, named: dict[str, str]) -> tuple[int, Any]:
        job = self.server_of_videos.ask_after(named["id"])
        if job is None:
            return 404, {"detail": "no such job"}
        going, done, failed = _STATUSES[seen.path.split("/")[1]]
        if job.left:
            return 200, {"id": job.id, "status": going, "output": None}
        if job.error:
            return 200, {"id": job.id, "status": failed, "error": job.error, "output": None}
        return 200, {"id": job.id, "status": done, "error": None, "output": [self._link(job)]}

    def _result(self, seen: Seen, named: dict[str, str]) -> tuple[int, Any] | None:
        job = self.server_of_videos.jobs.get(named["id"])
        if job is None:
            return 404, {"detail": "no such job"}
        if seen.path.startswith("/plain/"):
            return None
        return 200, {"video": {"url": self._link(job), "content_type": "video/mp4"}}

    def _file(self, seen: Seen, named: dict[str, str]) -> tuple[int, Any] | None:
        return None if named["id"] in self.server_of_videos.jobs else (404, {"detail": "expired"})

    def _link(self, job: Job) -> str:
        return self.server_of_videos.link or f"{self.server_of_videos.url}/files/{job.id}.mp4"

    # --- answers ---

    def _say(self, status: int, body: Any, headers: tuple[tuple[str, str], ...] = ()) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._send(status, "application/json", raw, headers)

    def _send_video(self) -> None:
        self._send(200, "video/mp4", self.server_of_videos.video, ())

    def _send(self, status: int, kind: str, raw: bytes, headers: tuple[tuple[str, str], ...]) -> None:
        given = {
            "Content-Type": kind,
            "Content-Length": str(len(raw)),
            "X-Request-Id": "req-video",
            **dict(headers),
        }
        self.send_response(status)
        for name, text in given.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(raw)


def _handler_for(server: VideoServer) -> type[_Handler]:
    return type("Handler", (_Handler,), {"server_of_videos": server})


def _seconds(body: bytes) -> float:
    """The length asked for, wherever a dialect puts it."""
    found = re.search(rb'"(?:duration|seconds)"(?:: ?"?|\r\n\r\n)([0-9.]+)', body)
    return float(found[1]) if found else 5.0


@cache
def sample_video() -> bytes:
    """Two seconds at 24 frames a second, 320 by 240: not what a film asks for."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "sample.mp4"
        source = ["-f", "lavfi", "-i", "testsrc=size=320x240:rate=24:duration=2"]
        encode = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-threads", "1"]
        command = [binary(), "-hide_banner", "-loglevel", "error", "-y", *source, *encode, str(file)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        return file.read_bytes()

"""A real S3 server on loopback, Ceph's gateway over one store in memory, where Debian's packages for it are installed."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from movie_assets.core.errors import Unready
from resources.rehearsal.s3_server import Bucket

__all__ = ["CephServer", "missing_programs"]

_PROGRAMS = ("ceph", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin")
_KEY_ID, _SECRET = "rehearsal", "not-a-secret"
_PATIENCE_SECONDS = 60.0
_ATTEMPTS = 3

_CONF = """\
[global]
fsid = {fsid}
mon host = v1:127.0.0.1:{mon}
mon initial members = a
auth cluster required = none
auth service required = none
auth client required = none
ms bind msgr2 = false
public addr = 127.0.0.1
osd pool default size = 1
osd pool default min size = 1
osd crush chooseleaf type = 0
osd crush update on start = false
osd class update on start = false
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon max pg per osd = 1000
mon pg warn min per osd = 0
mon osd full ratio = .99
mon data avail crit = 0
mon data avail warn = 0
run dir = {folder}
admin socket = {folder}/$name.asok
log file = {folder}/$name.log
mon data = {folder}/mon
osd data = {folder}/osd
osd objectstore = memstore
memstore device bytes = 6442450944
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:{port} tcp_nodelay=1
rgw dns name = 127.0.0.1
rgw enable usage log = false
rgw thread pool size = 32
rgw relaxed s3 bucket names = true
"""


def missing_programs() -> list[str]:
    """What must be installed first: apt-get install radosgw ceph-mon ceph-osd ceph-common."""
    return [program for program in _PROGRAMS if shutil.which(program) is None]


class CephServer:
    """Runs a monitor, a store and the gateway as children of this process while the context lasts."""

    def __init__(self) -> None:
        self._children: list[subprocess.Popen[bytes]] = []
        self._buckets = 0
        self._settle()

    def _settle(self) -> None:
        """A folder and a port that nobody else uses, as far as can be told."""
        self._folder = Path(tempfile.mkdtemp(prefix="movie-assets-ceph-"))
        self._conf = self._folder / "ceph.conf"
        self._port = _free_port()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def bucket(self) -> Bucket:
        """A bucket of its own."""
        self._buckets += 1
        return Bucket(self.url, f"movies-{self._buckets}", _KEY_ID, _SECRET)

    def __enter__(self) -> CephServer:
        for attempt in range(_ATTEMPTS):
            try:
                self._start()
                break
            except BaseException as error:
                self._stop()
                if not isinstance(error, Unready) or attempt + 1 == _ATTEMPTS:
                    raise
                self._settle()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _start(self) -> None:
        mon, fsid, osd = _free_port(), str(uuid.uuid4()), str(uuid.uuid4())
        self._conf.write_text(_CONF.format(fsid=fsid, mon=mon, port=self._port, folder=self._folder))
        for folder in ("mon", "osd"):
            (self._folder / folder).mkdir()
        monmap = str(self._folder / "monmap")
        self._run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", f"[v1:127.0.0.1:{mon}]", monmap)
        self._run("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap)
        self._child("ceph-mon", "-f", "-i", "a")
        self._run("ceph", "osd", "new", osd)
        self._run("ceph", "osd", "crush", "add", "osd.0", "1", "host=h", "root=default")
        self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
        self._child("ceph-osd", "-f", "-i", "0")
        name = ("--uid=rehearsal", "--display-name=rehearsal")
        self._run("radosgw-admin", "user", "create", *name, f"--access-key={_KEY_ID}", f"--secret={_SECRET}")
        self._child("radosgw", "-f", "-n", "client.rgw")
        self._wait(self._answers, "the gateway does not answer")

    def _stop(self) -> None:
        for child in reversed(self._children):
            child.kill()
            child.wait()
        self._children.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, *command: str) -> None:
        try:
            done = subprocess.run(
                [*command, "-c", str(self._conf)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                timeout=_PATIENCE_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise self._unready(f"{command[0]} does not end") from None
        if done.returncode:
            raise self._unready(f"{command[0]}: {done.stderr[-500:]}")

    def _child(self, *command: str) -> None:
        with (self._folder / f"{command[0]}.out").open("wb") as out:
            self._children.append(
                subprocess.Popen(
                    [*command, "-c", str(self._conf)],
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )

    def _wait(self, done: Callable[[], bool], otherwise: str) -> None:
        end = time.monotonic() + _PATIENCE_SECONDS
        while not done():
            if time.monotonic() > end or any(child.poll() is not None for child in self._children):
                raise self._unready(otherwise)
            time.sleep(0.2)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.url, timeout=5):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    def _unready(self, fact: str) -> Unready:
        return Unready(f"Ceph does not start: {fact}", next_step="look at its log, or go on without it")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])

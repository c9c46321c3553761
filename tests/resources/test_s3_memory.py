"""A large blob goes to S3 and back without being held in memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from resources.rehearsal.s3_server import Bucket

pytestmark = pytest.mark.heavy

MB = 192
ROOM = 96  # what boto3's transfers may hold: ten parts of 8 MB
ROOT = Path(__file__).resolve().parents[2]

STREAM = """
import os, sys
from pathlib import Path
from movie_assets.core.store.blobs import Blobs
from movie_assets.core.store.keys import Keys
from resources.s3.driver import S3Driver
from resources.s3.settings import S3Settings

def peak():  # not from getrusage, which counts what a parent had when it forked
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) >> 10

bucket, film, size = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
store = Blobs(S3Driver(bucket, "films", S3Settings.said_by(os.environ.get)), Keys("tale"))
store.add(b"warm", "a/b")
with film.open("wb") as out:
    for _ in range(size):
        out.write(os.urandom(1 << 20))
before = peak()
ref = store.add_file(film, "video/mp4")
film.unlink()
copy = store.file(ref, film.parent)
assert copy.stat().st_size == size << 20
print(before, peak())
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc tells what a process holds")
def test_a_large_blob_is_streamed(s3_bucket: Bucket, tmp_path: Path) -> None:
    """By a process of its own, whose memory does not grow by what it carries."""
    command = [sys.executable, "-c", STREAM, s3_bucket.name, str(tmp_path / "film"), str(MB)]
    environment = {**os.environ, **s3_bucket.environment, "PYTHONPATH": str(ROOT)}
    said = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=150)
    before, after = map(int, said.stdout.split())
    assert after - before < ROOM

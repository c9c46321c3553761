"""Finding and running ffmpeg."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from movie_assets.core.errors import Failed, Stopped, Unready
from movie_assets.core.ports import Workspace
from resources.ffmpeg import binary, ffmpeg

ENDLESS = ["-re", "-f", "lavfi", "-i", "sine", "-f", "null", "-"]


def test_an_ffmpeg_is_found_without_any_system_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing set, the one inside imageio-ffmpeg is used."""
    monkeypatch.delenv("FFMPEG_BINARY", raising=False)
    assert Path(binary()).is_file()


def test_the_environment_overrides_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """FFMPEG_BINARY wins over the bundled one."""
    other = tmp_path / "ffmpeg-of-mine"
    other.symlink_to(binary())
    monkeypatch.setenv("FFMPEG_BINARY", str(other))
    assert binary() == str(other)


@pytest.mark.parametrize("wrong", ["/nowhere/ffmpeg", "/bin/true", "/bin/false"])
def test_an_override_that_is_no_ffmpeg_is_unready(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    """A wrong FFMPEG_BINARY is not silently replaced: the error names it and the next step."""
    monkeypatch.setenv("FFMPEG_BINARY", wrong)
    with pytest.raises(Unready, match="FFMPEG_BINARY") as error:
        binary()
    assert error.value.labels["binary"] == wrong


def test_it_writes_into_the_workspace_and_returns_its_log(tmp_path: Path) -> None:
    """Relative outputs land in the workspace; the log is what ffmpeg said."""
    log = ffmpeg(["-f", "lavfi", "-i", "sine=d=0.1", "-bitexact", "tone.wav"], Workspace(tmp_path))
    assert (tmp_path / "tone.wav").read_bytes()[:4] == b"RIFF"
    assert "Audio: pcm_s16le" in log


def test_an_existing_output_is_replaced(tmp_path: Path) -> None:
    """A second run does not stop to ask."""
    (tmp_path / "tone.wav").write_bytes(b"old")
    ffmpeg(["-f", "lavfi", "-i", "sine=d=0.1", "tone.wav"], Workspace(tmp_path))
    assert (tmp_path / "tone.wav").read_bytes()[:4] == b"RIFF"


def test_a_complaint_of_ffmpeg_is_in_the_error(tmp_path: Path) -> None:
    """A failure says what ffmpeg said."""
    with pytest.raises(Failed, match=r"missing\.wav"):
        ffmpeg(["-i", "missing.wav", "out.wav"], Workspace(tmp_path))


def test_a_stop_ends_it_within_a_second(tmp_path: Path) -> None:
    """An endless ffmpeg ends when the workspace is told to stop."""
    at = Workspace(tmp_path)
    threading.Timer(0.3, at.stop.set).start()
    begun = time.monotonic()
    with pytest.raises(Stopped):
        ffmpeg(ENDLESS, at)
    assert time.monotonic() - begun < 5

"""A stranger's file can neither hang nor crash whoever asks what is in it."""

from __future__ import annotations

import os
import signal
import threading
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from movie_assets.core.errors import Refused
from resources.inspection import Inspector, inspected, inspected_picture
from resources.probe import probe


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    path = tmp_path / "tone.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\1\0" * 4000)
    return path


@pytest.fixture
def silent(tmp_path: Path) -> Path:
    """A file that never ends to begin: whoever opens it waits."""
    path = tmp_path / "silent.wav"
    os.mkfifo(path)
    return path


@pytest.fixture
def inspector() -> Iterator[Inspector]:
    inspector = Inspector(seconds=30)
    yield inspector
    inspector.end()


def test_it_says_what_probing_here_would_say(tone: Path, tmp_path: Path) -> None:
    """Of sound and of pictures."""
    assert inspected(tone) == probe(tone)
    Image.new("RGB", (30, 20)).save(tmp_path / "small.png")
    assert inspected_picture(tmp_path / "small.png") == (30, 20)


def test_what_cannot_be_read_is_refused_in_the_same_words(tmp_path: Path) -> None:
    """With what to use instead; the next question is answered."""
    path = tmp_path / "no.mp4"
    path.write_bytes(b"no video")
    for ask, words in ((inspected, "as video or sound"), (inspected_picture, "as a picture")):
        with pytest.raises(Refused, match=words) as told:
            ask(path)
        assert told.value.next_step


def test_a_file_that_hangs_its_reader_is_refused(tone: Path, silent: Path) -> None:
    """After a while; the child that hangs is killed, and another answers."""
    inspector = Inspector(seconds=0.3)
    try:
        with pytest.raises(Refused, match="cannot be read") as told:
            inspector.ask("media", silent)
        assert told.value.next_step
        inspector.seconds = 30
        assert inspector.ask("media", tone)["seconds"] == 0.5
    finally:
        inspector.end()


def test_a_file_that_crashes_its_reader_is_refused(inspector: Inspector, tone: Path, silent: Path) -> None:
    """As a fault in a decoder would."""
    assert inspector.ask("media", tone)
    child = inspector.child
    assert child is not None

    def crash() -> None:
        time.sleep(0.1)
        child.send_signal(signal.SIGSEGV)

    crashing = threading.Thread(target=crash)
    crashing.start()
    with pytest.raises(Refused, match="cannot be read"):
        inspector.ask("media", silent)
    crashing.join()
    assert inspector.ask("media", tone)["seconds"] == 0.5


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_mangled_file_harms_the_one_who_asks(tmp_path: Path, tone: Path, data: st.DataObject) -> None:
    """Whatever was done to its bytes: it is read, or refused."""
    picture = tmp_path / "picture.png"
    Image.effect_noise((24, 24), 90).save(picture)
    for whole, ask in ((tone, inspected), (picture, inspected_picture)):
        mangled = bytearray(whole.read_bytes())
        for _ in range(data.draw(st.integers(1, 6))):
            mangled[data.draw(st.integers(0, len(mangled) - 1))] = data.draw(st.integers(0, 255))
        path = tmp_path / f"mangled{whole.suffix}"
        path.write_bytes(bytes(mangled[: data.draw(st.integers(1, len(mangled)))]))
        try:
            ask(path)
        except Refused as error:
            assert error.next_step


def test_keys_do_not_reach_the_child(monkeypatch: pytest.MonkeyPatch, tone: Path) -> None:
    """What a file might take over knows none."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    inspector = Inspector()
    try:
        assert inspector.ask("media", tone)
        assert inspector.child is not None
        environment = Path(f"/proc/{inspector.child.pid}/environ")
        if not environment.exists():
            pytest.skip("there is no /proc here")
        assert b"sk-secret" not in environment.read_bytes()
    finally:
        inspector.end()

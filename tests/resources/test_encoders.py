"""Hardware encoders: which one a movie gets, why the others not, and a film of one, joined as any other.

There is no such hardware where these run: a program stands in for ffmpeg that codes as x264 does what is asked of a card.
"""

from __future__ import annotations

import json
import shutil
import sys
import threading
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path

import av
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from movie_assets import cli
from movie_assets.core.camera import move_for
from movie_assets.core.encoder import Encoder
from movie_assets.core.errors import Failed, Stopped, Unready
from movie_assets.core.ports import (
    Captions,
    CardLine,
    CardRequest,
    ClipRequest,
    FilmRequest,
    Frame,
    Shot,
    Transition,
    Workspace,
)
from movie_assets.core.words import Word, Words
from resources import coding, encoders
from resources.cards import card
from resources.clip import clip
from resources.coding import FINAL, HARDWARE, session
from resources.coding import coding as options_of
from resources.doctor.encoding import check_encoders
from resources.encoders import encoder_of, trial
from resources.ffmpeg import binary, ffmpeg
from resources.film import film
from resources.probe import Colours, probe

FRAME = Frame(160, 90, 10)
MOVIE = """\
title: Tale
brief: A tale of a lamp.
segments: 2
duration: 2
frame: {width: 160, height: 90, fps: 10, encoder: gpu}
title_card: {seconds: 1}
music: none
"""
STAND_IN = """\
import os, sys
told, codecs, log, ffmpeg = sys.argv[1:], {codecs!r}, {log!r}, {ffmpeg!r}
asked = [each for each in told if each.startswith("h264_")]
with open(log, "a") as file:
    file.write("".join(each + "\\n" for each in asked))
if asked and asked[0] not in codecs:
    sys.exit("[" + asked[0] + " @ 0x7f] No card of that kind\\nConversion failed!")
if asked:
    of_hardware = (
        "-preset", "-tune", "-rc", "-cq", "-b:v", "-global_quality", "-q:v", "-rc_mode", "-qp", "-c:v",
        "-init_hw_device", "-filter_hw_device",
    )
    told = [each.replace(",format=nv12,hwupload", "") for each in told]
    kept = [each for at, each in enumerate(told) if each not in of_hardware and told[at - 1] not in of_hardware]
    told = kept[:-1] + ["-c:v", "libx264", "-preset", "ultrafast", "-threads", "1"] + kept[-1:]
os.execv(ffmpeg, [ffmpeg, *told])
"""

Machine = Callable[[Collection[str]], Path]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Makes this a machine where some of ffmpeg's hardware encoders work; what is asked of them is in the file it tells."""
    monkeypatch.setattr(encoders, "_TRIAL_SECONDS", 120.0)

    real, folder, number = binary(), tmp_path / "machine", count()
    folder.mkdir()

    def made(codecs: Collection[str]) -> Path:
        log = folder / "asked"
        log.touch()
        program = STAND_IN.format(codecs=sorted(codecs), log=str(log), ffmpeg=real)
        monkeypatch.setenv("FFMPEG_BINARY", str(_program(folder / f"ffmpeg-{next(number)}", program)))
        return log

    return made


def _program(path: Path, text: str) -> Path:
    code = path.with_name(f"{path.name}.py")
    code.write_text(text)
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -IS "{code}" "$@"\n')
    path.chmod(0o755)
    return path


# --- the decision -----------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.sets(st.sampled_from(HARDWARE)))
def test_gpu_is_the_first_that_works_and_x264_where_none_does(working: set[str]) -> None:
    """It says what is wrong with each that was tried before, and tries none after."""
    tried = []

    def complain(name: str) -> str:
        tried.append(name)
        return "" if name in working else f"no {name} card"

    found = encoder_of("gpu", complain)
    expected = [name for name in HARDWARE if name in working][:1] or ["x264"]
    assert [found.name] == expected
    refused = HARDWARE[: HARDWARE.index(found.name)] if working else HARDWARE
    assert tried == [*refused, *([found.name] if working else [])]
    assert all(f"{name}: no {name} card" in found.said for name in refused)
    assert found.said.startswith(found.name)
    found.check()


@settings(deadline=None)
@given(st.sampled_from(HARDWARE), st.booleans())
def test_an_encoder_asked_for_by_its_name_is_never_another(name: str, works: bool) -> None:
    """Where it does not work it is missing, with its reason and what to do."""
    found = encoder_of(name, lambda asked: "" if works else f"no {asked} card")
    assert found.name == name
    if works:
        found.check()
    else:
        with pytest.raises(Unready, match=f"{name}.*no {name} card") as error:
            found.check()
        assert "movies doctor" in error.value.next_step


# --- the trial --------------------------------------------------------------------------------------------------


def test_what_works_gives_a_frame() -> None:
    """The bundled ffmpeg codes with x264 everywhere."""
    assert trial(binary(), "x264", seconds=120.0) == ""


@pytest.mark.parametrize("name", HARDWARE)
def test_hardware_that_is_not_there_is_refused_with_a_reason(name: str, tmp_path: Path) -> None:
    """By the real ffmpeg, which may not know the encoder, not find its library, or even abort."""
    said = trial(binary(), name, seconds=120.0)
    if not said:
        pytest.skip(f"this machine has {name}")
    assert "\n" not in said and not said.startswith("[") and len(said) <= 120


def test_a_trial_has_an_end(tmp_path: Path) -> None:
    """A driver that hangs is given up."""
    hanging = _program(tmp_path / "ffmpeg", "import threading\nthreading.Event().wait()\n")
    assert trial(str(hanging), "nvenc", seconds=0.1) == "no frame within 0.1 s"


@pytest.mark.parametrize(("text", "told"), [("", "exit code 0"), ("raise SystemExit(7)", "exit code 7")])
def test_a_program_that_says_nothing_is_refused_by_its_exit_code(
    text: str, told: str, tmp_path: Path
) -> None:
    """Success without a frame is none."""
    assert told in trial(str(_program(tmp_path / "ffmpeg", text)), "nvenc", seconds=120.0)


def test_each_encoder_is_tried_once_per_process(machine: Machine) -> None:
    """However many ask at once, and none that nobody asks for."""
    log = machine(["h264_qsv"])
    assert log.read_text() == ""
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(encoder_of, ["gpu"] * 4))
    assert found == {Encoder("gpu", "qsv", "nvenc: No card of that kind")}
    assert log.read_text().splitlines() == ["h264_nvenc", "h264_qsv"]


def test_the_doctor_tells_of_each(machine: Machine) -> None:
    """What gpu is, what is wrong with the others, and which of them a movie asks for by name."""
    machine(["h264_qsv", "h264_vaapi"])
    gpu, lacking = check_encoders({"x264", "gpu", "qsv", "nvenc"})
    assert (gpu.what, gpu.state) == ("encoder", "ok")
    assert gpu.told.startswith("gpu is qsv here (nvenc: No card of that kind; ")
    assert "videotoolbox: No card" in gpu.told and "vaapi: works, too" in gpu.told
    assert (lacking.what, lacking.state) == ("encoder nvenc", "missing") and lacking.next_step


# --- clips ------------------------------------------------------------------------------------------------------


@pytest.fixture
def request_(tmp_path: Path) -> ClipRequest:
    """A moving picture with captions."""
    Image.radial_gradient("L").convert("RGB").save(tmp_path / "picture.png")
    return ClipRequest(
        shot=Shot(tmp_path / "picture.png", move_for("5" * 64, "push-in")),
        previous=None,
        words=Words(0.4, (Word("Hello", 0, 0.4),)),
        lead=0.0,
        frames=12,
        frame=FRAME,
        captions=Captions("plain", burn=True),
        transition=Transition("cut", 0.0),
        encoder="nvenc",
    )


@pytest.fixture
def sound(tmp_path: Path) -> Callable[[int], Path]:
    """Makes a soundtrack that is as long as so many frames."""

    def made(frames: int) -> Path:
        source = f"sine=d={frames / FRAME.fps}"
        ffmpeg(["-f", "lavfi", "-i", source, "-c:a", "aac", "sound.m4a"], Workspace(tmp_path))
        return tmp_path / "sound.m4a"

    return made


def _title(asked: ClipRequest) -> CardRequest:
    return CardRequest((CardLine("Hello", 0.1),), None, None, 10, FRAME, "en", asked.encoder)


def test_a_film_of_another_encoder_is_joined_like_any(
    machine: Machine, request_: ClipRequest, sound: Callable[[int], Path], tmp_path: Path
) -> None:
    """Card and clips are coded by it and say so; the film has all their frames, in order, with their colours told."""
    log = machine(["h264_nvenc"])
    pieces = [
        card(_title(request_), Workspace(tmp_path / "card")),
        clip(request_, Workspace(tmp_path / "one")),
        clip(replace(request_, frames=7), Workspace(tmp_path / "two")),
    ]
    assert log.read_text().splitlines() == ["h264_nvenc"] * 3
    asked = FilmRequest(
        tuple(each.file for each in pieces), sound(29), None, "en", "Hello", FRAME, encoder="nvenc"
    )
    made = film(asked, Workspace(tmp_path / "film"))
    assert [each.notes["encoder"] for each in (*pieces, made)] == ["nvenc"] * 4
    video = probe(made.file).video
    assert video is not None and video.frames == 29 and video.colours == Colours(1, 1, 1, 1)
    with av.open(str(made.file)) as container:
        times = [frame.time for frame in container.decode(video=0)]
    assert times == pytest.approx([number / FRAME.fps for number in range(29)])


def test_clips_of_two_encoders_are_never_joined(
    machine: Machine, request_: ClipRequest, sound: Callable[[int], Path], tmp_path: Path
) -> None:
    """Should one be put among the others by hand, the film refuses it by its name."""
    machine(["h264_nvenc"])
    names = ("nvenc", "nvenc", "x264")
    clips = tuple(
        clip(replace(request_, encoder=name), Workspace(tmp_path / str(number))).file
        for number, name in enumerate(names)
    )
    with pytest.raises(Failed, match=r"clip\[2\] is encoded differently"):
        film(FilmRequest(clips, sound(36), None, "en", "Hello", FRAME), Workspace(tmp_path / "film"))


def test_a_card_that_fails_midway_is_told_in_its_drivers_words(
    machine: Machine, request_: ClipRequest, tmp_path: Path
) -> None:
    """With the encoder that was asked."""
    machine([])
    with pytest.raises(Failed, match="No card of that kind") as error:
        clip(request_, Workspace(tmp_path / "clip"))
    assert error.value.labels["encoder"] == "nvenc"


def test_captions_are_drawn_before_pictures_are_brought_to_a_card() -> None:
    """Nothing can be drawn on them there."""
    told = options_of(FRAME, ",ass=captions.ass", FINAL, "vaapi")
    assert told[told.index("-vf") + 1].endswith(",ass=captions.ass,format=nv12,hwupload")


def test_no_more_clips_are_coded_at_once_than_a_card_allows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whoever comes later waits, and may be stopped meanwhile; x264 has no such limit."""
    monkeypatch.setattr(coding, "sessions_folder", lambda encoder: tmp_path / encoder)
    stopped = threading.Event()
    stopped.set()
    with ExitStack() as stack:
        for _ in range(8):
            stack.enter_context(session("nvenc", threading.Event()))
        with pytest.raises(Stopped), session("nvenc", stopped):
            pass
        with session("x264", stopped):
            pass
    with session("nvenc", stopped):
        pass
    shutil.rmtree(tmp_path / "nvenc")


# --- a whole film -----------------------------------------------------------------------------------------------


@pytest.mark.heavy
def test_a_film_is_made_with_a_card_and_edited_without(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plan, run, history and sidecar tell what codes it; without the card the plan tells why all is coded anew."""
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    config = tmp_path / "movies" / "tale" / "movie.yaml"
    config.parent.mkdir(parents=True)
    config.write_text(MOVIE)

    def movies(*words: str) -> str:
        result = CliRunner().invoke(cli.main, [*words, "--project", str(tmp_path)])
        assert result.exit_code == 0, result.output
        return " ".join(result.output.split())

    machine(["h264_nvenc"])
    assert "encoder: nvenc, the first of gpu that works" in movies("make", "tale")
    assert "by local (nvenc)" in movies("why", "tale", "clip[0]")
    told = json.loads((tmp_path / "films" / "tale" / "provenance.json").read_text())
    coded = {each["title"] for each in told["ingredients"] if each.get("encoder") == "nvenc"}
    assert coded == {"title_card", "clip[0]", "clip[1]"}
    assert told["assertions"][1]["data"]["actions"][0]["parameters"] == {"encoder": "nvenc"}
    machine([])
    config.write_text(MOVIE.replace("seconds: 1", "seconds: 2"))
    plan = movies("plan", "tale")
    assert "x264 in place of gpu: no other works on this machine (nvenc: No card" in plan
    assert "input encoder changed: nvenc → x264" in plan
    movies("make", "tale")
    assert "by local (x264)" in movies("why", "tale", "clip[0]")
    assert "encoder: nvenc → x264" in movies("diff", "tale", "1", "2")

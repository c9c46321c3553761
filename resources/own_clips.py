"""A person's own clips and cards, held against what the others are coded like, before anything is made."""

from __future__ import annotations

import functools
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from movie_assets.core.artefact import Name
from movie_assets.core.cards import card_frames
from movie_assets.core.encoder import Encoder
from movie_assets.core.fit import Fit, PersonsClip
from movie_assets.core.movie_file import MovieFile
from movie_assets.core.ports import Frame
from resources.movie_folder import MovieFolder

if TYPE_CHECKING:
    from resources.probe import Video

__all__ = ["fit_of"]

_JOINED = frozenset({"clip", "described_clip", "title_card", "end_card"})
_TRIAL_SECONDS = 30.0


def fit_of(said: MovieFile, folder: MovieFolder, encoder: Encoder | None) -> Fit | None:
    """What a person's own clips must still be held against, None where there are none.

    `Refused` tells those that cannot be joined with the others, or a card of another length than is set.
    """
    own = {name: file for name, file in said.replace.items() if name.kind in _JOINED}
    if not own or (encoder is not None and not encoder.works):
        return None
    clips = {name: _clip(folder, file) for name, file in own.items()}
    wrong = [
        (("replace", str(name)), f"{own[name]} {sentence}")
        for name, clip in clips.items()
        for sentence in _wrong(said, name, clip)
    ]
    if wrong:
        raise said.refusal(wrong)
    return Fit({str(name): PersonsClip(own[name], clip.frames) for name, clip in clips.items()}, said.refusal)


def _clip(folder: MovieFolder, file: str) -> Video:
    video = folder.clip(file).video
    assert video is not None, "a file of the folder whose type says video was looked at"
    return video


def _wrong(said: MovieFile, name: Name, clip: Video) -> Iterator[str]:
    frame = Frame(said.frame.width, said.frame.height, said.frame.fps)
    usual = _usual(frame, said.frame.encoder)
    found, wanted = (_told(each) for each in (clip, usual))
    if found != wanted:
        yield f"is {found}, the film {wanted}; {_converted(frame, said.frame.encoder)}"
    elif (clip.pix_fmt, clip.colours, clip.extradata) != (usual.pix_fmt, usual.colours, usual.extradata):
        yield f"is coded otherwise than the film; {_converted(frame, said.frame.encoder)}"
    card = getattr(said, name.kind, None) if name.segment is None else None
    if card and (frames := card_frames(card.seconds, frame.fps)) != clip.frames:
        yield f"has {clip.frames} frames, {name}.seconds asks for {frames}; change either"


def _told(clip: Video) -> str:
    return f"{clip.width} x {clip.height}, {float(clip.fps):g} fps, {clip.codec}"


def _converted(frame: Frame, encoder: str) -> str:
    """The command that codes any video as the film's own clips are."""
    fitting = f",scale={frame.width}:{frame.height},fps={frame.fps}"
    return f"convert it: {shlex.join(_command(['-i', 'IN.mp4', '-an', '-sn'], frame, fitting, encoder, 'OUT.mp4'))}"


@functools.lru_cache(maxsize=16)
def _usual(frame: Frame, encoder: str) -> Video:
    """A frame as this machine codes clips."""
    from resources.probe import probe

    grey = f"color=gray:s={frame.width}x{frame.height}:r={frame.fps}"
    with tempfile.TemporaryDirectory(prefix="movie-assets-own-") as folder:
        made = Path(folder, "frame.mp4")
        source = ["-nostdin", "-v", "error", "-f", "lavfi", "-i", grey, "-frames:v", "1"]
        subprocess.run(
            _command(source, frame, "", encoder, str(made)), check=True, timeout=_TRIAL_SECONDS, stdin=subprocess.DEVNULL
        )  # fmt: skip
        video = probe(made).video
    assert video is not None
    return video


def _command(source: list[str], frame: Frame, filters: str, encoder: str, to: str) -> list[str]:
    from resources.coding import FINAL, coding
    from resources.ffmpeg import binary

    # Clips are coded of bare pixels, whose shape nobody tells.
    return [binary(), *source, *coding(frame, f"{filters},setsar=0", FINAL, encoder), to]

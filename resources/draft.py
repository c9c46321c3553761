"""Drafts: clips that are small and quick, sound that is only roughly as loud as the film's."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from movie_assets.core.artefact import Name
from movie_assets.core.ports import (
    CardRequest,
    ClipRequest,
    Encoded,
    Frame,
    Meta,
    Result,
    SoundtrackRequest,
    Workspace,
)
from movie_assets.core.reason import LOCAL
from movie_assets.core.replacement import replacing
from movie_assets.core.task import Task
from movie_assets.core.timeline import segment_frames
from movie_assets.core.words import Words
from resources.cards import card
from resources.clip import clip
from resources.coding import DRAFT, coding
from resources.ffmpeg import ffmpeg
from resources.renderer import FfmpegRenderer
from resources.soundtrack import rough_soundtrack

__all__ = ["DraftRenderer", "own_clip"]

_CLIP = Name("clip")


class DraftRenderer(FfmpegRenderer):
    """The `Renderer` port for previews."""

    def clip(self, request: ClipRequest, at: Workspace) -> Encoded:
        return clip(request, at, DRAFT)

    def card(self, request: CardRequest, at: Workspace) -> Encoded:
        return card(request, at, DRAFT)

    def soundtrack(self, request: SoundtrackRequest, at: Workspace) -> Encoded:
        return rough_soundtrack(request, at)


def own_clip(task: Task) -> Mapping[str, Result]:
    """A person's own clip in the draft's format and as long as its segment: nothing else could be joined."""
    own, frame = (
        task.person_file(task.given(replacing(_CLIP).kind)).file(),
        msgspec.convert(task.given("frame"), Frame),
    )
    frames = segment_frames(task.one("words").json(Words).duration, task.given("pause"), frame.fps)
    fitting = f",scale={frame.width}:{frame.height},setsar=0,fps={frame.fps},tpad=stop=-1:stop_mode=clone"
    source = ["-i", str(own.absolute()), "-map", "0:v:0"]
    ffmpeg([*source, *coding(frame, fitting, DRAFT), "-frames:v", str(frames), "clip.mp4"], task.at)
    return {"clip": Result(task.at.scratch / "clip.mp4", "video/mp4", Meta(LOCAL, cost=0.0))}

"""The draft renderer: smaller, quicker, and only roughly as loud as the film."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

from movie_assets.core.ports import ClipRequest, Encoded, FilmRequest, Frame, SoundtrackRequest, Workspace
from resources.clip import DRAFT, clip, coding
from resources.ffmpeg import ffmpeg
from resources.film import film
from resources.probe import Video, probe
from resources.renderer import FfmpegRenderer
from resources.soundtrack import rough_soundtrack

__all__ = ["DraftRenderer"]


class DraftRenderer(FfmpegRenderer):
    """The `Renderer` port for previews."""

    def clip(self, request: ClipRequest, at: Workspace) -> Encoded:
        return clip(request, at, DRAFT)

    def soundtrack(self, request: SoundtrackRequest, at: Workspace) -> Encoded:
        return rough_soundtrack(request, at)

    def film(self, request: FilmRequest, at: Workspace) -> Encoded:
        """A person's own clips are brought to the draft's format, for nothing else could be joined."""
        videos = [probe(path).video for path in request.clips]
        ours = Counter(each.extradata for each in videos if each and _fits(each, request.frame))
        usual = ours.most_common(1)[0][0] if ours else None
        clips = tuple(
            path if video is None or video.extradata == usual else _conformed(path, number, request.frame, at)
            for number, (path, video) in enumerate(zip(request.clips, videos, strict=True))
        )
        return film(replace(request, clips=clips), at)


def _fits(video: Video, frame: Frame) -> bool:
    return (video.width, video.height) == (frame.width, frame.height)


def _conformed(path: Path, number: int, frame: Frame, at: Workspace) -> Path:
    """A clip coded again at the draft's size and quality."""
    made = at.scratch / f"own-{number}.mp4"
    scaled = f",scale={frame.width}:{frame.height},setsar=1"
    ffmpeg(["-i", str(path.absolute()), "-map", "0:v:0", *coding(frame, scaled, DRAFT), made.name], at)
    return made

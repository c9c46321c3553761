"""The renderer: clips, sound and film by ffmpeg."""

from __future__ import annotations

from pathlib import Path

from movie_assets.core.ports import (
    CardRequest,
    ClipRequest,
    Encoded,
    FilmRequest,
    Look,
    SoundtrackRequest,
    Workspace,
)
from resources.cards import card
from resources.clip import clip
from resources.film import film
from resources.inspection import inspected, inspected_look
from resources.soundtrack import soundtrack

__all__ = ["FfmpegRenderer"]


class FfmpegRenderer:
    """The `Renderer` port."""

    def clip(self, request: ClipRequest, at: Workspace) -> Encoded:
        return clip(request, at)

    def card(self, request: CardRequest, at: Workspace) -> Encoded:
        return card(request, at)

    def soundtrack(self, request: SoundtrackRequest, at: Workspace) -> Encoded:
        return soundtrack(request, at)

    def film(self, request: FilmRequest, at: Workspace) -> Encoded:
        return film(request, at)

    def look(self, file: Path, media_type: str) -> Look:
        return inspected_look(file, media_type)

    def seconds(self, sound: Path) -> float:
        return inspected(sound).seconds

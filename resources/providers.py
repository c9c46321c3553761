"""The providers a config may name, each made when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TypeVar

from movie_assets.core.errors import Refused
from movie_assets.core.ports import Animator, Composer, Painter, Renderer, Speaker, Writer

P = TypeVar("P")

__all__ = ["LANES", "PROVIDERS", "Providers"]

PROVIDERS: Mapping[str, frozenset[str]] = {
    section: frozenset({"offline"}) for section in ("script", "picture", "narration", "motion", "music")
}
"""Which providers each section of movie.yaml may name."""

LANES: Mapping[str, str] = {"offline": "machine", "local": "machine"}
"""Whose calls share one limit: everything that works on this machine's own cores."""


class Providers:
    """The ports, by provider name."""

    @cached_property
    def renderer(self) -> Renderer:
        from resources.renderer import FfmpegRenderer

        return FfmpegRenderer()

    def writer(self, provider: str) -> Writer:
        return _choose("script", provider, {"offline": _offline_writer})

    def painter(self, provider: str) -> Painter:
        return _choose("picture", provider, {"offline": _offline_painter})

    def speaker(self, provider: str) -> Speaker:
        return _choose("narration", provider, {"offline": _offline_voice})

    def animator(self, provider: str) -> Animator:
        return _choose("motion", provider, {"offline": _offline_animator})

    def composer(self, provider: str) -> Composer:
        return _choose("music", provider, {"offline": _offline_composer})


def _choose(section: str, provider: str, makers: Mapping[str, Callable[[], P]]) -> P:
    try:
        return makers[provider]()
    except KeyError:
        raise Refused(
            f"{section}.provider {provider!r} is not known", next_step=f"use one of {', '.join(makers)}"
        ) from None


def _offline_writer() -> Writer:
    from resources.offline.write import OfflineWriter

    return OfflineWriter()


def _offline_painter() -> Painter:
    from resources.offline.paint import OfflinePainter

    return OfflinePainter()


def _offline_voice() -> Speaker:
    from resources.offline.voice import OfflineVoice

    return OfflineVoice()


def _offline_animator() -> Animator:
    from resources.offline.animate import OfflineAnimator

    return OfflineAnimator()


def _offline_composer() -> Composer:
    from resources.offline.music import OfflineComposer

    return OfflineComposer()

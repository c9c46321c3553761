"""The providers a config may name, each made when it is first asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, TypeVar, cast

from movie_assets.core.errors import Refused
from movie_assets.core.fallback import Choice
from movie_assets.core.ports import (
    Animator,
    Composer,
    Listener,
    Painter,
    Renderer,
    Speaker,
    Surrounder,
    Writer,
)
from movie_assets.core.reason import LOCAL
from resources.connections import OFFLINE, Connections
from resources.discreet import Discreet
from resources.line import Line, PacedLine
from resources.pacing import pace_of
from resources.price_list import PriceList
from resources.prices import Prices
from resources.scrub import Scrub

P = TypeVar("P")

__all__ = ["FREE_OF_CHARGE", "MACHINE", "Providers", "offered", "priced"]

FREE_OF_CHARGE = frozenset({OFFLINE, LOCAL})
"""Who works on this machine's own cores, for nothing."""

MACHINE = "machine"
"""The lane of those, which share one limit."""

Make = Callable[[Line, Prices], P]


class Providers:
    """The ports, by the name of a connection; `Unready` where its key is not set."""

    def __init__(self, connections: Connections, prices: Prices) -> None:
        self.connections, self.prices = connections, prices
        self.scrub = Scrub.of((each.key_name, each.key) for each in connections.values())
        self._made: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()

    @cached_property
    def renderer(self) -> Renderer:
        from resources.renderer import FfmpegRenderer

        return FfmpegRenderer()

    @cached_property
    def listener(self) -> Listener:
        from resources.alignment import Aligner

        return Aligner()

    def check(self, choices: Iterable[Choice]) -> None:
        """`Unready` where a key or a program is missing for something that is to be done, and nobody stands in."""
        asked = [(choice.provider, *(other.provider for other in choice.others)) for choice in choices]
        if any(LOCAL in names for names in asked):
            from resources.ffmpeg import binary

            binary()
        self.connections.check(names for names in asked if LOCAL not in names)

    def writer(self, provider: str) -> Writer:
        return self._port("script", provider, _WRITERS)

    def painter(self, provider: str) -> Painter:
        return self._port("picture", provider, _PAINTERS)

    def speaker(self, provider: str) -> Speaker:
        return self._port("narration", provider, _SPEAKERS)

    def animator(self, provider: str) -> Animator:
        return self._port("motion", provider, _ANIMATORS)

    def composer(self, provider: str) -> Composer:
        return self._port("music", provider, _COMPOSERS)

    def surrounder(self, provider: str) -> Surrounder:
        return self._port("ambience", provider, _SURROUNDERS)

    def line(self, provider: str) -> Line:
        """The line to a connection; `Unready` if its key is not set."""
        connection = self.connections.ready(provider)
        return PacedLine(connection, pace_of(connection))

    def lane(self, provider: str) -> str:
        """Whose limit a provider's calls count against."""
        return MACHINE if provider in FREE_OF_CHARGE else provider

    def places(self, machine: int) -> dict[str, int]:
        """How many calls may be under way at once, by lane; `machine` is how many this machine can do itself."""
        limits = {name: each.limits.at_once for name, each in self.connections.items() if name != OFFLINE}
        return {**limits, MACHINE: machine}

    def _port(self, section: str, provider: str, makers: Mapping[str, Make[P]]) -> P:
        names = [name for name, each in self.connections.items() if each.speaks in makers]
        if provider not in names:
            raise Refused(
                f"{section}.provider {provider!r} is not known", next_step=f"use one of {', '.join(names)}"
            )
        with self._lock:
            if (section, provider) not in self._made:
                make = makers[self.connections[provider].speaks]
                made = make(self.line(provider), self.prices)
                self._made[section, provider] = Discreet(made, self.scrub)
            return cast(P, self._made[section, provider])


def offered(connections: Connections) -> dict[str, frozenset[str]]:
    """Which providers each section of movie.yaml may name, by what their connections speak."""
    return {
        section: frozenset(name for name, each in connections.items() if each.speaks in makers)
        for section, makers in _MAKERS.items()
    }


def priced(connections: Connections) -> PriceList:
    """What the providers of a project ask for, as listed and as its own prices say."""
    prices = PriceList.read()
    for connection in connections.values():
        prices = prices.with_connection(connection)
    for name, own in connections.prices.items():
        prices = prices.with_overrides(name, own)
    return prices


# --- adapters, by what a connection speaks ------------------------------------------------------------------------


def _offline_writer(line: Line, prices: Prices) -> Writer:
    from resources.offline.write import OfflineWriter

    return OfflineWriter()


def _offline_painter(line: Line, prices: Prices) -> Painter:
    from resources.offline.paint import OfflinePainter

    return OfflinePainter()


def _offline_voice(line: Line, prices: Prices) -> Speaker:
    from resources.offline.voice import OfflineVoice

    return OfflineVoice()


def _offline_animator(line: Line, prices: Prices) -> Animator:
    from resources.offline.animate import OfflineAnimator

    return OfflineAnimator()


def _offline_composer(line: Line, prices: Prices) -> Composer:
    from resources.offline.music import OfflineComposer

    return OfflineComposer()


def _offline_surrounder(line: Line, prices: Prices) -> Surrounder:
    from resources.offline.ambience import OfflineSurrounder

    return OfflineSurrounder()


def _openai_writer(line: Line, prices: Prices) -> Writer:
    from resources.openai.write import OpenAIWriter

    return OpenAIWriter(line, prices)


def _openai_painter(line: Line, prices: Prices) -> Painter:
    from resources.openai.paint import OpenAIPainter

    return OpenAIPainter(line, prices)


def _elevenlabs_speaker(line: Line, prices: Prices) -> Speaker:
    from resources.elevenlabs.speak import ElevenLabsSpeaker

    return ElevenLabsSpeaker(line, prices)


def _elevenlabs_composer(line: Line, prices: Prices) -> Composer:
    from resources.elevenlabs.compose import ElevenLabsComposer

    return ElevenLabsComposer(line, prices)


def _elevenlabs_surrounder(line: Line, prices: Prices) -> Surrounder:
    from resources.elevenlabs.ambience import ElevenLabsSurrounder

    return ElevenLabsSurrounder(line, prices)


def _openai_speaker(line: Line, prices: Prices) -> Speaker:
    from resources.openai.speak import OpenAISpeaker

    return OpenAISpeaker(line, prices)


def _video_animator(line: Line, prices: Prices) -> Animator:
    from resources.video.animate import VideoAnimator

    return VideoAnimator(line, prices)


_WRITERS: Mapping[str, Make[Writer]] = {"offline": _offline_writer, "openai": _openai_writer}
_PAINTERS: Mapping[str, Make[Painter]] = {"offline": _offline_painter, "openai": _openai_painter}
_SPEAKERS: Mapping[str, Make[Speaker]] = {
    "offline": _offline_voice,
    "openai": _openai_speaker,
    "elevenlabs": _elevenlabs_speaker,
}
_ANIMATORS: Mapping[str, Make[Animator]] = {"offline": _offline_animator, "video": _video_animator}
_COMPOSERS: Mapping[str, Make[Composer]] = {"offline": _offline_composer, "elevenlabs": _elevenlabs_composer}
_SURROUNDERS: Mapping[str, Make[Surrounder]] = {
    "offline": _offline_surrounder,
    "elevenlabs": _elevenlabs_surrounder,
}
_MAKERS: Mapping[str, Mapping[str, Make[Any]]] = {
    "script": _WRITERS,
    "picture": _PAINTERS,
    "narration": _SPEAKERS,
    "motion": _ANIMATORS,
    "music": _COMPOSERS,
    "ambience": _SURROUNDERS,
}

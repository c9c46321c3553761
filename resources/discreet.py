"""A provider whose errors and notes never tell a key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from movie_assets.core.ports import (
    AnimateRequest,
    ComposeRequest,
    PaintRequest,
    Result,
    SpeakRequest,
    Speech,
    SurroundRequest,
    Workspace,
    WriteRequest,
)
from resources.scrub import Scrub

__all__ = ["Discreet"]

T = TypeVar("T")


@dataclass(frozen=True)
class Discreet:
    """Any port: does what its adapter does, and says less of it."""

    adapter: Any
    scrub: Scrub

    def write(self, request: WriteRequest, at: Workspace) -> Result:
        return self._result(lambda at: self.adapter.write(request, at), at)

    def paint(self, request: PaintRequest, at: Workspace) -> Result:
        return self._result(lambda at: self.adapter.paint(request, at), at)

    def animate(self, request: AnimateRequest, at: Workspace) -> Result:
        return self._result(lambda at: self.adapter.animate(request, at), at)

    def compose(self, request: ComposeRequest, at: Workspace) -> Result:
        return self._result(lambda at: self.adapter.compose(request, at), at)

    def surround(self, request: SurroundRequest, at: Workspace) -> Result:
        return self._result(lambda at: self.adapter.surround(request, at), at)

    def speak(self, request: SpeakRequest, at: Workspace) -> Speech:
        speech: Speech = self._asked(lambda at: self.adapter.speak(request, at), at)
        return replace(speech, sound=self._told(speech.sound))

    def _result(self, ask: Callable[[Workspace], Result], at: Workspace) -> Result:
        return self._told(self._asked(ask, at))

    def _told(self, result: Result) -> Result:
        return replace(result, meta=self.scrub.meta(result.meta))

    def _asked(self, ask: Callable[[Workspace], T], at: Workspace) -> T:
        try:
            return ask(replace(at, tell=lambda said: at.tell(self.scrub.text(said))))
        except Exception as raised:
            error = self.scrub.error(raised)
            if error is raised:
                raise
        # Raised out here, for inside it would carry along what it replaces.
        raise error

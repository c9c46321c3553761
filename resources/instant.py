"""Providers that answer at once with small, valid, deterministic results and count their calls: for tests and benches."""

from __future__ import annotations

import io
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
from PIL import Image

from movie_assets.core.digest import canonical, digest_of, digest_of_bytes
from movie_assets.core.errors import MovieError
from movie_assets.core.ports import (
    AnimateRequest,
    CardRequest,
    ClipRequest,
    ComposeRequest,
    Encoded,
    FilmRequest,
    Heard,
    ListenRequest,
    Look,
    Meta,
    PaintRequest,
    Result,
    SoundtrackRequest,
    SpeakRequest,
    Speech,
    SurroundRequest,
    Workspace,
    WriteRequest,
)
from movie_assets.core.script import Script, ScriptSegment
from movie_assets.core.words import Word, spread

__all__ = ["InstantPorts"]

_WORD_SECONDS = 0.25


@dataclass(slots=True)
class InstantPorts:
    """All ports in one. `before` is called with each request: it may wait, count or raise.

    `costs` is what a call to a provider costs (None: not told; nothing if it is not listed), `unable` is the error of
    one that cannot; those go by their own names, all others are `instant`.
    """

    before: Callable[[Any], None] = lambda request: None
    calls: Counter[str] = field(default_factory=Counter)
    costs: Mapping[str, float | None] = field(default_factory=dict)
    unable: Mapping[str, MovieError] = field(default_factory=dict)
    provider: str = "instant"
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def renderer(self) -> InstantPorts:
        return self

    def writer(self, provider: str) -> InstantPorts:
        named = provider in {*self.costs, *self.unable}
        return replace(self, provider=provider) if named else self

    @property
    def listener(self) -> InstantPorts:
        return self

    painter = speaker = animator = composer = surrounder = writer

    # --- providers ---

    def write(self, request: WriteRequest, at: Workspace) -> Result:
        self._count(request)
        script = _script(request)
        return Result(canonical(msgspec.to_builtins(script)), "application/json", self._meta())

    def paint(self, request: PaintRequest, at: Workspace) -> Result:
        self._count(request)
        seed = bytes.fromhex(_digest_of(request))
        stream = io.BytesIO()
        Image.new("RGB", (request.width // 10, request.height // 10), tuple(seed[:3])).save(stream, "PNG")
        return Result(stream.getvalue(), "image/png", self._meta())

    def speak(self, request: SpeakRequest, at: Workspace) -> Speech:
        self._count(request)
        words = tuple(
            Word(word, number * _WORD_SECONDS, (number + 1) * _WORD_SECONDS)
            for number, word in enumerate(request.text.split())
        )
        return Speech(Result(b"sound " + canonical(_plain(request)), "audio/wav", self._meta()), words)

    def animate(self, request: AnimateRequest, at: Workspace) -> Result:
        self._count(request)
        return Result(b"video " + canonical(_plain(request)), "video/mp4", self._meta())

    def compose(self, request: ComposeRequest, at: Workspace) -> Result:
        self._count(request)
        return Result(b"music " + canonical(_plain(request)), "audio/wav", self._meta())

    def surround(self, request: SurroundRequest, at: Workspace) -> Result:
        self._count(request)
        return Result(b"place " + canonical(_plain(request)), "audio/wav", self._meta())

    # --- the renderer ---

    def clip(self, request: ClipRequest, at: Workspace) -> Encoded:
        return self._encoded(request, at, "video/mp4", {"frames": request.frames})

    def card(self, request: CardRequest, at: Workspace) -> Encoded:
        return self._encoded(request, at, "video/mp4", {"frames": request.frames})

    def soundtrack(self, request: SoundtrackRequest, at: Workspace) -> Encoded:
        return self._encoded(request, at, "audio/mp4", {"seconds": request.seconds})

    def film(self, request: FilmRequest, at: Workspace) -> Encoded:
        return self._encoded(request, at, "video/mp4", {"clips": len(request.clips)})

    def look(self, file: Path, media_type: str) -> Look:
        """As it ought to be: what these make cannot really be looked at."""
        fine = Look(brightest=1.0, spread=0.3, moves=0.1, peak=0.5, width=4096, height=4096)
        if not media_type.startswith("video/"):
            return fine
        head, _, rest = file.read_bytes().partition(b" ")
        asked = msgspec.json.decode(rest if head == b"video" else file.read_bytes())
        frame = asked.get("frame", asked)
        seconds = asked.get("frames", sum(asked.get("lengths", ()))) / frame["fps"]
        return replace(
            fine, width=frame["width"], height=frame["height"], seconds=seconds, sound_seconds=seconds
        )

    def listen(self, request: ListenRequest, at: Workspace) -> Heard:
        self._count(request)
        return Heard(spread(request.text, 0.0, request.seconds), "spread", "nobody listens")

    def seconds(self, sound: Path) -> float:
        head, _, rest = sound.read_bytes().partition(b" ")
        words = len(msgspec.json.decode(rest)["text"].split()) if head == b"sound" else 4
        return words * _WORD_SECONDS

    def _encoded(self, request: Any, at: Workspace, media_type: str, notes: dict[str, Any]) -> Encoded:
        self._count(request)
        file = at.scratch / "rendered"
        file.write_bytes(canonical(_plain(request)))
        return Encoded(file, media_type, notes)

    def _meta(self) -> Meta:
        return Meta(self.provider, model="none", cost=self.costs.get(self.provider, 0.0))

    def _count(self, request: Any) -> None:
        with self._lock:
            self.calls[type(request).__name__.removesuffix("Request").lower()] += 1
        self.before(request)
        error = self.unable.get(self.provider)
        if error is not None:
            raise type(error)(error.fact, next_step=error.next_step)


def _script(request: WriteRequest) -> Script:
    segments = tuple(
        ScriptSegment(f"{request.brief} Part {number}.", f"{request.title}, part {number}")
        for number in range(request.segments)
    )
    return Script(request.title, request.brief, "calm", segments)


def _digest_of(request: Any) -> str:
    return digest_of(_plain(request))


def _plain(value: Any) -> Any:
    """A request as JSON, in which a file stands for the digest of its bytes."""
    if isinstance(value, Path):
        return digest_of_bytes(value.read_bytes())
    if isinstance(value, (str, int, float, bool, type(None))):
        return value
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    fields = getattr(value, "__struct_fields__", None) or value.__dataclass_fields__
    return {name: _plain(getattr(value, name)) for name in fields}

"""What providers and the renderer do for the core: requests in, results out.

A port is a Protocol with one verb. Its offline implementation lies in `resources/offline`, beside the real ones.
Whatever shapes the result is in the request; where to work and when to stop is the `Workspace`.
Errors are those of `movie_assets.core.errors`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from movie_assets.core.camera import CameraMove
from movie_assets.core.encoder import X264
from movie_assets.core.pending import Pending, Unkept
from movie_assets.core.words import Word, Words

__all__ = [
    "Ambience",
    "AnimateRequest",
    "Animator",
    "Captions",
    "CardLine",
    "CardRequest",
    "ClipRequest",
    "ComposeRequest",
    "Composer",
    "Encoded",
    "FilmRequest",
    "Frame",
    "Heard",
    "HeardVideo",
    "ListenRequest",
    "Listener",
    "Look",
    "Meta",
    "PaintRequest",
    "Painter",
    "Renderer",
    "Result",
    "Shot",
    "SoundtrackRequest",
    "SpeakRequest",
    "Speaker",
    "Speech",
    "SurroundRequest",
    "Surrounder",
    "Transition",
    "Voice",
    "Workspace",
    "WriteRequest",
    "Writer",
]

Settings = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where a call may leave files (its own folder, removed afterwards), the signal to stop, and notes that last.

    `pending` outlives the process until the call's result is recorded. `tell` is for what a person who watches wants
    to know meanwhile, such as why it waits. `reached` is set once a provider may have taken something to do.
    """

    scratch: Path
    stop: threading.Event = field(default_factory=threading.Event)
    pending: Pending = field(default_factory=Unkept)
    tell: Callable[[str], None] = lambda said: None
    reached: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class Meta:
    """How a result came about. `cost` in USD; None where it is unknown, 0.0 only where it is known to be free."""

    provider: str
    model: str | None = None
    request_id: str | None = None
    usage: Mapping[str, Any] = field(default_factory=dict)
    cost: float | None = None
    seconds: float = 0.0
    attempts: int = 1
    notes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """One made thing: bytes, or a file in the workspace that the store takes over."""

    body: bytes | Path
    media_type: str
    meta: Meta


@dataclass(frozen=True, slots=True)
class Speech:
    """A spoken text; `words` is None where the provider tells no times."""

    sound: Result
    words: tuple[Word, ...] | None


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """Write a script of exactly `segments` segments; the result is the JSON of `script.Script`.

    `template` is the text that the provider's prompt is made from, "" for one that needs none.
    """

    title: str
    brief: str
    language: str
    segments: int
    duration: float
    settings: Settings
    template: str = ""
    take: int = 1


@dataclass(frozen=True, slots=True)
class PaintRequest:
    """Paint a picture of at least width × height pixels in that shape.

    `template` is as in `WriteRequest`; `references` are pictures whose people, things and style it is to keep.
    """

    prompt: str
    width: int
    height: int
    settings: Settings
    take: int = 1
    template: str = ""
    references: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class SpeakRequest:
    """Speak a text."""

    text: str
    language: str
    settings: Settings
    take: int = 1


@dataclass(frozen=True, slots=True)
class AnimateRequest:
    """Bring a picture to life: a silent video of about `seconds`, width × height, fps."""

    picture: Path
    prompt: str
    seconds: float
    width: int
    height: int
    fps: int
    settings: Settings
    take: int = 1


@dataclass(frozen=True, slots=True)
class ComposeRequest:
    """Compose about `seconds` of instrumental music."""

    prompt: str
    seconds: float
    settings: Settings
    take: int = 1


@dataclass(frozen=True, slots=True)
class SurroundRequest:
    """Make about `seconds` of what is heard at a place, without speech or music; it will be played in a loop."""

    prompt: str
    seconds: float
    settings: Settings
    take: int = 1


class Writer(Protocol):
    """Writes scripts."""

    def write(self, request: WriteRequest, at: Workspace) -> Result: ...


class Painter(Protocol):
    """Paints pictures (PNG, JPEG or WebP)."""

    def paint(self, request: PaintRequest, at: Workspace) -> Result: ...


class Speaker(Protocol):
    """Speaks narration."""

    def speak(self, request: SpeakRequest, at: Workspace) -> Speech: ...


class Animator(Protocol):
    """Makes a video from a picture."""

    def animate(self, request: AnimateRequest, at: Workspace) -> Result: ...


class Composer(Protocol):
    """Composes music."""

    def compose(self, request: ComposeRequest, at: Workspace) -> Result: ...


class Surrounder(Protocol):
    """Makes the sound of a place."""

    def surround(self, request: SurroundRequest, at: Workspace) -> Result: ...


@dataclass(frozen=True, slots=True)
class ListenRequest:
    """Tell when each word of a text is heard in a recording of it, `seconds` long."""

    sound: Path
    text: str
    language: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Heard:
    """The words of a recording; `how` their times came: `told`, `aligned` or `spread`, and `because` of what."""

    words: tuple[Word, ...]
    how: str
    because: str = ""


class Listener(Protocol):
    """Tells the words' times of a recording that nobody told them of."""

    def listen(self, request: ListenRequest, at: Workspace) -> Heard: ...


# --- the renderer ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Frame:
    """The film's picture format."""

    width: int
    height: int
    fps: int


@dataclass(frozen=True, slots=True)
class Captions:
    """How captions look: style `karaoke`, `plain` or `none`; `burn` puts them into the picture.

    `size` is small, normal or large, `position` bottom, middle or top, `background` outline or box, `case` as-written
    or upper; colours are names or #rrggbb, `font` a family, `words` the most seen at once; None is as usual.
    """

    style: str
    burn: bool
    language: str = "en"
    font: str | None = None
    size: str | None = None
    colour: str | None = None
    highlight: str | None = None
    background: str | None = None
    position: str | None = None
    case: str | None = None
    lines: int | None = None
    words: int | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    """How a clip follows the one before: `crossfade`, `dip` (through black) or `cut`."""

    style: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Shot:
    """What a clip shows: a picture under a camera move, or a generated video of that picture."""

    picture: Path
    motion: CameraMove | Path


@dataclass(frozen=True, slots=True)
class ClipRequest:
    """Render one segment, silent, exactly `frames` long; `previous` is seen during the transition at its head.

    The narration starts `lead` seconds into the clip; `words` are counted from there. `encoder` codes it.
    """

    shot: Shot
    previous: Shot | None
    words: Words
    lead: float
    frames: int
    frame: Frame
    captions: Captions
    transition: Transition
    encoder: str = X264


@dataclass(frozen=True, slots=True)
class CardLine:
    """A line on a card; `height` is a share of the frame's shorter side."""

    text: str
    height: float


@dataclass(frozen=True, slots=True)
class CardRequest:
    """Render a card, silent, exactly `frames` long: lines over a picture out of focus, or over black where it is None.

    It comes out of `previous`, a shot that goes on, else out of black, and goes into black.
    """

    lines: tuple[CardLine, ...]
    picture: Path | None
    previous: Shot | None
    frames: int
    frame: Frame
    language: str
    encoder: str = X264


@dataclass(frozen=True, slots=True)
class Voice:
    """A narration and when it starts in the film, in seconds."""

    sound: Path
    start: float
    duration: float


@dataclass(frozen=True, slots=True)
class Ambience:
    """The sound of a place, and from when to when it is heard in the film, in seconds."""

    sound: Path
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class HeardVideo:
    """A video whose own sound is heard, ending with its segment; `volume` is 0 to 1 relative to the voice."""

    video: Path
    start: float
    end: float
    volume: float


@dataclass(frozen=True, slots=True)
class SoundtrackRequest:
    """Mix voices over music and places, `seconds` long; volumes are 0 to 1 relative to the voice."""

    voices: tuple[Voice, ...]
    music: Path | None
    music_volume: float
    seconds: float
    ambiences: tuple[Ambience, ...] = ()
    ambience_volume: float = 0.0
    videos: tuple[HeardVideo, ...] = ()


@dataclass(frozen=True, slots=True)
class FilmRequest:
    """Join clips, sound and a soft subtitle track (SRT text) without encoding anything again.

    `names` are the artefacts that the clips are, for what is said of them; without it they are clip[0], clip[1] ...
    `lengths` are the frames each is to have by the timeline, where that is known. `described`: what the pictures show
    is spoken in the sound, which is marked so. `encoder` is what coded the clips.
    """

    clips: tuple[Path, ...]
    soundtrack: Path
    subtitles: str | None
    language: str
    title: str
    frame: Frame
    names: tuple[str, ...] = ()
    lengths: tuple[int, ...] = ()
    described: bool = False
    encoder: str = X264


@dataclass(frozen=True, slots=True)
class Encoded:
    """A rendered file with what was measured of it (frames, seconds, loudness ...)."""

    file: Path
    media_type: str
    notes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Look:
    """What is seen and heard in a file. Light, movement and peak are of full scale, 0 to 1; sizes are in pixels.

    `brightest`: its lightest spots. `spread`: how much light differs over the picture. `moves`: how much it differs
    from one moment to another, at most. `peak`: the loudest sample. What a file does not have is as in this default.
    """

    width: int = 0
    height: int = 0
    seconds: float = 0.0
    sound_seconds: float = 0.0
    brightest: float = 0.0
    spread: float = 0.0
    moves: float = 0.0
    peak: float = 0.0


class Renderer(Protocol):
    """Turns artefacts into video and sound files."""

    def look(self, file: Path, media_type: str) -> Look:
        """Looks at and listens to a file; `Refused` where it cannot be read."""

    def clip(self, request: ClipRequest, at: Workspace) -> Encoded: ...

    def card(self, request: CardRequest, at: Workspace) -> Encoded: ...

    def soundtrack(self, request: SoundtrackRequest, at: Workspace) -> Encoded: ...

    def film(self, request: FilmRequest, at: Workspace) -> Encoded: ...

    def seconds(self, sound: Path) -> float:
        """The length of a sound file; `Refused` where it is none."""

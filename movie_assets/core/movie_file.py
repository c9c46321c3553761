"""movie.yaml: what a person wants, read strictly; every problem is told with its line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
)

from movie_assets.core.artefact import Name, check_movie_id
from movie_assets.core.captions import COLOURS
from movie_assets.core.encoder import AskedEncoder
from movie_assets.core.errors import Refused
from movie_assets.core.outline import Node, problem_at, read_yaml
from movie_assets.core.problem import Problem, beside, dotted, refusal, shown
from movie_assets.core.section import OTHERS, Alternative, Section, as_written, choice, problems_of
from movie_assets.core.variation import FIELD, Reader, variations_of, varied

__all__ = [
    "AmbienceOverride",
    "AmbienceSection",
    "DescriptionsSection",
    "EndCardSection",
    "FrameSection",
    "MotionSection",
    "MovieFile",
    "MusicSection",
    "NarrationOverride",
    "NarrationSection",
    "PictureOverride",
    "PictureSection",
    "ScriptSection",
    "Section",
    "SegmentOverride",
    "TitleCardSection",
    "TransitionSection",
    "read_movie",
    "variation_names",
]

_MAX_SEGMENTS = 1000

# --- the model --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Known:
    """What the file is judged by: the names there are for providers and blueprints, and how many segments."""

    names: Mapping[str, Collection[str]]
    segments: int

    @classmethod
    def of(cls, info: ValidationInfo) -> _Known:
        assert isinstance(info.context, cls), "a MovieFile is made by read_movie"
        return info.context

    def check(self, segment: int) -> int:
        if segment >= self.segments:
            last = f"with segments: {self.segments} the last one is {self.segments - 1}"
            raise ValueError(f"there is no segment {segment}: {last}")
        return segment


def _named(what: str) -> AfterValidator:
    def check(value: str, info: ValidationInfo) -> str:
        allowed = sorted(_Known.of(info).names.get(what, ()))
        if value not in allowed:
            raise ValueError(choice(allowed, value))
        return value

    return AfterValidator(check)


def _segment(key: str, info: ValidationInfo) -> int:
    if re.fullmatch(r"0|[1-9][0-9]{0,5}", key) is None:
        raise ValueError(f"must be the number of a segment, counted from 0, not {shown(key)}")
    return _Known.of(info).check(int(key))


def _artefact(text: Any, info: ValidationInfo) -> Name:
    try:
        name = Name.parse(text if isinstance(text, str) else "")
    except Refused:
        raise ValueError(f'must be an artefact such as "picture[2]", not {shown(text)}') from None
    if name.segment is not None:
        _Known.of(info).check(name.segment)
    return name


def _scalar(value: Any) -> Any:
    if isinstance(value, (dict, list)):
        raise ValueError(f"must be text, a number, true, false or null, not {shown(value)}")
    return value


def _unless_none(value: Any) -> Any:
    return None if value == "none" else value


def _silent_if_none(value: Any) -> Any:
    return {"prompt": ""} if value == "none" else value


def _as_narrated(value: Any) -> Any:
    return {"none": None, "spoken": {}}.get(value, value) if isinstance(value, str) else value


def _empty_if_none(value: Any) -> Any:
    return "" if value == "none" else value


# Each type says in its description what it asks for; the sentences about mistakes are made of it.
Even = Annotated[int, Field(ge=16, le=4096, multiple_of=2, description="an even number from 16 to 4096")]
Rate = Annotated[int, Field(ge=1, le=60, description="a whole number from 1 to 60")]
Count = Annotated[int, Field(ge=1, le=_MAX_SEGMENTS, description=f"a whole number from 1 to {_MAX_SEGMENTS}")]
Take = Annotated[int, Field(ge=1, le=999, description="a whole number from 1 to 999")]
Speed = Annotated[float, Field(ge=0.5, le=2, description="a number from 0.5 to 2")]
Volume = Annotated[float, Field(ge=0, le=1, description="a number from 0 to 1")]
Length = Annotated[float, Field(ge=1, le=36000, description="a number of seconds from 1 to 36000")]
Pause = Annotated[float, Field(ge=0, le=10, description="a number of seconds from 0 to 10")]
Blend = Annotated[float, Field(ge=0, le=5, description="a number of seconds from 0 to 5")]
CardSeconds = Annotated[float, Field(ge=1, le=30, description="a number of seconds from 1 to 30")]
ClipSeconds = Annotated[float, Field(ge=2, le=20, description="a number of seconds from 2 to 20")]
Usd = Annotated[float | None, Field(ge=0, description="an amount in USD")]
Switch = Annotated[bool, Field(description="true or false")]
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\n]*$")]
Title = Annotated[Line, Field(description="one line of at most 200 characters")]
Label = Annotated[Line | None, Field(description="one line of at most 200 characters")]
OwnFile = Annotated[Line, Field(description="the name of a file in the movie's folder")]
FileName = Annotated[Line | None, Field(description="the name of a file in the movie's folder")]
References = Annotated[
    tuple[OwnFile, ...],
    Field(strict=False, max_length=16, description="a list of at most 16 pictures, such as [hero.png]"),
]
Credits = Annotated[
    tuple[Title, ...],
    Field(strict=False, max_length=24, description='a list of at most 24 lines, such as ["Words by Ann"]'),
]
Size = Annotated[
    Line | None, Field(pattern=r"^[1-9][0-9]*x[1-9][0-9]*$", description="a size such as 1536x864")
]
Text = Annotated[str, Field(max_length=20_000, description="text of at most 20000 characters")]
Prose = Annotated[
    str | None, Field(min_length=1, max_length=20_000, description="text of 1 to 20000 characters")
]
Alt = Annotated[
    Annotated[str | None, Field(max_length=2000, description="text of at most 2000 characters, or none")],
    BeforeValidator(_empty_if_none),
]
Language = Annotated[
    str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", description="a language such as en or pt-BR")
]
OwnLanguage = Annotated[Language | None, Field(description="a language such as en or pt-BR")]
Settings = Annotated[
    Mapping[Line, Annotated[Any, AfterValidator(_scalar)]],
    Field(description="a mapping of what only this provider knows, such as {seed: 7}"),
]
FontFamily = Annotated[
    Line | None, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", description="a font family such as rubik")
]
Colour = Annotated[
    Line | None,
    Field(
        pattern=rf"^(#[0-9a-fA-F]{{6}}|{'|'.join(COLOURS)})$",
        description=f'{", ".join(COLOURS)}, or a colour such as "#ffcc50"',
    ),
]
A = TypeVar("A", bound=Alternative)
Others = Annotated[tuple[A, ...], Field(strict=False, max_length=8, validation_alias=OTHERS)]
Style = Literal["crossfade", "dip", "cut"]
Move = Literal["push-in", "pull-out", "pan-left", "pan-right", "pan-up", "pan-down", "drift", "still"]


class FrameSection(Section):
    """The film's picture format, in pixels and pictures per second, and what codes it."""

    asks = "a mapping such as {width: 1280, height: 720, fps: 30}"
    width: Even = 1280
    height: Even = 720
    fps: Rate = 30
    encoder: AskedEncoder = "x264"


class TransitionSection(Section):
    """How a segment follows the one before."""

    short = "style"
    asks = "crossfade, dip, cut or a mapping such as {style: dip, seconds: 1}"
    style: Style = "crossfade"
    seconds: Blend = 0.6


class ScriptAlternative(Alternative):
    """Who else may write it."""

    asks = "a provider, or a mapping such as {provider: offline}"
    provider: Annotated[Title, _named("script")] = "offline"
    model: Label = None
    template: FileName = None
    settings: Settings = {}


class ScriptSection(Section):
    """Who writes the script: a provider, or a person in the file `source`."""

    asks = "a mapping such as {source: script.md}"
    provider: Annotated[Title, _named("script")] = "offline"
    model: Label = None
    source: FileName = None
    audience: Label = None
    template: FileName = None
    settings: Settings = {}
    otherwise: Others[ScriptAlternative] = ()


class PictureAlternative(Alternative):
    """Who else may paint."""

    asks = "a provider, or a mapping such as {provider: offline}"
    provider: Annotated[Title, _named("picture")] = "offline"
    model: Label = None
    size: Size = None
    quality: Label = None
    references: References = ()
    template: FileName = None
    settings: Settings = {}


class PictureSection(Section):
    """Who paints, and in what style."""

    asks = "a mapping such as {style: watercolour}"
    provider: Annotated[Title, _named("picture")] = "offline"
    model: Label = None
    style: Text = ""
    size: Size = None
    quality: Label = None
    references: References = ()
    template: FileName = None
    settings: Settings = {}
    otherwise: Others[PictureAlternative] = ()


class PictureOverride(PictureSection):
    """One segment's picture: another prompt, or a person's own file; `alt` says what is seen, for who does not see it."""

    asks = "a mapping such as {prompt: a finch on a cactus}"
    prompt: Prose = None
    file: FileName = None
    alt: Alt = None


class NarrationAlternative(Alternative):
    """Who else may speak."""

    asks = "a provider, or a mapping such as {provider: offline}"
    provider: Annotated[Title, _named("narration")] = "offline"
    model: Label = None
    voice: Label = None
    speed: Speed = 1.0
    settings: Settings = {}


class NarrationSection(Section):
    """Who speaks; without `voice` the provider's own for the movie's language."""

    asks = "a mapping such as {voice: en-gb}"
    provider: Annotated[Title, _named("narration")] = "offline"
    model: Label = None
    voice: Label = None
    speed: Speed = 1.0
    settings: Settings = {}
    otherwise: Others[NarrationAlternative] = ()


class DescriptionsSection(Section):
    """Who speaks what the pictures show, `language` for prompts; what is not said here is as in the narration."""

    asks = "none, spoken or a mapping such as {voice: en-us}"
    provider: Annotated[Title, _named("narration")] = "offline"
    model: Label = None
    voice: Label = None
    speed: Speed = 1.0
    language: OwnLanguage = None
    settings: Settings = {}
    otherwise: Others[NarrationAlternative] = ()


class NarrationOverride(NarrationSection):
    """One segment's narration: other words, or a person's own recording."""

    asks = "a mapping such as {text: Listen.}"
    text: Prose = None
    file: FileName = None


class MotionAlternative(Alternative):
    """Who else may animate."""

    asks = "a provider, or a mapping such as {provider: offline}"
    provider: Annotated[Title, _named("motion")] = "offline"
    model: Label = None
    settings: Settings = {}


class MotionSection(Section):
    """Whether the camera moves over the still picture, or a provider animates it."""

    short = "kind"
    asks = "still, animated or a mapping such as {kind: still, move: push-in}"
    kind: Literal["still", "animated"] = "still"
    move: Move | None = None
    provider: Annotated[Title, _named("motion")] = "offline"
    model: Label = None
    seconds: ClipSeconds = 6.0
    prompt: Prose = None
    sound: Volume = 0.0
    settings: Settings = {}
    otherwise: Others[MotionAlternative] = ()


class MusicAlternative(Alternative):
    """Who else may compose."""

    asks = "a provider, or a mapping such as {provider: offline}"
    provider: Annotated[Title, _named("music")] = "offline"
    model: Label = None
    settings: Settings = {}


class MusicSection(Section):
    """Who composes the music, or a person's own file."""

    asks = "none or a mapping such as {mood: wonder}"
    provider: Annotated[Title, _named("music")] = "offline"
    model: Label = None
    mood: Label = None
    volume: Volume = 0.3
    file: FileName = None
    settings: Settings = {}
    otherwise: Others[MusicAlternative] = ()


class AmbienceAlternative(Alternative):
    """Who else may make it."""

    asks = "a provider, or a mapping such as {provider: offline}"
    provider: Annotated[Title, _named("ambience")] = "offline"
    model: Label = None
    settings: Settings = {}


class AmbienceSection(Section):
    """What is heard behind the voice, and who makes it; without `prompt` nothing is."""

    short = "prompt"
    asks = "none or a mapping such as {prompt: surf on black rocks}"
    provider: Annotated[Title, _named("ambience")] = "offline"
    model: Label = None
    prompt: Text = ""
    volume: Volume = 0.2
    settings: Settings = {}
    otherwise: Others[AmbienceAlternative] = ()


class AmbienceOverride(Section):
    """What is heard in one segment; how loud it is holds for the whole film."""

    short = "prompt"
    asks = "none or a mapping such as {prompt: wind in dry grass}"
    provider: Annotated[Title, _named("ambience")] = "offline"
    model: Label = None
    prompt: Text = ""
    settings: Settings = {}
    otherwise: Others[AmbienceAlternative] = ()


class CaptionsSection(Section):
    """How the narration is shown; `burn` puts it into the picture."""

    short = "style"
    asks = "karaoke, plain, none or a mapping such as {style: plain, burn: true}"
    style: Literal["karaoke", "plain", "none"] = "karaoke"
    burn: Switch = True
    font: FontFamily = None
    size: Literal["small", "normal", "large"] | None = None
    colour: Colour = None
    highlight: Colour = None
    background: Literal["outline", "box"] | None = None
    position: Literal["bottom", "middle", "top"] | None = None
    case: Literal["as-written", "upper"] | None = None
    lines: Annotated[int | None, Field(ge=1, le=2, description="1 or 2")] = None
    words: Annotated[int | None, Field(ge=1, le=20, description="a whole number from 1 to 20")] = None


class TitleCardSection(Section):
    """What is written before the film begins; without `text` its title."""

    short = "text"
    asks = "none, a text or a mapping such as {subtitle: A voyage, seconds: 3}"
    text: Label = None
    subtitle: Label = None
    seconds: CardSeconds = 3.0
    background: Literal["picture", "plain"] = "picture"


class EndCardSection(Section):
    """What is written after the film: a text, credits, and who made what."""

    short = "text"
    asks = "none, a text or a mapping such as {text: The End, credits: [Words by Ann], providers: true}"
    text: Label = None
    credits: Credits = ()
    providers: Switch = True
    seconds: CardSeconds = 4.0
    background: Literal["picture", "plain"] = "picture"


class SegmentOverride(Section):
    """What is different in one segment; only the fields that are set count."""

    asks = "a mapping such as {picture: {prompt: a finch on a cactus}}"
    picture: PictureOverride = PictureOverride()
    narration: NarrationOverride = NarrationOverride()
    motion: MotionSection = MotionSection()
    ambience: Annotated[AmbienceOverride, BeforeValidator(_silent_if_none)] = AmbienceOverride()
    transition: TransitionSection = TransitionSection()
    pause: Pause = 0.6


SegmentNumber = Annotated[int, BeforeValidator(_segment)]
Artefact = Annotated[Name, PlainValidator(_artefact)]
Overrides = Annotated[
    Mapping[SegmentNumber, SegmentOverride], Field(description="a mapping such as {2: {motion: animated}}")
]
Takes = Annotated[Mapping[Artefact, Take], Field(description='a mapping such as {"picture[2]": 2}')]
Replacements = Annotated[
    Mapping[Artefact, OwnFile], Field(description='a mapping such as {"clip[2]": my-own.mp4}')
]
Pins = Annotated[frozenset[Artefact], Field(strict=False, description='a list such as ["picture[2]"]')]


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where a movie was read from; it knows the line of each field, and takes no part in equality."""

    movie: str = ""
    file_name: str = field(default="", compare=False)
    root: Node | None = field(default=None, compare=False)


class MovieFile(Section):
    """One movie as its person wants it; made by `read_movie`."""

    asks = "a mapping of fields such as title and brief"
    apart = (FIELD,)
    title: Title
    blueprint: Annotated[Title, _named("blueprint")] = "narrated"
    brief: Text = ""
    language: Language = "en"
    segments: Count = 6
    duration: Length = Field(default_factory=lambda known: 8.0 * known["segments"])
    frame: FrameSection = FrameSection()
    pause: Pause = 0.6
    transition: TransitionSection = TransitionSection()
    script: ScriptSection = ScriptSection()
    picture: PictureSection = PictureSection()
    narration: NarrationSection = NarrationSection()
    motion: MotionSection = MotionSection()
    music: Annotated[MusicSection | None, BeforeValidator(_unless_none)] = MusicSection()
    ambience: Annotated[AmbienceSection, BeforeValidator(_silent_if_none)] = AmbienceSection()
    captions: CaptionsSection = CaptionsSection()
    descriptions: Annotated[DescriptionsSection | None, BeforeValidator(_as_narrated)] = None
    title_card: Annotated[TitleCardSection | None, BeforeValidator(_unless_none)] = None
    end_card: Annotated[EndCardSection | None, BeforeValidator(_unless_none)] = None
    budget_usd: Usd = None
    overrides: Overrides = {}
    takes: Takes = {}
    pins: Pins = frozenset()
    replace: Replacements = {}

    _origin: _Origin = PrivateAttr(default_factory=_Origin)

    @property
    def id(self) -> str:
        """The movie's id."""
        return self._origin.movie

    @property
    def pauses(self) -> float | dict[str, Any]:
        """The pause of all segments, with those of the segments that have their own, if there are any."""
        own = {
            str(segment): said.pause
            for segment, said in self.overrides.items()
            if "pause" in said.model_fields_set
        }
        return {"all": self.pause, "own": own} if own else self.pause

    @property
    def motion_volumes(self) -> float | dict[str, Any]:
        """How loud generated videos are heard themselves, 0 where they are not, with what is said of single segments."""

        def volume(said: MotionSection) -> float:
            told = {name: getattr(said, name) for name in said.model_fields_set}
            kind, sound = (told.get(name, getattr(self.motion, name)) for name in ("kind", "sound"))
            return float(sound) if kind == "animated" else 0.0

        usual, own = volume(self.motion), {}
        for segment, said in self.overrides.items():
            if (other := volume(said.motion)) != usual:
                own[str(segment)] = other
        return {"all": usual, "own": own} if own else usual

    def coded_by(self, encoder: str) -> MovieFile:
        """The same with the encoder that is really there for the one it asks for."""
        frame = self.frame.model_copy(update={"encoder": encoder})
        return self.model_copy(update={"frame": frame})

    def refusal(self, problems: Iterable[tuple[tuple[str | int, ...], str]]) -> Refused:
        """An error about fields that are well-formed but of no use, each a path and a sentence, told with lines."""
        origin = self._origin
        places = [(as_written(origin.root, path), what) for path, what in problems]
        found = [problem_at(origin.root, path, f"{dotted(path)}: {what}") for path, what in places]
        return _refusal(origin.movie, origin.file_name, found)


def _no_file(name: str) -> bytes:
    raise Refused(f"{name} is not at hand", next_step="write the variations into movie.yaml")


def variation_names(text: bytes | str, read: Reader) -> list[str]:
    """The names of a movie file's variations; none of a file that cannot be read."""
    root, _ = read_yaml(text, MovieFile.asks)
    return [] if root is None else list(variations_of(root, read)[0])


def read_movie(
    movie_id: str,
    text: bytes | str,
    file_name: str,
    *,
    blueprints: Collection[str],
    providers: Mapping[str, Collection[str]],
    variation: str = "",
    read: Reader = _no_file,
) -> MovieFile:
    """Reads a movie.yaml; `file_name` is for messages, `providers` maps a section to the names it may use.

    `variation` is the name of one of its variations, `read` reads a table of them. Every problem is reported in one
    `Refused`.
    """
    check_movie_id(movie_id)
    root, problems = read_yaml(text, MovieFile.asks)
    movie = None
    if root is not None:
        told, wrong = variations_of(root, read)
        problems.extend(wrong)
        if variation and variation not in told:
            problems.append(Problem(root.line, f"there is no variation {variation!r}"))
        root = varied(root, told.get(variation))
        known = _Known({**providers, "blueprint": blueprints}, _segments(root.value))
        try:
            movie = MovieFile.model_validate(root.value, context=known)
        except ValidationError as error:
            problems.extend(problems_of(error, MovieFile, root))
    if movie is None or problems:
        raise _refusal(movie_id, file_name, problems)
    movie._origin = _Origin(movie_id, file_name, root)
    return movie


def _refusal(movie_id: str, file_name: str, problems: list[Problem]) -> Refused:
    wrong = dict.fromkeys(beside(file_name, each.file) for each in problems)
    return refusal(file_name, problems, f"correct {', '.join(wrong)}, then: movies check {movie_id}")


def _segments(value: Mapping[str, Any]) -> int:
    """How many segments there are, for judging what names one; the limit if that is itself wrong."""
    segments = value.get("segments", MovieFile.model_fields["segments"].default)
    return segments if type(segments) is int and 1 <= segments <= _MAX_SEGMENTS else _MAX_SEGMENTS

"""The connections a project has: those built in, and what its providers.yaml adds or changes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError

from movie_assets.core.errors import Unready
from movie_assets.core.outline import Node, line_of, read_yaml
from movie_assets.core.problem import Problem, dotted, refusal, shown
from movie_assets.core.reason import LOCAL, listed
from movie_assets.core.section import Section, problems_of
from resources.connection import Connection, Limits
from resources.price_list import wrong_prices
from resources.secrets import Secrets
from resources.video.api import VideoApi

__all__ = ["FILE", "OFFLINE", "Connections", "read_connections"]

FILE = "providers.yaml"
OFFLINE = "offline"

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")
_NO_KEY = "none"
_NEXT = f"correct {FILE}, then: movies check"


def _key(value: str) -> str:
    # What was written may be the key itself: no sentence about it shows it.
    if value != _NO_KEY and re.fullmatch(r"[A-Z_][A-Z0-9_]{0,99}", value) is None:
        raise ValueError(
            "must be none, or the name of the environment variable that holds the key, never the key"
        )
    return value


def _url(value: str) -> str:
    if re.fullmatch(r"https?://[^\s/@?#]+(/[^\s@?#]*)?", value) is None:
        raise ValueError(
            "must be an address such as http://localhost:11434/v1, without a name or password in it"
        )
    return value.rstrip("/")


_Key = Annotated[
    str | None, AfterValidator(_key), Field(description="none, or the name of an environment variable")
]
_Url = Annotated[
    str | None, AfterValidator(_url), Field(description="an address such as http://localhost:11434/v1")
]
_Timeout = Annotated[float, Field(gt=0, le=3600, description="a number of seconds up to 3600")]
_AtOnce = Annotated[int, Field(ge=1, le=1000, description="a whole number from 1 to 1000")]
_PerMinute = Annotated[int | None, Field(ge=1, le=100_000, description="a whole number from 1 to 100000")]
_Attempts = Annotated[int, Field(ge=1, le=20, description="a whole number from 1 to 20")]
_Pause = Annotated[float, Field(gt=0, le=60, description="a number of seconds up to 60")]
_Patience = Annotated[float, Field(ge=0, le=86_400, description="a number of seconds from 0 to 86400")]
_Video = Annotated[
    VideoApi | None, Field(description="a mapping that says how a video is asked for and fetched")
]
_LIMITS = Limits()


class ConnectionSection(Section):
    """One connection as a person writes it; a field that is not set is as it was built in."""

    asks = "a mapping such as {speaks: openai, base_url: http://localhost:11434/v1, key: none}"
    speaks: Literal["openai", "elevenlabs", "video"] | None = None
    base_url: _Url = None
    key: _Key = None
    timeout: _Timeout = 300.0
    at_once: _AtOnce = _LIMITS.at_once
    per_minute: _PerMinute = _LIMITS.per_minute
    attempts: _Attempts = _LIMITS.attempts
    pause: _Pause = _LIMITS.pause
    patience: _Patience = _LIMITS.patience
    video: _Video = None
    prices: Any = Field(default_factory=dict)

    @property
    def limits(self) -> Limits:
        return Limits(self.at_once, self.per_minute, self.attempts, self.pause, self.patience)


_BUILT_IN: Mapping[str, ConnectionSection] = {
    "openai": ConnectionSection(speaks="openai", key="OPENAI_API_KEY"),
    "elevenlabs": ConnectionSection(speaks="elevenlabs", key="ELEVENLABS_API_KEY"),
}


@dataclass(frozen=True)
class Connections(Mapping[str, Connection]):
    """Connections by name, `offline` among them; `prices` are those a person wrote, by connection."""

    _known: Mapping[str, Connection]
    prices: Mapping[str, Mapping[str, Any] | str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Connection:
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def video_length(self, name: str, seconds: float) -> float:
        """How many seconds of video a connection makes of those asked for."""
        api = self[name].video
        return seconds if api is None else api.length(seconds)

    def check(self, wanted: Iterable[tuple[str, ...]]) -> None:
        """`Unready` if there are some of which no connection can be used: it names every key that is missing."""
        missing = dict.fromkeys(names[0] for names in wanted if all(self[name].key is None for name in names))
        errors = [self._unready(name) for name in missing]
        if errors:
            raise Unready(
                "; ".join(error.fact for error in errors),
                provider=listed([*missing]),
                next_step="\n  and: ".join(error.next_step for error in errors),
            )

    def ready(self, name: str) -> Connection:
        """A connection that can be used; `Unready` if its key is not set."""
        found = self[name]
        if found.key is None:
            raise self._unready(name)
        return found

    def _unready(self, name: str) -> Unready:
        key = self[name].key_name
        return Unready(
            f"{key} is not set",
            provider=name,
            next_step=f"set {key} in the environment or in the project's .env file, then: movies doctor",
        )


def read_connections(project: Path, secrets: Secrets) -> Connections:
    """What a project may connect to; `Refused` with every problem of its providers.yaml and its line."""
    path = project / FILE
    written, problems = _written(path.read_bytes()) if path.is_file() else ({}, [])
    if problems:
        raise refusal(FILE, problems, _NEXT)
    sections = {**_BUILT_IN, **written}
    known = {name: _connection(name, section, secrets) for name, section in sections.items()}
    prices = {name: section.prices for name, section in sections.items() if section.prices}
    return Connections({OFFLINE: Connection(OFFLINE, OFFLINE, key=""), **known}, prices)


def _connection(name: str, section: ConnectionSection, secrets: Secrets) -> Connection:
    assert section.speaks and section.key, "checked when it was read"
    needs_key = section.key != _NO_KEY
    return Connection(
        name,
        section.speaks,
        section.base_url,
        secrets.get(section.key) if needs_key else "",
        section.key if needs_key else "",
        section.timeout,
        section.limits,
        section.video,
    )


def _written(text: bytes) -> tuple[dict[str, ConnectionSection], list[Problem]]:
    """The connections a file names, and what is wrong with it."""
    root, problems = read_yaml(text, "a mapping from names to connections", may_be_empty=True)
    sections: dict[str, ConnectionSection] = {}
    for name, value in (root.value if root else {}).items():
        assert root is not None
        found, wrong = _section(name, value, root)
        problems += wrong
        if found is not None:
            sections[name] = found
    return sections, problems


def _section(name: str, value: Any, root: Node) -> tuple[ConnectionSection | None, list[Problem]]:
    built_in = _BUILT_IN.get(name)
    try:
        section = ConnectionSection.model_validate(value)
    except ValidationError as error:
        return None, list(problems_of(error, ConnectionSection, root, (name,)))
    if built_in is not None:
        changed = {field: getattr(section, field) for field in section.model_fields_set}
        section = built_in.model_copy(update=changed)
    told = [((at,) if at else (), what) for at, what in _unfit(name, section)]
    wrong = [
        Problem(line_of(root, (name, *path)), f"{dotted((name, *path))}: {what}")
        for path, what in [*told, *wrong_prices(section.prices)]
    ]
    return section, wrong


def _unfit(name: str, section: ConnectionSection) -> Iterator[tuple[str, str]]:
    """What is wrong with a connection whose fields are each well-formed, by field."""
    built_in = _BUILT_IN.get(name)
    if _NAME.match(name) is None or name in (OFFLINE, LOCAL):
        yield (
            "",
            f"a connection may not be named {shown(name)}; use lower-case letters, digits, _ and -, not offline or local",
        )
    if built_in is not None and section.speaks != built_in.speaks:
        yield "speaks", f"{name} speaks {built_in.speaks}; give a connection of another kind another name"
    if section.speaks is None:
        yield "speaks", "is missing; write openai, elevenlabs or video"
    if section.key is None:
        yield "key", "is missing; write none, or the name of the environment variable that holds the key"
    if section.speaks == "video" and not section.video:
        yield "video", "is missing; say how a video is asked for and fetched"
    if section.speaks == "video" and section.base_url is None:
        yield "base_url", "is missing; write the root of the service's API"
    if section.video and section.speaks != "video":
        yield "video", "is for connections that speak video"

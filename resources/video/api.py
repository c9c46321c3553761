"""How a video service of the submit, poll, download kind is spoken to, as providers.yaml describes it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from movie_assets.core.errors import Failed, Refused
from movie_assets.core.section import Section

__all__ = ["GIVEN", "Fetch", "Poll", "Submit", "VideoApi", "filled", "found", "must_find"]

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*(?:\.[A-Za-z0-9_\[\].-]+)?)\}")
_STEP = re.compile(r"[A-Za-z0-9_-]+")
_ABOUT_A_JOB = ("id", "model")
GIVEN = frozenset(
    {"prompt", "image", "image_base64", "seconds", "width", "height", "ratio", "fps", "seed", "take"}
)
"""What the movie says, for the places of a body."""


def _is_json_path(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+|\[[0-9]+\])*", text):
        raise ValueError("write a way into the answer, such as data.videos[0].url")
    return text


def _is_path(text: str) -> str:
    if not text.startswith(("/", "{answer.")):
        raise ValueError("write a path that begins with /, below base_url")
    return text


def _is_of_a_job(text: str) -> str:
    for name in names_in(text):
        if name not in _ABOUT_A_JOB and not name.startswith("answer."):
            raise ValueError(f"{{{name}}} is not known here; use {{id}}, {{model}} or {{answer.…}}")
    return _is_path(text)


def _has_the_picture(body: dict[str, Any]) -> dict[str, Any]:
    _check_quoted(body)
    if not {"image", "image_base64"} & set(names_in(body)):
        raise ValueError('say where the picture goes: "{image}" as a data URI, or "{image_base64}"')
    return body


def _check_quoted(value: Any) -> None:
    """`seed: {seed}` without quotes is a mapping in YAML."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, dict) and len(inner) == 1 and None in inner.values():
                raise ValueError(f'put the placeholder of {name} into quotes: "{{{next(iter(inner))}}}"')
            _check_quoted(inner)


_Way = Annotated[
    str, AfterValidator(_is_json_path), Field(description="a way into the answer, such as data.videos[0].url")
]
_Below = Annotated[str, AfterValidator(_is_path), Field(description="a path below base_url, such as /videos")]
_OfJob = Annotated[str, AfterValidator(_is_of_a_job), Field(description="a path such as /videos/{id}")]
_Body = Annotated[dict[str, Any], AfterValidator(_has_the_picture), Field(description="what is sent")]
_Values = Annotated[
    tuple[str, ...], Field(min_length=1, strict=False, description="a list such as [succeeded]")
]
_Lengths = Annotated[
    tuple[Annotated[float, Field(gt=0)], ...], Field(strict=False, description="a list of seconds: [5, 10]")
]
_Headers = Annotated[dict[str, str], Field(description="a mapping from names to texts")]
_Every = Annotated[float, Field(gt=0, le=600, description="a number of seconds up to 600")]
_Patience = Annotated[float, Field(gt=0, le=86_400, description="a number of seconds up to 86400")]


class Submit(Section):
    """The request that begins a job; placeholders in `body` stand for what is asked for.

    `idempotent`: the service begins one job for all requests of one Idempotency-Key.
    """

    method: Literal["POST", "PUT"] = "POST"
    path: _Below
    body: _Body
    encoding: Literal["json", "multipart"] = "json"
    idempotent: bool = False

    @model_validator(mode="after")
    def _is_flat(self) -> Submit:
        nested = [name for name, value in self.body.items() if isinstance(value, (dict, list))]
        if self.encoding == "multipart" and nested:
            raise ValueError(f"a multipart body has no parts inside of parts: {', '.join(nested)}")
        return self


class Poll(Section):
    """The request that asks how a job is; `done` and `failed` are the values of `status` that end it."""

    path: _OfJob
    status: _Way
    done: _Values
    failed: _Values
    error: _Way | None = None


class Fetch(Section):
    """Where a finished video is: `url` in the last answer, or in that of `path`; without `url`, `path` is the video."""

    path: _OfJob | None = None
    url: _Way | None = None

    @model_validator(mode="after")
    def _is_somewhere(self) -> Fetch:
        if self.path is None and self.url is None:
            raise ValueError("say where the video is: url, path or both")
        return self


class VideoApi(Section):
    """`video:` of a connection. `every` and `patience` are in seconds, `lengths` are those the service makes."""

    asks = "a mapping of submit, id, poll and result"
    submit: Submit
    id: _Way
    poll: Poll
    result: Fetch
    headers: _Headers = Field(default_factory=dict)
    lengths: _Lengths = ()
    every: _Every = 5.0
    patience: _Patience = 1800.0

    def length(self, seconds: float) -> float:
        """The shortest length the service makes that is long enough, else its longest."""
        enough = [length for length in self.lengths if length >= seconds]
        return min(enough) if enough else max(self.lengths, default=seconds)

    def wants(self, fields: Mapping[str, Any]) -> list[str]:
        """What the request that begins a job has a place for, and neither the movie nor its settings say."""
        said = {**fields, **(fields.get("settings") or {})}
        places = {*names_in(self.submit.path), *names_in(self.submit.body)} - GIVEN
        return sorted(name for name in places if said.get(name) is None)

    def of_interest(self) -> set[str]:
        """What of the answer to `submit` later requests need, besides the id."""
        paths = f"{self.poll.path} {self.result.path or ''}"
        return {name.removeprefix("answer.") for name in names_in(paths) if name.startswith("answer.")}


# --- templates and answers --------------------------------------------------------------------------------------


def names_in(template: Any) -> Iterator[str]:
    """The placeholders of a template."""
    if isinstance(template, str):
        yield from _PLACEHOLDER.findall(template)
    elif isinstance(template, dict):
        for value in template.values():
            yield from names_in(value)
    elif isinstance(template, (list, tuple)):
        for value in template:
            yield from names_in(value)


def filled(template: Any, values: Mapping[str, Any]) -> Any:
    """A template with its placeholders replaced; a text that is nothing but one becomes that value, number or text."""
    if isinstance(template, str):
        whole = _PLACEHOLDER.fullmatch(template)
        if whole:
            return _value(whole[1], values)
        return _PLACEHOLDER.sub(lambda match: str(_value(match[1], values)), template)
    if isinstance(template, dict):
        return {name: filled(value, values) for name, value in template.items()}
    if isinstance(template, (list, tuple)):
        return [filled(value, values) for value in template]
    return template


def _value(name: str, values: Mapping[str, Any]) -> Any:
    value = values.get(name)
    if value is None:
        raise Refused(
            f"the service wants {name}, which the movie does not say",
            next_step=f"set {name if name == 'model' else f'settings.{name}'} under motion: in movie.yaml",
        )
    return value


def found(answer: Any, path: str) -> Any:
    """What lies at a path of an answer, None if nothing does."""
    for step in _STEP.findall(path):
        if isinstance(answer, dict):
            answer = answer.get(step)
        elif isinstance(answer, list) and step.isdigit() and int(step) < len(answer):
            answer = answer[int(step)]
        else:
            return None
    return answer


def must_find(answer: Any, path: str, what: str) -> Any:
    """What lies at a path of an answer; `Failed` if nothing does."""
    value = found(answer, path)
    if value in (None, "", []):
        has = ", ".join(answer) if isinstance(answer, dict) else type(answer).__name__
        raise Failed(
            f"the answer has no {what} at {path}", it_has=has, next_step="correct that path in providers.yaml"
        )
    return value

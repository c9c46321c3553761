"""A section of a file that a person writes, read strictly; every mistake becomes a sentence with its line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from movie_assets.core.outline import Node, problem_at
from movie_assets.core.problem import Problem, dotted, shown

__all__ = ["OTHERS", "OTHERWISE", "Alternative", "Section", "as_written", "choice", "meant", "problems_of"]

OTHERWISE = "otherwise"
"""The field of a section that holds the alternatives to it: a section is written as a list, itself first."""

OTHERS = "[others]"
"""What pydantic knows that field by, which nobody writes."""


class Section(BaseModel):
    """A part of the file. A bare word stands for its field `short`; a field left empty is one that is not set.

    `apart` are fields that are read before it, by others.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, str_strip_whitespace=True)
    short: ClassVar[str] = ""
    asks: ClassVar[str] = "a mapping"
    apart: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="before")
    @classmethod
    def _spread(cls, value: Any) -> Any:
        if isinstance(value, list) and OTHERWISE in cls.model_fields:
            value = cls._first_of(value)
        if isinstance(value, dict):
            return {
                key: each for key, each in value.items() if each is not None or key not in cls.model_fields
            }
        return {cls.short: value} if cls.short and isinstance(value, str) else value

    @classmethod
    def _first_of(cls, entries: list[Any]) -> Any:
        """A list as its first entry, with the others as alternatives."""
        if not entries:
            raise ValueError(f"the list is empty; write who is to do it, or {cls.asks}")
        first = {cls.short or "provider": entries[0]} if isinstance(entries[0], str) else entries[0]
        if not isinstance(first, dict):
            raise ValueError(f"the first of the list must be {cls.asks}, not {shown(first)}")
        return {**first, OTHERS: entries[1:]}


class Alternative(Section):
    """Who does it if the section's own provider cannot; all that is not said here is as in the section."""

    short = "provider"


def problems_of(
    error: ValidationError, model: type[Section], root: Node, at: tuple[str, ...] = ()
) -> Iterator[Problem]:
    """What pydantic found wrong in a section that is written at a path of a file."""
    for found in error.errors(include_url=False):
        if found["type"] != "default_factory_not_called":
            path = tuple(part for part in found["loc"] if part != "[key]")
            place = as_written(root, (*at, *path))
            yield problem_at(root, place, f"{dotted(place)}: {_sentence(model, path, found)}")


def as_written(root: Node | None, path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Where a field is in the file: sections that are written as a list have their own fields in its first entry."""
    place: list[str | int] = []
    left = list(path)
    while left:
        part = left.pop(0)
        if root is not None and isinstance(root.value, list) and isinstance(part, str):
            if part != OTHERS:
                left.insert(0, part)
            part = int(left.pop(0)) + 1 if part == OTHERS and left else 0
        place.append(part)
        root = root and root.below.get(str(part))
    return tuple(place)


def _sentence(model: type[Section], path: tuple[str | int, ...], error: ErrorDetails) -> str:
    model, asks = _declared(model, path)
    value = error["input"]
    match error["type"]:
        case "extra_forbidden":
            return _unknown_field(str(path[-1]), model)
        case "missing":
            return f"is missing; write {asks}"
        case "value_error":
            return str(error["ctx"]["error"])
        case "literal_error":
            return choice(re.findall("'([^']+)'", error["ctx"]["expected"]), value)
        case "string_type" if isinstance(value, (bool, int, float)):
            return f"must be text, not {shown(value)}; put it in quotes"
    return f"must be {asks}, not {shown(value)}"


def _declared(model: type[Section], path: tuple[str | int, ...]) -> tuple[type[Section], str]:
    """The innermost section on a path, and what the innermost field on it asks for."""
    annotation: Any = model
    asks: str = model.asks
    for part in path:
        declared = model.model_fields.get({OTHERS: OTHERWISE, OTHERWISE: ""}.get(str(part), str(part)))
        if declared is not None:
            annotation, described = declared.annotation, declared.description
        else:
            annotation, described = _value_type(annotation)
        section = _section_in(annotation)
        model = section or model
        asks = described or (section.asks if section else asks)
    return model, asks


def _value_type(mapping: Any) -> tuple[Any, str | None]:
    """The type of a mapping's values, and what it asks for; of anything else, nothing."""
    values = get_args(mapping)[1:]
    if not values:
        return None, None
    asked = [
        each.description for each in get_args(values[0]) if isinstance(each, FieldInfo) and each.description
    ]
    return values[0], next(iter(asked), None)


def _section_in(annotation: Any) -> type[Section] | None:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((found for each in get_args(annotation) if (found := _section_in(each))), None)


def _unknown_field(name: str, model: type[Section]) -> str:
    allowed = [field for field in (*model.model_fields, *model.apart) if field != OTHERWISE]
    if issubclass(model, Alternative):
        return (
            f"is not of one provider alone: write it in the first of the list; here are {', '.join(allowed)}"
        )
    if any(name in special.model_fields for special in model.__subclasses__()) and name != OTHERWISE:
        return "is for one segment only; write it under overrides and the segment's number"
    beyond = "; what only this provider knows goes under settings" if "settings" in model.model_fields else ""
    return f"is unknown{meant(allowed, name)}; allowed are {', '.join(allowed)}{beyond}"


def choice(allowed: Collection[str], value: Any) -> str:
    """What to say of a value that is none of those allowed."""
    return f"must be {_or(list(allowed))}, not {shown(value)}{meant(allowed, value)}"


def meant(allowed: Collection[str], value: Any) -> str:
    """Which of those allowed a value is close to, as the end of a sentence."""
    close = get_close_matches(str(value)[:64], allowed, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _or(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else "".join(words)

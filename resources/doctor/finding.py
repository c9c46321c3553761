"""A finding: what one check of the doctor says."""

from __future__ import annotations

from typing import Literal

import msgspec

from movie_assets.core.errors import MovieError

__all__ = ["Finding", "fault", "ok", "warning"]

State = Literal["ok", "warning", "missing"]


class Finding(msgspec.Struct, frozen=True, rename="camel"):
    """What was looked at, how it is, and what to do about it; `missing` is what no film can be made without."""

    what: str
    state: State
    told: str
    next_step: str = ""


def ok(what: str, told: str) -> Finding:
    return Finding(what, "ok", told)


def warning(what: str, told: str, next_step: str) -> Finding:
    return Finding(what, "warning", told, next_step)


def fault(what: str, error: MovieError, *, needed: bool = True) -> Finding:
    """An error as a finding; what is not needed is only warned of."""
    labels = ", ".join(f"{name} {value}" for name, value in error.labels.items() if name in _SHOWN)
    told = " ".join(f"{error.fact} ({labels})".split()) if labels else " ".join(error.fact.split())
    return Finding(what, "missing" if needed else "warning", told, error.next_step)


_SHOWN = ("binary", "characters", "script", "model", "status", "request_id", "said")

"""What `settings` may say to OpenAI and to servers that speak its way, and how it goes into a request's body."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from movie_assets.core.errors import Refused
from resources.setting import TEXT, Setting, Unfit, number, one_of
from resources.setting import unfit as unfit_of

__all__ = ["parameters", "unfit"]

_OURS = frozenset({"model", "input", "messages", "prompt", "image", "n", "stream"})
_OURS_IN = {"script": _OURS | {"instructions"}, "narration": _OURS | {"response_format"}}
_SIZE = re.compile(r"auto|[1-9][0-9]{0,4}x[1-9][0-9]{0,4}")
_KEPT: Mapping[str, Mapping[str, Setting]] = {
    "script": {"api": one_of("responses", "chat"), "audience": TEXT},
    "picture": {
        "size": Setting(
            "auto or a size such as 1536x1024", lambda it: isinstance(it, str) and bool(_SIZE.fullmatch(it))
        ),
        "quality": TEXT,
    },
    "narration": {"voice": TEXT, "speed": number(0.25, 4)},
}
"""What an adapter reads itself and does not pass on, by section."""


def unfit(section: str, fields: Mapping[str, Any]) -> Iterator[Unfit]:
    """What is wrong with the settings of a section: what the movie itself says, and what could not be sent."""
    settings = fields.get("settings") or {}
    ours = _OURS_IN.get(section, _OURS)
    for name in settings:
        first, *inner = name.split(".")
        if first in ours:
            yield ("settings", name), "cannot be set: the movie says it; remove it"
        for above in (".".join([first, *inner[:end]]) for end in range(len(inner))):
            if above in settings:
                yield ("settings", above), f"has a value that {name} would reach into; write either of them"
    yield from unfit_of(settings, _KEPT[section])


def parameters(section: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What a section's `settings` add to a request's body; a dot reaches inside: `reasoning.effort`.

    `Refused` for what is `unfit`.
    """
    for where, sentence in unfit(section, fields):
        raise Refused(f"{'.'.join(where)} {sentence}", next_step="correct it in movie.yaml")
    body: dict[str, Any] = {}
    for name, value in (fields.get("settings") or {}).items():
        if name not in _KEPT[section]:
            *path, last = name.split(".")
            at = body
            for part in path:
                at = at.setdefault(part, {})
            at[last] = value
    return body

"""An answer's JSON, read as what any compatible server may send: nothing in it is taken for granted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from movie_assets.core.errors import Failed, Transient
from resources.openai.refusals import LATER, told

__all__ = ["Raw", "check_type", "inside", "json_of"]


class Raw(Protocol):
    """An answer as the SDK's `with_raw_response` gives it."""

    @property
    def headers(self) -> Mapping[str, str]: ...

    @property
    def content(self) -> bytes: ...

    @property
    def request_id(self) -> str | None: ...


def json_of(raw: Raw) -> dict[str, Any]:
    """The object an answer holds; `Failed` for anything but JSON, `Transient` for JSON that breaks off."""
    check_type(raw.headers.get("content-type", ""), "json", raw.request_id)
    try:
        body = json.loads(raw.content)
    except ValueError:
        raise Transient(
            "the answer breaks off: it is no JSON", request_id=raw.request_id, next_step=LATER
        ) from None
    if not isinstance(body, dict):
        raise Failed("the answer is no JSON object", request_id=raw.request_id, next_step=_BASE_URL)
    if isinstance(body.get("error"), dict):
        raise told(body["error"]).with_labels(request_id=raw.request_id)
    return body


def check_type(content_type: str, wanted: str, request_id: str | None) -> None:
    """`Failed` where a server answers with something else than was asked for, such as a web page."""
    media_type = content_type.partition(";")[0].strip()
    if wanted not in media_type:
        raise Failed(
            f"the answer is {media_type or 'of no type'}, not {wanted}",
            request_id=request_id,
            next_step=_BASE_URL,
        )


_BASE_URL = "correct base_url in providers.yaml: the API's root, such as http://localhost:11434/v1"


def inside(value: Any, *path: str | int) -> Any:
    """What lies at a path of an answer; None where it goes on otherwise than documented."""
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value

"""A connection: how one provider that a config names is reached."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Connection"]


@dataclass(frozen=True, slots=True)
class Connection:
    """One provider by its name; nothing in it shapes a result, so nothing of it is in an inputs digest.

    `speaks` is whose API it answers to: `openai`, `elevenlabs` or `video`. `key` is a secret; None where none is set,
    and "" where the server wants none. `timeout` is of one request, in seconds.
    """

    name: str
    speaks: str
    base_url: str | None = None
    key: str | None = field(default=None, repr=False)
    key_name: str = ""
    timeout: float = 120.0

"""A connection: how one provider that a config names is reached."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from resources.video.api import VideoApi

__all__ = ["Connection", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is asked of a provider at once, and how often something is asked again.

    `at_once` and `per_minute` count requests. `attempts` bounds a request that fails, `patience` the seconds it may
    wait between attempts, all told; the first wait is about `pause` seconds, and each next one twice as long.
    """

    at_once: int = 4
    per_minute: int | None = None
    attempts: int = 5
    pause: float = 1.0
    patience: float = 300.0


@dataclass(frozen=True, slots=True)
class Connection:
    """One provider by its name; nothing in it shapes a result, so nothing of it is in an inputs digest.

    `speaks` is whose API it answers to: `openai`, `elevenlabs` or `video`. `key` is a secret; None where none is set,
    and "" where the server wants none; `key_name` is the environment variable it comes from. `timeout` is of one
    request, in seconds. `video` says how a server of that kind is asked, as a person wrote it.
    """

    name: str
    speaks: str
    base_url: str | None = None
    key: str | None = field(default=None, repr=False)
    key_name: str = ""
    timeout: float = 120.0
    limits: Limits = Limits()
    video: VideoApi | None = None

    @property
    def account(self) -> str:
        """What a provider counts its limits by: the server and the key, as a digest that tells neither."""
        return hashlib.sha256(f"{self.speaks} {self.base_url} {self.key}".encode()).hexdigest()[:16]

"""Secrets: keys from the environment, or from a `.env` file in the project's folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from movie_assets.core.errors import Unready

__all__ = ["Secret", "Secrets"]


class Secret(str):
    """A key: text for an SDK to send, which the repr of whatever holds it does not show."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(…)"


class Secrets:
    """The keys a project may use; what the environment says wins over what the file says."""

    def __init__(self, project: Path, environment: Mapping[str, str] | None = None) -> None:
        self._environment = os.environ if environment is None else environment
        self._file = project / ".env"

    def get(self, name: str) -> Secret | None:
        """The value of a variable, None if it is not set or empty."""
        found = (self._environment.get(name) or self._written.get(name) or "").strip()
        return Secret(found) if found else None

    @cached_property
    def _written(self) -> Mapping[str, str | None]:
        if not self._file.is_file():
            return {}
        from dotenv import dotenv_values

        try:
            return dotenv_values(self._file, interpolate=False, encoding="utf-8-sig")
        except UnicodeDecodeError:
            raise Unready(
                f"{self._file.name} is not UTF-8 text", next_step="save it as UTF-8, then: movies doctor"
            ) from None

"""How to reach an S3 store: the names of dagster-aws's S3 resource, from the environment or `.env`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

from movie_assets.core.errors import Refused

__all__ = ["S3Settings"]

_TRUE, _FALSE = ("1", "true", "yes"), ("0", "false", "no")
_VARIABLE = "MOVIES_S3_{}"


@dataclass(frozen=True, slots=True)
class S3Settings:
    """What is None is as the AWS tools have it: their variables, their profile, the machine's role.

    `max_attempts` counts the first. `verify` is a file of certificates, or whether to check them.
    """

    region_name: str | None = None
    endpoint_url: str | None = None
    profile_name: str | None = None
    aws_access_key_id: str | None = field(default=None, repr=False)
    aws_secret_access_key: str | None = field(default=None, repr=False)
    aws_session_token: str | None = field(default=None, repr=False)
    use_unsigned_session: bool = False
    use_ssl: bool = True
    verify: bool | str | None = None
    max_attempts: int = 5

    def __post_init__(self) -> None:
        if self.endpoint_url is not None:
            _check_endpoint(self.endpoint_url)
        if self.max_attempts < 1:
            raise _refused("max_attempts", "a number from 1")

    @staticmethod
    def said_by(variable: Callable[[str], str | None]) -> S3Settings:
        """Each field from `MOVIES_S3_<FIELD>`, such as MOVIES_S3_ENDPOINT_URL; `Refused` if it cannot be."""
        given: dict[str, Any] = {}
        for each in fields(S3Settings):
            text = variable(_VARIABLE.format(each.name.upper()))
            if text:
                given[each.name] = _READ.get(each.name, _text)(each.name, text)
        return S3Settings(**given)


def _text(_: str, text: str) -> str:
    return text


def _bool(name: str, text: str) -> bool:
    if text.lower() not in _TRUE + _FALSE:
        raise _refused(name, "true or false")
    return text.lower() in _TRUE


def _bool_or_text(_: str, text: str) -> bool | str:
    return text.lower() in _TRUE if text.lower() in _TRUE + _FALSE else text


def _number(name: str, text: str) -> int:
    if not text.isdecimal():
        raise _refused(name, "a number from 1")
    return int(text)


_READ = {"use_unsigned_session": _bool, "use_ssl": _bool, "verify": _bool_or_text, "max_attempts": _number}


def _check_endpoint(url: str) -> None:
    """An address with a name and password in it would show them in every error."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise _refused("endpoint_url", "an address like https://host:9000, without a name or password")


def _refused(name: str, allowed: str) -> Refused:
    variable = _VARIABLE.format(name.upper())
    return Refused(f"{variable} cannot be that: it is {allowed}", next_step=f"set {variable} anew")

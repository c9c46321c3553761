"""boto3's clients for one store: made when first needed, anew after a fork."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore import UNSIGNED
from botocore.config import Config

from resources.s3.settings import S3Settings

__all__ = ["Clients", "Connection", "connection_of"]

_AWS = (".amazonaws.com", ".amazonaws.com.cn")
_CONNECT_SECONDS, _READ_SECONDS, _CONNECTIONS = 5, 60, 64
_FEWER_CHECKSUMS = Config(
    request_checksum_calculation="when_required", response_checksum_validation="when_required"
)


@dataclass(frozen=True, slots=True)
class Clients:
    """`once` asks one time only, `plain` again where that is safe."""

    once: Any
    plain: Any

    @property
    def endpoint(self) -> str:
        return str(self.plain.meta.endpoint_url)


@lru_cache
def connection_of(settings: S3Settings) -> Connection:
    """One for all stores that are reached alike."""
    return Connection(settings)


class Connection:
    """The clients of this process: sockets and locks of a parent are of no use to a forked child."""

    def __init__(self, settings: S3Settings) -> None:
        self._settings = settings
        self._process = _Process()

    def clients(self) -> Clients:
        """Makes them the first time."""
        if self._process.number != os.getpid():
            self._process = _Process()
        process = self._process
        with process.lock:
            if process.clients is None:
                process.clients = _clients(self._settings)
            return process.clients


class _Process:
    def __init__(self) -> None:
        self.number = os.getpid()
        self.lock = threading.Lock()
        self.clients: Clients | None = None


def _clients(settings: S3Settings) -> Clients:
    session = boto3.session.Session(
        aws_access_key_id=settings.aws_access_key_id,
        aws_secret_access_key=settings.aws_secret_access_key,
        aws_session_token=settings.aws_session_token,
        region_name=settings.region_name or os.environ.get("AWS_REGION"),
        profile_name=settings.profile_name,
    )
    plain = _client(session, settings, _config(settings, settings.max_attempts))
    once = _config(settings, 1)
    if (urlsplit(plain.meta.endpoint_url).hostname or "").endswith(_AWS):
        return Clients(_client(session, settings, once), plain)
    # Many servers that speak S3 refuse or mistake the checksums that the SDK adds by default.
    plain = _client(session, settings, _config(settings, settings.max_attempts).merge(_FEWER_CHECKSUMS))
    return Clients(_client(session, settings, once.merge(_FEWER_CHECKSUMS)), plain)


def _client(session: Any, settings: S3Settings, config: Config) -> Any:
    return session.client(
        "s3",
        endpoint_url=settings.endpoint_url,
        use_ssl=settings.use_ssl,
        verify=settings.verify,
        config=config,
    )


def _config(settings: S3Settings, attempts: int) -> Config:
    return Config(
        signature_version=UNSIGNED if settings.use_unsigned_session else "s3v4",
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        max_pool_connections=_CONNECTIONS,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )

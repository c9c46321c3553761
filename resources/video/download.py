"""A finished video brought here: from any public host, without a key, bounded, and looked at."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from movie_assets.core.errors import Failed, Refused, Stopped, Transient
from movie_assets.core.ports import Workspace
from resources.inspection import inspected
from resources.video.wire import Wire, sending, status_error

__all__ = ["check_video", "fetched", "saved"]

_LARGEST = 2 * 1024**3
_CHUNK = 1 << 18
_MOST_HOPS = 5


def fetched(url: httpx.URL, wire: Wire, client: httpx.Client, to: Path, at: Workspace) -> None:
    """Downloads a video from where the service said it lies, following redirects."""
    for _ in range(_MOST_HOPS):
        with _opened(url, wire, client) as response:
            if not response.has_redirect_location:
                return saved(response, to, at)
            url = response.url.join(response.headers["location"])
    raise Failed(f"the video is redirected more than {_MOST_HOPS} times", next_step="try again later")


@contextmanager
def _opened(url: httpx.URL, wire: Wire, client: httpx.Client) -> Iterator[httpx.Response]:
    _check_public(url, wire)
    with sending(wire.connection, again=True), client.stream("GET", url) as response:
        if response.is_error:
            raise status_error(response, "", wire.connection)
        yield response


def saved(response: httpx.Response, to: Path, at: Workspace) -> None:
    """Writes a response's body to a file; `Transient` for a page of text in the video's place."""
    said = response.headers.get("content-type", "")
    if said.startswith(("text/", "application/json")):
        raise Transient(f"{said.split(';')[0]} came in place of the video", next_step="try again later")
    size = 0
    with to.open("wb") as file:
        for chunk in response.iter_bytes(_CHUNK):
            size += len(chunk)
            if at.stop.is_set():
                raise Stopped("stopped on request", next_step="run the same command again to go on")
            if size > _LARGEST:
                raise Failed("the video is larger than 2 GiB", next_step="ask for a shorter or smaller one")
            file.write(chunk)


def check_video(path: Path) -> str:
    """The media type of a file that is a video; `Failed` if it is none."""
    try:
        found = inspected(path)
    except Refused as error:
        raise _no_video(str(error.labels.get("said", error.fact))) from None
    if found.video is None or not found.video.frames:
        raise _no_video("it has no picture")
    with path.open("rb") as file:
        head = file.read(12)
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "video/webm"
    return "video/quicktime" if head[8:12] == b"qt  " else "video/mp4"


def _no_video(said: str) -> Failed:
    return Failed("what the service made is no video", said=said, next_step="movies make begins another one")


def _check_public(url: httpx.URL, wire: Wire) -> None:
    """`Refused` for an address inside our own network, which only the service's own host may have."""
    if url.scheme not in ("http", "https") or url.userinfo:
        raise _bad_address(url)
    if (url.host, url.port) == (wire.root.host, wire.root.port):
        return
    if not all(map(_is_public, _addresses(url.host))):
        raise _bad_address(url)


def _addresses(host: str) -> list[str]:
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    except OSError:
        # Behind a proxy we may know no names at all; whoever can resolve it will connect, or say why not.
        return []


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_global and not found.is_multicast


def _bad_address(url: httpx.URL) -> Refused:
    return Refused(
        f"the service says that its video lies at {url.scheme}://{url.host}, which is no public web address",
        next_step="correct result.url in providers.yaml, or ask the provider",
    )

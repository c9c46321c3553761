"""From the text of a root, a folder or s3://bucket/prefix, to the driver of that store."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Protocol, runtime_checkable

from movie_assets.core.errors import Refused
from movie_assets.core.store.driver import Driver, is_key
from movie_assets.core.store.local import LocalDriver
from resources.secrets import Secrets

__all__ = ["driver_of", "link_to", "link_to_address", "s3_place"]

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]\Z")


def driver_of(root: str, project: Path) -> Driver:
    """The store at a root; nothing is asked of it yet. boto3 is loaded only where it is needed."""
    if "://" not in root:
        return LocalDriver(_folder(project / root, root))
    bucket, prefix = s3_place(root)
    from resources.s3.driver import S3Driver
    from resources.s3.settings import S3Settings

    return S3Driver(bucket, prefix, S3Settings.said_by(Secrets(project).get))


def _folder(place: Path, root: str) -> Path:
    if root.startswith("s3:"):
        raise Refused(
            f"the store {root} is not supported", next_step=f"s3://{root.removeprefix('s3:').strip('/')}"
        )
    if place.exists() and not place.is_dir():
        raise Refused(f"the store {root} is a file", next_step="name a folder, or s3://bucket/prefix")
    return place


@runtime_checkable
class _Linking(Protocol):
    """A store that can let others read for a while."""

    def link(self, key: str, seconds: int) -> str: ...


def link_to(driver: Driver, key: str, seconds: int) -> str:
    """An address that opens without keys for so long; where a store knows none, the path. It is a secret: print only."""
    return driver.link(key, seconds) if isinstance(driver, _Linking) else driver.address(key)


def link_to_address(address: str, seconds: int) -> str:
    """The same of what a driver gave as an address: signed by this machine's own keys. It is a secret: print only."""
    if "://" not in address:
        return address
    root, _, key = address.rpartition("/")
    return link_to(driver_of(root, Path()), key, seconds)


def s3_place(root: str) -> tuple[str, str]:
    """The bucket and the prefix of s3://bucket/prefix; `Refused` for what is no such address."""
    scheme, _, rest = root.partition("://")
    bucket, _, prefix = rest.partition("/")
    prefix = prefix.removesuffix("/")
    if scheme == "s3" and _BUCKET.match(bucket) and (not prefix or is_key(prefix)):
        return bucket, prefix
    raise Refused(
        f"the store {root} is not supported",
        next_step="name a folder or s3://bucket/prefix: a bucket's name has at least 3 letters, digits, dots or hyphens, "
        "a prefix letters, digits and [ ] = . _ - between /",
    )

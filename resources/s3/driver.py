"""The driver on S3 and what speaks its language, on boto3."""

from __future__ import annotations

import io
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from boto3.s3.transfer import TransferConfig, create_transfer_manager

from movie_assets.core.errors import MovieError, Refused, Transient, Unready, Unsure
from movie_assets.core.store.driver import Absent, Capabilities, Stat, check_key, check_prefix, is_key
from resources.s3.clients import connection_of
from resources.s3.errors import LATER, SDK_ERRORS, is_open, may_have_arrived, meaning, status_of, told
from resources.s3.settings import S3Settings
from resources.s3.stream import Body, ObjectStream

__all__ = ["S3Driver"]

_CHUNK = 1 << 20
_GIB = 1 << 30
# One request carries at most 5 GB; beyond that the parts go one after another, so that no memory is needed.
_WHOLE = TransferConfig(
    multipart_threshold=5 * _GIB,
    multipart_chunksize=_GIB // 16,
    use_threads=False,
    preferred_transfer_client="classic",
)
_YOUNG_SECONDS = 3600.0  # far less than what a sweep spares
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_IGNORES = "the S3 server ignores conditional puts, and two could publish the same revision"
_CHOOSE = "use AWS S3, Cloudflare R2, MinIO (since 2024-09), Ceph, or another server that obeys If-None-Match"

_CONDITIONAL: set[tuple[str, str]] = set()
"""The servers and buckets that this process has seen to obey conditional puts."""


class S3Driver:
    """Keeps each key in an object of a bucket, below a prefix that no key leads out of."""

    capabilities = Capabilities(append=False, paths=False, conditional=True)

    def __init__(
        self, bucket: str, prefix: str, settings: S3Settings, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._bucket = bucket
        self._prefix = f"{check_key(prefix)}/" if prefix else ""
        self._settings = settings
        self._connection = connection_of(settings)
        self._sleep = sleep

    # --- reading ----------------------------------------------------------------------------------------------

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        with self._stream(key, start, end) as stream:
            return stream.readall()

    def open(self, key: str) -> BinaryIO:
        return io.BufferedReader(self._stream(key, 0, None), _CHUNK)

    def list(self, prefix: str, after: str = "") -> Iterator[str]:
        return (key for key, _ in self._entries(check_prefix(prefix), after))

    def scan(self, prefix: str) -> Iterator[tuple[str, Stat]]:
        return self._entries(check_prefix(prefix), "")

    def stat(self, key: str) -> Stat | None:
        try:
            found = self._head(check_key(key))
        except Absent:
            return None
        return Stat(found["ContentLength"], found["LastModified"].timestamp())

    def path(self, key: str) -> None:
        check_key(key)

    def address(self, key: str) -> str:
        return f"s3://{self._bucket}/{self._name(key)}"

    def link(self, key: str, seconds: int) -> str:
        """An address by which anyone can read the bytes for so long, without keys."""
        with told("sign a link to", key, self._store):
            place = {"Bucket": self._bucket, "Key": self._name(key)}
            return str(self._plain.generate_presigned_url("get_object", Params=place, ExpiresIn=seconds))

    # --- writing ----------------------------------------------------------------------------------------------

    def create(self, key: str, data: bytes, *, durable: bool = True) -> bool:
        check_key(key)
        self._check_conditional()
        return self._create(key, data)

    def put(self, key: str, data: bytes) -> None:
        with told("write", key, self._store):
            self._plain.put_object(Bucket=self._bucket, Key=self._name(key), Body=data)

    def put_file(self, key: str, path: Path) -> None:
        name = self._name(key)
        if not path.is_file():
            raise Refused("there is no such file to store", path=path, key=key)
        with told("write", key, self._store), create_transfer_manager(self._plain, _WHOLE) as transfer:
            transfer.upload(str(path), self._bucket, name).result()

    def append(self, key: str, frame: bytes) -> None:
        raise Refused(f"{key} cannot be appended to: an object on S3 is written whole", store=self._store)

    def freshen(self, key: str) -> bool:
        """Copies an object onto itself, which is how S3 lets its time be changed; not one that is young anyway."""
        try:
            found = self._head(check_key(key))
        except Absent:
            return False
        now = parsedate_to_datetime(found["ResponseMetadata"]["HTTPHeaders"]["date"])
        if (now - found["LastModified"]).total_seconds() < _YOUNG_SECONDS:
            return True
        return self._copy_onto_itself(key)

    def delete(self, key: str) -> None:
        self._remove(check_key(key))

    # --- put if absent ----------------------------------------------------------------------------------------

    def _create(self, key: str, data: bytes) -> bool:
        """Any answer but a plain yes may hide that it was done: whose object is there tells."""
        nonce, doubt = os.urandom(8).hex(), False
        for _ in self._pauses():
            try:
                self._put_if_absent(key, data, nonce)
                return True
            except SDK_ERRORS as error:
                if not is_open(error):
                    raise meaning(error, "create", key, self._store) from error
                doubt = doubt or may_have_arrived(error)
            owner = self._nonce_of(key)
            if owner is not None:
                return owner == nonce
        if doubt:
            raise Unsure(f"cannot tell whether {key} was stored", store=self._store, next_step=LATER)
        raise Transient(f"cannot create {key}: the S3 server is busy", store=self._store, next_step=LATER)

    def _put_if_absent(self, key: str, data: bytes, nonce: str) -> None:
        once = self._connection.clients().once
        place = {"Bucket": self._bucket, "Key": self._prefix + key}
        once.put_object(**place, Body=data, IfNoneMatch="*", Metadata={"nonce": nonce})

    def _nonce_of(self, key: str) -> str | None:
        """Who created a key, None if nobody has."""
        try:
            return str(self._head(key)["Metadata"].get("nonce", ""))
        except Absent:
            return None

    def _check_conditional(self) -> None:
        """Before the first publish: of two that create the same key, the second must fail."""
        server = (self._connection.clients().endpoint, self._bucket)
        if server in _CONDITIONAL:
            return
        probe = f".tmp/probe-{os.urandom(8).hex()}"
        try:
            obeys = self._create(probe, b"") and not self._create(probe, b"")
        except MovieError as error:
            if error.__cause__ is None or status_of(error.__cause__) != 501:
                raise
            obeys = False
        finally:
            with suppress(MovieError):
                self._remove(probe)
        if not obeys:
            raise Unready(_IGNORES, store=self._store, next_step=_CHOOSE)
        _CONDITIONAL.add(server)

    def _pauses(self) -> Iterator[None]:
        """One for each attempt, later and later."""
        longest = _FIRST_PAUSE
        for attempt in range(self._settings.max_attempts):
            if attempt:
                self._sleep(longest * random.uniform(0.5, 1.0))
                longest = min(2 * longest, _LONGEST_PAUSE)
            yield

    # --- asking -----------------------------------------------------------------------------------------------

    @property
    def _plain(self) -> Any:
        return self._connection.clients().plain

    @property
    def _store(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def _name(self, key: str) -> str:
        return self._prefix + check_key(key)

    def _head(self, key: str) -> Any:
        with told("read", key, self._store):
            return self._plain.head_object(Bucket=self._bucket, Key=self._prefix + key)

    def _remove(self, key: str) -> None:
        with told("delete", key, self._store):
            self._plain.delete_object(Bucket=self._bucket, Key=self._prefix + key)

    def _copy_onto_itself(self, key: str) -> bool:
        source = {"Bucket": self._bucket, "Key": self._prefix + key}
        anew = {"MetadataDirective": "REPLACE"}
        try:
            with told("freshen", key, self._store), create_transfer_manager(self._plain, _WHOLE) as transfer:
                transfer.copy(source, *source.values(), anew).result()
        except Absent:
            return False
        return True

    def _stream(self, key: str, start: int, end: int | None) -> ObjectStream:
        check_key(key)
        clients = self._connection.clients()
        with told("read", key, self._store):
            return ObjectStream(
                self._fetch(clients.plain, key, start, end),
                lambda at: self._fetch(clients.once, key, start + at, end),
                self._pauses,
                lambda error: meaning(error, "read", key, self._store),
            )

    def _fetch(self, client: Any, key: str, start: int, end: int | None) -> Body:
        """The bytes between two offsets; there may be none, but not of what is not there."""
        if end is not None and end <= start:
            self._head(key)
            return io.BytesIO()
        wanted = {"Range": f"bytes={start}-{'' if end is None else end - 1}"} if start or end else {}
        try:
            answer = client.get_object(Bucket=self._bucket, Key=self._prefix + key, **wanted)
        except SDK_ERRORS as error:
            if status_of(error) == 416:
                return io.BytesIO()
            raise
        return cast(Body, answer["Body"])

    def _entries(self, prefix: str, after: str) -> Iterator[tuple[str, Stat]]:
        asked = {"Bucket": self._bucket, "Prefix": self._prefix + prefix}
        if after > prefix:
            asked["StartAfter"] = self._prefix + after
        while True:
            with told("list", prefix, self._store):
                page = self._plain.list_objects_v2(**asked)
            for found in page.get("Contents", ()):
                key = found["Key"][len(self._prefix) :]
                if is_key(key) and key > after:
                    yield key, Stat(found["Size"], found["LastModified"].timestamp())
            if not page.get("IsTruncated"):
                return
            asked["ContinuationToken"] = page["NextContinuationToken"]

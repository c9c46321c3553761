"""What the answers and silences of an S3 server mean to a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from botocore import exceptions as sdk

from movie_assets.core.errors import MovieError, Transient, Unready
from movie_assets.core.store.driver import Absent

__all__ = ["LATER", "SDK_ERRORS", "is_open", "may_have_arrived", "meaning", "status_of", "told"]

SDK_ERRORS = (sdk.BotoCoreError, sdk.ClientError)
_NOT_SENT = (sdk.EndpointConnectionError, sdk.ConnectTimeoutError, sdk.ProxyConnectionError)
_BROKEN = (sdk.HTTPClientError, sdk.IncompleteReadError)
_NO_KEYS = (
    sdk.NoCredentialsError,
    sdk.PartialCredentialsError,
    sdk.CredentialRetrievalError,
    sdk.ProfileNotFound,
    sdk.TokenRetrievalError,
    sdk.SSOError,
)
_SET_KEYS = (
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, for keys that may use this store"
)
LATER = "try again later; what was finished is kept"

_SENTENCES = {
    "AccessDenied": (
        "the keys do not allow it",
        "allow them s3:ListBucket, GetObject, PutObject, DeleteObject",
    ),
    "InvalidAccessKeyId": ("the server does not know these keys", _SET_KEYS),
    "SignatureDoesNotMatch": ("the server does not accept these keys", _SET_KEYS),
    "ExpiredToken": ("the session's keys have expired", "sign in again, or set new keys"),
    "InvalidToken": ("the server does not accept the session's token", "sign in again, or set new keys"),
    "RequestTimeTooSkewed": ("this machine's clock is wrong", "set the clock, and keep it set with NTP"),
    "AuthorizationHeaderMalformed": ("the region is not the bucket's", "set MOVIES_S3_REGION_NAME"),
    "PermanentRedirect": ("the region is not the bucket's", "set MOVIES_S3_REGION_NAME"),
    "QuotaExceeded": ("the store's quota is used up", "sweep it, or raise the quota"),
    "XMinioStorageFull": ("the store is full", "sweep it, or give the server more room"),
}
_DENIED = {403: "AccessDenied", 401: "InvalidAccessKeyId", 301: "PermanentRedirect", 507: "XMinioStorageFull"}


@contextmanager
def told(verb: str, key: str, store: str) -> Iterator[None]:
    """Turns the SDK's errors into ours; `store` is s3://bucket/prefix."""
    try:
        yield
    except SDK_ERRORS as error:
        raise meaning(error, verb, key, store) from error


def meaning(error: Exception, verb: str, key: str, store: str) -> MovieError:
    """An error of the SDK in our words: nothing of what the server wrote is in it, save its code."""
    if isinstance(error, sdk.ClientError):
        return _of_answer(error, verb, key, store)
    return _of_silence(error, verb, key, store)


def status_of(error: BaseException) -> int:
    """The HTTP status of an answer, 0 if none came."""
    answer = error.response if isinstance(error, sdk.ClientError) else {}
    return int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)


def is_open(error: Exception) -> bool:
    """Whether it is still open if a conditional request was carried out, now or by an earlier attempt."""
    status = status_of(error)
    if isinstance(error, sdk.ClientError):
        return (
            status in (409, 412, 429) or (status >= 500 and status != 501) or _code(error) == "RequestTimeout"
        )
    return isinstance(error, _BROKEN) and not isinstance(error, sdk.SSLError)


def may_have_arrived(error: Exception) -> bool:
    """Whether the server may carry a request out although it did not say so."""
    if isinstance(error, sdk.ClientError):
        return status_of(error) in (500, 502, 504)
    return not isinstance(error, _NOT_SENT)


def _code(error: sdk.ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _of_answer(error: sdk.ClientError, verb: str, key: str, store: str) -> MovieError:
    code, status = _code(error), status_of(error)
    if code == "NoSuchBucket":
        bucket = store.removeprefix("s3://").partition("/")[0]
        next_step = f"make it (aws s3 mb s3://{bucket}), or name another with --root"
        return Unready(f"there is no bucket {bucket}", store=store, next_step=next_step)
    if status == 404:
        return Absent("nothing is stored there", key=key, store=store)
    if code not in _SENTENCES:
        code = _DENIED.get(status, code)
    if code in _SENTENCES:
        fact, next_step = _SENTENCES[code]
        return Unready(f"cannot {verb} {key}: {fact}", store=store, next_step=next_step)
    if status >= 500 or status == 429 or code in ("RequestTimeout", "SlowDown"):
        fact = f"cannot {verb} {key}: the S3 server is busy or failing ({code or status})"
        return Transient(fact, store=store, next_step=LATER)
    fact = f"cannot {verb} {key}: the S3 server said {code or status}"
    return Unready(fact, store=store, next_step="look at the server's log, and at MOVIES_S3_* and AWS_*")


def _of_silence(error: Exception, verb: str, key: str, store: str) -> MovieError:
    error_class: Callable[..., MovieError] = Unready
    if isinstance(error, _NO_KEYS):
        fact, next_step = "there are no keys for it", _SET_KEYS
    elif isinstance(error, sdk.SSLError):
        fact, next_step = "its certificate is not accepted", "name the certificates with MOVIES_S3_VERIFY"
    elif isinstance(error, _NOT_SENT):
        fact, next_step = "the S3 server cannot be reached", "start it, or set MOVIES_S3_ENDPOINT_URL"
        error_class = Transient
    elif isinstance(error, _BROKEN):
        fact, next_step, error_class = "the S3 server broke off, or did not answer in time", LATER, Transient
    else:
        fact, next_step = f"{type(error).__name__} before it was asked", "look at MOVIES_S3_* and AWS_*"
    return error_class(f"cannot {verb} {key}: {fact}", store=store, next_step=next_step)

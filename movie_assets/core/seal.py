"""The seal of a small document: its last field, the digest of all before it, so that no flipped bit goes unseen."""

from __future__ import annotations

from movie_assets.core.digest import digest_of_bytes
from movie_assets.core.errors import Damaged

__all__ = ["seal", "unseal"]

_BEFORE, _AFTER = b',"seal":"', b'"}'
_LENGTH = len(_BEFORE) + 64 + len(_AFTER)


def seal(document: bytes) -> bytes:
    """A JSON object with its seal."""
    return document[:-1] + _BEFORE + digest_of_bytes(document).encode() + _AFTER


def unseal(data: bytes) -> bytes:
    """The document as it was sealed, `Damaged` if it is not the same any more; one that has no seal is as it is.

    Older versions sealed nothing. What looks like a seal but for one byte is one, with that byte damaged.
    """
    document = data[:-_LENGTH] + b"}"
    if not _is_like_a_seal(data[-_LENGTH:]):
        return data
    if seal(document) != data:
        raise Damaged("its seal does not match: bytes of it were changed", next_step="movies verify")
    return document


def _is_like_a_seal(end: bytes) -> bool:
    said, wanted = end[: len(_BEFORE)] + end[-len(_AFTER) :], _BEFORE + _AFTER
    return len(end) == _LENGTH and sum(a != b for a, b in zip(said, wanted, strict=True)) <= 1

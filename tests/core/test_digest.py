"""Digests: change any byte, and the digest changes; say the same, and it does not."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from movie_assets.core.digest import canonical, digest_of, digest_of_bytes, digest_of_stream, is_digest
from movie_assets.core.errors import Refused

texts = st.text(st.characters(codec="utf-8"), max_size=12)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(st.binary(min_size=1, max_size=200), st.data())
def test_any_changed_byte_changes_the_digest(data: bytes, draw: st.DataObject) -> None:
    """The digest of bytes is their sha256, and differs when any of them does."""
    at = draw.draw(st.integers(0, len(data) - 1))
    changed = bytearray(data)
    changed[at] ^= draw.draw(st.integers(1, 255))
    assert digest_of_bytes(data) == hashlib.sha256(data).hexdigest()
    assert digest_of_bytes(bytes(changed)) != digest_of_bytes(data)


@given(values, values)
def test_values_share_a_digest_only_if_they_are_the_same(one: Any, other: Any) -> None:
    """1, 1.0, true and "1" are four values; two values share a spelling only if JSON tells them not apart."""
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (canonical(one) == canonical(other)) == same
    assert (digest_of(one) == digest_of(other)) == same


@given(values)
def test_nothing_is_lost_in_spelling(value: Any) -> None:
    """What is read back is what was spelt, in UTF-8 without spaces outside of texts."""
    spelt = canonical(value)
    assert json.loads(spelt.decode()) == value
    assert canonical(json.loads(spelt)) == spelt


@given(st.dictionaries(texts, scalars, min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_matter(value: dict[str, Any], chance: Any) -> None:
    """A mapping has one spelling, with its keys sorted by code point."""
    items = list(value.items())
    chance.shuffle(items)
    assert canonical(dict(items)) == canonical(value)
    assert list(json.loads(canonical(value))) == sorted(value)


@given(st.lists(scalars, min_size=2, max_size=5, unique_by=repr))
def test_the_order_of_a_list_matters(value: list[Any]) -> None:
    """A list turned round is another value."""
    assert digest_of(value) != digest_of(value[::-1])


@given(st.sampled_from([math.nan, math.inf, -math.inf]), st.lists(st.sampled_from("[{("), max_size=5))
def test_a_number_that_is_not_finite_is_refused(number: float, nesting: list[str]) -> None:
    """NaN and the infinities have no digest, however deep they lie."""
    value: Any = number
    for around in nesting:
        value = {"[": [0, value], "{": {"a": value, "b": 1}, "(": (value,)}[around]
    with pytest.raises(Refused, match="not finite"):
        digest_of(value)


def test_known_digests_stay() -> None:
    """The digests of stored movies depend on these spellings."""
    assert (
        canonical({"b": [1, 1.5, None, True], "a": "é\n\x7f"})
        == '{"a":"é\\n\x7f","b":[1,1.5,null,true]}'.encode()
    )
    assert canonical({"\U00010000": 1, "\uffff": 2}) == '{"\uffff":2,"\U00010000":1}'.encode()
    assert digest_of(None) == hashlib.sha256(b"null").hexdigest()


@given(data=st.binary(max_size=300))
def test_a_stream_s_digest_is_that_of_its_bytes(
    data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Reading a file in pieces gives the digest of the whole."""
    path = tmp_path_factory.getbasetemp() / "stream"
    path.write_bytes(data)
    with path.open("rb") as stream:
        assert digest_of_stream(stream) == digest_of_bytes(data)


@given(st.text(max_size=70))
def test_only_64_small_hex_digits_are_a_digest(text: str) -> None:
    """Anything else may not become a part of a key."""
    assume(len(text) != 64)
    assert not is_digest(text)
    assert is_digest(digest_of_bytes(text.encode(errors="replace")))
    assert not is_digest(digest_of(None).upper())
    assert not is_digest(digest_of(None) + "\n")

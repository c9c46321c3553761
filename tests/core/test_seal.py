"""The seal: what is sealed is read back, and no byte of it can be changed unseen."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_assets.core.errors import Damaged
from movie_assets.core.seal import seal, unseal

DOCUMENTS = st.dictionaries(
    st.text(), st.one_of(st.text(), st.integers(-(2**53), 2**53), st.none()), min_size=1
).map(msgspec.json.encode)


@given(DOCUMENTS)
def test_what_is_sealed_is_read_back(document: bytes) -> None:
    """It stays one JSON object, with a field more; what has no seal is read as it is."""
    assert unseal(seal(document)) == document
    assert json.loads(seal(document)) == {**json.loads(document), "seal": json.loads(seal(document))["seal"]}
    assert unseal(document) == document


@given(DOCUMENTS, st.integers(0, 10_000), st.integers(0, 7))
def test_no_bit_flips_unseen(document: bytes, at: int, bit: int) -> None:
    """Of the document or the seal: it is damaged, or cannot be read as JSON."""
    changed = bytearray(seal(document))
    changed[at % len(changed)] ^= 1 << bit
    with pytest.raises((Damaged, msgspec.DecodeError, UnicodeDecodeError)):
        msgspec.json.decode(unseal(bytes(changed)), type=dict)

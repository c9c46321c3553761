"""Names: one spelling, read back as it was written."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_assets.core.artefact import BlobRef, Name, check_movie_id
from movie_assets.core.errors import Refused

kinds = st.from_regex(r"[a-z][a-z0-9_]{0,63}", fullmatch=True)
names = st.builds(Name, kinds, st.none() | st.integers(0, 999_999))


@given(names)
def test_a_name_is_read_as_it_was_written(name: Name) -> None:
    """Parsing what a name prints gives the name."""
    assert Name.parse(str(name)) == name


@given(st.text(max_size=20) | st.from_regex(r"[a-z_0-9]{0,5}\[?-?[0-9]{0,3}\]?\n?", fullmatch=True))
def test_a_name_has_one_spelling(text: str) -> None:
    """Whatever is accepted prints exactly as it was written; all else is refused."""
    try:
        name = Name.parse(text)
    except Refused as error:
        assert repr(text) in error.fact
    else:
        assert str(name) == text


@pytest.mark.parametrize(
    "text", ["", "Picture", "3", "picture[03]", "picture[-1]", "picture[]", "picture[3]x", "a/b", "a[1]\n"]
)
def test_what_is_no_name_is_refused(text: str) -> None:
    """Capitals, leading zeros, minus signs, paths and line ends make no name."""
    with pytest.raises(Refused):
        Name.parse(text)


def test_a_name_without_a_segment_is_the_movie_s() -> None:
    """`script` is one per movie, `picture[0]` the first segment's, and they differ."""
    assert str(Name("script")) == "script"
    assert str(Name("picture", 0)) == "picture[0]"
    assert Name("picture") != Name("picture", 0)


@given(st.text(max_size=80))
def test_a_movie_id_is_safe_as_part_of_a_path(text: str) -> None:
    """Whatever is accepted holds only small letters, digits, _ and -, and begins with a letter or digit."""
    try:
        accepted = check_movie_id(text)
    except Refused:
        return
    assert accepted == text
    assert set(text) <= set("abcdefghijklmnopqrstuvwxyz0123456789_-")
    assert text[0] not in "_-"
    assert len(text) <= 64


@pytest.mark.parametrize("text", ["", "..", ".", "a/b", "A", "-a", "a\n", "a" * 65, "ä"])
def test_what_may_not_become_a_path_is_no_movie_id(text: str) -> None:
    """Dots, slashes, capitals, a line end and 65 characters are refused, with what is allowed."""
    with pytest.raises(Refused, match="next: use 1 to 64 of a-z"):
        check_movie_id(text)


def test_a_blob_s_reference_says_nothing_it_need_not() -> None:
    """In JSON a reference has camelCase fields, and `inline` only where the text lies in it."""
    assert msgspec.to_builtins(BlobRef("ab", 2, "text/plain")) == {
        "digest": "ab",
        "size": 2,
        "mediaType": "text/plain",
    }
    assert msgspec.to_builtins(BlobRef("ab", 2, "text/plain", "hi"))["inline"] == "hi"

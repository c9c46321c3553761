"""The framed log: what was written whole is read, and nothing else ever is."""

from __future__ import annotations

import re
from zlib import crc32

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from movie_assets.core.errors import Refused
from movie_assets.core.store.framed import LARGEST, Torn, frame, read_frames

PAYLOAD = st.binary(max_size=60).map(lambda data: data.replace(b"\n", b" "))
PAYLOADS = st.lists(PAYLOAD, max_size=8)


def test_a_frame_is_a_line_that_tools_can_read() -> None:
    """Newline, crc32 in eight lower hex digits, space, payload, newline."""
    assert frame(b'{"a":1}') == b"\n%08x " % crc32(b'{"a":1}') + b'{"a":1}\n'
    assert re.fullmatch(rb"\n[0-9a-f]{8} \{\}\n", frame(b"{}"))


@given(PAYLOADS)
def test_what_is_framed_is_read(payloads: list[bytes]) -> None:
    """All payloads, in order, nothing torn."""
    assert read_frames(b"".join(map(frame, payloads))) == (payloads, Torn())


@given(PAYLOADS)
@example([b"", b'{"a":1}', b"{}", b"\xff\x00"])
def test_a_cut_at_any_byte_keeps_every_whole_line_before_it(payloads: list[bytes]) -> None:
    """And says how long the unfinished line is, apart from damage."""
    frames = [frame(payload) for payload in payloads]
    whole = b"".join(frames)
    for cut in range(len(whole) + 1):
        read, torn = read_frames(whole[:cut])
        assert read == payloads[: len(read)]
        assert sum(map(len, frames[: len(read)])) <= cut
        assert len(read) == len(frames) or sum(map(len, frames[: len(read) + 1])) > cut
        assert torn == Torn((), cut - whole.rfind(b"\n", 0, cut) - 1)


@given(PAYLOADS, PAYLOAD, st.data())
def test_a_torn_frame_spoils_no_other(before: list[bytes], torn_payload: bytes, data: st.DataObject) -> None:
    """What follows a frame cut short is read, and the cut is reported with its offset."""
    start = b"".join(map(frame, before))
    cut = data.draw(st.integers(2, len(frame(torn_payload)) - 2))
    read, torn = read_frames(start + frame(torn_payload)[:cut] + frame(b"{}"))
    assert read == [*before, b"{}"]
    assert torn == Torn((len(start) + 1,), 0)


@given(st.lists(PAYLOAD, min_size=1, max_size=8), st.data())
def test_damage_never_yields_a_wrong_payload(payloads: list[bytes], data: st.DataObject) -> None:
    """Whatever bytes change, what is read was written, in its order; a change within a line is reported."""
    whole = bytearray(b"".join(map(frame, payloads)))
    spots = data.draw(st.lists(st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255)), max_size=6))
    for place, byte in spots:
        whole[place] = byte
    read, torn = read_frames(bytes(whole))
    originals = iter(payloads)
    assert all(any(payload == original for original in originals) for payload in read)
    assert torn or len(read) == len(payloads)


def test_damage_in_the_middle_is_loud_and_hides_nothing_behind_it() -> None:
    """Offsets of damaged lines are those in the log, also when reading starts later; the tail is told apart."""
    log = bytearray(frame(b"one") + frame(b"two") + frame(b"three") + frame(b"four")[:-2])
    second = len(frame(b"one")) + 1
    log[second + 9] ^= 1
    assert read_frames(bytes(log)) == ([b"one", b"three"], Torn((second,), len(b"xxxxxxxx fou")))
    assert read_frames(bytes(log), 1000)[1].damaged == (1000 + second,)
    assert not Torn()
    assert Torn((1,))
    assert Torn((), 1)


@pytest.mark.parametrize(
    "line", [b"0", b"zzzzzzzz {}", b"A3B2C1D0 {}", b"\0" * 500, b"{}", b'{"a": 1}', b" "]
)
def test_lines_that_are_no_frames_are_damage(line: bytes) -> None:
    """Holes of zeros, plain JSON, upper-case hex."""
    assert read_frames(frame(b"{}") + line + b"\n" + frame(b"{}")) == ([b"{}", b"{}"], Torn((13,), 0))


def test_an_entry_that_is_no_line_or_too_large_is_refused() -> None:
    """64 KB with its frame is the most; larger things are blobs."""
    assert len(frame(b"x" * (LARGEST - 11))) == LARGEST == 65536
    with pytest.raises(Refused, match="too large"):
        frame(b"x" * (LARGEST - 10))
    with pytest.raises(Refused, match="one line"):
        frame(b'{"a":\n1}')

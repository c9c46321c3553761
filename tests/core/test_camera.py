"""Camera moves: gentle, inside the picture for any length, and the same whatever the length."""

from __future__ import annotations

import hashlib
import math
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_assets.core.camera import MOVES, Box, CameraMove, box_at, move_for
from movie_assets.core.errors import Refused

FRAME = 1 / 30

seeds = st.integers(0, 10**6).map(lambda n: hashlib.sha256(str(n).encode()).hexdigest())
moves = st.builds(move_for, seeds, st.sampled_from([None, *MOVES]))
seconds = st.floats(-600, 3)
fractions = st.floats(0.05, 0.95)
strange_moves = st.builds(
    CameraMove,
    st.builds(Box, fractions, fractions, st.floats(0.1, 1.5)),
    st.floats(-0.5, 0.5),
    st.floats(-0.5, 0.5),
    st.floats(-0.3, 0.3),
)


def edges(box: Box) -> tuple[float, float, float, float]:
    half = box.width / 2
    return box.x - half, box.y - half, 1 - box.x - half, 1 - box.y - half


def distance(a: Box, b: Box) -> float:
    return math.dist((a.x, a.y, a.width), (b.x, b.y, b.width))


@given(moves | strange_moves, seconds)
def test_the_box_is_inside_the_picture_at_any_time(move: CameraMove, at: float) -> None:
    """From ten minutes before the end to three seconds after it no edge of the picture is seen."""
    box = box_at(move, at)
    assert box.width > 0
    assert min(edges(box)) >= -1e-9


@given(moves, st.floats(-6, 1.4))
def test_near_the_end_the_velocity_is_the_move_s_own(move: CameraMove, at: float) -> None:
    """Seconds around the end, where a crossfade looks, the camera moves exactly as the move says."""
    box = box_at(move, at)
    assert box.x == pytest.approx(move.end.x + move.drift_x * at)
    assert box.y == pytest.approx(move.end.y + move.drift_y * at)
    assert box.width == pytest.approx(move.end.width * math.exp(move.zoom * at))


@given(moves, st.floats(-599, 2.9))
def test_position_and_velocity_have_no_step(move: CameraMove, at: float) -> None:
    """Between one frame and the next the camera's step changes by a few hundredths of its size at most."""
    steps = [distance(box_at(move, at + k * FRAME), box_at(move, at + (k + 1) * FRAME)) for k in range(2)]
    assert steps[0] < 0.02 * FRAME
    assert abs(steps[1] - steps[0]) <= 0.06 * max(steps) + 1e-12


@given(moves, st.floats(-590, -1))
def test_the_camera_never_turns_back(move: CameraMove, at: float) -> None:
    """Each coordinate moves one way only, however long the segment."""
    boxes = [box_at(move, at + k * 0.5) for k in range(8)]
    for name, sign in (("x", move.drift_x), ("y", move.drift_y), ("width", move.zoom)):
        changes = [math.copysign(1, sign) * (getattr(b, name) - getattr(a, name)) for a, b in pairwise(boxes)]
        assert min(changes) >= -1e-12


@given(seeds, st.sampled_from(MOVES))
def test_a_named_move_is_what_its_name_says(seed: str, name: str) -> None:
    """Named moves go where they say, at a pace that is seen but does not hurry."""
    move = move_for(seed, name)
    assert move.name == name
    signs = {
        "push-in": move.zoom < 0,
        "pull-out": move.zoom > 0,
        "pan-left": move.drift_x < 0 == move.zoom,
        "pan-right": move.drift_x > 0 == move.zoom,
        "pan-up": move.drift_y < 0 == move.zoom,
        "pan-down": move.drift_y > 0 == move.zoom,
        "drift": move.zoom < 0,
        "still": move.drift_x == move.drift_y == move.zoom == 0,
    }
    assert signs[name]
    travelled = distance(box_at(move, -8), box_at(move, 0))
    assert travelled == 0 if name == "still" else 0.02 < travelled < 0.25


@given(seeds)
def test_a_move_is_a_value_of_its_seed(seed: str) -> None:
    """The same digest gives the same move, also after a trip through JSON."""
    move = move_for(seed)
    assert msgspec.json.decode(msgspec.json.encode(move_for(seed)), type=CameraMove) == move


def test_different_seeds_move_differently() -> None:
    """Forty segments see every move but standing still, which is only for who asks for it."""
    names = {move_for(hashlib.sha256(bytes([n])).hexdigest()).name for n in range(40)}
    assert names == set(MOVES) - {"still"}


def test_an_unknown_move_is_refused_with_the_known_ones() -> None:
    """A typing error is answered by the list of names."""
    with pytest.raises(Refused, match=r"zoom-in") as caught:
        move_for("0" * 64, "zoom-in")
    assert "push-in" in caught.value.next_step

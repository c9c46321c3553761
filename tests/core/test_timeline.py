"""The timeline: whole frames, each segment's length its own."""

from __future__ import annotations

from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from movie_assets.core.timeline import Timeline, segment_frames, timeline_of

voices = st.lists(st.floats(0.05, 60), min_size=1, max_size=30)
pauses = st.floats(0, 3)
rates = st.sampled_from([12, 24, 25, 30, 60])


@given(voices, pauses, rates)
def test_segments_lie_end_to_end(lengths: list[float], pause: float, fps: int) -> None:
    """Each segment begins on the frame the one before ends, from 0 to the film's end."""
    plan = timeline_of(lengths, [pause] * len(lengths), fps)
    assert plan.segments[0].start_frame == 0
    for one, after in pairwise(plan.segments):
        assert after.start_frame == one.start_frame + one.frames
    assert plan.frames == sum(segment.frames for segment in plan.segments)
    assert plan.seconds == plan.frames / fps
    assert [segment.segment for segment in plan.segments] == list(range(len(lengths)))


@given(voices, pauses, rates)
def test_each_voice_is_heard_in_its_own_segment(lengths: list[float], pause: float, fps: int) -> None:
    """A narration begins half a pause into its segment and ends, to a thousandth of a frame, half a pause before."""
    for segment, length in zip(
        timeline_of(lengths, [pause] * len(lengths), fps).segments, lengths, strict=True
    ):
        assert segment.voice_seconds == length
        begin, end = segment.start_frame / fps, (segment.start_frame + segment.frames) / fps
        assert segment.voice_start == begin + pause / 2
        assert segment.voice_start + length + pause / 2 <= end + 0.001 / fps


@given(st.floats(0.05, 60), pauses, rates)
def test_a_segment_is_the_shortest_that_holds_its_voice(length: float, pause: float, fps: int) -> None:
    """Rounded up to a whole frame, and never more than that."""
    frames = segment_frames(length, pause, fps)
    assert frames >= 1
    assert (frames - 1) / fps < length + pause <= frames / fps + 0.001 / fps


@given(voices, pauses, rates, st.data())
def test_a_longer_sentence_changes_no_other_segment_s_length(
    lengths: list[float], pause: float, fps: int, draw: st.DataObject
) -> None:
    """A segment's frames depend on its own narration alone."""
    at = draw.draw(st.integers(0, len(lengths) - 1))
    longer = [length + (index == at) for index, length in enumerate(lengths)]
    before, after = (timeline_of(each, [pause] * len(each), fps).segments for each in (lengths, longer))
    assert [index for index in range(len(lengths)) if before[index].frames != after[index].frames] == [at]


def test_a_voice_of_whole_frames_is_not_rounded_up_by_floating_point() -> None:
    """0.1 + 0.2 s at 10 fps are 3 frames, though floating point makes 0.30000000000000004 of it."""
    assert segment_frames(0.1, 0.2, 10) == 3


def test_a_timeline_is_json_with_its_format() -> None:
    """camelCase fields, read back as written."""
    plan = timeline_of([1.0, 2.0], [0.5, 0.5], 30)
    written = msgspec.json.encode(plan)
    assert msgspec.json.decode(written)["format"] == 1
    assert msgspec.json.decode(written)["segments"][1]["startFrame"] == 45
    assert msgspec.json.decode(written, type=Timeline) == plan

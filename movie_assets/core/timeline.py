"""The timeline: what plays when."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from movie_assets.core.event import FORMAT

__all__ = ["Timeline", "TimelineSegment", "segment_frames", "timeline_of"]


class TimelineSegment(Struct, frozen=True, rename="camel"):
    """One segment: its frames, and when its narration is heard, in seconds from the film's start."""

    segment: int
    start_frame: int
    frames: int
    voice_start: float
    voice_seconds: float


class Timeline(Struct, frozen=True, rename="camel", tag_field="format", tag=FORMAT):
    """The artefact `timeline`. Seconds are exact multiples of a frame."""

    fps: int
    frames: int
    seconds: float
    segments: tuple[TimelineSegment, ...]


def segment_frames(voice_seconds: float, pause: float, fps: int) -> int:
    """A segment's length in whole frames: its narration and half a pause on either side, rounded up.

    It depends on its own narration alone, so a longer sentence moves no other clip.
    """
    return max(1, math.ceil(round((voice_seconds + pause) * fps, 6)))


def timeline_of(
    voices: Sequence[float], pauses: Sequence[float], fps: int, opening: int = 0, closing: int = 0
) -> Timeline:
    """Lays the segments end to end, after so many frames of a title card and before those of an end card."""
    segments, at = [], opening
    for number, (seconds, pause) in enumerate(zip(voices, pauses, strict=True)):
        frames = segment_frames(seconds, pause, fps)
        segments.append(TimelineSegment(number, at, frames, at / fps + pause / 2, seconds))
        at += frames
    return Timeline(fps, at + closing, (at + closing) / fps, tuple(segments))

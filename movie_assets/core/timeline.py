"""The timeline: what plays when."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from movie_assets.core.event import FORMAT

__all__ = ["BREATH", "Timeline", "TimelineSegment", "piece_frames", "segment_frames", "timeline_of", "wait"]

BREATH = 0.3
"""Seconds of silence at least between what a picture shows, when it is spoken, and what is said before and after it."""


class TimelineSegment(Struct, frozen=True, rename="camel", omit_defaults=True):
    """One segment: its frames, and when its narration is heard, in seconds from the film's start.

    Where it is spoken, too, what its picture shows, that is heard first.
    """

    segment: int
    start_frame: int
    frames: int
    voice_start: float
    voice_seconds: float
    description_start: float | None = None
    description_seconds: float | None = None


class Timeline(Struct, frozen=True, rename="camel", tag_field="format", tag=FORMAT):
    """The artefact `timeline`. Seconds are exact multiples of a frame."""

    fps: int
    frames: int
    seconds: float
    segments: tuple[TimelineSegment, ...]


def wait(pause: float, described: float | None) -> float:
    """Seconds beyond half a pause that a narration waits for a description before it, with a breath on either side."""
    return 0.0 if described is None else max(0.0, BREATH + described + BREATH - pause / 2)


def segment_frames(voice_seconds: float, pause: float, fps: int, described: float | None = None) -> int:
    """A segment's length in whole frames: its narration, half a pause on either side and the wait before, rounded up.

    It depends on its own narration and description alone, so a longer sentence moves no other clip.
    """
    return max(1, math.ceil(round((voice_seconds + pause + wait(pause, described)) * fps, 6)))


def timeline_of(
    voices: Sequence[float],
    pauses: Sequence[float],
    fps: int,
    opening: int = 0,
    closing: int = 0,
    described: Sequence[float | None] = (),
) -> Timeline:
    """Lays the segments end to end, after so many frames of a title card and before those of an end card.

    `described` are the seconds of what is spoken of each picture, None where nothing is; empty where no picture is described.
    """
    segments, at = [], opening
    told = described or [None] * len(voices)
    for number, (seconds, pause, description) in enumerate(zip(voices, pauses, told, strict=True)):
        frames = segment_frames(seconds, pause, fps, description)
        begin = at / fps
        voice = begin + pause / 2 + wait(pause, description)
        described_at = None if description is None else begin + BREATH
        segments.append(TimelineSegment(number, at, frames, voice, seconds, described_at, description))
        at += frames
    return Timeline(fps, at + closing, (at + closing) / fps, tuple(segments))


def piece_frames(plan: Timeline, clip: str) -> dict[str, int]:
    """The frames of all that a film is joined from, by its artefact's name; `clip` is the kind of its clips."""
    opening = plan.segments[0].start_frame if plan.segments else 0
    clips = {f"{clip}[{each.segment}]": each.frames for each in plan.segments}
    closing = plan.frames - opening - sum(clips.values())
    return {"title_card": opening, **clips, "end_card": closing}

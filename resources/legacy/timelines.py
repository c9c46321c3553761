"""The predecessor's timelines: addresses rewritten to digests, and the same told as a timeline of ours."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from movie_assets.core.artefact import Name
from movie_assets.core.errors import Refused
from movie_assets.core.timeline import Timeline, TimelineSegment
from resources.legacy.names import name_of

__all__ = ["our_timeline", "rewritten"]

_FPS = 30
_LONGEST = 36_000.0
_ASSETS = {
    "imageAssetId": "imageUrl",
    "narrationAssetId": "audioUrl",
    "musicAssetId": "audioUrl",
    "videoAssetId": "videoUrl",
}

Digest = Callable[[Name], str | None]
"""The digest of an artefact of the revision; None if it has none."""


def rewritten(timeline: Mapping[str, Any], digest: Digest) -> tuple[dict[str, Any], list[str]]:
    """The timeline with each clip naming `artefact` and `digest` in the place of an address; the clips that name nothing."""
    lost: list[str] = []
    tracks = {
        track: {**_mapping(said), "clips": [_clip(clip, digest, lost) for clip in _clips(timeline, track)]}
        for track, said in _mapping(timeline.get("tracks")).items()
    }
    return {**timeline, "tracks": tracks}, lost


def _clip(clip: Mapping[str, Any], digest: Digest, lost: list[str]) -> dict[str, Any]:
    plain = {key: value for key, value in clip.items() if key not in _ASSETS.values()}
    for asset, url in _ASSETS.items():
        if asset not in clip and not (asset.startswith("image") and url in clip):
            continue
        name = _name(clip.get(asset))
        found = digest(name) if name else None
        if found is None:
            lost.append(
                f"clip {str(clip.get('id', '?'))[:80]} shows {str(clip.get(asset, clip.get(url)))[:200]}"
            )
        plain |= {"artefact": str(name) if name else None, "digest": found}
    return plain


def our_timeline(timeline: Mapping[str, Any], segments: int) -> Timeline | None:
    """When each segment begins and is heard; None if the tracks do not tell of each.

    A segment goes on until the next begins, whatever its clips say: the predecessor let them overlap.
    """
    begins = _begins(timeline, "visual", "imageAssetId", "videoAssetId")
    voices = dict(_segments(timeline, "voice", "narrationAssetId"))
    begins = {number: at for number, (at, _) in voices.items()} | begins
    ordered = [begins.get(number) for number in range(segments)]
    end = _seconds(timeline.get("duration")) or max(
        (at + long for at, long in (*voices.values(), *_spans(timeline, "visual"))), default=0.0
    )
    times = [at for at in ordered if at is not None]
    if len(times) != segments or times != sorted(times) or not segments or end <= times[-1]:
        return None
    marks = [round(at * _FPS) for at in times] + [math.ceil(end * _FPS)]
    parts = tuple(
        TimelineSegment(
            number, marks[number], marks[number + 1] - marks[number], *voices.get(number, (at, 0.0))
        )
        for number, at in enumerate(times)
    )
    return Timeline(_FPS, marks[-1], marks[-1] / _FPS, parts) if marks[0] == 0 else None


def _begins(timeline: Mapping[str, Any], track: str, *assets: str) -> dict[int, float]:
    begins: dict[int, float] = {}
    for asset in assets:
        for number, (at, _) in _segments(timeline, track, asset):
            begins[number] = min(at, begins.get(number, at))
    return begins


def _segments(
    timeline: Mapping[str, Any], track: str, asset: str
) -> Iterator[tuple[int, tuple[float, float]]]:
    for clip in _clips(timeline, track):
        name = _name(clip.get(asset))
        if name is not None and name.segment is not None:
            yield name.segment, _span(clip)


def _spans(timeline: Mapping[str, Any], track: str) -> list[tuple[float, float]]:
    return [_span(clip) for clip in _clips(timeline, track)]


def _span(clip: Mapping[str, Any]) -> tuple[float, float]:
    return _seconds(clip.get("startTime")), _seconds(clip.get("duration"))


def _seconds(value: Any) -> float:
    try:
        found = msgspec.convert(value, float, strict=False)
    except msgspec.ValidationError:
        return 0.0
    return found if 0 <= found <= _LONGEST else 0.0


def _name(legacy: Any) -> Name | None:
    try:
        return name_of(legacy) if isinstance(legacy, str) else None
    except Refused:
        return None


def _clips(timeline: Mapping[str, Any], track: str) -> list[Mapping[str, Any]]:
    clips = _mapping(_mapping(timeline.get("tracks")).get(track)).get("clips")
    return [clip for clip in clips if isinstance(clip, dict)] if isinstance(clips, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}

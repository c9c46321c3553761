"""OpenTimelineIO: the film as an editor's timeline, alone or bundled with its media."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import opentimelineio as otio
from opentimelineio.opentime import RationalTime, TimeRange

from movie_assets.core.errors import Refused
from movie_assets.core.storyboard import Piece, Scene, Storyboard
from movie_assets.core.timeline import Timeline, TimelineSegment
from resources.exports.media import is_media, media_name
from resources.mix import JOINT
from resources.probe import probe

__all__ = ["write_bundle", "write_otio"]

_OURS = "movie_assets"
_STILL_SECONDS = 24 * 3600  # how long a still can be held: longer than anyone asks
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # of zip: a bundle of the same is the same bytes
_CHUNK = 1 << 20
_IN_TRACKS = ("picture", "narration", "music")

Place = Callable[[str], str]
"""Where a file of the export is, seen from the timeline."""


def write_otio(board: Storyboard, film: str, folder: Path, to: Path) -> None:
    """The timeline; its media are in `folder`, beside it."""
    to.write_text(_text(board, film, folder, lambda name: name), encoding="utf-8")


def write_bundle(board: Storyboard, film: str, folder: Path, to: Path) -> None:
    """The timeline and all its media in one .otioz; they are copied piece by piece and never held in memory."""
    with zipfile.ZipFile(to, "w") as bundle:
        bundle.writestr(_entry("version.txt"), "1.0.0")
        bundle.writestr(_entry("content.otio", zipfile.ZIP_DEFLATED), _text(board, film, folder, _bundled))
        for name in dict.fromkeys([film, *_media(board)]):
            _add(bundle, _bundled(name), folder / name)


def _bundled(name: str) -> str:
    return f"media/{Path(name).name}"


def _add(bundle: zipfile.ZipFile, name: str, file: Path) -> None:
    with file.open("rb") as source, bundle.open(_entry(name), "w", force_zip64=True) as sink:
        while block := source.read(_CHUNK):
            sink.write(block)


def _entry(name: str, compression: int = zipfile.ZIP_STORED) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _FIRST_DAY)
    entry.compress_type, entry.external_attr = compression, 0o644 << 16
    return entry


def _media(board: Storyboard) -> Iterator[str]:
    pieces = (piece for piece in board.all_pieces if piece.name.kind in _IN_TRACKS and is_media(piece))
    return (media_name(piece.name, piece.blob) for piece in pieces)


def _text(board: Storyboard, film: str, folder: Path, place: Place) -> str:
    assert board.timeline is not None, "a movie that exports a timeline makes one"
    cut = _Cut(board, board.timeline, film, folder, place)
    timeline = otio.schema.Timeline(board.title, metadata={_OURS: _of_revision(board)})
    timeline.tracks.extend([cut.pictures(), cut.clips(), cut.sound(), cut.voices(), cut.music()])
    timeline.tracks.markers.extend(cut.markers())
    return str(otio.adapters.write_to_string(timeline, "otio_json"))


# --- tracks -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Cut:
    """A film as five tracks.

    What plays is the film itself, its picture cut where segments meet, and its sound. Disabled beside them lies what
    it is made of: stills under dissolves, each voice, and the music; so that an editor sees the film at once, and can
    take it apart.
    """

    board: Storyboard
    plan: Timeline
    film: str
    folder: Path
    place: Place

    def clips(self) -> otio.schema.Track:
        """The film's picture in pieces; what belongs to no segment (a title, credits) is a piece, too."""
        track = _track("Film", otio.schema.TrackKind.Video, on=True)
        for scene, begin, frames in self._spans():
            clip = otio.schema.Clip(_title(scene), self._film, self._range(begin, frames))
            clip.metadata[_OURS] = _of_scene(scene) if scene else {}
            track.append(clip)
        return track

    def pictures(self) -> otio.schema.Track:
        """The pictures as stills, with the transitions as they are: all of one lies in the head of the later segment."""
        track = _track("Pictures", otio.schema.TrackKind.Video, on=False)
        for scene, begin, frames in self._spans():
            piece = scene.pieces.get("picture") if scene else None
            if scene is None or piece is None:
                track.append(self._gap(frames))
                continue
            if (transition := self._transition(scene, begin, frames)) is not None:
                track.append(transition)
            track.append(self._clip(piece, 0, frames, _STILL_SECONDS * self.plan.fps))
        return track

    def sound(self) -> otio.schema.Track:
        """The film's own mix."""
        track = _track("Sound", otio.schema.TrackKind.Audio, on=True)
        track.append(otio.schema.Clip("Sound", self._film, self._range(0, self.plan.frames)))
        return track

    def voices(self) -> otio.schema.Track:
        """Each segment's narration where it is heard; times are exact, also between frames."""
        track, at = _track("Narration", otio.schema.TrackKind.Audio, on=False), 0.0
        for scene, segment in self._segments():
            piece = scene.pieces.get("narration")
            if piece is not None and is_media(piece):
                begin, length = segment.voice_start * self.plan.fps, segment.voice_seconds * self.plan.fps
                track.append(self._gap(begin - at))
                track.append(self._clip(piece, 0, length, length))
                at = begin + length
        track.append(self._gap(self.plan.frames - at))
        return track

    def music(self) -> otio.schema.Track:
        """The music as often as the mix plays it, each time fading into itself."""
        track, piece = _track("Music", otio.schema.TrackKind.Audio, on=False), self.board.pieces.get("music")
        if piece is None or not is_media(piece):
            return track
        length = self._seconds(piece) * self.plan.fps
        joint, at = min(JOINT * self.plan.fps, length / 4), 0.0
        while at < self.plan.frames:
            played = min(length - joint, self.plan.frames - at)
            if at:
                track.append(self._dissolve(min(joint, played)))
            track.append(self._clip(piece, 0, played, length))
            at += played
        return track

    def markers(self) -> Iterator[otio.schema.Marker]:
        """Where each segment begins, with what is said."""
        for scene, segment in self._segments():
            yield otio.schema.Marker(
                _title(scene), self._range(segment.start_frame, segment.frames), comment=scene.text
            )

    # --- pieces of tracks -----------------------------------------------------------------------------------------

    def _segments(self) -> Iterator[tuple[Scene, TimelineSegment]]:
        return zip(self.board.scenes, self.plan.segments, strict=True)

    def _spans(self) -> Iterator[tuple[Scene | None, int, int]]:
        """The film from beginning to end: whose, from which frame, how many."""
        at = 0
        for scene, segment in self._segments():
            if segment.start_frame > at:
                yield None, at, segment.start_frame - at
            yield scene, segment.start_frame, segment.frames
            at = segment.start_frame + segment.frames
        if self.plan.frames > at:
            yield None, at, self.plan.frames - at

    @cached_property
    def _film(self) -> otio.schema.ExternalReference:
        return otio.schema.ExternalReference(self.place(self.film), self._range(0, self.plan.frames))

    def _clip(self, piece: Piece, begin: float, frames: float, available: float) -> otio.schema.Clip:
        url = self.place(media_name(piece.name, piece.blob))
        reference = otio.schema.ExternalReference(url, self._range(0, available))
        clip = otio.schema.Clip(str(piece.name), reference, self._range(begin, frames))
        clip.metadata[_OURS] = _of_piece(piece)
        return clip

    def _transition(self, scene: Scene, begin: int, frames: int) -> otio.schema.Transition | None:
        asked = self.board.inputs.get(f"transition[{scene.segment}]") or {}
        length = min(frames, round(asked.get("seconds", 0) * self.plan.fps))
        if asked.get("style", "cut") == "cut" or not length:
            return None
        if asked["style"] == "crossfade" or not begin:
            return self._dissolve(length)
        return self._dissolve(length, otio.schema.TransitionTypes.Custom, asked["style"])

    def _dissolve(
        self, frames: float, kind: str = otio.schema.TransitionTypes.SMPTE_Dissolve, style: str = "crossfade"
    ) -> otio.schema.Transition:
        before, after = self._time(0), self._time(frames)
        return otio.schema.Transition(style, kind, before, after, metadata={_OURS: {"style": style}})

    def _gap(self, frames: float) -> otio.schema.Gap:
        return otio.schema.Gap(duration=self._time(frames))

    def _range(self, begin: float, frames: float) -> TimeRange:
        return TimeRange(self._time(begin), self._time(frames))

    def _time(self, frames: float) -> RationalTime:
        return RationalTime(frames, self.plan.fps)

    def _seconds(self, piece: Piece) -> float:
        """How long a sound is; as long as the film where its file does not tell."""
        try:
            return probe(self.folder / media_name(piece.name, piece.blob)).seconds
        except Refused:
            return self.plan.seconds


def _track(name: str, kind: str, on: bool) -> otio.schema.Track:
    track = otio.schema.Track(name, kind=kind)
    track.enabled = on
    return track


def _title(scene: Scene | None) -> str:
    return "card" if scene is None else f"segment {scene.segment}"


# --- metadata -----------------------------------------------------------------------------------------------------


def _of_revision(board: Storyboard) -> dict[str, Any]:
    return {
        "movie": board.movie,
        "revision": board.revision,
        "createdAt": board.created_at,
        "language": board.language,
        "generatedBy": [
            {"provider": share.provider, "model": share.model or "", "results": share.kinds} for share in board.shares
        ],
    }  # fmt: skip


def _of_scene(scene: Scene) -> dict[str, Any]:
    made = {kind: _of_piece(piece) for kind, piece in scene.pieces.items()}
    return {"segment": scene.segment, "text": scene.text, "prompt": scene.prompt, "made": made}


def _of_piece(piece: Piece) -> dict[str, Any]:
    return {
        "digest": piece.digest,
        "provider": piece.provider,
        "model": piece.model or "",
        "cost": "unknown" if piece.cost is None else piece.cost,
        "revision": piece.revision,
        "reasons": list(piece.reasons),
    }

"""The film: clips, sound and subtitles joined without encoding anything again."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path
from typing import BinaryIO

from movie_assets.core.errors import Failed, Refused, Stopped
from movie_assets.core.ports import Encoded, FilmRequest, Workspace
from resources.ffmpeg import ffmpeg
from resources.probe import Media, Video, probe

__all__ = ["film"]

_FILE = "film.mp4"
_TICKS = 1000  # per frame, as in the clips
_DESCRIBED = "Audio description"
# ISO 639-1 and 639-2: mp4 knows only the latter.
_CODES = """ar:ara bg:bul bn:ben ca:cat cs:ces cy:cym da:dan de:deu el:ell en:eng es:spa et:est eu:eus fa:fas fi:fin
fr:fra ga:gle gl:glg gu:guj he:heb hi:hin hr:hrv hu:hun hy:hye id:ind is:isl it:ita ja:jpn ka:kat km:khm kn:kan ko:kor
lt:lit lv:lav ml:mal mr:mar ms:msa nb:nob ne:nep nl:nld nn:nno no:nor pa:pan pl:pol pt:por ro:ron ru:rus sk:slk sl:slv
sq:sqi sr:srp sv:swe sw:swa ta:tam te:tel th:tha tr:tur uk:ukr ur:urd vi:vie zh:zho"""
_LANGUAGES = dict(pair.split(":") for pair in _CODES.split())


def film(request: FilmRequest, at: Workspace) -> Encoded:
    """Joins by stream copy: nothing is lost, and a minute takes a fraction of a second."""
    names = request.names or tuple(f"clip[{number}]" for number in range(len(request.clips)))
    clips = {name: _video(path, name, at) for name, path in zip(names, request.clips, strict=True)}
    _refuse_odd(clips)
    _refuse_long_or_short(clips, request)
    at.scratch.mkdir(parents=True, exist_ok=True)
    ffmpeg(_arguments(request, at), at)
    made = at.scratch / _FILE
    _switch_subtitles_off(made)
    media = probe(made)
    frames = sum(clip.frames for clip in clips.values())
    _check(media, frames, request)
    notes = {"frames": frames, "seconds": round(frames / request.frame.fps, 3), "encoder": request.encoder}
    return Encoded(made, "video/mp4", notes)


def _video(path: Path, name: str, at: Workspace) -> Video:
    if at.stop.is_set():
        raise Stopped("stopped on request")
    try:
        video = probe(path).video
    except Refused as error:
        raise Failed(f"{name} cannot be read as a video", next_step=_another(name), **error.labels) from error
    if video is None:
        raise Failed(f"{name} has no picture", next_step=_another(name))
    return video


def _another(name: str) -> str:
    return (
        f"ask for another take of {name}, or set another file where `replace` in movie.yaml names one for it"
    )


def _refuse_odd(clips: dict[str, Video]) -> None:
    """One clip with other extradata would corrupt all that follow it, silently."""
    formats = [_format(clip) for clip in clips.values()]
    usual = max(formats, key=formats.count)
    expected = list(clips.values())[formats.index(usual)]
    for name, clip in clips.items():
        if _format(clip) != usual:
            raise Failed(
                f"{name} is encoded differently from the others and cannot be joined with them",
                found=_shown(clip),
                expected=_shown(expected),
                next_step=f"{_another(name)}, so that one ffmpeg codes them all",
            )


def _refuse_long_or_short(clips: dict[str, Video], request: FilmRequest) -> None:
    """Everything after one clip of another length would be out of step with its words."""
    for (name, clip), wanted in zip(clips.items(), request.lengths, strict=bool(request.lengths)):
        if clip.frames != wanted:
            raise Failed(
                f"{name} has {clip.frames} frames, the timeline {wanted}",
                next_step=f"where `replace` in movie.yaml names a file for {name}, make that {wanted} frames long "
                f"({wanted / request.frame.fps:.3f} s at {request.frame.fps} fps), or remove the line",
            )


def _format(clip: Video) -> tuple[object, ...]:
    return clip.width, clip.height, clip.fps, clip.codec, clip.pix_fmt, clip.colours, clip.extradata


def _shown(clip: Video) -> str:
    extra = hashlib.sha256(clip.extradata).hexdigest()[:8]
    return f"{clip.width}×{clip.height} {float(clip.fps):g} fps {clip.codec} {clip.pix_fmt} {extra}"


def _arguments(request: FilmRequest, at: Workspace) -> list[str]:
    (at.scratch / "clips.txt").write_text(
        "ffconcat version 1.0\n" + "".join(f"file {_quoted(path)}\n" for path in request.clips), "utf-8"
    )
    inputs = ["-f", "concat", "-safe", "0", "-i", "clips.txt", "-i", str(request.soundtrack.absolute())]
    tracks = ["-map", "0:v:0", "-map", "1:a:0"]
    if request.subtitles:
        (at.scratch / "film.srt").write_text(request.subtitles, encoding="utf-8")
        inputs += ["-f", "srt", "-i", "film.srt"]
        tracks += ["-map", "2:s:0"]
    return [*inputs, *tracks, "-c", "copy", "-c:s", "mov_text", *_tags(request), _FILE]


def _tags(request: FilmRequest) -> list[str]:
    code = request.language.partition("-")[0].lower()
    language = _LANGUAGES.get(code, code if len(code) == 3 else "und")
    spoken_and_written = "as" if request.subtitles else "a"
    return [
        "-map_metadata", "-1", "-metadata", f"title={request.title}",
        *(part for track in spoken_and_written for part in (f"-metadata:s:{track}:0", f"language={language}")),
        *(_marked() if request.described else ()),
        "-fflags", "+bitexact", "-movflags", "+faststart", "-video_track_timescale", str(request.frame.fps * _TICKS),
    ]  # fmt: skip


def _marked() -> list[str]:
    """The sound's name in players, and the role by which devices that are set to it choose it."""
    return ["-metadata:s:a:0", f"handler_name={_DESCRIBED}", "-disposition:a:0", "default+visual_impaired"]


def _quoted(path: Path) -> str:
    return "'" + str(path.absolute()).replace("'", "'\\''") + "'"


def _switch_subtitles_off(path: Path) -> None:
    """A player must not show them by itself over captions that are in the picture."""
    # ffmpeg enables the first track of each kind, whatever its disposition says.
    with path.open("r+b") as file:
        for film_box in _boxes(file, b"moov", 0, path.stat().st_size):
            for track in _boxes(file, b"trak", *film_box):
                _switch_off(file, *track)


def _switch_off(file: BinaryIO, begin: int, end: int) -> None:
    [(header, _)] = _boxes(file, b"tkhd", begin, end)
    [media] = _boxes(file, b"mdia", begin, end)
    [(handler, _)] = _boxes(file, b"hdlr", *media)
    file.seek(handler + 8)
    if file.read(4) in {b"sbtl", b"text"}:
        file.seek(header + 3)
        flags = file.read(1)[0]
        file.seek(header + 3)
        file.write(bytes([flags & ~1]))


def _boxes(file: BinaryIO, kind: bytes, begin: int, end: int) -> list[tuple[int, int]]:
    """The contents of the mp4 boxes of a kind, as offsets of their begin and end."""
    found = []
    while begin < end:
        file.seek(begin)
        size, name = struct.unpack(">I4s", file.read(8))
        if size == 1:  # the size did not fit, and follows in 64 bits
            [size] = struct.unpack(">Q", file.read(8))
        if name == kind:
            found.append((file.tell(), begin + size))
        begin += size
    return found


def _check(media: Media, frames: int, request: FilmRequest) -> None:
    """The film must have every frame of its clips, and end with its sound."""
    fps = request.frame.fps
    if media.video is None or media.video.frames != frames:
        got = media.video.frames if media.video else 0
        raise Failed(f"the film has {got} frames, its clips have {frames}", next_step="make it again")
    sound = media.sound.seconds if media.sound else 0.0
    if abs(sound - frames / fps) > 1 / fps:
        raise Failed(
            "picture and sound do not end together",
            picture=f"{frames / fps:.3f} s",
            sound=f"{sound:.3f} s",
            next_step="make it again",
        )

"""Podcast files: the sound with a chapter per segment, as m4a without encoding it again, and as mp3 for old players."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from movie_assets.core.ports import Workspace
from movie_assets.core.storyboard import Storyboard, chapters
from resources.ffmpeg import ffmpeg

__all__ = ["write_podcast"]

_CODED = {
    ".m4a": ["-c", "copy", "-f", "ipod", "-movflags", "+faststart"],
    ".mp3": ["-c:a", "libmp3lame", "-q:a", "2", "-id3v2_version", "3", "-f", "mp3"],
}


def write_podcast(board: Storyboard, sound: Path, suffix: str, to: Path, at: Workspace) -> None:
    """Writes the sound with its chapters, title and language; the suffix says as what."""
    at.scratch.mkdir(parents=True, exist_ok=True)
    (at.scratch / "chapters.txt").write_text(_metadata(board), encoding="utf-8")
    ffmpeg(
        [
            "-i", str(sound.absolute()), "-f", "ffmetadata", "-i", "chapters.txt",
            "-map", "0:a", "-map_metadata", "1", "-map_chapters", "1",
            *_CODED[suffix], "-fflags", "+bitexact", str(to.absolute()),
        ],
        at,
    )  # fmt: skip


def _metadata(board: Storyboard) -> str:
    """In ffmpeg's own format for metadata."""
    lines = [";FFMETADATA1", f"title={_escaped(board.title)}", "genre=Podcast"]
    lines += [f"comment={_escaped(board.about)}"] if board.about else []
    for chapter in chapters(board):
        times = f"START={round(chapter.start * 1000)}\nEND={round(chapter.end * 1000)}"
        lines += ["[CHAPTER]", "TIMEBASE=1/1000", times, f"title={_escaped(chapter.title)}"]
    return "\n".join([*lines, ""])


def _escaped(text: str) -> str:
    return "".join(_spelt(text))


def _spelt(text: str) -> Iterable[str]:
    return (f"\\{char}" if char in "=;#\\\n" else char for char in text)

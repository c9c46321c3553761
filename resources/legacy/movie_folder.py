"""What a person goes on with: movie.yaml, the script and the files of what was imported last."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from movie_assets.core.artefact import BlobRef, Name
from movie_assets.core.errors import Refused
from movie_assets.core.problem import unprintable
from movie_assets.core.script import Script, ScriptSegment
from movie_assets.core.script_file import format_script
from resources.inspection import inspected, inspected_picture

__all__ = ["MovieFiles", "movie_files"]

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z")
_LANGUAGES = {
    "english": "en", "german": "de", "spanish": "es", "french": "fr", "italian": "it", "portuguese": "pt",
    "dutch": "nl", "polish": "pl", "russian": "ru", "chinese": "zh", "japanese": "ja", "arabic": "ar",
}  # fmt: skip
_SUFFIXES = {
    "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "audio/mpeg": "mp3", "audio/wav": "wav",
    "audio/mp4": "m4a", "audio/flac": "flac", "audio/ogg": "ogg", "video/mp4": "mp4", "video/quicktime": "mov",
    "video/webm": "webm",
}  # fmt: skip
_UNSAID = "…"
_LONGEST_TEXT = 20_000


@dataclass(slots=True)
class MovieFiles:
    """The files of a movie's folder, by name: texts to write, and media to copy. `unfit`: what cannot be used, and why."""

    texts: dict[str, str] = field(default_factory=dict)
    media: dict[str, Path] = field(default_factory=dict)
    unfit: dict[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> bool:
        """Writes them all, movie.yaml last; False, and nothing is touched, if there is one."""
        if (folder / "movie.yaml").exists():
            return False
        for name in (*self.media, *self.texts):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
        for name, source in self.media.items():
            shutil.copyfile(source, folder / name)
        for name in sorted(self.texts, key=lambda name: name == "movie.yaml"):
            unfinished = (folder / name).with_suffix(".part")
            unfinished.write_text(self.texts[name], encoding="utf-8")
            unfinished.rename(folder / name)
        return True


def movie_files(
    script: Script,
    wanted: Mapping[Name, BlobRef],
    settings: Mapping[str, Any],
    find: Callable[[str], Path | None],
) -> MovieFiles:
    """What makes a film of imported parts without asking any provider: whatever is missing is made offline."""
    files = MovieFiles()
    used = dict(_used(wanted, find, files))
    files.texts["imported/script.md"] = format_script(_spoken(script))
    files.texts["movie.yaml"] = "\n".join(_yaml(script, settings, used, _frame(used, files))) + "\n"
    return files


def _spoken(script: Script) -> Script:
    """The script with something in each place that a script.md must fill."""
    segments = tuple(
        ScriptSegment(_clean(each.text) or _UNSAID, _clean(each.prompt) or _clean(each.text) or _UNSAID)
        for each in script.segments
    )
    return Script(_title(script.title), _clean(script.summary), _clean(script.mood), segments)


def _used(
    wanted: Mapping[Name, BlobRef], find: Callable[[str], Path | None], files: MovieFiles
) -> Iterator[tuple[Name, str]]:
    """The imported media that the film is made of, by their names in the folder."""
    for said, ref in wanted.items():
        name = _stands_for(said, wanted)
        look = _LOOKS.get(name.kind)
        path = find(ref.digest) if look else None
        if look is None or path is None:
            continue
        try:
            look(path)
        except Refused as error:
            files.unfit[str(name)] = error.fact
            continue
        number = "" if name.segment is None else f"-{name.segment:03}"
        files.media[f"imported/{name.kind}{number}.{_SUFFIXES[ref.media_type]}"] = path
        yield name, f"imported/{name.kind}{number}.{_SUFFIXES[ref.media_type]}"


def _stands_for(name: Name, wanted: Mapping[Name, BlobRef]) -> Name:
    """The picture that a video begins with is shown where there is no other."""
    picture = Name("picture", name.segment)
    return picture if name.kind == "starting_picture" and picture not in wanted else name


def _sounds(path: Path) -> None:
    if inspected(path).sound is None:
        raise Refused("there is no sound in it")


def _shows(path: Path) -> None:
    if inspected(path).video is None:
        raise Refused("there is no video in it")


_LOOKS: Mapping[str, Callable[[Path], object]] = {
    "picture": inspected_picture,
    "narration": _sounds,
    "music": _sounds,
    "motion": _shows,
}


def _frame(used: Mapping[Name, str], files: MovieFiles) -> tuple[int, int]:
    """The film's format, as the first picture's."""
    first = next((files.media[used[name]] for name in sorted(used) if name.kind == "picture"), None)
    width, height = inspected_picture(first) if first else (16, 9)
    if width < height * 0.8:
        return 720, 1280
    return (1280, 720) if width > height * 1.25 else (1080, 1080)


# --- movie.yaml ---------------------------------------------------------------------------------------------------


def _yaml(
    script: Script, settings: Mapping[str, Any], used: Mapping[Name, str], frame: tuple[int, int]
) -> Iterator[str]:
    yield "# Imported from the predecessor: its pictures, voices, music and texts lie in imported/."
    yield "# Remove a `file` below and that part is made anew, by the provider you name in its section.\n"
    yield f"title: {_quoted(_title(str(settings.get('title') or script.title)))}"
    yield f"brief: {_quoted(_clean(str(settings.get('brief') or ''))[:_LONGEST_TEXT])}"
    yield f"language: {_language(settings.get('language'))}"
    yield f"segments: {len(script.segments)}"
    yield f"duration: {_duration(settings.get('length'), len(script.segments))}"
    yield f"frame: {{width: {frame[0]}, height: {frame[1]}, fps: 30}}\n"
    yield "script: {provider: offline, source: imported/script.md}"
    yield "picture: {provider: offline}"
    yield "narration: {provider: offline}"
    if settings.get("voice"):
        yield f"# The predecessor's voice was {_quoted(_clean(str(settings['voice'])))}: name it beside its provider."
    music = used.get(Name("music"))
    yield f"music: {{file: {music}}}" if music else "music: none"
    yield from _overrides(used)
    videos = {name: file for name, file in sorted(used.items()) if name.kind == "motion"}
    if videos:
        yield "\nreplace:"
        yield from (f'  "{name}": {file}' for name, file in videos.items())


def _overrides(used: Mapping[Name, str]) -> Iterator[str]:
    segments = sorted({name.segment for name in used if name.segment is not None and name.kind != "motion"})
    if segments:
        yield "\noverrides:"
    for segment in segments:
        yield f"  {segment}:"
        for section in ("picture", "narration"):
            if (file := used.get(Name(section, segment))) is not None:
                yield f"    {section}: {{file: {file}}}"


def _title(text: str) -> str:
    return " ".join(_clean(text).split())[:200] or "Imported"


def _language(said: Any) -> str:
    text = said.strip() if isinstance(said, str) else ""
    named = _LANGUAGES.get(text.lower())
    return json.dumps(named or (text if _LANGUAGE.match(text) else "en"))  # quoted: `no` is a language, too


def _duration(said: Any, segments: int) -> int:
    is_number = isinstance(said, (int, float)) and not isinstance(said, bool)
    return int(said) if is_number and 1 <= said <= 36_000 else 8 * segments


def _clean(text: str) -> str:
    return "".join(each for each in text.replace("\r\n", "\n") if not unprintable(each))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)

"""Placeholders: what a preview shows and plays where a provider has made nothing yet. They cost nothing."""

from __future__ import annotations

import io
import unicodedata
import wave
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from movie_assets.core.camera import move_for
from movie_assets.core.digest import canonical
from movie_assets.core.ports import Meta, Result, Workspace
from movie_assets.core.reason import LOCAL
from movie_assets.core.script import Script, ScriptSegment
from movie_assets.core.task import Task
from movie_assets.core.words import Words, spread
from resources.ffmpeg import ffmpeg

__all__ = ["PLACEHOLDERS", "VERSION", "draft_size"]

VERSION = "1"  # raise it whenever the same reads would give another placeholder

Made = Mapping[str, Result]

_SHORT_SIDE = 540
_CHARACTERS_A_SECOND = 15.0  # of narration: 150 words a minute, six characters each
_WIDE = 3.0  # what a Chinese, Japanese or Korean character takes beside a letter
_LONGEST_PROMPT = 320
_RATE = 8_000
_CARD = "card.png"


def draft_size(width: int, height: int) -> tuple[int, int]:
    """The same shape with a short side of at most 540 pixels, both sides even."""
    share = min(1.0, _SHORT_SIDE / min(width, height))
    return max(16, round(width * share / 2) * 2), max(16, round(height * share / 2) * 2)


def _nothing(task: Task) -> Made:
    """What stands for music, the sound of places and descriptions: nothing is heard."""
    null = _json(None)
    return {"music": null, "ambience": null, "description": null}


def _script(task: Task) -> Made:
    """A script that says only that it is not written yet."""
    brief = task.given("brief")
    segments = tuple(
        ScriptSegment(f"Segment {number} is not written yet.", brief["brief"] or brief["title"])
        for number in range(brief["segments"])
    )
    return {"script": _json(Script(brief["title"], brief["brief"], "", segments))}


def _picture(task: Task) -> Made:
    """A plain card with the prompt on it."""
    canvas = task.given("canvas")
    size = draft_size(canvas["width"], canvas["height"])
    card = _card(task.one("picture_prompt").text(), size, task.at)
    return {"picture": Result(card, "image/png", Meta(LOCAL, cost=0.0))}


def _narration(task: Task) -> Made:
    """Silence for as long as the text is likely to take, and its words at an even pace."""
    text = task.one("segment_text").text()
    seconds = round(_spoken_seconds(text) / float(task.given("narration").get("speed") or 1.0), 3)
    silence = Result(_silence(seconds), "audio/wav", Meta(LOCAL, cost=0.0))
    return {"narration": silence, "words": _json(Words(seconds, spread(text, 0.0, seconds)))}


def _motion(task: Task) -> Made:
    """A camera move in the place of a video."""
    return {"motion": _json(move_for(task.one("picture").ref.digest))}


PLACEHOLDERS: Mapping[str, Callable[[Task], Made]] = {
    "script": _script,
    "picture": _picture,
    "narration": _narration,
    "motion": _motion,
    "music": _nothing,
    "ambience": _nothing,
    "description": _nothing,
}
"""By producer."""


def _json(value: Any) -> Result:
    return Result(canonical(msgspec.to_builtins(value)), "application/json", Meta(LOCAL, cost=0.0))


def _spoken_seconds(text: str) -> float:
    letters = sum(_WIDE if unicodedata.east_asian_width(char) in "FW" else 1.0 for char in text)
    return max(1.0, letters / _CHARACTERS_A_SECOND)


def _silence(seconds: float) -> bytes:
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(bytes(2 * round(seconds * _RATE)))
    return stream.getvalue()


# --- the card -----------------------------------------------------------------------------------------------------


def _card(prompt: str, size: tuple[int, int], at: Workspace) -> Path:
    """Draws a prompt by libass, which breaks lines and shapes any script."""
    from resources.fonts import caption_fonts, uncovered

    heading, said = "not painted yet", " ".join(prompt.split())
    said = said if len(said) <= _LONGEST_PROMPT else said[: _LONGEST_PROMPT - 1] + "…"
    unknown = set(uncovered(said))
    said = "".join(char for char in said if char not in unknown)
    fonts = caption_fonts(heading + said, at)
    (at.scratch / "card.ass").write_text(_ass(heading, said, size, fonts.family), encoding="utf-8")
    width, height = size
    plain = ["-f", "lavfi", "-i", f"color=c=0x232a33:s={width}x{height}:r=1:d=1"]
    drawn = ["-vf", f"ass=card.ass:fontsdir={fonts.folder.name}", "-frames:v", "1", "-fflags", "+bitexact"]
    ffmpeg([*plain, *drawn, _CARD], at)
    return at.scratch / _CARD


def _ass(heading: str, said: str, size: tuple[int, int], family: str) -> str:
    width, height = size
    letters, side = min(size) * 0.055, round(width * 0.12)
    safe = said.replace("\\", "/").replace("{", "(").replace("}", ")")
    return (
        "[Script Info]\nScriptType: v4.00+\nWrapStyle: 0\n"
        f"PlayResX: {width}\nPlayResY: {height}\n\n[V4+ Styles]\n"
        "Format: Name, Fontname, Fontsize, PrimaryColour, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, "
        "MarginV, Encoding\n"
        f"Style: Card,{family},{letters:.1f},&H00E8E4E0,1,0,0,8,{side},{side},{round(height * 0.16)},-1\n\n[Events]\n"
        "Format: Layer, Start, End, Style, Text\n"
        f"Dialogue: 0,0:00:00.00,0:00:09.00,Card,{{\\c&H50CCFF&}}{heading}{{\\r}}\\N\\N{safe}\n"
    )

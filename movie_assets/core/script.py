"""The script: what is said and seen, segment by segment."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["Script", "ScriptSegment", "styled", "without_style"]

_STYLE = ". Style: "


class ScriptSegment(Struct, frozen=True):
    """One segment's narration and the prompt of its picture."""

    text: str
    prompt: str


class Script(Struct, frozen=True):
    """The artefact `script`."""

    title: str
    summary: str
    mood: str
    segments: tuple[ScriptSegment, ...]
    format: int = 1


def styled(prompt: str, style: str) -> str:
    """What a picture shows, and how."""
    return f"{prompt.rstrip(' .')}{_STYLE}{style}" if style else prompt


def without_style(prompt: str) -> str:
    """What a picture shows, of the prompt it was painted by."""
    return prompt.partition(_STYLE)[0]

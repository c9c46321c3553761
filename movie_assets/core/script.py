"""The script: what is said and seen, segment by segment."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["Script", "ScriptSegment"]


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

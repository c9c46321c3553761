"""Captions: the words of a segment as an ASS script for libass."""

from __future__ import annotations

from collections.abc import Iterator

from movie_assets.core.ports import Captions, Frame
from movie_assets.core.subtitles import Cue, cues
from movie_assets.core.words import Word, Words

__all__ = ["ass_script", "shown_text"]

_LONGEST_LINE = 42  # characters, as core.subtitles breaks lines
_CHARACTER_WIDTH = 0.5  # of the font size, about, for a semi-bold sans serif
_SIZE = 0.056  # of the frame's shorter side
_SIDE_MARGIN = 0.06
_FOOT_MARGIN = 0.075
_FADE = r"{\fad(120,100)}"

# ASS colours are &HAABBGGRR: transparency, blue, green, red.
_SPOKEN, _WAITING = "&H0078D6FF", "&H00F7F7F7"
_OUTLINE, _SHADOW = "&H30000000", "&H90000000"


def shown_text(words: Words, captions: Captions) -> str:
    """What will be written into the picture; empty if nothing is."""
    burnt = captions.burn and captions.style != "none"
    return " ".join(word.text for word in words.words) if burnt else ""


def ass_script(
    words: Words, lead: float, seconds: float, frame: Frame, captions: Captions, family: str
) -> str:
    """The captions of one segment whose narration starts `lead` seconds into it.

    Karaoke colours each word while it is spoken; breaks fall where the subtitles' do.
    """
    timed = [Word(word.text, lead + word.start, lead + word.end) for word in words.words]
    spelt = _karaoke if captions.style == "karaoke" else _plain
    lines = [spelt(cue, group) for cue, group in _with_words(cues([(lead, words)]), timed)]
    return _head(frame, family, captions.style) + "".join(f"{line}\n" for line in lines)


def _with_words(found: tuple[Cue, ...], timed: list[Word]) -> Iterator[tuple[Cue, list[Word]]]:
    at = 0
    for cue in found:
        count = sum(len(line.split()) for line in cue.lines)
        yield cue, timed[at : at + count]
        at += count


def _head(frame: Frame, family: str, style: str) -> str:
    size = min(
        _SIZE * min(frame.width, frame.height),
        (1 - 2 * _SIDE_MARGIN) * frame.width / (_LONGEST_LINE * _CHARACTER_WIDTH),
    )
    first = _SPOKEN if style == "karaoke" else _WAITING
    side, foot = round(_SIDE_MARGIN * frame.width), round(_FOOT_MARGIN * frame.height)
    look = (
        f"Caption,{family},{size:.1f},{first},{_WAITING},{_OUTLINE},{_SHADOW},0,0,0,0,100,100,0,0,1,"
        f"{size * 0.06:.2f},{size * 0.045:.2f},2,{side},{side},{foot},1"
    )
    return (
        "[Script Info]\nScriptType: v4.00+\nWrapStyle: 2\nScaledBorderAndShadow: yes\nYCbCr Matrix: TV.709\n"
        f"PlayResX: {frame.width}\nPlayResY: {frame.height}\n\n"
        "[V4+ Styles]\n"
        "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, "
        "Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, "
        "MarginR, MarginV, Encoding\n"
        f"Style: {look}\n\n[Events]\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    )


def _plain(cue: Cue, group: list[Word]) -> str:
    return _event(cue, r"\N".join(map(_escaped, cue.lines)))


def _karaoke(cue: Cue, group: list[Word]) -> str:
    """Each word with its duration; times are rounded from the cue's start, so that they do not drift."""
    text, at, left = "", 0, iter(group)
    for number, line in enumerate(cue.lines):
        text += r"\N" if number else ""
        for place, _ in enumerate(line.split()):
            word = next(left)
            begin, end = (round((seconds - cue.start) * 100) for seconds in (word.start, word.end))
            wait = rf"{{\k{begin - at}}}" if begin > at else ""
            text += f"{wait}{' ' if place else ''}{{\\kf{max(0, end - max(begin, at))}}}{_escaped(word.text)}"
            at = max(at, end)
    return _event(cue, text)


def _event(cue: Cue, text: str) -> str:
    return f"Dialogue: 0,{_clock(cue.start)},{_clock(cue.end)},Caption,,0,0,0,,{_FADE}{text}"


def _clock(seconds: float) -> str:
    hundredths = round(seconds * 100)
    return f"{hundredths // 360000}:{hundredths // 6000 % 60:02}:{hundredths // 100 % 60:02}.{hundredths % 100:02}"


def _escaped(text: str) -> str:
    # A backslash would begin an escape and braces an override; libass knows no way to write a backslash itself,
    # so a word joiner keeps it from meeting the next character.
    return text.replace("\\", "\\\u2060").replace("{", r"\{").replace("}", r"\}")

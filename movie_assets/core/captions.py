"""Captions: the words of a segment as an ASS script for libass."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from movie_assets.core.linebreak import Part
from movie_assets.core.ports import Captions, Frame
from movie_assets.core.subtitles import Room, Spoken, spoken_cues
from movie_assets.core.words import Word, Words

__all__ = ["COLOURS", "EARLY", "ass_script", "clock", "escaped", "head_of", "shown_text"]

COLOURS = {
    "white": "#ffffff",
    "black": "#000000",
    "amber": "#ffcc50",
    "yellow": "#ffe93b",
    "orange": "#ff9a3c",
    "red": "#ff5b52",
    "pink": "#ff8ac2",
    "green": "#5de36d",
    "cyan": "#4fe3f0",
    "blue": "#64aaff",
}
"""Colours by name, bright enough to be read."""

_LINE_HEIGHT, _LINE_HEIGHT_UPRIGHT = 0.072, 0.079  # of the frame's shorter side
_SIZES = {"small": 0.8, "normal": 1.0, "large": 1.5}
_CHARACTER_WIDTH, _CAPITAL_WIDTH = 0.46, 0.56  # of the line height, about, for a semi-bold sans serif
_LONGEST_LINE = 42  # characters
_SIDE_MARGIN, _SIDE_MARGIN_UPRIGHT = 0.05, 0.09  # on upright screens buttons stand along the right,
_FOOT_MARGIN, _FOOT_MARGIN_UPRIGHT = 0.07, 0.2  # the player's own text along the foot,
_HEAD_MARGIN, _HEAD_MARGIN_UPRIGHT = 0.07, 0.13  # and its tabs along the head
EARLY = 0.03  # seconds: a frame's length, and the first sliver of a letter, go by before colour is seen
"""By how much captions are ahead of the voice, to be seen when it is heard."""
_LONGER = 0.5  # seconds a cue is seen after its last word, where there is time
_LOOK = r"{\fad(80,120)\blur0.6}"
_QUICK_LOOK = r"{\fad(30,30)\blur0.6}"  # where words come one by one
_QUICK = 4
_PLACES = {"bottom": 2, "middle": 5, "top": 8}

# ASS colours are &HAABBGGRR: transparency, blue, green, red.
_DARK, _LIGHT = "000000", "FFFFFF"
_OUTLINE, _SHADOW, _BOX = "28", "78", "48"
_BRIGHT = 0.35  # letters darker than that are set on a light ground


def shown_text(words: Words, captions: Captions) -> str:
    """What will be written into the picture; empty if nothing is."""
    burnt = captions.burn and captions.style != "none"
    text = " ".join(" ".join(word.text for word in words.words).split()) if burnt else ""
    return _cased(text, captions)


def _cased(text: str, captions: Captions) -> str:
    return text.upper() if captions.case == "upper" else text


def ass_script(
    words: Words, lead: float, seconds: float, frame: Frame, captions: Captions, family: str
) -> str:
    """The captions of one segment of a length in `seconds` whose narration starts `lead` seconds into it.

    Karaoke fills each word with colour while it is spoken; breaks fall where the subtitles' do.
    """
    size, ahead = _size(frame, captions), lead - EARLY
    spoken = tuple(
        Word(_cased(word.text, captions), max(0.0, ahead + word.start), max(0.0, ahead + word.end))
        for word in words.words
    )
    found = spoken_cues([(0.0, Words(lead + words.duration, spoken))], _room(frame, captions, size))
    spelt = _karaoke if captions.style == "karaoke" else _plain
    look = _QUICK_LOOK if captions.words and captions.words <= _QUICK else _LOOK
    events = (
        _event(times, look + spelt(times[0], cue))
        for times, cue in zip(_times(found, seconds), found, strict=True)
    )
    return head_of(frame, family, _style(frame, size, captions), size) + "".join(
        f"{event}\n" for event in events
    )


def _room(frame: Frame, captions: Captions, size: float) -> Room:
    width = _CAPITAL_WIDTH if captions.case == "upper" else _CHARACTER_WIDTH
    fitting = int((1 - 2 * _side(frame)) * frame.width / (width * size))
    return Room(max(2, min(_LONGEST_LINE, fitting)), captions.lines or 2, captions.words or _LONGEST_LINE * 2)


def _times(found: Sequence[Spoken], seconds: float) -> list[tuple[int, int]]:
    """When each cue is seen, in hundredths of a second: a little longer than it is heard, none over another."""
    end = _hundredths(seconds)
    begins = [min(end, max(0, _hundredths(cue.start))) for cue in found]
    wanted = [_hundredths(cue.end + _LONGER) for cue in found]
    return [
        (begin, max(begin, min(until, limit)))
        for begin, until, limit in zip(begins, wanted, [*begins[1:], end], strict=False)
    ]


def _size(frame: Frame, captions: Captions) -> float:
    """The height of a line in pixels."""
    usual = _LINE_HEIGHT_UPRIGHT if _upright(frame) else _LINE_HEIGHT
    return usual * _SIZES[captions.size or "normal"] * min(frame.width, frame.height)


def _upright(frame: Frame) -> bool:
    return frame.height > 1.4 * frame.width  # of those alone a player covers parts


def _side(frame: Frame) -> float:
    return _SIDE_MARGIN_UPRIGHT if _upright(frame) else _SIDE_MARGIN


def head_of(frame: Frame, family: str, look: str, size: float) -> str:
    """What stands before the events of an ASS script in the frame's pixels; `look`: its one style, from the colours on."""
    return (
        "[Script Info]\nScriptType: v4.00+\nWrapStyle: 0\nScaledBorderAndShadow: yes\nYCbCr Matrix: TV.709\n"
        f"PlayResX: {frame.width}\nPlayResY: {frame.height}\n\n"
        "[V4+ Styles]\n"
        "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, "
        "Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, "
        "MarginR, MarginV, Encoding\n"
        f"Style: Caption,{family},{size:.1f},{look}\n\n[Events]\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    )


def _style(frame: Frame, size: float, captions: Captions) -> str:
    return f"{_colours(captions)},0,0,0,0,100,100,0,0,{_border(size, captions)},{_place(frame, captions)},-1"


def _colours(captions: Captions) -> str:
    """Of what was said, of what is to be said, of the letters' edge, of what lies behind them."""
    letters = _rgb(captions.colour or "white")
    lit = _rgb(captions.highlight or "amber") if captions.style == "karaoke" else letters
    ground = _DARK if _brightness(letters) > _BRIGHT else _LIGHT
    behind = _BOX if captions.background == "box" else _SHADOW
    return f"&H00{_bgr(lit)},&H00{_bgr(letters)},&H{_OUTLINE}{ground},&H{behind}{ground}"


def _rgb(colour: str) -> str:
    return COLOURS.get(colour, colour).lstrip("#").upper()


def _bgr(rgb: str) -> str:
    return rgb[4:] + rgb[2:4] + rgb[:2]


def _brightness(rgb: str) -> float:
    red, green, blue = (int(rgb[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _border(size: float, captions: Captions) -> str:
    """Letters edged and shadowed, or one box behind all of a caption (style 4, in which the shadow is the box's rim)."""
    if captions.background == "box":
        return f"4,{size * 0.02:.2f},{size * 0.3:.2f}"
    return f"1,{size * 0.055:.2f},{size * 0.035:.2f}"


def _place(frame: Frame, captions: Captions) -> str:
    position, side = captions.position or "bottom", round(_side(frame) * frame.width)
    margins = {
        "bottom": _FOOT_MARGIN_UPRIGHT if _upright(frame) else _FOOT_MARGIN,
        "middle": 0.0,
        "top": _HEAD_MARGIN_UPRIGHT if _upright(frame) else _HEAD_MARGIN,
    }
    return f"{_PLACES[position]},{side},{side},{round(margins[position] * frame.height)}"


def _plain(begin: int, cue: Spoken) -> str:
    return "".join(gap + escaped(part.text) for gap, part in _gapped(cue))


def _gap(part: Part) -> str:
    return "" if part.joined else " "


def _karaoke(begin: int, cue: Spoken) -> str:
    """Each word with its duration; times are rounded from the clip's start, so that they do not drift."""
    text, at = "", begin
    for gap, part in _gapped(cue):
        start, end = max(at, _hundredths(part.start)), max(at, _hundredths(part.end))
        text += f"{{\\k{start - at}}}{gap}{{\\{_fill(part.text)}{end - start}}}{escaped(part.text)}"
        at = end
    return text


def _gapped(cue: Spoken) -> Iterator[tuple[str, Part]]:
    """Each part with what stands before it."""
    for number, line in enumerate(cue.lines):
        for place, part in enumerate(line):
            yield (_gap(part) if place else r"\N" if number else ""), part


def _fill(text: str) -> str:
    # libass fills from the left whatever the script, so a word written from the right is coloured at once.
    from_right = any(unicodedata.bidirectional(char) in {"AL", "R"} for char in text)
    return "k" if from_right else "kf"


def _event(times: tuple[int, int], text: str) -> str:
    return f"Dialogue: 0,{clock(times[0])},{clock(times[1])},Caption,,0,0,0,,{text}"


def _hundredths(seconds: float) -> int:
    return round(seconds * 100)


def clock(hundredths: int) -> str:
    """A time as ASS spells it."""
    return f"{hundredths // 360000}:{hundredths // 6000 % 60:02}:{hundredths // 100 % 60:02}.{hundredths % 100:02}"


def escaped(text: str) -> str:
    """A text that is shown as it is."""
    # Braces would begin an override and a backslash an escape; a backslash itself cannot be escaped in ASS, so a
    # word joiner, which has no width, keeps it from meeting the next character.
    return text.replace("\\", "\\\u2060").replace("{", r"\{").replace("}", r"\}")

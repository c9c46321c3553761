"""Captions: the words of a segment as an ASS script for libass."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from movie_assets.core.ports import Captions, Frame
from movie_assets.core.subtitles import Cue, cues
from movie_assets.core.words import Word, Words

__all__ = ["ass_script", "shown_text"]

_LINE_HEIGHT, _LINE_HEIGHT_UPRIGHT = 0.072, 0.079  # of the frame's shorter side
_CHARACTER_WIDTH = 0.46  # of the line height, about, for a semi-bold sans serif
_LONGEST_LINE = 42  # characters
_SIDE_MARGIN = 0.05
_FOOT_MARGIN, _FOOT_MARGIN_UPRIGHT = 0.07, 0.17  # on upright screens the foot belongs to the player's buttons
_LONGER = 0.5  # seconds a cue is seen after its last word, where there is time
_LOOK = r"{\fad(80,120)\blur0.6}"

# ASS colours are &HAABBGGRR: transparency, blue, green, red.
_WHITE, _AMBER = "&H00FFFFFF", "&H0050CCFF"
_OUTLINE, _SHADOW = "&H28000000", "&H78000000"


def shown_text(words: Words, captions: Captions) -> str:
    """What will be written into the picture; empty if nothing is."""
    burnt = captions.burn and captions.style != "none"
    return " ".join(" ".join(word.text for word in words.words).split()) if burnt else ""


def ass_script(
    words: Words, lead: float, seconds: float, frame: Frame, captions: Captions, family: str
) -> str:
    """The captions of one segment of a length in `seconds` whose narration starts `lead` seconds into it.

    Karaoke fills each word with colour while it is spoken; breaks fall where the subtitles' do.
    """
    size = _size(frame)
    line_length = _line_length(shown_text(words, captions), frame, size)
    placed = (Word(word.text, lead + word.start, lead + word.end) for word in words.words)
    spoken = tuple(part for word in placed for part in _parts(word, line_length))
    found = cues([(0.0, Words(lead + words.duration, spoken))], line_length)
    spelt = _karaoke if captions.style == "karaoke" else _plain
    cued = zip(_times(found, seconds), found, _of_cues(found, spoken), strict=True)
    return _head(frame, size, family, captions.style) + "".join(f"{spelt(*shown)}\n" for shown in cued)


def _parts(word: Word, line_length: int) -> Iterator[Word]:
    """A word cut at white space, and where no line can hold it (a sentence, in scripts without spaces)."""
    texts = [part for text in word.text.split() for part in _cut(text, line_length)]
    ends = list(accumulate(map(len, texts), initial=0))
    for text, (begin, end) in zip(texts, pairwise(ends), strict=True):
        start, length = word.start, (word.end - word.start) / ends[-1]
        yield Word(text, start + length * begin, start + length * end)


def _cut(text: str, line_length: int) -> Iterator[str]:
    count = -(-len(text) // line_length)
    cuts = [_off_mark(text, round(len(text) * number / count)) for number in range(count + 1)]
    return (text[begin:end] for begin, end in pairwise(cuts) if begin < end)


def _off_mark(text: str, cut: int) -> int:
    """The place before a letter whose marks would otherwise be cut off."""
    while 0 < cut < len(text) and unicodedata.category(text[cut]).startswith("M"):
        cut -= 1
    return cut


def _of_cues(found: Sequence[Cue], words: Sequence[Word]) -> Iterator[Sequence[Word]]:
    at = 0
    for cue in found:
        count = sum(len(line.split(" ")) for line in cue.lines)
        yield words[at : at + count]
        at += count


def _times(found: Sequence[Cue], seconds: float) -> list[tuple[int, int]]:
    """When each cue is seen, in hundredths of a second: a little longer than it is heard, none over another."""
    end = _hundredths(seconds)
    begins = [min(end, max(0, _hundredths(cue.start))) for cue in found]
    wanted = [_hundredths(cue.end + _LONGER) for cue in found]
    return [
        (begin, max(begin, min(until, limit)))
        for begin, until, limit in zip(begins, wanted, [*begins[1:], end], strict=False)
    ]


def _size(frame: Frame) -> float:
    """The height of a line in pixels."""
    return (_LINE_HEIGHT_UPRIGHT if _upright(frame) else _LINE_HEIGHT) * min(frame.width, frame.height)


def _line_length(text: str, frame: Frame, size: float) -> int:
    """How many characters go on a line; half as many where most are as wide as high."""
    wide = sum(unicodedata.east_asian_width(char) in "FW" for char in text) > len(text) / 2
    fitting = int((1 - 2 * _SIDE_MARGIN) * frame.width / (_CHARACTER_WIDTH * size))
    return max(1, min(_LONGEST_LINE, fitting) // (2 if wide else 1))


def _upright(frame: Frame) -> bool:
    return frame.height > frame.width


def _head(frame: Frame, size: float, family: str, style: str) -> str:
    first = _AMBER if style == "karaoke" else _WHITE
    side = round(_SIDE_MARGIN * frame.width)
    foot = round((_FOOT_MARGIN_UPRIGHT if _upright(frame) else _FOOT_MARGIN) * frame.height)
    look = (
        f"Caption,{family},{size:.1f},{first},{_WHITE},{_OUTLINE},{_SHADOW},0,0,0,0,100,100,0,0,1,"
        f"{size * 0.055:.2f},{size * 0.035:.2f},2,{side},{side},{foot},-1"
    )
    return (
        "[Script Info]\nScriptType: v4.00+\nWrapStyle: 0\nScaledBorderAndShadow: yes\nYCbCr Matrix: TV.709\n"
        f"PlayResX: {frame.width}\nPlayResY: {frame.height}\n\n"
        "[V4+ Styles]\n"
        "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, "
        "Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, "
        "MarginR, MarginV, Encoding\n"
        f"Style: {look}\n\n[Events]\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    )


def _plain(times: tuple[int, int], cue: Cue, words: Sequence[Word]) -> str:
    return _event(times, r"\N".join(map(_escaped, cue.lines)))


def _karaoke(times: tuple[int, int], cue: Cue, words: Sequence[Word]) -> str:
    """Each word with its duration; times are rounded from the clip's start, so that they do not drift."""
    firsts = {sum(len(line.split(" ")) for line in cue.lines[:number]) for number in range(1, len(cue.lines))}
    text, at = "", times[0]
    for number, word in enumerate(words):
        begin, end = max(at, _hundredths(word.start)), max(at, _hundredths(word.end))
        gap = (r"\N" if number in firsts else " ") if number else ""
        text += f"{{\\k{begin - at}}}{gap}{{\\{_fill(word.text)}{end - begin}}}{_escaped(word.text)}"
        at = end
    return _event(times, text)


def _fill(text: str) -> str:
    # libass fills from the left whatever the script, so a word written from the right is coloured at once.
    from_right = any(unicodedata.bidirectional(char) in {"AL", "R"} for char in text)
    return "k" if from_right else "kf"


def _event(times: tuple[int, int], text: str) -> str:
    return f"Dialogue: 0,{_clock(times[0])},{_clock(times[1])},Caption,,0,0,0,,{_LOOK}{text}"


def _hundredths(seconds: float) -> int:
    return round(seconds * 100)


def _clock(hundredths: int) -> str:
    return f"{hundredths // 360000}:{hundredths // 6000 % 60:02}:{hundredths // 100 % 60:02}.{hundredths % 100:02}"


def _escaped(text: str) -> str:
    # Braces would begin an override and a backslash an escape; a backslash itself cannot be escaped in ASS, so a
    # word joiner, which has no width, keeps it from meeting the next character.
    return text.replace("\\", "\\\u2060").replace("{", r"\{").replace("}", r"\}")

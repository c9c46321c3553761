"""Captions as an ASS script: every word, in time, harmless, readable."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from movie_assets.core.captions import COLOURS, EARLY, ass_script, shown_text
from movie_assets.core.ports import Captions, Frame
from movie_assets.core.subtitles import cues
from movie_assets.core.words import Word, Words

HD = Frame(1280, 720, 30)
SHAPES = [HD, Frame(1080, 1920, 30), Frame(720, 720, 25), Frame(320, 180, 30)]
KARAOKE, PLAIN = Captions("karaoke", burn=True), Captions("plain", burn=True)
LEAD = 0.4

frames = st.sampled_from(SHAPES)
styles = st.sampled_from([KARAOKE, PLAIN])
usual = st.from_regex(r"[a-zé]{1,12}[.,;:!?]?", fullmatch=True)
nasty = st.text(st.sampled_from("\\{}Nnhkbr&1(),:\n\r\t \x00\x1cä"), min_size=1, max_size=12)


@dataclass(frozen=True)
class Shown:
    """One caption as libass reads it: its lines, and each stretch of text with the seconds it is coloured in."""

    start: float
    end: float
    lines: list[str]
    sung: list[tuple[str, float, float]]


@st.composite
def narrations(draw: st.DrawFn, texts: st.SearchStrategy[str] = usual, most: int = 40) -> Words:
    """Words one after the other with pauses, times in milliseconds."""
    at, said = 0, []
    for text in draw(st.lists(texts, max_size=most)):
        at += draw(st.integers(0, 900))
        length = draw(st.integers(20, 900))
        said.append(Word(text, at / 1000, (at + length) / 1000))
        at += length
    return Words((at + 300) / 1000, tuple(said))


def script(
    words: Words, style: Captions = KARAOKE, frame: Frame = HD, lead: float = LEAD, family: str = "Any"
) -> str:
    return ass_script(words, lead, lead + words.duration + LEAD, frame, style, family)


def seconds(clock: str) -> float:
    hours, minutes, rest = clock.split(":")
    assert re.fullmatch(r"\d\d\.\d\d", rest)
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def read(text: str) -> list[Shown]:
    """The captions of an ASS script, read as libass does it."""
    events = text.partition("\n[Events]\n")[2].split("\n")
    return [
        read_event(line.removeprefix("Dialogue: "))
        for line in events
        if line and not line.startswith("Format")
    ]


def read_event(line: str) -> Shown:
    _, start, end, *_, spelt = line.split(",", 9)
    begin = at = until = seconds(start)
    lines, sung = [""], []
    for token in re.findall(r"\{[^}]*\}|\\[Nnh{}]|(?s:.)", spelt):
        if token[0] == "{" and token.endswith("}"):
            for length in re.findall(r"\\k[fo]?(\d+)", token):
                at, until = until, until + int(length) / 100
                sung.append(("", at, until))
        elif token == r"\N":
            lines.append("")
        else:
            char = {r"\h": "\u00a0", r"\n": " "}.get(token, token[-1])
            lines[-1] += char
            if sung:
                sung[-1] = (sung[-1][0] + char, at, until)
    return Shown(begin, seconds(end), lines, sung)


def bare(text: str) -> list[str]:
    """What is left of a text to be seen: no white space, no control characters, no joiners."""
    return "".join(char for char in text if char.isprintable() and char != "\u2060").split()


def said(words: Words) -> list[str]:
    return bare(" ".join(word.text for word in words.words).replace("\x00", ""))


def seen(shown: list[Shown]) -> list[str]:
    return [part for caption in shown for line in caption.lines for part in bare(line)]


# --- what is there ----------------------------------------------------------------------------------------------


@given(narrations(), styles, frames)
def test_every_word_is_there_in_order(words: Words, style: Captions, frame: Frame) -> None:
    """Nothing said is missing, twice or elsewhere."""
    assert seen(read(script(words, style, frame))) == said(words)


@given(narrations(nasty, most=12), styles)
@example(Words(1, (Word(r"{\b1}bold", 0, 1),)), KARAOKE)
@example(Words(1, (Word("C:\\Names\\", 0, 0.5), Word("{Next", 0.5, 1))), KARAOKE)
@example(Words(2, (Word("a\nDialogue: 0", 0, 1), Word("", 1, 2))), PLAIN)
def test_no_text_is_taken_for_a_command(words: Words, style: Captions) -> None:
    """Braces, backslashes, line ends and control characters in a narration are shown or left out, never obeyed."""
    shown = read(script(words, style))
    assert "".join(seen(shown)) == "".join(said(words))
    assert len(shown) <= len(words.words)


@given(narrations(), styles)
def test_captions_break_where_the_subtitles_do(words: Words, style: Captions) -> None:
    """What is burnt in and the soft track agree: at most two lines each."""
    shown = read(script(words, style))
    assert [tuple(line.strip() for line in caption.lines) for caption in shown] == [
        cue.lines for cue in cues([(LEAD, words)])
    ]
    assert all(1 <= len(caption.lines) <= 2 for caption in shown)


def test_a_word_of_several_and_a_word_of_none_keep_the_others_in_step() -> None:
    """A provider may give a name as one word, or an empty one."""
    words = Words(4, (Word("In", 0, 0.5), Word("New  York", 0.5, 2), Word("", 2, 2.1), Word("City.", 3, 4)))
    [caption] = read(script(words))
    sung = [(text.strip(), begin) for text, begin, _ in caption.sung if text.strip()]
    assert [text for text, _ in sung] == ["In", "New", "York", "City."]
    assert sung[-1][1] == pytest.approx(LEAD + 3 - EARLY, abs=0.01)


def test_nothing_said_shows_nothing() -> None:
    """A silent segment has a script without captions."""
    assert read(script(Words(3, ()))) == []


@pytest.mark.parametrize(
    ("captions", "text"),
    [
        (Captions("karaoke", burn=True), "Hello there"),
        (Captions("plain", burn=True), "Hello there"),
        (Captions("none", burn=True), ""),
        (Captions("karaoke", burn=False), ""),
        (Captions("plain", burn=False), ""),
    ],
)
def test_only_what_is_asked_for_is_burnt_in(captions: Captions, text: str) -> None:
    """The text that needs fonts is the text that will be drawn."""
    words = Words(1, (Word("Hello", 0, 0.4), Word("there", 0.5, 1)))
    assert shown_text(words, captions) == text


# --- when -------------------------------------------------------------------------------------------------------


@given(narrations(), st.floats(0, 3))
def test_each_word_is_coloured_while_it_is_heard(words: Words, lead: float) -> None:
    """Within 10 ms at both ends, and at the last word as at the first; all by the same moment ahead."""
    shown = read(script(words, lead=lead))
    sung = [stretch for caption in shown for stretch in caption.sung if bare(stretch[0])]
    assert [bare(text) for text, *_ in sung] == [[word.text] for word in words.words]
    for (_, begin, end), word in zip(sung, words.words, strict=True):
        assert begin == pytest.approx(max(0, lead + word.start - EARLY), abs=0.01)
        assert end == pytest.approx(max(0, lead + word.end - EARLY), abs=0.01)


def test_the_times_do_not_drift() -> None:
    """After a thousand words of odd lengths the last is still in time."""
    words = Words(400, tuple(Word("word", n * 0.3337, n * 0.3337 + 0.2003) for n in range(1000)))
    begins = [begin for c in read(script(words)) for text, begin, _ in c.sung if text.strip()]
    assert max(abs(begin - LEAD + EARLY - n * 0.3337) for n, begin in enumerate(begins)) < 0.01


@given(narrations(), styles)
def test_captions_come_with_their_words_and_one_at_a_time(words: Words, style: Captions) -> None:
    """Each is there when its first word begins, none overlaps the next, all are over by the clip's end."""
    shown = read(script(words, style))
    assert all(b.start >= a.end - 1e-9 for a, b in pairwise(shown))
    for caption, cue in zip(shown, cues([(LEAD, words)]), strict=True):
        assert caption.start == pytest.approx(max(0, cue.start - EARLY), abs=0.0101)
        assert caption.end >= cue.end - EARLY - 0.0101
        assert caption.end <= LEAD + words.duration + LEAD + 0.0051


@given(st.permutations([0.0, 0.2, 0.2, 0.5]), st.permutations([0.1, 0.4, 0.6, 0.3]))
def test_overlapping_and_empty_times_are_borne(starts: list[float], lengths: list[float]) -> None:
    """Times from a provider that are not in order give a script nevertheless, with every word."""
    said = tuple(Word(f"w{n}", s, s + d - 0.1) for n, (s, d) in enumerate(zip(starts, lengths, strict=True)))
    assert seen(read(script(Words(1.5, said)))) == ["w0", "w1", "w2", "w3"]


# --- how --------------------------------------------------------------------------------------------------------


def style_of(text: str) -> dict[str, str]:
    """The one style of a script, by the names of its own format line."""
    names, values = re.findall(r"^(?:Format: (Name.*)|Style: (.*))$", text.partition("[Events]")[0], re.M)
    return dict(zip(names[0].split(", "), values[1].split(","), strict=True))


@given(frames, styles)
def test_the_style_names_the_font_and_fits_the_frame(frame: Frame, style: Captions) -> None:
    """Coordinates are the frame's pixels, margins a twentieth of it at least, letters of a size one can read."""
    text = script(Words(1, (Word("Hello", 0, 1),)), style, frame, family="Film Captions")
    look = style_of(text)
    assert f"PlayResX: {frame.width}\nPlayResY: {frame.height}\n" in text
    assert look["Fontname"] == "Film Captions"
    assert 0.035 < float(look["Fontsize"]) / min(frame.width, frame.height) < 0.08
    assert min(int(look["MarginL"]), int(look["MarginR"])) >= 0.05 * frame.width - 0.5
    assert int(look["MarginV"]) >= 0.05 * frame.height - 0.5


HELLO = Words(1, (Word("Hello", 0, 0.4), Word("there", 0.5, 1)))


def styled(**fields: Any) -> dict[str, str]:
    return style_of(script(HELLO, Captions("karaoke", burn=True, **fields)))


def test_a_size_is_larger_or_smaller_than_usual() -> None:
    """And what is large has fewer letters on a line."""
    small, usual, large = (float(styled(size=size)["Fontsize"]) for size in ("small", "normal", "large"))
    assert small < usual == float(styled()["Fontsize"]) < large
    text, phone = Words(9, tuple(Word("wonderful", n, n + 1) for n in range(9))), Frame(1080, 1920, 30)
    longest = [
        max(
            len(line)
            for caption in read(script(text, Captions("plain", burn=True, size=size), phone))
            for line in caption.lines
        )
        for size in ("normal", "large")
    ]
    assert longest[1] < longest[0]


@pytest.mark.parametrize(("position", "alignment"), [("bottom", "2"), ("middle", "5"), ("top", "8")])
@pytest.mark.parametrize("frame", SHAPES, ids=str)
def test_a_position_keeps_its_margin(position: str, alignment: str, frame: Frame) -> None:
    """A twentieth at least; on an upright screen more, for the player's own buttons and texts."""
    look = style_of(script(HELLO, Captions("plain", burn=True, position=position), frame))
    assert look["Alignment"] == alignment
    least = 0.12 if frame.height > frame.width else 0.05
    assert position == "middle" or int(look["MarginV"]) >= least * frame.height - 0.5


def test_colours_are_named_or_given() -> None:
    """What was said is in the highlight, what will be in the colour; ASS writes blue first."""
    look = styled(colour="#102030", highlight="yellow")
    assert (look["PrimaryColour"], look["SecondaryColour"]) == ("&H003BE9FF", "&H00302010")
    assert (
        style_of(script(HELLO, Captions("plain", burn=True, colour="#ff0000")))["PrimaryColour"]
        == "&H000000FF"
    )


@given(
    st.sampled_from(sorted(COLOURS)) | st.from_regex(r"#[0-9a-f]{6}", fullmatch=True),
    st.sampled_from([None, "box"]),
)
def test_letters_stand_out_from_what_is_behind_them(colour: str, background: str | None) -> None:
    """Dark ones are edged with light, light ones with dark: they differ by a third of full brightness."""
    look = styled(colour=colour, background=background)
    letters, ground = (brightness(look[field]) for field in ("SecondaryColour", "OutlineColour"))
    assert abs(letters - ground) > 0.33
    assert look["OutlineColour"][4:] == look["BackColour"][4:]


def brightness(colour: str) -> float:
    blue, green, red = (int(colour[at : at + 2], 16) / 255 for at in (4, 6, 8))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@given(narrations(), st.integers(1, 6), st.sampled_from([1, 2]), frames)
def test_no_more_is_seen_at_once_than_asked_for(words: Words, most: int, lines: int, frame: Frame) -> None:
    """Words and lines are counted; all words are there nevertheless."""
    shown = read(script(words, Captions("karaoke", burn=True, words=most, lines=lines), frame))
    assert seen(shown) == said(words)
    for caption in shown:
        assert sum(len(line.split()) for line in caption.lines) <= most
        assert len(caption.lines) <= lines


def test_capitals_are_written_and_looked_for() -> None:
    """What is drawn and what needs a glyph agree."""
    capitals = Captions("plain", burn=True, case="upper")
    words = Words(1, (Word("straße", 0, 0.4),))
    assert seen(read(script(words, capitals))) == ["STRASSE"]
    assert shown_text(words, capitals) == "STRASSE"


def test_a_japanese_caption_is_sung_character_by_character() -> None:
    """Without spaces between them, and no stop at a line's beginning."""
    words = Words(8, (Word("吾輩は猫である。名前はまだ無い。", 0, 8),))
    shown = read(script(words, KARAOKE, Frame(180, 320, 30)))
    assert "".join(line for caption in shown for line in caption.lines) == words.words[0].text
    assert not any(line.startswith("。") for caption in shown for line in caption.lines)
    assert sum(len(caption.sung) // 2 for caption in shown) >= 12


def test_equal_requests_give_equal_scripts() -> None:
    """The script is a value of its arguments."""
    words = Words(2, (Word("Hello", 0, 0.4), Word("there", 0.5, 1)))
    assert script(words) == script(words)

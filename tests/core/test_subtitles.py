"""Subtitles: cues from word times, SRT and WebVTT."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_assets.core.errors import Refused
from movie_assets.core.linebreak import columns
from movie_assets.core.subtitles import Cue, Room, cues, parse_srt, spoken_cues, to_srt, to_vtt
from movie_assets.core.words import Word, Words

Segments = list[tuple[float, Words]]

LETTERS = st.characters(exclude_categories=["Z", "C"], exclude_characters="\x85")
TEXTS = st.one_of(
    st.text(LETTERS, min_size=1, max_size=9),
    st.text(LETTERS, min_size=1, max_size=60),
    st.sampled_from(["islands.", "birds,", "“Why?”", "H.M.S.", "—", "-->", "<b>", "&", "1835"]),
)


@st.composite
def narrations(draw: st.DrawFn) -> Words:
    """Words of any text and length, with pauses."""
    moment, words = 0.05, []
    for text in draw(st.lists(TEXTS, max_size=40)):
        moment += draw(st.sampled_from([0.0, 0.0, 0.3, 2.0]))
        end = moment + draw(st.floats(0, 0.9))
        words.append(Word(text, moment, end))
        moment = end
    return Words(duration=moment + 0.05, words=tuple(words))


@st.composite
def films(draw: st.DrawFn) -> Segments:
    """Narrations one after the other."""
    start, segments = 0.0, []
    for words in draw(st.lists(narrations(), max_size=4)):
        segments.append((start, words))
        start += words.duration + draw(st.sampled_from([0.0, 0.5]))
    return segments


def spoken(text: str, pace: float = 0.4) -> Words:
    words = text.split()
    times = [Word(word, i * pace, (i + 1) * pace) for i, word in enumerate(words)]
    return Words(duration=len(words) * pace, words=tuple(times))


def texts(found: tuple[Cue, ...]) -> list[str]:
    return [" ".join(cue.lines) for cue in found]


@given(films())
def test_every_word_is_in_exactly_one_cue_in_order(film: Segments) -> None:
    """Reading all cues gives the narration, letter for letter."""
    said = "".join(word.text for _, words in film for word in words.words)
    assert "".join("".join(text.split()) for text in texts(cues(film))) == said


@given(films())
def test_cues_never_overlap(film: Segments) -> None:
    """Each cue ends before the next begins, and none ends before it begins."""
    found = cues(film)
    assert all(cue.start <= cue.end for cue in found)
    assert all(a.end <= b.start for a, b in pairwise(found))


@given(films())
def test_a_cue_has_at_most_two_lines_of_42_characters(film: Segments) -> None:
    """A character of East Asia counts for two; only what must not be divided (a letter and its marks) is longer."""
    for cue in cues(film):
        assert 1 <= len(cue.lines) <= 2
        assert all(columns(line) <= 44 or undividable(line) for line in cue.lines)


def undividable(line: str) -> bool:
    """Nothing but marks and stops for more than a line's end."""
    return any(unicodedata.category(char)[0] in "MP" for char in line)


@given(films())
def test_a_cue_lasts_at_most_six_seconds(film: Segments) -> None:
    """A longer silence ends a cue, as does a long phrase."""
    assert all(cue.end - cue.start <= 6.001 for cue in cues(film))


@given(films())
def test_a_cue_belongs_to_one_segment(film: Segments) -> None:
    """No cue holds words of two segments or outlasts its own."""
    assert cues(film) == tuple(
        cue
        for i, (start, words) in enumerate(film)
        for cue in cues(film[i : i + 1])
        if words.words and start >= 0
    )


@given(films())
def test_a_cue_is_seen_while_its_words_are_heard(film: Segments) -> None:
    """A cue comes with its first letter and stays for its last."""
    heard = [time for start, words in film for word in words.words for time in letters(word, start)]
    for cue in cues(film):
        count = len("".join("".join(cue.lines).split()))
        first, last, heard = heard[0], heard[count - 1], heard[count:]
        assert abs(cue.start - first[0]) <= 0.001
        assert cue.end >= last[1] - 0.001


def letters(word: Word, start: float) -> list[tuple[float, float]]:
    """When each letter of a word is heard, if all take the same time."""
    each = (word.end - word.start) / len(word.text)
    times = [start + word.start + each * number for number in range(len(word.text) + 1)]
    return list(pairwise(times))


# --- scripts without spaces -------------------------------------------------------------------------------------


JAPANESE = "吾輩は猫である。名前はまだ無い。「どこで生れたか」とんと見当がつかぬ、何でも薄暗いじめじめした所でニャーニャー泣いていた事だけは記憶している。"


@pytest.mark.parametrize(
    "room", [Room(columns) for columns in range(10, 43, 4)], ids=lambda room: str(room.columns)
)
def test_japanese_breaks_by_its_rules(room: Room) -> None:
    """No line begins with a stop, a closing bracket, a long or small vowel, none ends with an opening bracket."""
    found = spoken_cues([(0.0, Words(20.0, (Word(JAPANESE, 0, 20),)))], room)
    lines = ["".join(part.text for part in line) for cue in found for line in cue.lines]
    assert "".join(lines) == JAPANESE
    assert not any(line[0] in "、。」ーっゃュ" or line[-1] == "「" for line in lines)
    assert all(columns(line) <= room.columns for line in lines)


def test_japanese_cues_end_with_its_sentences() -> None:
    """The stop of a sentence is a better place than the end of a line."""
    found = cues([(0.0, Words(20.0, (Word(JAPANESE, 0, 20),)))])
    assert found[0].lines == ("吾輩は猫である。",)
    assert [text[-1] for text in texts(found)][-1] == "。"


def test_chinese_words_are_set_without_spaces() -> None:
    """Whatever a provider takes for words; Latin words among them keep theirs."""
    (cue,) = cues([(0.0, spoken("达尔文 在 HMS Beagle 上"))])
    assert cue.lines == ("达尔文在 HMS Beagle 上",)


def test_korean_breaks_at_its_spaces() -> None:
    """Its words are divided like ours."""
    text = "젊은 과학자는 섬에서 새들을 보았다 그리고 오랫동안 그것을 생각했다"
    found = cues([(0.0, spoken(text, 0.3))])
    assert " ".join(texts(found)) == text


def test_a_long_japanese_text_is_cut_at_once() -> None:
    """Three thousand characters in one segment take no longer than they are read."""
    text = JAPANESE * 45
    found = cues([(0.0, Words(600.0, (Word(text, 0, 600),)))])
    assert "".join("".join(cue.lines) for cue in found) == text


@given(films())
def test_srt_reads_back_as_it_was_written(film: Segments) -> None:
    """`parse_srt` undoes `to_srt`."""
    found = cues(film)
    assert parse_srt(to_srt(found)) == found


@given(films())
def test_vtt_holds_no_unescaped_markup(film: Segments) -> None:
    """In WebVTT only the timing lines hold an arrow, and no text opens a tag."""
    found = cues(film)
    lines = to_vtt(found).split("\n")
    assert lines[0] == "WEBVTT"
    assert sum("-->" in line for line in lines) == len(found)
    assert not any("<" in line for line in lines)


def test_cues_break_at_sentences() -> None:
    """Two sentences that would fit into one cue are two."""
    film = [(10.0, spoken("The land was black and dry. Small birds came very close."))]
    assert texts(cues(film)) == ["The land was black and dry.", "Small birds came very close."]


def test_a_long_sentence_breaks_at_its_commas() -> None:
    """Where a sentence is too long for a cue it is cut at a phrase."""
    text = (
        "Some of the birds had strong and heavy beaks, while on the other side of the bay, "
        "others had beaks as thin and pointed as a needle."
    )
    assert all(cue.endswith((",", ".")) for cue in texts(cues([(0.0, spoken(text, 0.25))])))


@pytest.mark.parametrize("text", ["He sailed on H.M.S. Beagle for years.", "There he met Dr. Smith at noon."])
def test_an_abbreviation_ends_no_sentence(text: str) -> None:
    """The dot of H.M.S. or Dr. is no reason to break."""
    assert texts(cues([(0.0, spoken(text))])) == [text]


def test_two_lines_are_even() -> None:
    """Text longer than a line is set in two of about the same length."""
    (cue,) = cues([(0.0, spoken("It would take him many years to understand what he saw.", 0.3))])
    assert cue.lines == ("It would take him many years", "to understand what he saw.")


def test_a_short_cue_stays_for_a_second_where_there_is_room() -> None:
    """A single quick word is shown for 1 s, but not after its segment is over."""
    quick = Word("Land!", 0.1, 0.3)
    assert cues([(2.0, Words(3.0, (quick,)))]) == (Cue(2.1, 3.1, ("Land!",)),)
    assert cues([(2.0, Words(0.7, (quick,)))]) == (Cue(2.1, 2.7, ("Land!",)),)


def test_spelling_of_srt_and_vtt() -> None:
    """The two formats differ in their head, numbers, decimal mark and escapes."""
    cue = Cue(3661.5, 3662.25, ("Fish & chips", "a --> b"))
    assert to_srt([cue]) == "1\n01:01:01,500 --> 01:01:02,250\nFish & chips\na --> b\n\n"
    assert to_vtt([cue]) == "WEBVTT\n\n01:01:01.500 --> 01:01:02.250\nFish &amp; chips\na --&gt; b\n\n"


def test_no_words_no_cues() -> None:
    """A silent film has empty subtitles that are still valid files."""
    assert cues([(0.0, Words(2.0, ()))]) == ()
    assert (to_srt(()), to_vtt(()), parse_srt("")) == ("", "WEBVTT\n\n", ())


def test_srt_of_other_editors_is_read() -> None:
    """A byte order mark, Windows line ends, dots and missing numbers are no obstacle."""
    text = "\ufeff1\r\n00:00:01.000 --> 00:00:02.000\r\nOne\r\n\r\n\r\n00:00:03,000 --> 00:00:04,000\r\nTwo\r\nlines\r\n"
    assert parse_srt(text) == (Cue(1.0, 2.0, ("One",)), Cue(3.0, 4.0, ("Two", "lines")))


@pytest.mark.parametrize("text", ["hello", "1\nhello", "1\n00:00:01 --> 00:00:02\nno milliseconds"])
def test_what_is_not_srt_is_refused(text: str) -> None:
    """The block that cannot be read is named."""
    with pytest.raises(Refused, match="block 1 is not SRT"):
        parse_srt(text)

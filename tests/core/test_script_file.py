"""How a person writes a script of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_assets.core.errors import Refused
from movie_assets.core.script import Script, ScriptSegment
from movie_assets.core.script_file import format_script, parse_script

WHOLE = """
# Darwin in the Galápagos

How the islands changed
one young man's mind.

A second paragraph.

Mood: wonder

## Arrival

A small ship came to rest
among black islands.

It was hot.

> picture: the Beagle at anchor
> off a volcanic shore

## A finch on a cactus
Nobody looked at the birds.
"""


def refused(text: str) -> list[str]:
    with pytest.raises(Refused) as caught:
        parse_script(text)
    lines = caught.value.fact.splitlines()
    return [line.strip() for line in (lines[1:] if len(lines) > 1 else lines)]


def test_a_script_is_read() -> None:
    """Lines fold into paragraphs; a segment without a picture is painted from its heading."""
    assert parse_script(WHOLE) == Script(
        title="Darwin in the Galápagos",
        summary="How the islands changed one young man's mind.\n\nA second paragraph.",
        mood="wonder",
        segments=(
            ScriptSegment(
                "A small ship came to rest among black islands.\n\nIt was hot.",
                "the Beagle at anchor off a volcanic shore",
            ),
            ScriptSegment("Nobody looked at the birds.", "A finch on a cactus"),
        ),
    )


def test_summary_and_mood_may_be_left_out() -> None:
    """A title and one spoken segment are enough."""
    script = parse_script("# Tea\n## Mountains\nTea came on horses.")
    assert (script.summary, script.mood, len(script.segments)) == ("", "", 1)


def test_foreign_line_ends_and_a_byte_order_mark_are_no_problem() -> None:
    """Files from other systems read the same."""
    assert parse_script("\ufeff" + WHOLE.replace("\n", "\r\n")) == parse_script(WHOLE)


def test_a_picture_may_stand_anywhere_below_its_heading() -> None:
    """Narration before and after a picture stays two paragraphs."""
    script = parse_script("# T\n## A\nOne.\n> picture: a finch\nTwo.")
    assert script.segments == (ScriptSegment("One.\n\nTwo.", "a finch"),)


def test_a_backslash_makes_a_line_plain_text() -> None:
    """What looks like a mark can be said all the same."""
    script = parse_script("# T\n## A\n\\# one\n\\> two\n\\mood: three\n\\\\four")
    assert script.segments[0].text == "# one > two mood: three \\four"


def test_a_number_sign_inside_a_word_is_no_heading() -> None:
    """Only marks followed by a space are headings."""
    assert parse_script("# T\n## A\n#1 was a finch.").segments[0].text == "#1 was a finch."


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", ["script.md:1: has no segments;", "script.md:1: has no title;"]),
        ("## A\nOne.", ["script.md:1: has no title; begin with a line such as # Title"]),
        ("# T\n\nSummary.", ["script.md:1: has no segments; begin each with a line such as ## Arrival"]),
        ("# T\n## A\n\n## B\nTwo.", ["script.md:2: 'A': nothing is said; write its narration below it"]),
        ("# T\n## A\nOne.\n> picture: x\n\n> picture: y", ["script.md:6: 'A' has a second picture;"]),
        ("# T\n## A\nOne.\n> picture: x\n> picture: y", ["script.md:5: 'A' has a second picture;"]),
        ("# T\n> picture: x\n## A\nOne.", ["script.md:2: a picture belongs to a segment;"]),
        ("# T\n## A\n> He said so.\nOne.", ["script.md:3: a quotation must begin with picture:"]),
        ("# T\n## A\nOne.\n> picture: x\n\n> more", ["script.md:6: a quotation must begin with picture:"]),
        ("# T\n## A\nOne.\npicture: x", ["script.md:4: a picture is a quotation: begin the line with >"]),
        ("# T\nmood: a\nmood: b\n## A\nOne.", ["script.md:3: a second mood"]),
        ("# T\n## A\nmood: dark\nOne.", ["script.md:3: the mood stands above the first ##"]),
        ("# T\n## A\nOne.\n# U", ["script.md:4: a second title;"]),
        ("# T\n## A\n### B\nOne.", ["script.md:3: ### is one level too deep"]),
        ("# T\n##\nOne.", ["script.md:2: a segment needs a heading, or a line such as > picture:"]),
        (
            "# T\n## A\nOne.\n> picture:",
            ["script.md:2: a segment needs a heading, or a line such as > picture:"],
        ),
        ("# T\n## A\nOne\x07.", ["script.md:3: holds the unprintable character U+0007; delete it"]),
        (
            "## A\n\n## B\n> x",
            ["script.md:1: 'A': nothing", "script.md:1: has no title", "script.md:3: 'B'", "script.md:4"],
        ),
    ],
)
def test_every_problem_is_told_with_its_line(text: str, told: list[str]) -> None:
    """What is wrong, where, and what to write instead; all at once."""
    lines = refused(text)
    assert len(lines) == len(told)
    assert all(line.startswith(start) for line, start in zip(lines, told, strict=True))


WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]) | st.sampled_from("#>\\:-*_`é"),
    min_size=1,
    max_size=8,
)
LINE = st.lists(WORDS | st.sampled_from(["mood:", "picture:", "#", "##", ">"]), min_size=1, max_size=8).map(
    " ".join
)
PROSE = st.lists(LINE, min_size=1, max_size=3).map("\n\n".join)
SCRIPTS = st.builds(
    Script,
    title=LINE,
    summary=PROSE | st.just(""),
    mood=LINE | st.just(""),
    segments=st.lists(st.builds(ScriptSegment, text=PROSE, prompt=LINE), min_size=1, max_size=4).map(tuple),
)


@given(SCRIPTS)
def test_a_written_script_reads_back_the_same(script: Script) -> None:
    """Whatever the words are, `#`, `>` and `mood:` among them."""
    assert parse_script(format_script(script)) == script


@given(st.text(max_size=120) | st.lists(st.sampled_from(WHOLE.splitlines()), max_size=12).map("\n".join))
def test_any_text_is_a_script_or_refused(text: str) -> None:
    """What is read can be written and read again; everything else has sentences with lines."""
    try:
        script = parse_script(text)
    except Refused as error:
        assert "script.md:" in error.fact
    else:
        assert parse_script(format_script(script)) == script


def test_the_sample_movie_has_the_script_it_asks_for() -> None:
    """movies/galapagos can be made as it is, in about a minute of calm speech."""
    folder = Path(__file__).parents[2] / "movies" / "galapagos"
    script = parse_script((folder / "script.md").read_text(encoding="utf-8"))
    assert f"title: {script.title}" in (folder / "movie.yaml").read_text(encoding="utf-8")
    assert len(script.segments) == 6
    assert 130 <= sum(len(segment.text.split()) for segment in script.segments) <= 145

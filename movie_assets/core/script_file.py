"""script.md: a person's own script.

A title, a summary, a mood; then a heading for each segment, its narration, and what its picture shows:

    # Darwin in the Galápagos

    How the islands changed one young man's mind.

    mood: wonder

    ## Arrival

    In the autumn of 1835 a small ship came to rest among black islands.

    > picture: the Beagle at anchor off a volcanic shore at dawn

Lines of a paragraph are folded into one. Without a picture the heading is the prompt. A line that begins with a
backslash is plain text whatever follows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from movie_assets.core.problem import Problem, refusal, unprintable
from movie_assets.core.script import Script, ScriptSegment

__all__ = ["format_script", "headings_of", "parse_script"]

_HEADING = re.compile(r"(#+)(?:\s+(.*))?\Z")
_NUMBERED = re.compile(r"Segment [0-9]+\Z")
_LABEL = re.compile(r"(mood|picture)\s*:\s*(.*)", re.IGNORECASE)
_SPECIAL = re.compile(r"[#>\\]|(mood|picture)\s*:", re.IGNORECASE)


def parse_script(text: str, file_name: str = "script.md") -> Script:
    """Reads a script.md; every problem is told with its line in one `Refused`."""
    reading = _Reading()
    reading.read(text)
    if reading.problems:
        raise refusal(file_name, reading.problems, f"correct {file_name}, then make the movie again")
    return Script(
        title=reading.top.heading,
        summary=reading.top.prose.text(),
        mood=reading.mood,
        segments=tuple(ScriptSegment(each.prose.text(), each.prompt()) for each in reading.segments),
    )


def headings_of(text: str) -> tuple[str, ...]:
    """What a person called each segment of a script.md; "" for one that only has the number we gave it."""
    reading = _Reading()
    reading.read(text)
    return tuple("" if _NUMBERED.match(each.heading) else each.heading for each in reading.segments)


def format_script(script: Script) -> str:
    """Writes a script.md that reads back as the same script, white space folded."""
    parts = [f"# {_folded(script.title)}", *_paragraphs(script.summary)]
    if _folded(script.mood):
        parts.append(f"mood: {_folded(script.mood)}")
    for number, segment in enumerate(script.segments):
        parts += [f"## Segment {number}", *_paragraphs(segment.text), f"> picture: {_folded(segment.prompt)}"]
    return "\n\n".join(parts) + "\n"


def _paragraphs(text: str) -> list[str]:
    folded = [_folded(paragraph) for paragraph in re.split(r"\n\s*\n", text)]
    return [f"\\{each}" if _SPECIAL.match(each) else each for each in folded if each]


def _folded(text: str) -> str:
    return " ".join(text.split())


@dataclass(slots=True)
class _Prose:
    """Paragraphs as they are read, line by line."""

    paragraphs: list[list[str]] = field(default_factory=lambda: [[]])

    def line(self, text: str) -> None:
        """Adds a line; an empty one ends the paragraph."""
        if text:
            self.paragraphs[-1].append(text)
        else:
            self.paragraphs.append([])

    def text(self) -> str:
        return "\n\n".join(_folded(" ".join(lines)) for lines in self.paragraphs if lines)


@dataclass(slots=True)
class _Part:
    """What stands under one heading: its prose and the lines of its picture, None without one."""

    line: int
    heading: str
    prose: _Prose = field(default_factory=_Prose)
    picture: list[str] | None = None

    def prompt(self) -> str:
        return self.heading if self.picture is None else _folded(" ".join(self.picture))


class _Reading:
    """Reads line by line: the part before the first segment, then the segments."""

    def __init__(self) -> None:
        self.top = _Part(1, "")
        self.mood = ""
        self.segments: list[_Part] = []
        self.problems: list[Problem] = []
        self._in_picture = False

    @property
    def part(self) -> _Part:
        return self.segments[-1] if self.segments else self.top

    def read(self, text: str) -> None:
        for number, line in enumerate(text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n"), start=1):
            if found := unprintable(line):
                self._problem(number, f"holds the unprintable character U+{ord(found[0]):04X}; delete it")
            self._line(number, line.strip())
        self._check()

    def _line(self, number: int, line: str) -> None:
        was_in_picture, self._in_picture = self._in_picture, False
        if line.startswith("\\"):
            self.part.prose.line(line[1:].strip())
        elif line.startswith(">"):
            self._quotation(number, line[1:].strip(), was_in_picture)
        elif heading := _HEADING.match(line):
            self._heading(number, *heading.groups(default=""))
        elif word := _LABEL.match(line):
            self._label(number, word[1].lower(), word[2])
        else:
            self.part.prose.line(line)

    def _quotation(self, number: int, line: str, goes_on: bool) -> None:
        begins = _LABEL.match(line)
        if begins and begins[1].lower() == "picture":
            self._picture(number, begins[2])
        elif goes_on and self.part.picture is not None:
            self.part.picture.append(line)
            self._in_picture = True
        else:
            self._problem(number, "a quotation must begin with picture: and say what the picture shows")

    def _picture(self, number: int, line: str) -> None:
        self._in_picture = True
        if not self.segments:
            self._problem(number, "a picture belongs to a segment; write it below a ## heading")
        elif self.part.picture is not None:
            self._problem(
                number, f"{self.part.heading!r} has a second picture; keep one, or begin another ## segment"
            )
        else:
            self.part.picture = [line]
            self.part.prose.line("")

    def _heading(self, number: int, marks: str, heading: str) -> None:
        if marks == "##":
            self.segments.append(_Part(number, _folded(heading)))
        elif marks == "#" and not self.top.heading and not self.segments:
            self.top.heading = _folded(heading)
        elif marks == "#":
            self._problem(number, "a second title; a segment's heading begins with ##")
        else:
            self._problem(number, f"{marks} is one level too deep; only # and ## are used")

    def _label(self, number: int, word: str, value: str) -> None:
        if word == "picture":
            self._problem(
                number, "a picture is a quotation: begin the line with > (or with \\ if it is to be spoken)"
            )
        elif self.segments:
            self._problem(
                number, "the mood stands above the first ## (begin the line with \\ if it is to be spoken)"
            )
        elif self.mood:
            self._problem(number, "a second mood; a movie has one")
        else:
            self.mood = _folded(value)
            self.top.prose.line("")

    def _check(self) -> None:
        if not self.top.heading:
            self._problem(1, "has no title; begin with a line such as # Title")
        if not self.segments:
            self._problem(1, "has no segments; begin each with a line such as ## Arrival")
        for segment in self.segments:
            if not segment.prose.text():
                self._problem(
                    segment.line, f"{segment.heading!r}: nothing is said; write its narration below it"
                )
            if not segment.prompt():
                self._problem(segment.line, "a segment needs a heading, or a line such as > picture: a finch")

    def _problem(self, line: int, sentence: str) -> None:
        self.problems.append(Problem(line, sentence))

"""The pages: everything is told, nothing is asked of a network, and no text is taken for markup."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from movie_assets.core.artefact import BlobRef, Name
from movie_assets.core.cost import Cost
from movie_assets.core.difference import ChangedInput, Difference
from movie_assets.core.storyboard import Piece, Scene, Storyboard
from movie_assets.core.timeline import timeline_of
from resources.export import export, write_difference
from resources.exports.page import DETAILED, Album, diff_page, index_page

NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title><b>",
    "{{ 7 * 7 }}",
    "a & b &lt; c",
]
TEXTS = st.sampled_from(NASTY) | st.text(
    st.characters(codec="utf-8", exclude_characters="\0\r\x0c"), min_size=1
)


def piece(kind: str, segment: int | None, digest: str, cost: float | None = 0.0) -> Piece:
    return Piece(
        name=Name(kind, segment), blob=BlobRef(digest * 64, 9, "image/png" if kind == "picture" else "audio/wav"),
        revision="rev-0001", provider="offline", model=None, cost=cost, seconds=1.0, reasons=("no result yet",),
    )  # fmt: skip


def board(text: str, number: int = 1, **changed: object) -> Storyboard:
    """A revision of two segments in which every text that a person or a provider may write is this one."""
    scenes = tuple(
        Scene(
            segment=n, start=n * 2.0, seconds=2.0, text=text, prompt=text,
            pieces={kind: piece(kind, n, digit) for kind, digit in (("picture", "a"), ("narration", "b"))},
        )
        for n in range(2)
    )  # fmt: skip
    made = Storyboard(
        movie="tale", revision=f"rev-{number:04}", created_at="2026-11-21T12:00:00Z", blueprint="narrated", title=text,
        about=text, language="en", timeline=timeline_of([1.5, 1.5], [0.5, 0.5], 10),
        frame={"width": 320, "height": 180, "fps": 10}, inputs={"brief": {"brief": text, "n": number}}, scenes=scenes,
        pieces={"film": piece("film", None, "c")},
        changes=(ChangedInput("brief", None, text, text, text, "2026-11-21T12:00:00Z"),), summary=text,
        made=1, reused=2, paid=Cost(),
    )  # fmt: skip
    return structs.replace(made, **changed)


ALBUM = Album({"a" * 16: "data:image/webp;base64,AAAA"}, {"b" * 16: "media/narration-000.wav"})


def page_of(*boards: Storyboard) -> str:
    return index_page(boards, ALBUM, "film.mp4", [], b"WEBVTT\n")


class Read(HTMLParser):
    """What a browser makes of a page: its elements, and the text in each kind of them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.open.append(tag)
        self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts[self.open[-1]][-1] += data


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_no_text_is_markup(text: str) -> None:
    """Whatever title, prompt, narration or setting: it is read as that text, and no element comes of it."""
    page, plain = (Read(page_of(board(each), board(each, 2))) for each in (text, "x"))
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in plain.tags]
    assert [sorted(names) for _, names in page.tags] == [sorted(names) for _, names in plain.tags]
    assert page.texts["h1"] == [text]


@settings(max_examples=30, deadline=None)
@given(TEXTS)
def test_no_text_is_markup_side_by_side(text: str) -> None:
    """Nor in the page of a difference."""

    def read(each: str) -> Read:
        older, newer = board("before"), board(each, 2)
        found = Difference(
            movie="tale",
            before="rev-0001",
            after="rev-0002",
            inputs=newer.changes,
            artefacts=(),
            summary=each,
        )
        return Read(diff_page(older, newer, found, ALBUM))

    page, plain = read(text + "!"), read("x!")
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in plain.tags] and page.texts["h1"] == [
        text + "!"
    ]


@pytest.mark.parametrize("number", [1, DETAILED + 9])
def test_a_page_asks_nobody(number: int) -> None:
    """Every address is data, a place in the page or a file beside it."""
    page = Read(page_of(*(board("x", n) for n in range(1, number + 1))))
    addresses = [
        value
        for _, names in page.tags
        for name, value in names.items()
        if name in ("src", "href", "poster", "action")
    ]
    assert addresses and all(re.match(r"(data:|#|media/|film\.)", value or "") for value in addresses)
    assert "url(" not in " ".join(page.texts["style"]) and "@import" not in " ".join(page.texts["style"])


def test_unknown_costs_are_never_nothing() -> None:
    """Of a piece, of a segment, of the film."""
    pieces = {"picture": piece("picture", 0, "a", cost=None)}
    known = board("x")
    page = page_of(structs.replace(known, scenes=(structs.replace(known.scenes[0], pieces=pieces),) * 2))
    assert (
        page.count("1 of unknown price") == 2 and "<td>unknown</td>" in page and "2 of unknown price" in page
    )


def test_who_reads_with_ears_is_told_everything() -> None:
    """Landmarks, one main heading, every picture in words, every player and table named, the language of each text."""
    page = Read(
        page_of(structs.replace(board("x"), language="ar"), structs.replace(board("y", 2), language="ar"))
    )
    names = [tag for tag, _ in page.tags]
    assert names.count("h1") == names.count("main") == 1 and {"nav", "header", "footer"} <= set(names)
    attributes = [(tag, given) for tag, given in page.tags if tag in ("img", "audio", "video", "section")]
    assert all(given.get("alt") is not None for tag, given in attributes if tag == "img")
    assert all(given.get("aria-label") for tag, given in attributes if tag in ("audio", "video"))
    assert all(given.get("aria-labelledby") for tag, given in attributes if tag == "section")
    said = [given for _, given in page.tags if given.get("class") == "said"]
    assert said and all(given["lang"] == "ar" and given["dir"] == "rtl" for given in said)
    assert ("html", {"lang": "en"}) in page.tags


@pytest.mark.parametrize(("burn", "shown"), [(True, False), (False, True)])
def test_captions_are_on_unless_they_are_in_the_picture(burn: bool, shown: bool) -> None:
    """Never twice on the screen."""
    page = Read(page_of(board("x", inputs={"captions": {"style": "karaoke", "burn": burn}})))
    [track] = [given for tag, given in page.tags if tag == "track" and given["kind"] == "captions"]
    assert ("default" in track) is shown and (track["src"] or "").startswith("data:text/vtt;base64,")


def test_a_long_history_does_not_make_a_page_heavy() -> None:
    """Beyond the newest revisions each adds a line of text, and a picture is never in the page twice."""
    pages = [page_of(*(board("x", n) for n in range(1, last + 1))) for last in (DETAILED, DETAILED + 100)]
    assert len(pages[1]) - len(pages[0]) < 100 * 300
    assert pages[1].count(ALBUM.pictures["a" * 16]) == 2  # one for each of the two segments that show it


def test_the_page_of_a_movie_holds_its_pictures_and_plays_its_sounds(tale: Any) -> None:
    """Pictures lie in it, also those that were replaced; sounds and the film beside it; and it stays small."""
    tale.make()
    tale.export(tale.make(new="overrides: {1: {picture: {prompt: A hen}, narration: {text: Cluck.}}}\n"))
    page = Read(tale.page())
    images = [given for tag, given in page.tags if tag == "img" and given.get("src")]
    assert len(images) == 4 and all((given["src"] or "").startswith("data:image/webp") for given in images)
    played = {given["src"] for tag, given in page.tags if tag in ("audio", "video") and given.get("src")}
    assert played == {"film.mp4"} | {f"media/narration-00{n}.wav" for n in range(3)}
    assert all((tale.to / name).is_file() for name in played)
    assert len(tale.page()) < 60_000
    assert page.texts["h3"] and "A hen" in tale.page() and "rev-0001" in tale.page()


def test_a_podcast_has_a_page_without_pictures(tale: Any) -> None:
    """A player, the words, the voices; see test_podcast.py for its files."""
    live = tale.make("title: Tale", "blueprint: podcast\ntitle: Tale")
    export(tale.store, live, {"podcast.srt": "subtitles", "index.html": "soundtrack"}, tale.to)
    page = Read(tale.page())
    assert not [given for tag, given in page.tags if tag == "img" and given.get("src")]
    assert "It goes on." in tale.page() and "<video" not in tale.page()


def test_two_revisions_lie_side_by_side_in_one_file(tale: Any) -> None:
    """What was set, old and new; both pictures in the page; what is the same is only named; nothing beside it."""
    first = tale.make()
    second = tale.make(new="overrides: {1: {picture: {prompt: A hen}}}\n")
    to = write_difference(tale.store, first, second, tale.to / "deep" / "diff.html")
    page, text = Read(to.read_text()), to.read_text()
    assert "segment 0, segment 2" in text and "rev-0001" in text and "prompt[1]" in text and "A hen" in text
    images = [given["src"] for tag, given in page.tags if tag == "img" and given.get("src")]
    assert len(images) == len(set(images)) == 2 and all((each or "").startswith("data:") for each in images)
    assert not [given for tag, given in page.tags if tag == "audio" and given.get("src")]
    assert {path.name for path in (tale.to / "deep").iterdir()} == {"diff.html"}


def test_voices_that_differ_can_be_heard_side_by_side(tale: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the page itself, as long as it can still be sent to someone; a word on what was done is there in any case."""
    first = tale.make()
    second = tale.make("en-us", "en-gb")

    def players() -> list[str | None]:
        page = Read(write_difference(tale.store, first, second, tale.to / "diff.html").read_text())
        assert page.texts["small"] == ["voice"] * 3
        return [given.get("src") for tag, given in page.tags if tag == "audio"]

    sources = players()
    assert len(set(sources)) == 6 and all(
        (each or "").startswith("data:audio/wav;base64,") for each in sources
    )
    one_pair = sum(len(base64.b64decode((each or "").partition(",")[2])) for each in sources[:2])
    monkeypatch.setattr("resources.exports.album._ROOM_FOR_VOICES", one_pair)
    assert players() == [*sources[:2], None, None, None, None]


def test_a_revision_compared_with_itself(tale: Any) -> None:
    """Says that nothing differs."""
    first = tale.make()
    text = write_difference(tale.store, first, first, tale.to / "diff.html").read_text()
    assert "segment 0, segment 1, segment 2" in text and text.count("<p>Nothing.</p>") == 2


def test_the_script_is_small() -> None:
    """No framework, and nothing to build."""
    pages = Path(__file__).resolve().parents[3] / "resources" / "pages"
    assert (pages / "page.js").stat().st_size < 12_000 and (pages / "page.css").stat().st_size < 12_000


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_text_can_be_read(scheme: int) -> None:
    """Contrast of at least 4.5 to 1 (WCAG AA) of each colour of text on each ground it stands on."""
    css = (Path(__file__).resolve().parents[3] / "resources" / "pages" / "page.css").read_text()
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]+)", css.split(":root {")[scheme + 1].split("}")[0]))
    pairs = [("ink", "paper"), ("soft", "paper"), ("accent", "paper"), ("ink", "card"), ("soft", "card")]
    pairs += [("accent", "card"), ("ink", "gone"), ("ink", "come"), ("soft", "gone"), ("soft", "come")]
    assert {
        pair: ratio for pair in pairs if (ratio := _contrast(*(colours[name] for name in pair))) < 4.5
    } == {}


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    shares = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

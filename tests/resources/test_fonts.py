"""Caption fonts: every character has a glyph, or there is an error before anything is rendered."""

from __future__ import annotations

from pathlib import Path

import fontpkg
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st

from movie_assets.core.errors import Unready
from movie_assets.core.ports import Workspace
from resources.fonts import FontSet, caption_fonts, complaint, uncovered

TEXT = "Darwin’s Galápagos — «ça», 26 re\u0301sume\u0301s, Ελλάδα, Вижу, كيف غيّرت الجزر عقل شاب"
INVISIBLE = "a\u200db\ufe0f\u2060 \n\t\u00a0"  # joiner, variation selector, word joiner and white space


def fonts_of(text: str, folder: Path) -> dict[str, TTFont]:
    made = caption_fonts(text, Workspace(folder))
    return {path.name: TTFont(path) for path in sorted(made.folder.iterdir())}


def font_with(character: str, path: Path) -> Path:
    """A font that has one character only, a square."""
    pen = TTGlyphPen(None)
    for move, point in (
        ("moveTo", (0, 0)),
        ("lineTo", (0, 700)),
        ("lineTo", (500, 700)),
        ("lineTo", (500, 0)),
    ):
        getattr(pen, move)(point)
    pen.closePath()
    square = pen.glyph()
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder([".notdef", "square"])
    font.setupCharacterMap({ord(character): "square"})
    font.setupGlyf({".notdef": square, "square": square})
    font.setupHorizontalMetrics({".notdef": (600, 0), "square": (600, 0)})
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupOS2()
    font.setupNameTable({"familyName": "Mine", "styleName": "Regular"})
    font.setupPost()
    font.save(path)
    return path


# --- what is covered --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> FontSet:
    """The fonts of a text in four scripts."""
    return caption_fonts(TEXT, Workspace(tmp_path_factory.mktemp("work")))


@pytest.fixture(scope="module")
def fonts(made: FontSet) -> list[TTFont]:
    return [TTFont(path) for path in sorted(made.folder.iterdir())]


def test_every_character_is_in_exactly_one_font(fonts: list[TTFont]) -> None:
    """So it cannot depend on libass which font a glyph is taken from."""
    holding = [set(font.getBestCmap()) for font in fonts]
    letters = {ord(char) for char in TEXT if not char.isspace()} - {ord("\u0301")}
    assert all(sum(point in held for held in holding) == 1 for point in letters)
    assert uncovered(TEXT) == ""


def test_the_fonts_bear_one_name_and_one_weight(made: FontSet, fonts: list[TTFont]) -> None:
    """All are found under the family's name, which no system font has, and none is variable any more."""
    assert len(fonts) == 2
    assert {font["name"].getDebugName(1) for font in fonts} == {made.family}
    assert not any("fvar" in font for font in fonts)


def test_semi_bold_is_bolder_than_regular(fonts: list[TTFont]) -> None:
    """The one weight is not the variable font's default: the stem of an `l` is wider than in Noto Sans Regular."""
    latin = next(font for font in fonts if ord("l") in font.getBestCmap())
    outline = latin["glyf"][latin.getBestCmap()[ord("l")]]
    assert (outline.xMax - outline.xMin) / latin["head"].unitsPerEm > 0.1


def test_fonts_are_cut_down_to_the_text(made: FontSet) -> None:
    """A clip's fonts are kilobytes, however large the packages are."""
    assert sum(path.stat().st_size for path in made.folder.iterdir()) < 90_000


def test_equal_texts_give_equal_files(made: FontSet, tmp_path: Path) -> None:
    """No time of day and no order of a set gets into the bytes."""
    again = caption_fonts(TEXT, Workspace(tmp_path))
    first, second = (
        {path.name: path.read_bytes() for path in fonts.folder.iterdir()} for fonts in (made, again)
    )
    assert first == second


def test_no_text_needs_no_more_than_a_font(tmp_path: Path) -> None:
    """Nothing said, nothing missing."""
    assert len(fonts_of("", tmp_path)) == 1


@settings(max_examples=50)
@given(st.text(st.sampled_from(INVISIBLE + "\u0301\u064b"), max_size=8))
def test_what_is_never_drawn_alone_needs_no_glyph(text: str) -> None:
    """White space, joiners, selectors and combining marks are never missing."""
    assert uncovered(text) == ""


@settings(max_examples=50, deadline=None)  # the first one opens every font there is
@given(st.text(max_size=12))
def test_what_is_missing_is_of_the_text_and_without_it_nothing_is(text: str) -> None:
    """Taking the missing characters out of a text leaves one that can be shown."""
    missing = uncovered(text)
    assert set(missing) <= set(text)
    assert uncovered("".join(char for char in text if char not in missing)) == ""


@pytest.mark.parametrize("text", ["שלום", "สวัสดี", "नमस्ते", "ქართული", "Հայերեն", "🐦 ❤ 👩"])
def test_the_fonts_of_many_scripts_are_found(text: str, tmp_path: Path) -> None:
    """A package that holds nothing but font files serves as it is."""
    assert uncovered(text) == ""
    assert any(ord(text[0]) in font.getBestCmap() for font in fonts_of(text, tmp_path).values())


def test_a_chosen_font_goes_before_all_others(tmp_path: Path) -> None:
    """What it lacks comes from the others."""
    one, two = (
        fonts_of("Hi كيف שלום", tmp_path / "a"),
        caption_fonts("Hi كيف", Workspace(tmp_path / "b"), "noto-sans-arabic"),
    )
    first = TTFont(min(two.folder.iterdir()))
    assert ord("ك") in first.getBestCmap()
    assert ord("ك") not in next(iter(one.values())).getBestCmap()


def test_a_font_that_is_not_installed_is_named_with_its_package(tmp_path: Path) -> None:
    """The next step is the command that brings it."""
    with pytest.raises(Unready, match="lobster") as caught:
        caption_fonts("a", Workspace(tmp_path), "lobster")
    assert "pip install fontpkg-lobster" in caught.value.next_step
    assert complaint("a", "lobster") is not None


@pytest.mark.parametrize(
    ("language", "face"), [("ja", "JP"), ("ko", "KR"), ("zh", "SC"), ("zh-TW", "TC"), ("en", "JP")]
)
def test_a_character_is_written_as_its_language_does(language: str, face: str, tmp_path: Path) -> None:
    """Of the East Asian collection the face of the film's language is taken."""
    pytest.importorskip("manimgx_fonts_cjk", reason="needs pip install manimgx-fonts-cjk (20 MB)")
    made = [caption_fonts("直", Workspace(tmp_path / name), None, name) for name in (language, "ja")]
    shapes = [max(fonts.folder.iterdir()).read_bytes() for fonts in made]
    assert (shapes[0] == shapes[1]) == (face == "JP")


# --- what is not ------------------------------------------------------------------------------------------------


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with Noto Sans alone."""
    all_families = fontpkg.families()
    monkeypatch.setattr(fontpkg, "families", lambda: {"noto-sans": all_families["noto-sans"]})
    monkeypatch.setattr("resources.fonts._FONT_FOLDERS", ())


@pytest.mark.parametrize(
    ("text", "characters", "script", "step"),
    [
        ("hello สวัสดี", "ด ว ส", "Thai", "pip install fontpkg-noto-sans-thai"),
        ("வணக்கம்", "க ண ம வ", "Tamil", "pip install fontpkg-noto-sans-tamil"),
        ("שלום", "ו ל ם ש", "Hebrew", "pip install fontpkg-heebo"),
        ("ქარ", "ა რ ქ", "Georgian", "pip install manimgx-fonts,"),
        ("日本語", "日 本 語", "CJK", "pip install manimgx-fonts-cjk"),
        ("かな한", "か な 한", "CJK", "pip install manimgx-fonts-cjk"),
        ("finch 🐦", "🐦", "emoji", "pip install manimgx-fonts,"),
        ("a ❤", "❤", "emoji", "pip install manimgx-fonts,"),
        ("\ue000", "\ue000", "Unknown", "CAPTION_FONTS"),
    ],
)
def test_a_character_without_a_glyph_is_unready(
    text: str, characters: str, script: str, step: str, tmp_path: Path, few: None
) -> None:
    """The error names the characters, their script and what brings them; nothing is left behind."""
    with pytest.raises(Unready) as caught:
        caption_fonts(text, Workspace(tmp_path))
    assert (caught.value.labels["characters"], caught.value.labels["script"]) == (characters, script)
    assert step in caught.value.next_step
    assert "burn: false" in caught.value.next_step
    assert list(tmp_path.iterdir()) == []


def test_several_scripts_are_named_at_once(tmp_path: Path, few: None) -> None:
    """One run tells about everything that is missing."""
    with pytest.raises(Unready, match="Hebrew, Thai") as caught:
        caption_fonts("สวัสดี שלום", Workspace(tmp_path))
    assert "fontpkg-heebo fontpkg-noto-sans-thai" in caught.value.next_step


def test_a_wall_of_unknown_characters_is_cut_short(tmp_path: Path, few: None) -> None:
    """The message stays readable for a whole narration in another script."""
    with pytest.raises(Unready) as caught:
        caption_fonts("".join(map(chr, range(0x4E00, 0x4F00))), Workspace(tmp_path))
    assert len(str(caught.value)) < 500


# --- a person's own ---------------------------------------------------------------------------------------------


def test_a_font_of_one_s_own_brings_its_characters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in the folder named by CAPTION_FONTS serves what the packages lack, under the common name."""
    mine = tmp_path / "mine"
    mine.mkdir()
    font_with("Ꭰ", mine / "Cherokee.TTF")
    (mine / "readme.txt").write_text("not a font")
    assert uncovered("Ꭰ a") == "Ꭰ"
    monkeypatch.setenv("CAPTION_FONTS", str(mine))
    assert uncovered("Ꭰ a") == ""
    latin, cherokee = fonts_of("Ꭰ a", tmp_path / "work").values()
    assert ord("Ꭰ") in cherokee.getBestCmap()
    assert cherokee["name"].getDebugName(1) == latin["name"].getDebugName(1)


def test_a_package_s_font_goes_before_one_s_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One's own font does not change how Latin looks."""
    font_with("a", tmp_path / "mine.ttf")
    monkeypatch.setenv("CAPTION_FONTS", str(tmp_path))
    assert len(fonts_of("a", tmp_path / "work")) == 1


@pytest.mark.parametrize("damage", [b"", b"no font at all", b"\0\1\0\0"])
def test_a_damaged_font_of_one_s_own_is_named(
    damage: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not passed over in silence: the person put it there to be used."""
    (tmp_path / "broken.ttf").write_bytes(damage)
    monkeypatch.setenv("CAPTION_FONTS", str(tmp_path))
    with pytest.raises(Unready, match=r"broken\.ttf"):
        caption_fonts("Ꭰ", Workspace(tmp_path / "work"))

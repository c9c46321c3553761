"""Caption fonts from installed packages: no system font is used, and a character without a glyph is an error."""

from __future__ import annotations

import contextlib
import io
import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import fontpkg  # type: ignore[import-untyped]
from fontTools import subset
from fontTools.ttLib import TTFont, TTLibError
from fontTools.varLib import instancer

from movie_assets.core.errors import Unready
from movie_assets.core.ports import Workspace

__all__ = ["FontSet", "caption_fonts", "complaint", "uncovered"]

_OWN_FOLDER = "CAPTION_FONTS"
_BASE = "noto-sans"
_WEIGHT = 600
_FAMILY = "Film Captions"
_SUFFIXES = {".otf", ".ttc", ".ttf"}
_BRACKETS = frozenset(map(ord, " ()<>[]{}«»‹›"))  # the shaper mirrors them in right-to-left text

_OF_MANY_SCRIPTS, _EAST_ASIAN_FONTS = "manimgx-fonts", "manimgx-fonts-cjk"
_PACKAGES = {
    "ARABIC": "fontpkg-noto-sans-arabic",
    "ARMENIAN": _OF_MANY_SCRIPTS,
    "BENGALI": "fontpkg-hind-siliguri",
    "CJK": _EAST_ASIAN_FONTS,
    "DEVANAGARI": "fontpkg-noto-sans-devanagari",
    "ETHIOPIC": _OF_MANY_SCRIPTS,
    "GEORGIAN": _OF_MANY_SCRIPTS,
    "GUJARATI": _OF_MANY_SCRIPTS,
    "GURMUKHI": _OF_MANY_SCRIPTS,
    "HEBREW": "fontpkg-heebo",
    "KANNADA": _OF_MANY_SCRIPTS,
    "KHMER": "fontpkg-noto-sans-khmer",
    "LAO": _OF_MANY_SCRIPTS,
    "MALAYALAM": _OF_MANY_SCRIPTS,
    "MYANMAR": _OF_MANY_SCRIPTS,
    "ORIYA": _OF_MANY_SCRIPTS,
    "SINHALA": _OF_MANY_SCRIPTS,
    "TAMIL": "fontpkg-noto-sans-tamil",
    "TELUGU": "fontpkg-noto-sans-telugu",
    "THAI": "fontpkg-noto-sans-thai",
    "emoji": _OF_MANY_SCRIPTS,
}
_WITHOUT = {
    "captions": "set captions: {burn: false} in movie.yaml",
    "card": "write other words for it into title_card or end_card in movie.yaml",
}
# Packages that hold nothing but font files; the faces of the last differ in how a language writes a character.
_FONT_FOLDERS = ("manimgx_fonts", "manimgx_fonts_cjk")
_FACES = {"ja": 0, "ko": 1, "zh": 2, "zh-tw": 3, "zh-hant": 3, "zh-hk": 4}
_EAST_ASIAN = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC", "FULLWIDTH", "HALFWIDTH")


@dataclass(frozen=True, slots=True)
class FontSet:
    """A folder for libass's `fontsdir` and the one family name all fonts in it bear."""

    folder: Path
    family: str


def caption_fonts(text: str, at: Workspace, first: str | None = None, language: str = "en") -> FontSet:
    """Leaves the fonts that show a text in the workspace, semi-bold and cut down to it; else `Unready`.

    They are the installed fontpkg packages, the family `first` (without it Noto Sans) before all others, then fonts
    of many scripts, then those in the folder CAPTION_FONTS.
    """
    chosen = _chosen(text, first, _FACES.get(language.lower(), _FACES.get(language[:2].lower(), 0)))
    if missing := _needed(text).difference(*chosen.values()):
        raise _unready(missing)
    folder = at.scratch / "fonts"
    folder.mkdir(parents=True, exist_ok=True)
    for number, (face, characters) in enumerate(chosen.items()):
        _cut(face, characters).save(folder / f"{number:02}{_suffix(face.path)}")
    return FontSet(folder, _FAMILY)


def uncovered(text: str, first: str | None = None) -> str:
    """The characters of a text that no installed font can show, sorted."""
    return "".join(map(chr, sorted(_needed(text).difference(*_chosen(text, first).values()))))


def complaint(text: str, first: str | None = None, what: str = "captions") -> Unready | None:
    """What to say of a text of the captions, or of a `card`, that no installed font can show whole; None if some can."""
    try:
        missing = uncovered(text, first)
    except Unready as error:
        return error
    return _unready(frozenset(map(ord, missing)), what) if missing else None


@dataclass(frozen=True, slots=True)
class _Face:
    """A font: a file, and which one of a collection."""

    path: Path
    number: int = 0


def _chosen(text: str, first: str | None, face: int = 0) -> dict[_Face, frozenset[int]]:
    """The fonts a text needs, each with the code points it is to show; no code point is in two."""
    # The shaper composes and decomposes: Thai sara am is drawn as two of its parts.
    forms = (text, unicodedata.normalize("NFC", text), unicodedata.normalize("NFKD", text))
    wanted = {ord(char) for form in forms for char in form} | _BRACKETS
    needed = set(_needed(text))
    chosen: dict[_Face, frozenset[int]] = {}
    for font in _fonts(first, face):
        if chosen and not needed:
            break
        found = _code_points(font) & wanted
        if found & needed or not chosen:
            chosen[font] = found
            wanted -= found
            needed -= found
    return chosen


def _needed(text: str) -> frozenset[int]:
    return frozenset(ord(char) for char in text if not _needs_no_glyph(char))


def _needs_no_glyph(char: str) -> bool:
    # Marks, joiners and variation selectors change the glyph before them; fonts without them draw that one alone.
    return char.isspace() or unicodedata.category(char) in {"Cc", "Cf", "Me", "Mn"}


def _fonts(first: str | None, face: int) -> Iterator[_Face]:
    families = fontpkg.families()
    if first is not None and first not in families:
        raise Unready(
            f"the font {first} is not installed",
            installed=", ".join(sorted(families)),
            next_step=f"pip install fontpkg-{first}, or leave captions: font out of movie.yaml",
        )
    order = (first or _BASE, _BASE)
    for slug in sorted(
        families, key=lambda slug: (*(slug != each for each in order), not slug.startswith(_BASE), slug)
    ):
        with contextlib.suppress(fontpkg.FontpkgError):
            yield _Face(fontpkg.select_file(families[slug], _WEIGHT, "normal", nearest=True).path)
    for package in _FONT_FOLDERS:
        yield from (_Face(path, face if path.suffix == ".ttc" else 0) for path in _in_package(package))
    if folder := os.environ.get(_OWN_FOLDER):
        yield from map(_Face, _in_folder(Path(folder)))


def _in_package(package: str) -> list[Path]:
    """The upright fonts of an installed package; none of one that is not."""
    found = find_spec(package)
    folders = found.submodule_search_locations or () if found else ()
    return [path for folder in folders for path in _in_folder(Path(folder)) if "Italic" not in path.name]


def _in_folder(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.suffix.lower() in _SUFFIXES)


def _open(face: _Face) -> TTFont:
    try:
        return TTFont(face.path, lazy=True, fontNumber=face.number, recalcTimestamp=False)
    except (TTLibError, OSError) as error:
        raise Unready(
            f"{face.path.name} cannot be read as a font",
            said=str(error),
            next_step=f"replace it, or take it out of the folder {_OWN_FOLDER} names",
        ) from error


def _code_points(face: _Face) -> frozenset[int]:
    return _read_code_points(face, face.path.stat().st_mtime_ns)


@lru_cache(maxsize=256)
def _read_code_points(face: _Face, modified: int) -> frozenset[int]:
    with _open(face) as font:
        return frozenset(font.getBestCmap() or ())


def _suffix(path: Path) -> str:
    return ".otf" if path.suffix.lower() == ".otf" else ".ttf"


def _cut(face: _Face, characters: frozenset[int]) -> TTFont:
    """The font with those characters only, at one weight and under our family's name."""
    font = _open(face)
    # Cut first: making one weight of a whole variable font takes seconds.
    cutter = subset.Subsetter(subset.Options(hinting=False, drop_tables=["HVAR", "STAT", "DSIG"]))
    cutter.populate(unicodes=characters)
    cutter.subset(font)
    if "fvar" in font:
        # libass draws a variable font at its default weight, whatever the style asks for.
        if "CFF2" in font:
            font = _written(font)
        font = instancer.instantiateVariableFont(font, _axes(font), inplace=True)
    _rename(font)
    _resize(font)
    return font


def _written(font: TTFont) -> TTFont:
    # What the subsetter leaves of such outlines in memory cannot be instanced; once written it can.
    saved = io.BytesIO()
    font.save(saved)
    saved.seek(0)
    return TTFont(saved, recalcTimestamp=False)


def _axes(font: TTFont) -> dict[str, float]:
    axes = {axis.axisTag: axis for axis in font["fvar"].axes}
    wanted = {tag: axis.defaultValue for tag, axis in axes.items()}
    if "wght" in axes:
        wanted["wght"] = min(max(_WEIGHT, axes["wght"].minValue), axes["wght"].maxValue)
    return wanted


def _rename(font: TTFont) -> None:
    # One family name of our own: libass looks for each glyph among that family's files, and no system font can be
    # taken for one of them. Regular in name, so that it is not made bolder artificially.
    font["name"].names = []
    for name_id, name in ((1, _FAMILY), (2, "Regular"), (4, _FAMILY), (6, _FAMILY.replace(" ", ""))):
        font["name"].setName(name, name_id, 3, 1, 0x409)
    font["OS/2"].usWeightClass = 400
    font["OS/2"].fsSelection = 0x40
    font["head"].macStyle = 0


def _resize(font: TTFont) -> None:
    # libass takes the size for ascent plus descent: without this, tall scripts come out smaller than Latin beside them.
    ascent, descent = (round(share * font["head"].unitsPerEm) for share in (1.069, 0.293))
    font["OS/2"].usWinAscent, font["OS/2"].usWinDescent = ascent, descent
    font["hhea"].ascent, font["hhea"].descent = ascent, -descent


def _unready(missing: frozenset[int], what: str = "captions") -> Unready:
    characters = [chr(point) for point in sorted(missing)]
    scripts = sorted({_script(char) for char in characters})
    packages = sorted({_PACKAGES[script] for script in scripts if script in _PACKAGES})
    steps = [f"pip install {' '.join(packages)}"] if packages else []
    if not packages or any(script not in _PACKAGES for script in scripts):
        steps.append(f"put a font file that has them into a folder and set {_OWN_FOLDER} to it")
    return Unready(
        f"no installed font can show some characters of the {what}",
        characters=" ".join(characters[:20]) + (" …" if len(characters) > 20 else ""),
        script=", ".join(script if script in {"CJK", "emoji"} else script.capitalize() for script in scripts),
        next_step=", or ".join([*steps, _WITHOUT[what]]),
    )


def _script(char: str) -> str:
    """The script of a character, from the first word of its name."""
    pictured = ord(char) >= 0x1F000 or 0x2600 <= ord(char) < 0x27C0
    if pictured and unicodedata.category(char) in {"Sk", "So"}:
        return "emoji"
    word = unicodedata.name(char, "UNKNOWN").replace("-", " ").split()[0]
    return "CJK" if word in _EAST_ASIAN else word

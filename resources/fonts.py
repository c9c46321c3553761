"""Caption fonts from installed packages: no system font is used, and a character without a glyph is an error."""

from __future__ import annotations

import contextlib
import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
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

_PACKAGES = {
    "ARABIC": "fontpkg-noto-sans-arabic",
    "BENGALI": "fontpkg-hind-siliguri",
    "DEVANAGARI": "fontpkg-noto-sans-devanagari",
    "HEBREW": "fontpkg-heebo",
    "KHMER": "fontpkg-noto-sans-khmer",
    "TAMIL": "fontpkg-noto-sans-tamil",
    "TELUGU": "fontpkg-noto-sans-telugu",
    "THAI": "fontpkg-noto-sans-thai",
}
_EAST_ASIAN = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC", "FULLWIDTH", "HALFWIDTH")


@dataclass(frozen=True, slots=True)
class FontSet:
    """A folder for libass's `fontsdir` and the one family name all fonts in it bear."""

    folder: Path
    family: str


def caption_fonts(text: str, at: Workspace) -> FontSet:
    """Leaves the fonts that show a text in the workspace, semi-bold and cut down to it; else `Unready`.

    They are the installed fontpkg packages, Noto Sans first, then those in the folder CAPTION_FONTS.
    """
    chosen = _chosen(text)
    if missing := _needed(text).difference(*chosen.values()):
        raise _unready(missing)
    folder = at.scratch / "fonts"
    folder.mkdir(parents=True, exist_ok=True)
    for number, (path, characters) in enumerate(chosen.items()):
        _cut(path, characters).save(folder / f"{number:02}{_suffix(path)}")
    return FontSet(folder, _FAMILY)


def uncovered(text: str) -> str:
    """The characters of a text that no installed font can show, sorted."""
    return "".join(map(chr, sorted(_needed(text).difference(*_chosen(text).values()))))


def complaint(text: str) -> Unready | None:
    """What to say of a text that no installed font can show whole; None of one that some can."""
    missing = uncovered(text)
    return _unready(frozenset(map(ord, missing))) if missing else None


def _chosen(text: str) -> dict[Path, frozenset[int]]:
    """The font files a text needs, each with the code points it is to show; no code point is in two."""
    # The shaper composes and decomposes: Thai sara am is drawn as two of its parts.
    forms = (text, unicodedata.normalize("NFC", text), unicodedata.normalize("NFKD", text))
    wanted = {ord(char) for form in forms for char in form} | _BRACKETS
    needed = set(_needed(text))
    chosen: dict[Path, frozenset[int]] = {}
    for path in _files():
        if chosen and not needed:
            break
        found = frozenset(wanted & _code_points(path))
        if found & needed or not chosen:
            chosen[path] = found
            wanted -= found
            needed -= found
    return chosen


def _needed(text: str) -> frozenset[int]:
    return frozenset(ord(char) for char in text if not _needs_no_glyph(char))


def _needs_no_glyph(char: str) -> bool:
    # Marks, joiners and variation selectors change the glyph before them; fonts without them draw that one alone.
    return char.isspace() or unicodedata.category(char) in {"Cc", "Cf", "Me", "Mn"}


def _files() -> Iterator[Path]:
    families = fontpkg.families()
    for slug in sorted(families, key=lambda slug: (slug != _BASE, not slug.startswith(_BASE), slug)):
        with contextlib.suppress(fontpkg.FontpkgError):
            yield fontpkg.select_file(families[slug], _WEIGHT, "normal", nearest=True).path
    if folder := os.environ.get(_OWN_FOLDER):
        yield from sorted(path for path in Path(folder).glob("*") if path.suffix.lower() in _SUFFIXES)


def _open(path: Path) -> TTFont:
    try:
        return TTFont(path, lazy=True, fontNumber=0, recalcTimestamp=False)
    except (TTLibError, OSError) as error:
        raise Unready(
            f"{path.name} cannot be read as a font",
            said=str(error),
            next_step=f"replace it, or take it out of the folder {_OWN_FOLDER} names",
        ) from error


def _code_points(path: Path) -> set[int]:
    with _open(path) as font:
        return set(font.getBestCmap() or ())


def _suffix(path: Path) -> str:
    return ".otf" if path.suffix.lower() == ".otf" else ".ttf"


def _cut(path: Path, characters: frozenset[int]) -> TTFont:
    """The font with those characters only, at one weight and under our family's name."""
    font = _open(path)
    # Cut first: making one weight of a whole variable font takes seconds.
    cutter = subset.Subsetter(subset.Options(hinting=False, drop_tables=["HVAR", "STAT", "DSIG"]))
    cutter.populate(unicodes=characters)
    cutter.subset(font)
    if "fvar" in font:
        # libass draws a variable font at its default weight, whatever the style asks for.
        font = instancer.instantiateVariableFont(font, _axes(font), inplace=True)
    _rename(font)
    _resize(font)
    return font


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


def _unready(missing: frozenset[int]) -> Unready:
    characters = [chr(point) for point in sorted(missing)]
    scripts = sorted({_script(char) for char in characters})
    packages = sorted({_PACKAGES[script] for script in scripts if script in _PACKAGES})
    steps = [f"pip install {' '.join(packages)}"] if packages else []
    if not packages or any(script not in _PACKAGES for script in scripts):
        steps.append(f"put a font file that has them into a folder and set {_OWN_FOLDER} to it")
    return Unready(
        "no installed font can show some characters of the captions",
        characters=" ".join(characters[:20]) + (" …" if len(characters) > 20 else ""),
        script=", ".join(script if script in {"CJK", "emoji"} else script.capitalize() for script in scripts),
        next_step=", or ".join([*steps, "set captions: {burn: false} in movie.yaml"]),
    )


def _script(char: str) -> str:
    """The script of a character, from the first word of its name."""
    if ord(char) >= 0x1F000 and unicodedata.category(char) in {"Sk", "So"}:
        return "emoji"
    word = unicodedata.name(char, "UNKNOWN").replace("-", " ").split()[0]
    return "CJK" if word in _EAST_ASIAN else word

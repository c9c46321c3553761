"""How words are read out: what espeak would spell, stumble over or stop at, written so that it speaks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

__all__ = ["has_sound", "reading"]

_SPOKEN = set("°\u200c\u200d")  # the joiners: Persian and Indic spelling needs them
_SPACES = set("<>[]{}*_#~^|\\`")
_SILENT = set('"“”„‟«»‹›‘\ufe0f')
_SPACE_CATEGORIES = {"So", "Sk", "Cc"}
_SILENT_CATEGORIES = {"Cf", "Cn", "Co", "Cs"}
_INITIALS = re.compile(r"(?:[^\W\d_]\.)+")
_YEAR = re.compile(r"(?<![\d.,])(1[1-9])(\d\d)(?!\d|[.,]\d)")
_HUNDRED = {"de": "hundert", "nl": "honderd", "sv": "hundra", "da": "hundrede"}

_MONEY = re.compile(r"([$£€])(\d(?:[\d,.]*\d)?)(\D*)")
_CURRENCIES = {"$": "dollars", "£": "pounds", "€": "euros"}
_MAGNITUDE = re.compile(r"(thousand|million|billion|trillion)(\W*)")
_DECADES = (
    *("hundreds", "tens", "twenties", "thirties", "forties"),
    *("fifties", "sixties", "seventies", "eighties", "nineties"),
)
_TITLES = {
    "Capt.": "Captain",
    "Col.": "Colonel",
    "Dr.": "Doctor",
    "Gen.": "General",
    "Lt.": "Lieutenant",
    "Mr.": "Mister",
    "Mrs.": "Mrs",
    "Ms.": "Miz",
    "Mt.": "Mount",
    "Prof.": "Professor",
    "Rev.": "Reverend",
    "St.": "Saint",
}
_ENGLISH = (
    (re.compile(r"(?<!\d)(1[1-9]|20)(\d)0s\b"), lambda year: f"{year[1]} {_DECADES[int(year[2])]}"),
    (re.compile(r"(?<![\d.,])(1[1-9])00(?!\d|[.,]\d)"), r"\1 hundred"),
    (re.compile(r"(?<![\d.,])(1[1-9])0(\d)(?!\d|[.,]\d)"), r"\1 oh \2"),
    (re.compile(r"(?<![\d.,])(1\d|20)([1-9]\d)(?!\d|[.,]\d)"), r"\1 \2"),
    (re.compile(r"(?:^|(?<=\d))km\b"), " kilometres"),
    (re.compile(r"(?:^|(?<=\d))kg\b"), " kilograms"),
    (re.compile(r"(?:^|(?<=\d))cm\b"), " centimetres"),
    (re.compile(r"(?:^|(?<=\d))mm\b"), " millimetres"),
)


def reading(words: Sequence[str], language: str) -> tuple[str, ...]:
    """What is said for each word; empty for what has no sound, such as emoji and quotation marks."""
    plain = [_plain(word) for word in words]
    following = [*plain[1:], ""]
    if language == "en":
        plain = [_english(*around) for around in zip(["", *plain], plain, following, strict=False)]
    elif language in _HUNDRED:
        plain = [_YEAR.sub(rf"\1 {_HUNDRED[language]} \2", word) for word in plain]
    return tuple(_initials(word, after).strip() for word, after in zip(plain, following, strict=False))


def has_sound(said: str) -> bool:
    """Whether anything is heard for it: a lone dash is a pause."""
    return any(
        not unicodedata.category(character).startswith(("P", "Z")) or character in "&%@" for character in said
    )


def _plain(word: str) -> str:
    """Letters, digits and the punctuation that shapes a sentence."""
    return "".join(map(_sound, unicodedata.normalize("NFC", word).replace("’", "'"))).strip()


def _sound(character: str) -> str:
    category = unicodedata.category(character)
    if character in _SPOKEN:
        return character
    if character in _SPACES or category in _SPACE_CATEGORIES:
        return " "
    return "" if character in _SILENT or category in _SILENT_CATEGORIES else character


def _initials(word: str, following: str) -> str:
    """H.M.S. before a name is three letters, not three ends of sentences."""
    if word != "I." and following[:1].isupper() and _INITIALS.fullmatch(word):
        return word.replace(".", " ")
    return word


def _english(before: str, word: str, following: str) -> str:
    """Years, sums of money, titles and units as an English narrator says them."""
    if following and word in _TITLES:
        return _TITLES[word]
    if (money := _MONEY.fullmatch(word)) is not None:
        return (
            money[2] if _MAGNITUDE.fullmatch(following) else f"{money[2]} {_CURRENCIES[money[1]]}{money[3]}"
        )
    if (sum_of := _MONEY.fullmatch(before)) and (magnitude := _MAGNITUDE.fullmatch(word)):
        return f"{magnitude[1]} {_CURRENCIES[sum_of[1]]}{magnitude[2]}"
    for pattern, said in _ENGLISH:
        word = pattern.sub(said, word)
    return word

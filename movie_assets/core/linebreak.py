"""Where a line may break: between words, and between the characters of scripts that are written without spaces."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise

from msgspec import Struct

from movie_assets.core.words import Word

__all__ = ["Part", "columns", "parts_of"]

# Kinsoku: what may not begin a line, and what may not end one. Thai vowels belong to the letter beside them.
_NOT_FIRST = frozenset(
    "、。，．・：；？！‥…ー〜～」』）】］｝〕〉》〙〗”’％‰℃々ゝゞヽヾぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶ゛゜"
    ",.!?:;)]}%ะาำๅๆฯ"
)
_NOT_LAST = frozenset("「『（【［｛〔〈《〘〖“‘￥＄([{เแโใไ")
_UNSPACED = (
    (0x3000, 0x3130),
    (0x31C0, 0xA4D0),
    (0xF900, 0xFB00),
    (0xFE30, 0xFE50),
    (0xFF00, 0xFFEF),
    (0x20000, 0x3FFFE),
)


class Part(Struct, frozen=True):
    """What no line break divides, and when it is heard; `joined` to the part before it without a space."""

    text: str
    start: float
    end: float
    joined: bool = False


def columns(text: str) -> int:
    """How wide a text is, in Latin letters."""
    return len(text) if text.isascii() else sum(map(_columns_of, text))


@lru_cache(maxsize=4096)
def _columns_of(char: str) -> int:
    return 2 if unicodedata.east_asian_width(char) in "FW" else 1


def parts_of(words: Iterable[Word], start: float, most: int) -> list[Part]:
    """Words as parts of at most so many columns, their times counted from `start`: spread evenly inside a word."""
    return list(_joined_up(part for word in words for part in _parts(word, start, most)))


def _parts(word: Word, start: float, most: int) -> Iterator[Part]:
    texts = [
        (text, bool(place)) for each in word.text.split() for place, text in enumerate(_pieces(each, most))
    ]
    ends = list(accumulate((len(text) for text, _ in texts), initial=0))
    for (text, joined), (begin, end) in zip(texts, pairwise(ends), strict=True):
        length = (word.end - word.start) / ends[-1]
        yield Part(text, start + word.start + length * begin, start + word.start + length * end, joined)


def _joined_up(parts: Iterable[Part]) -> Iterator[Part]:
    """Between two characters of a script without spaces there is none, whatever the words were cut by."""
    before = " "
    for part in parts:
        unspaced = _is_unspaced(before) and _is_unspaced(part.text[0])
        yield Part(part.text, part.start, part.end, True) if unspaced else part
        before = part.text[-1]


def _pieces(text: str, most: int) -> Iterator[str]:
    breaks = [0, *(place for place in range(1, len(text)) if _may_break(text, place)), len(text)]
    for begin, end in pairwise(breaks):
        yield from _cut(text[begin:end], most)


def _may_break(text: str, place: int) -> bool:
    before, after = text[place - 1], text[place]
    return (_is_unspaced(before) or _is_unspaced(after)) and _divides(before, after)


def _divides(before: str, after: str) -> bool:
    return (
        before not in _NOT_LAST
        and after not in _NOT_FIRST
        and not unicodedata.category(after).startswith("M")
    )


def _is_unspaced(char: str) -> bool:
    return char > "\u2fff" and any(first <= ord(char) < last for first, last in _UNSPACED)


def _cut(text: str, most: int) -> Iterator[str]:
    """A text that no line can hold in pieces of about one length."""
    count = -(-columns(text) // most)
    cuts = [_allowed(text, round(len(text) * number / count)) for number in range(count + 1)]
    return (text[begin:end] for begin, end in pairwise(cuts) if begin < end)


def _allowed(text: Sequence[str], cut: int) -> int:
    """The nearest place before a cut at which nothing is torn off that belongs together."""
    while 0 < cut < len(text) and not _divides(text[cut - 1], text[cut]):
        cut -= 1
    return cut

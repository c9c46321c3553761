"""Whether a script fits what was asked for: its segments, its length and its language."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from movie_assets.core.ports import WriteRequest
from movie_assets.core.script import Script

__all__ = ["TOLERANCE", "Length", "faults", "length_for"]

TOLERANCE = 0.25
"""By how much a script's length may differ from the one asked for."""

_PAUSE = 0.6  # between two segments, in seconds, unless movie.yaml says otherwise

# Calm narration. English: 150 words a minute, as audiobooks are read; the others by how many words the same text
# takes in them, at the same information a second (Coupé et al., Science Advances 2019).
_WORDS_A_SECOND = {
    "ar": 2.0, "cs": 2.1, "da": 2.4, "de": 2.2, "el": 2.3, "en": 2.5, "es": 2.5, "fi": 1.7, "fr": 2.6, "he": 1.9,
    "hi": 2.5, "hu": 1.9, "id": 2.1, "it": 2.4, "ko": 1.8, "nl": 2.4, "no": 2.4, "pl": 2.0, "pt": 2.4, "ro": 2.3,
    "ru": 2.0, "sv": 2.3, "tr": 1.7, "uk": 2.0, "vi": 3.2,
}  # fmt: skip
_CHARACTERS_A_SECOND = {"ja": 6.5, "km": 10.0, "lo": 10.0, "my": 10.0, "th": 10.0, "yue": 4.0, "zh": 4.2}

# The first word of the Unicode names of a language's letters; unlisted languages are taken to use Latin ones.
_LETTERS = {
    "ar": {"ARABIC"}, "be": {"CYRILLIC"}, "bg": {"CYRILLIC"}, "bn": {"BENGALI"}, "el": {"GREEK"}, "fa": {"ARABIC"},
    "he": {"HEBREW"}, "hi": {"DEVANAGARI"}, "hy": {"ARMENIAN"}, "ja": {"HIRAGANA", "KATAKANA", "CJK"},
    "ka": {"GEORGIAN"}, "kk": {"CYRILLIC"}, "km": {"KHMER"}, "ko": {"HANGUL"}, "lo": {"LAO"}, "mk": {"CYRILLIC"},
    "mr": {"DEVANAGARI"}, "my": {"MYANMAR"}, "ne": {"DEVANAGARI"}, "ru": {"CYRILLIC"},
    "sr": {"CYRILLIC", "LATIN"}, "ta": {"TAMIL"}, "te": {"TELUGU"}, "th": {"THAI"}, "uk": {"CYRILLIC"},
    "ur": {"ARABIC"}, "yue": {"CJK"}, "zh": {"CJK"},
}  # fmt: skip

# Words of which every text is full, each of one of these languages only.
_FUNCTION_WORDS = {
    "da": "af som ikke blev efter hvor deres havde være eller også",
    "de": "und der das ist nicht mit sich auf dem ein eine den von für auch aus wird noch",
    "en": "the and of is was that with for it his are this from they which were been but had",
    "es": "el los las y una por con para su como pero más este fue del muy sus",
    "fi": "ja on ei se että oli kun hän mutta ovat myös joka niin kuin",
    "fr": "le les et des est dans qui une pour pas sur ce au avec plus sont cette ils",
    "it": "il che di è gli della nel più con sono anche alla dei questo ma suo",
    "nl": "het een van dat niet zijn ook voor maar naar wordt heeft deze werd",
    "pl": "i w nie się na jest że do jak ale przez był była tego",
    "pt": "o os um uma não com para mais foi seu sua ao das pelo são ele",
    "sv": "och att det som inte är av för på ett den men hade från",
    "tr": "ve bir bu için ile da de çok olarak daha gibi ama onun",
}
_CLEARLY = 0.08
"""Share of all words that are one language's own before a text counts as written in it."""


class Length:
    """How long a script is to be, in words, or in characters where words are written together."""

    def __init__(self, request: WriteRequest) -> None:
        self.language = _base(request.language)
        self.unit = "characters" if self.language in _CHARACTERS_A_SECOND else "words"
        pace = _CHARACTERS_A_SECOND.get(self.language) or _WORDS_A_SECOND.get(self.language, 2.3)
        seconds = max(1.0, request.duration / request.segments - _PAUSE) * request.segments
        self.target = max(3 * request.segments, round(pace * seconds))
        self.slack = max(2 * request.segments, round(TOLERANCE * self.target))

    def of(self, text: str) -> int:
        """How much of it a text has."""
        if self.unit == "words":
            return len(text.split())
        return sum(map(str.isalnum, text))


def length_for(request: WriteRequest) -> Length:
    """The length that fills the movie's duration at a calm pace."""
    return Length(request)


def faults(script: Script, request: WriteRequest) -> list[str]:
    """What does not fit, a sentence each; none where the script is as asked for."""
    return [*_parts(script, request), *_length(script, request), *_language(script, request)]


def _parts(script: Script, request: WriteRequest) -> Iterator[str]:
    if (found := len(script.segments)) != request.segments:
        yield f"it has {found} segments, and exactly {request.segments} are asked for"
    for number, segment in enumerate(script.segments, 1):
        if not segment.text:
            yield f"nothing is said in segment {number} of {found}"
        if not segment.prompt:
            yield f"nothing is shown in segment {number} of {found}"


def _length(script: Script, request: WriteRequest) -> Iterator[str]:
    length = length_for(request)
    found = sum(length.of(segment.text) for segment in script.segments)
    if abs(found - length.target) > length.slack:
        low, high = length.target - length.slack, length.target + length.slack
        yield (
            f"its narration has {found} {length.unit}, and {low} to {high} are asked for "
            f"({request.duration:g} seconds in {request.language})"
        )


def _language(script: Script, request: WriteRequest) -> Iterator[str]:
    text, asked = " ".join(segment.text for segment in script.segments), _base(request.language)
    letters = Counter(unicodedata.name(each, "?").split()[0] for each in text if each.isalpha())
    wanted = _LETTERS.get(asked, {"LATIN"})
    if letters and sum(letters[each] for each in wanted) < 0.5 * letters.total():
        yield f"its narration is written in {letters.most_common(1)[0][0].title()} letters, not in {request.language}"
    elif (other := _other_language(text, asked)) is not None:
        yield f"its narration is written in {other}, and {request.language} is asked for"


def _other_language(text: str, asked: str) -> str | None:
    """Another language that the text clearly is in, by the words it is full of."""
    words = Counter(re.findall(r"[^\W\d_]+", text.lower()))
    shares = {
        language: sum(words[word] for word in own.split()) / max(1, words.total())
        for language, own in _FUNCTION_WORDS.items()
    }
    likeliest = max(shares, key=lambda language: shares[language])
    clearly = shares[likeliest] > max(_CLEARLY, 2 * shares.get(asked, 0.0))
    return likeliest if clearly and likeliest != asked and words.total() >= 12 else None


def _base(language: str) -> str:
    return language.partition("-")[0].lower()

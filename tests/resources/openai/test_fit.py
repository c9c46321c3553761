"""Whether a script fits: its segments, its length and its language."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from movie_assets.core.ports import WriteRequest
from movie_assets.core.script import Script, ScriptSegment
from resources.openai.fit import Length, faults, length_for

REQUEST = WriteRequest("Tea", "", "en", 3, 30.0, {})

# The first article of the Universal Declaration of Human Rights, and for zh, ja, th as much of it.
ARTICLES = {
    "en": "All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience "
    "and should act towards one another in a spirit of brotherhood.",
    "de": "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen begabt "
    "und sollen einander im Geist der Brüderlichkeit begegnen.",
    "fr": "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison et de "
    "conscience et doivent agir les uns envers les autres dans un esprit de fraternité.",
    "es": "Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados como están de razón y "
    "conciencia, deben comportarse fraternalmente los unos con los otros.",
    "it": "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti. Essi sono dotati di ragione e di "
    "coscienza e devono agire gli uni verso gli altri in spirito di fratellanza.",
    "pt": "Todos os seres humanos nascem livres e iguais em dignidade e em direitos. Dotados de razão e de "
    "consciência, devem agir uns para com os outros em espírito de fraternidade.",
    "nl": "Alle mensen worden vrij en gelijk in waardigheid en rechten geboren. Zij zijn begiftigd met verstand en "
    "geweten, en behoren zich jegens elkander in een geest van broederschap te gedragen.",
    "sv": "Alla människor är födda fria och lika i värde och rättigheter. De är utrustade med förnuft och samvete och "
    "bör handla gentemot varandra i en anda av broderskap.",
    "pl": "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Są oni obdarzeni rozumem i "
    "sumieniem i powinni postępować wobec innych w duchu braterstwa.",
    "tr": "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. Akıl ve vicdana sahiptirler ve "
    "birbirlerine karşı kardeşlik zihniyeti ile hareket etmelidirler.",
    "ru": "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и совестью и "
    "должны поступать в отношении друг друга в духе братства.",
    "zh": "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。",
    "ja": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "ar": "يولد جميع الناس أحراراً متساوين في الكرامة والحقوق. وقد وهبوا عقلاً وضميراً وعليهم أن يعامل بعضهم بعضاً بروح الإخاء.",
    "ko": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. 인간은 천부적으로 이성과 양심을 부여받았다.",
    "he": "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם. כולם חוננו בתבונה ובמצפון.",
}  # fmt: skip


def script(*texts: str, prompt: str = "a view") -> Script:
    return Script("Tea", "Tea.", "calm", tuple(ScriptSegment(text, prompt) for text in texts))


def about_language(text: str, language: str) -> list[str]:
    request = replace(REQUEST, language=language, segments=1)
    return [fault for fault in faults(script(text), request) if "is written in" in fault]


@settings(deadline=None)
@given(
    st.integers(1, 200),
    st.floats(1, 600),
    st.sampled_from(["en", "de-AT", "pt-BR", "fi", "xx"]),
)
def test_a_script_of_the_length_asked_for_fits(segments: int, duration: float, language: str) -> None:
    """For any movie there is one."""
    request = replace(REQUEST, segments=segments, duration=duration, language=language)
    words = length_for(request).target
    shares = [words // segments + (number < words % segments) for number in range(segments)]
    assert faults(script(*("lo " * share for share in shares)), request) == []


@settings(deadline=None)
@given(st.integers(1, 50), st.floats(10, 60), st.booleans())
def test_one_that_is_half_or_twice_as_long_does_not(segments: int, each: float, long: bool) -> None:
    """The tolerance is a quarter."""
    request = replace(REQUEST, segments=segments, duration=each * segments)
    length = length_for(request)
    words = length.target * (2 if long else 0.5) + (1 if long else -1)
    wrong = faults(script(*["lo " * int(words / segments)] * segments), request)
    assert [fault for fault in wrong if "words, and" in fault]


def test_the_length_fills_the_time_at_150_words_a_minute() -> None:
    """Less the pauses between the segments."""
    length = length_for(replace(REQUEST, segments=6, duration=63.6))
    assert (length.target, length.unit) == (150, "words")


@pytest.mark.parametrize("language", ["zh", "ja", "th", "zh-TW"])
def test_languages_without_spaces_are_measured_in_characters(language: str) -> None:
    """Their punctuation is not spoken."""
    length = Length(replace(REQUEST, language=language))
    assert length.unit == "characters"
    assert length.of("人人生而自由，在尊严。") == 9


def test_every_fault_is_told_at_once() -> None:
    """One correction is all there is."""
    wrong = faults(script("", "Ветер и море.", prompt=""), REQUEST)
    assert [fault.split(",")[0] for fault in wrong] == [
        "it has 2 segments",
        "nothing is said in segment 1 of 2",
        "nothing is shown in segment 1 of 2",
        "nothing is shown in segment 2 of 2",
        "its narration has 3 words",
        "its narration is written in Cyrillic letters",
    ]


@pytest.mark.parametrize("language", ARTICLES)
def test_a_text_in_its_own_language_is_not_complained_about(language: str) -> None:
    """Nor one in a language that is not listed, such as Basque or Afrikaans."""
    assert about_language(ARTICLES[language], language) == []
    assert (
        about_language(
            "Gizon-emakume guztiak aske jaiotzen dira duintasun eta eskubide berberak dituztela", "eu"
        )
        == []
    )


@pytest.mark.parametrize("asked", ["en", "de", "fr", "ru", "zh", "ar", "ja", "sv"])
@pytest.mark.parametrize("written", ARTICLES)
def test_a_text_in_another_language_is_found_out(written: str, asked: str) -> None:
    """By its letters, or by the words it is full of."""
    if written != asked:
        assert about_language(ARTICLES[written], asked) or (written, asked) == ("zh", "ja")

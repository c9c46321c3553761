"""The film whose sound tells what its pictures show: when what is heard, and that no other film depends on it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_assets.core.artefact import BlobRef, Name
from movie_assets.core.blueprints import BLUEPRINTS, blueprint_of
from movie_assets.core.errors import Refused
from movie_assets.core.graph import Graph
from movie_assets.core.inputs import INPUTS, resolve
from movie_assets.core.movie_file import MovieFile, read_movie
from movie_assets.core.timeline import BREATH, timeline_of

SECTIONS = ("script", "picture", "narration", "motion", "music", "ambience")
OFFLINE = {name: frozenset({"offline", "other"}) for name in SECTIONS}
SPOKEN = {
    "description", "description_seconds", "described_timeline", "described_clip", "described_soundtrack",
    "described_subtitles", "described_film",
}  # fmt: skip

lengths = st.floats(0.05, 30)
segments = st.lists(st.tuples(lengths, st.floats(0, 10), st.none() | lengths), min_size=1, max_size=12)
rates = st.sampled_from([12, 24, 25, 30, 60])
cards = st.integers(0, 90)


def movie(text: str) -> MovieFile:
    return read_movie("tea", f"title: Tea\n{text}", "movie.yaml", blueprints=BLUEPRINTS, providers=OFFLINE)


def own_file(name: str) -> BlobRef:
    return BlobRef("0" * 64, 1, "text/markdown")


def speaker(text: str) -> Any:
    """Who is to speak the descriptions, as its producer is told."""
    return resolve(movie(text), own_file)[Name("descriptions")].payload


# --- when what is heard ---------------------------------------------------------------------------------------


@given(segments, rates, cards, cards)
def test_nobody_ever_speaks_over_anybody(
    parts: list[tuple[float, float, float | None]], fps: int, opening: int, closing: int
) -> None:
    """Every description is heard whole, before its narration, with a breath of silence on either side of it."""
    plan = timeline_of(*zip(*[(voice, pause) for voice, pause, _ in parts], strict=True), fps, opening, closing,
                       [described for *_, described in parts])  # fmt: skip
    heard = []
    for each, (*_, described) in zip(plan.segments, parts, strict=True):
        assert (each.description_start is None) == (described is None)
        if each.description_start is not None and each.description_seconds is not None:
            assert each.description_start >= each.start_frame / fps + BREATH - 1e-6
            heard.append((each.description_start, each.description_seconds, BREATH))
        heard.append((each.voice_start, each.voice_seconds, BREATH if described else 0.0))
    for (start, seconds, _), (after, _, breath) in pairwise(heard):
        assert start + seconds + breath <= after + 1e-6
    last, seconds, _ = heard[-1]
    assert last + seconds <= plan.seconds + 1e-6


@given(segments, rates)
def test_a_film_waits_no_longer_than_it_must(
    parts: list[tuple[float, float, float | None]], fps: int
) -> None:
    """Where half the pause is long enough for the description nothing moves; else the wait is just what is missing."""
    for voice, pause, described in parts:
        (plain,) = timeline_of([voice], [pause], fps).segments
        (told,) = timeline_of([voice], [pause], fps, described=[described]).segments
        wait = max(0.0, (described or 0.0) + 2 * BREATH - pause / 2) if described else 0.0
        assert told.voice_start == pytest.approx(plain.voice_start + wait)
        assert abs(told.frames - plain.frames - wait * fps) <= 1
        assert (told.frames == plain.frames) or wait


@given(segments, rates)
def test_a_timeline_without_descriptions_is_as_it_ever_was(
    parts: list[tuple[float, float, float | None]], fps: int
) -> None:
    """Byte for byte, so that no film made before descriptions could be spoken is made again."""
    voices, pauses = [part[0] for part in parts], [part[1] for part in parts]
    plain = timeline_of(voices, pauses, fps)
    assert timeline_of(voices, pauses, fps, described=[None] * len(parts)) == plain
    fields = set(msgspec.json.decode(msgspec.json.encode(plain))["segments"][0])
    assert fields == {"segment", "startFrame", "frames", "voiceStart", "voiceSeconds"}


# --- what there is of it --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "kinds"), [
    ("", set()),
    ("descriptions: none", set()),
    ("descriptions: spoken", SPOKEN | {"description_text"}),
    ("descriptions: {voice: en-us}", SPOKEN | {"description_text"}),
    ("descriptions: [{provider: other}, offline]", SPOKEN | {"description_text"}),
    ("overrides: {1: {picture: {alt: A finch.}}}", {"description_text"}),
    ("overrides: {1: {picture: {alt: none}}}", {"description_text"}),
    ("blueprint: podcast\ndescriptions: spoken", set()),
])  # fmt: skip
def test_only_what_is_wanted_is_made(text: str, kinds: set[str]) -> None:
    """One's own words for a picture are kept without a voice, too; a podcast has no pictures."""
    asked = blueprint_of(movie(text))
    assert {kind for kind in asked.scopes if kind.startswith("descri")} == kinds
    assert ("film.described.mp4" in asked.exports) == ("described_film" in kinds)


def test_the_film_itself_knows_nothing_of_it() -> None:
    """Each of its steps reads what it read, under the same version, and is asked the same; so no digest of it moves."""
    bare, told = (blueprint_of(movie(text)) for text in ("", "descriptions: spoken"))
    assert [each for each in told.producers if each in bare.producers] == list(bare.producers)
    graph = Graph.of(told, 2, INPUTS)
    theirs = graph.upstream({Name("film")})
    assert not {name.kind for name in theirs} & (SPOKEN | {"description_text"})
    assert Name("described_clip", 1) in graph.upstream({Name("described_film")})


def test_its_steps_are_the_films_own_and_judged_as_those_are() -> None:
    """A change of how clips or films are made holds for both."""
    whole = BLUEPRINTS["narrated"]
    for kind in ("timeline", "clip", "soundtrack", "subtitles", "film"):
        plain, told = whole.maker(kind), whole.maker(f"described_{kind}")
        assert (told.version, told.scope) == (plain.version, plain.scope)
        assert [(each.kind, each.name) for each in told.checks] == [
            (f"described_{each.kind}", each.name) for each in plain.checks
        ]


# --- who speaks -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("descriptions", "asked"), [
    ("spoken", {"provider": "offline", "voice": "en-gb", "speed": 1.1, "settings": {"pitch": 40}}),
    ("{voice: en-us}", {"provider": "offline", "voice": "en-us", "speed": 1.1, "settings": {"pitch": 40}}),
    ("{speed: 1.5, settings: {pitch: 60}}",
     {"provider": "offline", "voice": "en-gb", "speed": 1.5, "settings": {"pitch": 60}}),
    ("{provider: other, model: m}", {"provider": "other", "model": "m", "speed": 1.1, "settings": {}}),
    ("none", None),
])  # fmt: skip
def test_descriptions_are_spoken_as_the_narration_is_unless_said_otherwise(
    descriptions: str, asked: Any
) -> None:
    """Of another provider nothing is asked that only the narrator's understands."""
    narration = "narration: {provider: offline, voice: en-gb, speed: 1.1, settings: {pitch: 40}}"
    assert speaker(f"{narration}\ndescriptions: {descriptions}") == asked


def test_who_helps_out_the_narrator_helps_out_here_too() -> None:
    """Unless another list is given."""
    narration = "narration: [{provider: other, voice: x}, offline]"
    (instead,) = speaker(f"{narration}\ndescriptions: spoken")["otherwise"]
    assert instead["provider"] == "offline" and "voice" not in instead
    assert "otherwise" not in speaker(f"{narration}\ndescriptions: {{provider: offline}}")


@pytest.mark.parametrize(("text", "language"), [
    ("language: en-GB", None),
    ("language: de", "en"),
    ("language: de\nscript: {provider: other}", "en"),
    ("language: de\nscript: {source: mine.md}", None),
    ("language: de\ndescriptions: {language: fr}", "fr"),
])  # fmt: skip
def test_prompts_are_read_in_the_language_they_are_written_in(text: str, language: str | None) -> None:
    """English, if a provider wrote them, and whatever a person writes them in, who can say so."""
    spoken = text if "descriptions" in text else f"{text}\ndescriptions: spoken"
    assert speaker(spoken).get("language") == language


@pytest.mark.parametrize(("text", "told"), [
    ("descriptions: loud", r"yaml:2: descriptions: must be none, spoken or a mapping such as \{voice: en-us\}"),
    ("descriptions: {voices: x}", r"descriptions\.voices: is unknown; did you mean voice\?"),
    ("descriptions: {text: x}", r"descriptions\.text: is unknown"),
    ("picture: {alt: A finch.}", r"picture\.alt: is for one segment only"),
    ("overrides: {1: {picture: {alt: 3}}}", r"picture\.alt: must be text, not 3"),
])  # fmt: skip
def test_a_mistake_is_told_with_its_line_and_what_is_allowed(text: str, told: str) -> None:
    with pytest.raises(Refused, match=told):
        movie(text)

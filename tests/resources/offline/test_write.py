"""Scripts without a key: plain ones from the brief."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_assets.core.ports import Meta, Workspace, WriteRequest
from movie_assets.core.script import Script
from resources.offline.scene import read
from resources.offline.write import OfflineWriter

TEA = (
    "Tea came over the mountains on the backs of horses. For a thousand years the road was mud, snow and rope "
    "bridges, and those who walked it carried more than their own weight. Today it is a motorway."
)
REQUEST = WriteRequest("The tea road", TEA, "en", 5, 60.0, {"provider": "offline"})

WORDS_A_MINUTE = 150


def written(request: WriteRequest) -> Script:
    result = OfflineWriter().write(request, Workspace(Path()))
    assert isinstance(result.body, bytes)
    assert (result.media_type, result.meta) == ("application/json", Meta("offline", cost=0.0))
    return msgspec.json.decode(result.body, type=Script)


def words(script: Script) -> int:
    return sum(len(segment.text.split()) for segment in script.segments)


def test_the_brief_is_told_in_its_own_sentences() -> None:
    """What the person wrote is said, in order, from the title to an honest end."""
    script = written(REQUEST)
    said = " ".join(segment.text for segment in script.segments)
    assert said.startswith("The tea road. Tea came over the mountains on the backs of horses.")
    assert said.index("mud, snow") < said.index("Today it is a motorway.")
    assert said.endswith("That was The tea road, as far as its brief tells.")
    assert (script.title, script.summary) == (
        "The tea road",
        "Tea came over the mountains on the backs of horses.",
    )


def test_every_picture_is_another_one() -> None:
    """The view changes from segment to segment, and every prompt names the film's subject."""
    prompts = [segment.prompt for segment in written(replace(REQUEST, segments=40)).segments]
    assert len(set(prompts)) == 40
    assert all("The tea road" in prompt for prompt in prompts)


def test_another_take_is_another_script() -> None:
    """Asking again for the same gives something else."""
    assert written(replace(REQUEST, take=2)) != written(REQUEST)


def test_other_languages_are_not_mixed_with_english() -> None:
    """Where there are no phrases to connect with, only the title and the brief's own sentences are spoken."""
    brief = "Meri on suuri. Kukaan ei tunne sitä."
    script = written(replace(REQUEST, title="Meri", brief=brief, language="fi-FI"))
    said = " ".join(segment.text for segment in script.segments)
    assert said.startswith("Meri. Meri on suuri.")
    assert {f"{each}." for each in said.rstrip(".").split(". ")} == {
        "Meri.",
        "Meri on suuri.",
        "Kukaan ei tunne sitä.",
    }


@pytest.mark.parametrize(
    ("title", "brief", "language"),
    [
        ("Keepers of the light", "How lighthouses were built", "en"),
        ("Keepers of the light", "lighthouses", "en-GB"),
        ("Die Wächter", "Wie Leuchttürme gebaut wurden", "de"),
        ("Les gardiens", "L'histoire des phares bretons", "fr"),
        ("Los guardianes", "Cómo se construyeron los faros", "es"),
    ],
)
@pytest.mark.parametrize(("segments", "duration"), [(3, 15.0), (6, 48.0)])
def test_a_brief_of_a_few_words_is_what_the_film_is_about(
    title: str, brief: str, language: str, segments: int, duration: float
) -> None:
    """Each segment says the brief's words, and a lighthouse is seen in each picture."""
    script = written(WriteRequest(title, brief, language, segments, duration, {}))
    for segment in script.segments:
        assert brief.lower() in segment.text.lower()
        assert "lighthouse" in read(segment.prompt, np.random.default_rng(1)).subjects


def test_a_brief_of_one_long_sentence_is_spread() -> None:
    """Its clauses are told one after another, each in another segment."""
    brief = "How five weeks changed one young man's mind, thanks to a few birds he had not looked at."
    first, second = written(replace(REQUEST, title="Darwin", brief=brief, segments=2, duration=30)).segments
    assert "How five weeks changed one young man's mind." in first.text and "birds" not in first.text
    assert second.text.startswith("Thanks to a few birds he had not looked at.")


def test_a_long_sentence_is_cut_where_it_breathes() -> None:
    """When there is no room for all of a sentence, it ends at a comma."""
    script = written(replace(REQUEST, segments=3, duration=14))
    assert script.segments[1].text == "For a thousand years the road was mud."


REQUESTS = st.builds(
    WriteRequest,
    title=st.sampled_from(["The tea road", "X", "Darwin in the Galápagos"]),
    brief=st.text(max_size=80) | st.lists(st.sampled_from(TEA.split(". ")), max_size=30).map(". ".join),
    language=st.sampled_from(["en", "en-GB", "de"]),
    segments=st.integers(1, 60),
    duration=st.floats(1, 600),
    settings=st.just({"provider": "offline"}),
    take=st.integers(1, 4),
)


@given(REQUESTS)
def test_any_brief_gives_exactly_the_segments_asked_for(request: WriteRequest) -> None:
    """Each with something to say and something to show, the same every time."""
    script = written(request)
    assert len(script.segments) == request.segments
    assert all(segment.text.strip() and segment.prompt.strip() for segment in script.segments)
    assert script == written(request)


@given(REQUESTS)
def test_it_stays_within_the_target_duration(request: WriteRequest) -> None:
    """No more is said than there is time for, though never less than four words a segment may take."""
    room = max(request.duration / 60 * WORDS_A_MINUTE, 4 * request.segments)
    assert words(written(request)) <= room


def test_nothing_is_said_twice_in_a_segment() -> None:
    """Where room is left, it is filled in other words."""
    for segment in written(replace(REQUEST, title="Tea", brief="Tea", segments=3)).segments:
        said = segment.text.rstrip(".").split(". ")
        assert len(said) == len(set(said)) > 1


@pytest.mark.parametrize("brief", [TEA, "How tea came over the mountains", "Tea"])
@pytest.mark.parametrize(("segments", "duration"), [(3, 15.0), (6, 48.0), (6, 60.0), (40, 400.0)])
def test_it_fills_the_time(brief: str, segments: int, duration: float) -> None:
    """However short the brief, four fifths of the time between the pauses have words, at the offline voice's pace."""
    script = written(replace(REQUEST, brief=brief, segments=segments, duration=duration))
    assert words(script) >= 0.8 * 2.4 * (duration - 0.6 * segments)

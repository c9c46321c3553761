"""Scripts without a key: plain ones from the brief."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from movie_assets.core.ports import Meta, Workspace, WriteRequest
from movie_assets.core.script import Script
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
    """Where there are no phrases to connect with, only the brief's own sentences are spoken."""
    brief = "Das Meer ist groß. Niemand kennt es ganz."
    script = written(replace(REQUEST, title="Das Meer", brief=brief, language="de-AT"))
    assert script.segments[0].text == "Das Meer. Das Meer ist groß."
    assert {segment.text for segment in script.segments[1:]} <= {
        "Das Meer ist groß.",
        "Niemand kennt es ganz.",
    }


def test_a_long_sentence_is_cut_where_it_breathes() -> None:
    """When there is no room for all of a sentence, it ends at a comma."""
    script = written(replace(REQUEST, duration=30))
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


def test_it_fills_a_good_part_of_the_time() -> None:
    """A film of a minute has at least half a minute of words."""
    assert words(written(replace(REQUEST, segments=6))) >= 60 / 2 * WORDS_A_MINUTE / 60

"""Scripts without a key: a person's own, or a plain one from the brief."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_assets.core.errors import Refused
from movie_assets.core.movie_file import read_movie
from movie_assets.core.ports import Meta, Workspace, WriteRequest
from movie_assets.core.script import Script
from resources.offline.write import OfflineWriter

TEA = (
    "Tea came over the mountains on the backs of horses. For a thousand years the road was mud, snow and rope "
    "bridges, and those who walked it carried more than their own weight. Today it is a motorway."
)
REQUEST = WriteRequest("The tea road", TEA, "en", 5, 60.0, {"provider": "offline"})
OWN = "# Tea\n\nmood: calm\n\n## Mountains\nTea came on horses.\n\n## Road\nNow it is a motorway.\n"

WORDS_A_MINUTE = 150


def written(request: WriteRequest) -> Script:
    result = OfflineWriter().write(request, Workspace(Path()))
    assert isinstance(result.body, bytes)
    assert (result.media_type, result.meta) == ("application/json", Meta("offline", cost=0.0))
    return msgspec.json.decode(result.body, type=Script)


def words(script: Script) -> int:
    return sum(len(segment.text.split()) for segment in script.segments)


# --- a person's own script ---


def test_a_persons_own_script_is_taken_as_it_is() -> None:
    """With a script.md there is nothing to invent."""
    script = written(replace(REQUEST, source=OWN, segments=2))
    assert (script.title, script.mood) == ("Tea", "calm")
    assert [(each.text, each.prompt) for each in script.segments] == [
        ("Tea came on horses.", "Mountains"),
        ("Now it is a motorway.", "Road"),
    ]


@pytest.mark.parametrize(
    ("segments", "change"), [(5, "write 3 more in script.md"), (1, "take 1 out of script.md")]
)
def test_another_number_of_segments_is_refused(segments: int, change: str) -> None:
    """Both numbers are told, and which line to change."""
    with pytest.raises(Refused) as caught:
        written(replace(REQUEST, source=OWN, segments=segments))
    assert caught.value.fact == f"script.md has 2 segments (## headings), but movie.yaml asks for {segments}"
    assert caught.value.next_step == f"{change}, or set segments: 2 in movie.yaml"


def test_a_broken_script_is_refused_with_its_line() -> None:
    """The person is sent to the line that is wrong."""
    with pytest.raises(Refused, match=r"script\.md:3: 'B': nothing is said"):
        written(replace(REQUEST, source="# A\n\n## B\n", segments=1))


# --- one from the brief ---


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


def test_the_sample_movie_has_the_script_it_asks_for() -> None:
    """movies/galapagos can be made as it is, in about a minute of calm speech."""
    folder = Path(__file__).parents[3] / "movies" / "galapagos"
    movie = read_movie(
        "galapagos",
        (folder / "movie.yaml").read_bytes(),
        "movie.yaml",
        blueprints={"narrated"},
        providers={key: {"offline"} for key in ("script", "picture", "narration", "motion", "music")},
    )
    source = (folder / str(movie.script.source)).read_text(encoding="utf-8")
    script = written(replace(REQUEST, source=source, segments=movie.segments))
    assert script.title == movie.title
    assert 130 <= words(script) <= 145

"""The graph: every artefact of one movie by name, each job behind what it reads."""

from __future__ import annotations

import pytest

from movie_assets.core.artefact import Name, Scope
from movie_assets.core.blueprint import Blueprint
from movie_assets.core.blueprints import BLUEPRINTS
from movie_assets.core.errors import Refused
from movie_assets.core.graph import Graph
from movie_assets.core.inputs import INPUTS
from movie_assets.core.toy import Toy

COUNTS = pytest.mark.parametrize("segments", [1, 2, 7])
REAL = pytest.mark.parametrize("blueprint", BLUEPRINTS.values(), ids=BLUEPRINTS.keys())


@REAL
@COUNTS
def test_every_artefact_is_made_once(blueprint: Blueprint, segments: int) -> None:
    """One job per producer and movie, or producer and segment; every kind has all its segments."""
    graph = Graph.of(blueprint, segments, INPUTS)
    names = [name for job in graph.jobs for name in job.makes]
    assert len(names) == len(set(names)) == len(graph.makers)
    for kind, scope in blueprint.scopes.items():
        numbers = [None] if scope is Scope.MOVIE else list(range(segments))
        assert [name.segment for name in names if name.kind == kind] == numbers


@REAL
@COUNTS
def test_each_job_follows_what_it_reads(blueprint: Blueprint, segments: int) -> None:
    """So that one walk in order sees every read before its reader."""
    made: set[Name] = set()
    for job in Graph.of(blueprint, segments, INPUTS).jobs:
        assert made.issuperset(job.needs())
        made.update(job.makes)


@REAL
@COUNTS
def test_readers_are_the_reverse_of_needs(blueprint: Blueprint, segments: int) -> None:
    """A job is among the readers of exactly what it needs, once."""
    graph = Graph.of(blueprint, segments, INPUTS)
    for name, readers in graph.readers.items():
        assert [job.id for job in readers] == [job.id for job in graph.jobs if name in set(job.needs())]


def test_the_first_segment_has_none_before(new_toy: type[Toy]) -> None:
    """Its read of the segment before has no name behind it; the second's has the first's."""
    graph = new_toy("a", "b").movie().graph
    before = {job.id: wire.names for job in graph.jobs for wire in job.wires if wire.label == "picture[-1]"}
    assert before == {"clip[0]": (), "clip[1]": (Name("picture", 0),)}


def test_upstream_is_what_a_target_needs(new_toy: type[Toy]) -> None:
    """All of it, with what is made together, and nothing else."""
    graph = new_toy("a", "b", "c").movie().graph
    assert set(map(str, graph.upstream([Name("clip", 1)]))) == {
        "clip[1]", "picture[1]", "picture[0]", "times[1]", "voice[1]", "text[0]", "text[1]",
    }  # fmt: skip
    assert graph.upstream([Name("film")]) == graph.makers.keys()
    assert graph.upstream([]) == frozenset()


def test_downstream_is_what_depends_on_an_artefact_nearest_first(new_toy: type[Toy]) -> None:
    """The joins of a picture, then the film."""
    graph = new_toy("a", "b", "c").movie().graph
    assert [job.id for job in graph.downstream([Name("picture", 1)])] == ["clip[1]", "clip[2]", "film"]
    assert graph.downstream([Name("film")]) == ()


@pytest.mark.parametrize(
    ("target", "told"),
    [("clip[2]", "use clip[0] to clip[1]"), ("clip", "use clip[0] to clip[1]"), ("film[0]", "use film without a segment"),
     ("flim", "choose one of text, picture, voice, times, clip, timing, film")],
)  # fmt: skip
def test_an_unknown_target_is_refused_with_what_there_is(new_toy: type[Toy], target: str, told: str) -> None:
    """A segment too many, a segment where there is none, and a mistyped kind."""
    with pytest.raises(Refused) as raised:
        new_toy("a", "b").movie().graph.upstream([Name.parse(target)])
    assert raised.value.next_step == told


def test_a_job_is_called_after_its_producer_and_segment(new_toy: type[Toy]) -> None:
    """`voice[1]` makes `voice[1]` and `times[1]`."""
    job = new_toy("a", "b").movie().graph.maker(Name("times", 1))
    assert job.id == "voice[1]"
    assert job.makes == (Name("voice", 1), Name("times", 1))

"""A person's file in an artefact's place, as the graph has it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from movie_assets.core.blueprint import Reach
from movie_assets.core.blueprints import BLUEPRINTS
from movie_assets.core.graph import Graph
from movie_assets.core.inputs import INPUTS
from movie_assets.core.replacement import WANTED, replacing

plain = {name: Graph.of(blueprint, 3, INPUTS) for name, blueprint in BLUEPRINTS.items()}


@given(data=st.data(), name=st.sampled_from(sorted(plain)))
def test_every_artefact_keeps_exactly_one_maker(data: st.DataObject, name: str) -> None:
    """Whatever is replaced: a file reads nothing but its input, the rest is made of what it was made of."""
    graph = plain[name]
    replaced = data.draw(st.sets(st.sampled_from(sorted(graph.makers, key=str))))
    edited = Graph.of(graph.blueprint, 3, INPUTS, replaced)
    assert edited.makers.keys() == graph.makers.keys()
    assert sum(len(job.makes) for job in edited.jobs) == len(graph.makers)
    assert len({job.id for job in edited.jobs}) == len(edited.jobs)
    for artefact, job in edited.makers.items():
        before = graph.makers[artefact]
        if artefact in replaced:
            assert [(wire.reach, wire.names) for wire in job.wires] == [(Reach.INPUT, (replacing(artefact),))]
            assert job.instead == before and job.makes == (artefact,)
        else:
            assert (job.producer, job.wires, job.instead) == (before.producer, before.wires, None)
    made = {artefact: place for place, job in enumerate(edited.jobs) for artefact in job.makes}
    assert all(made[read] < place for place, job in enumerate(edited.jobs) for read in job.needs())


def test_nothing_replaced_is_the_graph_as_it_was() -> None:
    """A movie without `replace` pays nothing for it."""
    for graph in plain.values():
        assert Graph.of(graph.blueprint, 3, INPUTS, frozenset()) == graph


def test_it_is_said_of_every_artefact_what_may_stand_in_its_place() -> None:
    """Of every blueprint, and of nothing else."""
    assert WANTED.keys() == {kind for graph in plain.values() for kind in graph.blueprint.scopes}

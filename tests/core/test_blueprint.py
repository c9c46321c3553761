"""Blueprints: whatever cannot be made is refused, by name."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from movie_assets.core.artefact import Scope
from movie_assets.core.blueprint import ORDINAL, Blueprint, Producer, Read, every, input_, previous, same
from movie_assets.core.blueprints import BLUEPRINTS
from movie_assets.core.errors import Refused
from movie_assets.core.inputs import INPUTS

M, S = Scope.MOVIE, Scope.SEGMENT
GIVEN = {"brief": M, "text": S}


def producer(
    name: str, scope: Scope, *reads: Read, makes: tuple[str, ...] = (), asks: str | None = None
) -> Producer:
    return Producer(name, "1", scope, reads, makes or (name,), lambda task: {}, asks=asks)


def blueprint(*producers: Producer) -> Blueprint:
    return Blueprint("toy", producers, {})


def refusal(*producers: Producer) -> str:
    with pytest.raises(Refused) as raised:
        blueprint(*producers).ordered(GIVEN)
    assert raised.value.labels["blueprint"] == "toy"
    assert raised.value.next_step
    return str(raised.value)


@pytest.mark.parametrize("real", BLUEPRINTS.values(), ids=BLUEPRINTS.keys())
def test_the_real_blueprints_are_valid(real: Blueprint) -> None:
    """Each can be ordered, is told about in words, and exports only what it makes."""
    assert len(real.ordered(INPUTS)) == len(real.producers)
    assert all(producer.about.endswith(".") for producer in real.producers)
    assert set(real.exports.values()) <= set(real.scopes)


def test_producers_follow_what_they_read() -> None:
    """Whatever order they are declared in."""
    film, clip = producer("film", M, every("clip")), producer("clip", S, same("text"), previous("picture"))
    picture, text = producer("picture", S, same("text")), producer("text", S, input_("text"))
    order = [each.name for each in blueprint(film, clip, picture, text).ordered(GIVEN)]
    assert order == ["text", "picture", "clip", "film"]


def test_the_order_is_the_same_in_every_process() -> None:
    """It does not depend on the seed of Python's string hashes."""
    program = (
        "from movie_assets.core.artefact import Scope;"
        "from movie_assets.core.blueprint import Blueprint, Producer, same;"
        "make = lambda name, *reads: Producer(name, '1', Scope.MOVIE, reads, (name,), dict);"
        "roots = [make(name) for name in ('sun', 'moon', 'stars', 'sea', 'sky')];"
        "film = make('film', *(same(root.name) for root in roots));"
        "print([each.name for each in Blueprint('toy', (film, *roots), {}).ordered({})])"
    )
    orders = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)}, capture_output=True, check=True,
        ).stdout
        for seed in "123"
    }  # fmt: skip
    assert len(orders) == 1


def test_a_circle_is_told_as_who_reads_whom() -> None:
    """The sentence goes round once, from each producer to the one it reads."""
    told = refusal(producer("a", S, same("b")), producer("b", S, previous("c")), producer("c", S, same("a")))
    assert "circle" in told
    assert any(circle in told for circle in ("a → b → c → a", "b → c → a → b", "c → a → b → c"))


def test_a_producer_may_read_its_own_segment_before_but_not_itself() -> None:
    """A chain along the segments has a beginning; a thing made of itself, or of all of its kind, has none."""
    assert blueprint(producer("a", S, previous("a"))).ordered(GIVEN)
    assert "a → a" in refusal(producer("a", S, same("a")))
    assert "a → a" in refusal(producer("a", S, every("a")))


def test_two_producers_of_one_artefact_are_named() -> None:
    """And so is the artefact."""
    told = refusal(producer("x", S, makes=("sound", "words")), producer("y", S, makes=("words",)))
    assert "two producers make words: x and y" in told


def test_two_producers_of_one_name_are_refused() -> None:
    """Their jobs could not be told apart."""
    told = refusal(producer("x", S, makes=("a",)), producer("x", S, makes=("b",)))
    assert "two producers are called x" in told


@pytest.mark.parametrize(
    ("read", "label"),
    [(same("nothing"), "nothing"), (every("nothing"), "nothing[*]"), (previous("text"), "text[-1]"),
     (input_("nothing"), "inputs/nothing"), (input_("other"), "inputs/other")],
)  # fmt: skip
def test_a_read_of_nothing_is_named_with_what_there_is(read: Read, label: str) -> None:
    """An input is no artefact and an artefact no input."""
    told = refusal(producer("a", S, read), producer("other", S))
    assert f"producer a reads {label}, which nothing provides" in told
    assert "choose one of" in told


IMPOSSIBLE: list[tuple[Scope, Read]] = [
    (M, same("piece")), (M, input_("text")), (M, previous("piece")), (M, ORDINAL),
    (S, previous("whole")), (S, every("whole")), (M, every("whole")), (M, previous("whole")),
]  # fmt: skip


@pytest.mark.parametrize(("scope", "read"), IMPOSSIBLE, ids=lambda each: getattr(each, "label", each))
def test_an_impossible_read_is_refused(scope: Scope, read: Read) -> None:
    """The movie has no segment of its own, and what there is once has no segment before and is not a list."""
    told = refusal(producer("a", scope, read), producer("piece", S), producer("whole", M))
    assert f"producer a is made once per {scope.value} and cannot read {read.label}" in told


@pytest.mark.parametrize(
    ("scope", "read"),
    [(S, same("piece")), (S, same("whole")), (S, previous("piece")), (S, every("piece")), (S, input_("text")),
     (S, input_("brief")), (S, ORDINAL), (M, same("whole")), (M, every("piece")), (M, input_("brief"))],
    ids=lambda each: getattr(each, "label", each),
)  # fmt: skip
def test_every_other_read_is_possible(scope: Scope, read: Read) -> None:
    """A segment reads its own, the one before, all, and the movie's; the movie reads its own and all segments'."""
    assert blueprint(producer("a", scope, read), producer("piece", S), producer("whole", M)).ordered(GIVEN)


def test_a_producer_reads_the_input_that_names_its_provider() -> None:
    """Or another provider would give what is reused."""
    told = refusal(producer("a", S, asks="brief"))
    assert "producer a asks brief for its provider, but does not read that input" in told
    assert blueprint(producer("a", S, input_("brief"), asks="brief")).ordered(GIVEN)


def test_an_unknown_artefact_kind_is_refused_with_those_there_are() -> None:
    """Such as a target that a person mistyped."""
    known: Any = blueprint(producer("a", S, makes=("sound", "words")), producer("film", M))
    assert known.maker("words").name == "a"
    with pytest.raises(Refused, match=r"'clip' is not an artefact of this movie.*\n.*sound, words, film"):
        known.maker("clip")

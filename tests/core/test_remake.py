"""Remake: what an old revision lost comes back, or nothing is touched."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from movie_assets.core.artefact import Name
from movie_assets.core.remake import remade
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.toy import Toy


@pytest.fixture
def toy(new_toy: Callable[..., Toy]) -> Toy:
    """Two revisions: the second has another first text, and another voice."""
    toy = new_toy("a", "b")
    toy.make()
    toy.texts[0], toy.voice = "x", {"provider": "speaker", "pitch": 2}
    toy.make()
    return toy


def lose(toy: Toy, *names: str) -> list[Name]:
    """What only the first revision has."""
    first = toy.store.manifests.read(1)
    for name in names:
        toy.driver.delete(toy.store.keys.blob(first.artefacts[name].blob.digest))
    toy.store = MovieStore(toy.driver, "toy")
    return list(map(Name.parse, names))


@pytest.mark.parametrize(
    ("names", "jobs"),
    [
        (["film"], {"film"}),
        (["picture[0]"], {"picture[0]"}),
        (["voice[0]", "clip[0]", "film"], {"voice[0]", "clip[0]", "film"}),
        (["voice[1]", "times[1]"], {"voice[1]"}),
    ],
)
def test_what_was_lost_is_made_again_alone(toy: Toy, names: list[str], jobs: set[str]) -> None:
    """Of the inputs of then, with the bytes of then; the movie stays as it is, and so does what is known of its inputs."""
    first, calls = toy.store.manifests.read(1), len(toy.stage.calls)
    wanted = {name: toy.store.read(record.blob) for name, record in first.artefacts.items()}
    edits, live = list(toy.store.events.inputs()), toy.store.manifests.live()
    production = remade(toy.movie(), first, lose(toy, *names))
    assert production is not None
    assert all(outcome.error is None for outcome in production.outcomes())
    assert {job for job, _ in toy.stage.calls[calls:]} == jobs
    assert {name: toy.store.read(record.blob) for name, record in first.artefacts.items()} == wanted
    assert (list(toy.store.events.inputs()), toy.store.manifests.live()) == (edits, live)


def test_what_would_be_something_else_is_not_made(toy: Toy) -> None:
    """Another take was taken then: which one, nobody wrote down."""
    toy.takes = {Name("picture", 1): 2}
    toy.make()
    toy.takes = {}
    toy.make()
    third = toy.store.manifests.read(3)
    toy.driver.delete(toy.store.keys.blob(third.artefacts["picture[1]"].blob.digest))
    toy.store = MovieStore(toy.driver, "toy")
    assert remade(toy.movie(), third, [Name("picture", 1)]) is None


def test_a_persons_own_file_cannot_be_made(toy: Toy) -> None:
    """Nor what the movie has no producer of."""
    assert remade(toy.movie(), toy.store.manifests.read(1), [Name("inputs/title")]) is None

"""Lineage: what an artefact was made from, by whom and when, what it feeds, and what would make it again."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from movie_assets.core.artefact import Name
from movie_assets.core.errors import Refused
from movie_assets.core.lineage import Lineage, Source, lineage_of
from movie_assets.core.store.memory import MemoryDriver
from movie_assets.core.toy import PRICE, Toy

NewToy = Callable[..., Toy]


@pytest.fixture
def toy(new_toy: NewToy) -> Toy:
    """A movie of two segments, made."""
    toy = new_toy("a", "b")
    toy.make()
    return toy


def why(toy: Toy, name: str) -> Lineage:
    return lineage_of(toy.movie(), Name.parse(name))


def told(sources: Iterable[Source]) -> list[str]:
    """The names of a tree, depth first; those told before in brackets."""
    names = []
    for each in sources:
        names += [f"({each.name})" if each.again else each.name, *told(each.sources)]
    return names


def test_who_made_it_when_for_how_much(toy: Toy) -> None:
    """Provider, cost, the run and who ran it, the reasons of then."""
    found = why(toy, "picture[1]")
    assert found.revision == "rev-0001" and found.made is not None
    made = found.made
    assert (made.provider, made.cost, made.producer, made.code_version) == ("painter", PRICE, "picture", "1")
    assert (made.editor, made.run_id) == ("somebody", toy.store.manifests.read(1).plan_id)
    assert made.reasons and made.created_at == toy.clock.now()
    assert made.blob == toy.store.manifests.read(1).artefacts["picture[1]"].blob


def test_inputs_with_the_values_that_were_read(toy: Toy) -> None:
    """Not those of now, when it was not made again since."""
    toy.clock.time = 7.0
    toy.picture = {"provider": "other"}
    (setting,) = why(toy, "picture[1]").inputs
    assert (setting.name, setting.value, setting.editor) == (
        "picture[1]",
        {"provider": "painter"},
        "somebody",
    )
    assert setting.created_at.endswith("00.000+00:00")


def test_what_it_was_made_from_down_to_the_beginning(toy: Toy) -> None:
    """With what texts say; what was told once is not told again; a list is told by its number."""
    found = why(toy, "clip[1]")
    assert told(found.sources) == [
        "picture[1]", "text[1]", "picture[0]", "text[0]", "times[1]", "(text[1])",
    ]  # fmt: skip
    film = why(toy, "film")
    assert [(each.name, each.members) for each in film.sources] == [("clip[*]", 2), ("timing", 1)]
    timing = film.sources[1]
    assert timing.says is not None and timing.says.startswith("timing")


def test_what_it_feeds(toy: Toy) -> None:
    """Its readers, and then theirs."""
    found = why(toy, "picture[0]")
    assert (found.feeds, found.and_then) == (("clip[0]", "clip[1]"), ("film",))
    assert why(toy, "film").feeds == ()


def test_the_revisions_in_which_it_changed(toy: Toy) -> None:
    """With old and new, and why; not those in which it stayed."""
    toy.title = "New"
    toy.make()
    toy.texts[1] = "x"
    toy.make()
    toy.texts[1] = "b"
    toy.make()
    found = why(toy, "text[1]").changes
    digests = [each.after for each in found]
    assert [each.revision for each in found] == ["rev-0001", "rev-0003", "rev-0004"]
    assert [each.before for each in found] == [None, *digests[:-1]]
    assert digests[0] == digests[2] != digests[1]
    assert found[1].reasons == ("input text[1] changed: b → x",)
    assert found[2].reasons == ("same inputs as an earlier result",)
    assert why(toy, "text[1]").results == 2
    assert [each.revision for each in why(toy, "text[0]").changes] == ["rev-0001"]


def test_a_segment_that_went_and_came_back(toy: Toy) -> None:
    """It was not there in between."""
    toy.texts.pop()
    toy.make()
    toy.texts.append("b")
    toy.make()
    changes = why(toy, "picture[1]").changes
    assert [(each.revision, each.after is None) for each in changes] == [
        ("rev-0001", False), ("rev-0002", True), ("rev-0003", False),
    ]  # fmt: skip


def test_a_result_made_for_another_segment(new_toy: NewToy) -> None:
    """Is said to be so."""
    toy = new_toy("same", "same")
    toy.make()
    made = why(toy, "picture[1]").made
    assert made is not None and made.made_for == "picture[0]"


def test_takes(toy: Toy) -> None:
    """Which is wanted, and how many there are."""
    toy.takes = {Name("picture", 0): 2}
    assert (why(toy, "picture[0]").take, why(toy, "picture[0]").results) == (2, 1)
    toy.make()
    assert (why(toy, "picture[0]").take, why(toy, "picture[0]").results) == (2, 2)


def test_what_the_next_run_would_do(toy: Toy) -> None:
    """Nothing; make it and why; maybe make it; use an earlier result; keep what is pinned."""
    assert why(toy, "picture[1]").next.status == "nothing"
    toy.texts[1] = "x"
    found = why(toy, "text[1]").next
    assert (found.status, found.reasons) == ("must", ("input text[1] changed: b → x",))
    assert why(toy, "clip[1]").next.status == "may"
    toy.make("text[1]")
    assert why(toy, "text[1]").next.status == "reused"
    toy.pins = frozenset({Name("picture", 1)})
    assert why(toy, "picture[1]").next.status == "pinned"


def test_before_anything_is_made(new_toy: NewToy) -> None:
    """What is planned: the inputs as they are, what it will be made from, why."""
    found = why(new_toy("a"), "picture[0]")
    assert (found.revision, found.made, found.changes, found.results) == (None, None, (), 0)
    assert [(each.name, each.value) for each in found.inputs] == [("picture[0]", {"provider": "painter"})]
    assert told(found.sources) == ["text[0]"]
    assert found.next.status == "may"


def test_made_but_not_published(new_toy: NewToy) -> None:
    """A partial run's result is told though no revision has it."""
    toy = new_toy("a")
    toy.make("picture[0]")
    found = why(toy, "picture[0]")
    assert found.revision is None and found.made is not None and found.next.status == "reused"


def test_asking_changes_nothing(toy: Toy) -> None:
    """Whatever there is to tell."""
    driver = toy.driver
    assert isinstance(driver, MemoryDriver)
    toy.texts[1] = "x"
    before = {key: driver.get(key) for key in driver.list("toy/")}
    why(toy, "film")
    assert {key: driver.get(key) for key in driver.list("toy/")} == before


def test_an_artefact_that_is_none_is_refused(toy: Toy) -> None:
    """With what there is."""
    with pytest.raises(Refused, match=r"picture\[0\] to picture\[1\]"):
        why(toy, "picture[2]")
    with pytest.raises(Refused, match="not an artefact"):
        why(toy, "painting")

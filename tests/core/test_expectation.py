"""Expectation: how long a plan will take, by how long the like of it took."""

from __future__ import annotations

from collections.abc import Callable

from movie_assets.core.artefact import Name
from movie_assets.core.errors import Failed
from movie_assets.core.task import Task
from movie_assets.core.toy import Act, Results, Toy, fail

NewToy = Callable[..., Toy]


def taking(toy: Toy, seconds: float) -> Act:
    """Moves the clock, as work does."""

    def act(task: Task, made: Results) -> Results:
        toy.clock.time += seconds
        return made

    return act


def made_slowly(new_toy: NewToy, *texts: str) -> Toy:
    """Pictures take 4 s, everything else no time; one at a time while it is made, so that the clock is right."""
    toy = new_toy(*texts, places={"local": 1, "painter": 1, "speaker": 1})
    for segment in range(len(texts)):
        toy.stage.acts[f"picture[{segment}]"] = taking(toy, 4.0)
        toy.make(f"picture[{segment}]")
    toy.make()
    toy.stage.acts.clear()
    return toy


def test_nothing_was_ever_made(new_toy: NewToy) -> None:
    """Unknown, not zero."""
    assert new_toy("a").plan().expected_seconds is None


def test_work_is_shared_among_places(new_toy: NewToy) -> None:
    """Four pictures of 4 s, two at once: 8 s."""
    toy = made_slowly(new_toy, "a", "b", "c", "d")
    toy.places["painter"] = 2
    toy.picture = {"provider": "painter", "style": "new"}
    assert toy.plan().expected_seconds == 8.0


def test_a_chain_takes_as_long_as_its_parts(new_toy: NewToy) -> None:
    """However many places there are."""
    toy = made_slowly(new_toy, "a")
    toy.places = {"local": 9, "painter": 9, "speaker": 9}
    toy.texts[0] = "x"
    assert toy.plan().expected_seconds == 4.0


def test_a_target_takes_less(new_toy: NewToy) -> None:
    """Only what it needs counts."""
    toy = made_slowly(new_toy, "a", "b")
    toy.texts = ["x", "y"]
    assert toy.plan("voice[0]").expected_seconds == 0.0
    assert toy.plan("picture[0]").expected_seconds == 4.0


def test_what_was_skipped_tells_no_time(new_toy: NewToy) -> None:
    """A result that stood again took no seconds, but the next of its kind will."""
    toy = made_slowly(new_toy, "a")
    toy.takes = {Name("picture", 0): 2}
    toy.make()
    toy.takes = {}
    toy.make()
    toy.takes = {Name("picture", 0): 3}
    assert toy.plan().expected_seconds is not None and toy.plan().expected_seconds == 2.0


def test_a_kind_that_only_failed_is_unknown(new_toy: NewToy) -> None:
    """One job of unknown length makes the whole of unknown length."""
    toy = new_toy("a")
    toy.stage.acts["picture"] = fail(Failed("no"))
    toy.make()
    assert toy.plan("picture[0]").expected_seconds is None
    assert toy.plan("voice[0]").expected_seconds == 0.0


def test_nothing_to_do_takes_no_time(new_toy: NewToy) -> None:
    """And is known."""
    toy = made_slowly(new_toy, "a")
    assert toy.plan().expected_seconds == 0.0

"""Spending: however long a movie's history is, what is paid is told to the cent, and what is remembered stays small."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_assets.core.event import ArtefactEvent
from movie_assets.core.spending import Spending


def paid(number: int, run: str, usd: float) -> ArtefactEvent:
    return ArtefactEvent(
        event_id=f"event-{number}",
        artefact_id="picture[0]",
        revision="rev-0001",
        run_id=run,
        inputs_digest=str(number),
        status="succeeded",
        produced_by="picture",
        code_version="1",
        created_at="2026",
        cost=usd,
    )


def test_a_long_history_is_told_in_little() -> None:
    """The sum is of all runs; those that paid last are told one by one."""
    spending = Spending()
    for number in range(3000):
        spending.add(paid(number, f"run-{number}", 0.01))
    assert spending.of() == (pytest.approx(30.0), 0.0)
    assert spending.of("run-2999") == (0.01, 0.0)
    assert len(spending.paid) < 200
    assert len(spending.told) < 1000


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(1, 100)), max_size=600))
def test_every_cent_is_told(events: list[tuple[int, int]]) -> None:
    """However many runs pay by turns."""
    spending = Spending()
    for number, (run, cents) in enumerate(events):
        spending.add(paid(number, f"run-{run}", cents / 100))
    assert spending.of()[0] == pytest.approx(math.fsum(cents / 100 for _, cents in events))


@given(st.integers(0, 200))
def test_an_event_that_was_appended_twice_counts_once(between: int) -> None:
    """Also when many others were appended between."""
    spending = Spending()
    events = [paid(number, "run", 0.5) for number in range(between + 1)]
    for event in (*events, events[0]):
        spending.add(event)
    assert spending.of("run")[0] == pytest.approx(0.5 * len(events))

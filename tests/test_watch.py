"""`movies watch`: edit the file, see the plan, consent, see the new film, in one terminal."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_assets import watch as watching
from movie_assets.core.cost import Cost
from movie_assets.core.errors import Refused
from movie_assets.core.plan import Plan
from movie_assets.watch import Allowance, edits
from resources.instant import InstantPorts

YAML = """\
title: Test
brief: A test. It goes on.
segments: 2
"""


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30))
def test_an_edit_is_told_once_it_has_settled(looks: list[int]) -> None:
    """However the looks at the folder change meanwhile: never while two looks differ, never without a change."""
    at = iter(looks)
    last: list[int] = []

    def glance() -> str:
        last.append(next(at, looks[-1]))
        if len(last) > len(looks) + 10:
            raise StopIteration  # nothing will change any more
        return str(last[-1])

    told = []
    with pytest.raises(RuntimeError):
        for _ in edits(glance, lambda seconds: None):
            told.append(last[-1])
            assert len(told) == 1 or last[-1] == last[-2]
    assert all(before != after for before, after in pairwise(told))
    assert told[-1] == looks[-1]


def plan(usd: float, unknown: int = 0) -> Plan:
    """A plan that costs."""
    return Plan(
        movie="tale", plan_id="p", revision="rev-0001", manifest_base_digest=None, created_at="", targets=None,
        edits=(), layers=(), reused=0, must_cost=Cost(usd, unknown), may_cost=Cost(),
    )  # fmt: skip


def test_an_allowance_is_spent_and_then_asked_for() -> None:
    """What fits goes by itself; what does not, and what has no price, needs a yes."""
    consent = Allowance(1.0, yes=False)
    assert consent(plan(0.6)) and consent(plan(0.4))
    for refused in (plan(0.1), plan(0.0, unknown=1)):
        with pytest.raises(Refused, match="this costs"):
            consent(refused)
    assert Allowance(0.0, yes=True)(plan(5.0))


def test_an_edit_leads_to_the_new_film(
    shell_in: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plan, the result and the path are told after each; a mistake is told and waited out."""
    shell = shell_in(tmp_path, InstantPorts(), monkeypatch)
    shell.write(YAML)
    edited = [
        lambda: None,
        lambda: shell.write(YAML + "narration: {voice: en-gb}\n"),
        lambda: shell.write("title: [\n"),
        lambda: shell.write(YAML),
    ]

    def some(glance: Any) -> Iterator[None]:
        for edit in islice(edited, 4):
            edit()
            yield

    monkeypatch.setattr(watching, "edits", some)
    said = shell("watch tale")
    assert said.count("films/tale/film.mp4") == 3
    assert "voice" in said and "movie.yaml:" in said and "watching tale" in said


def test_the_folder_is_really_looked_at(tmp_path: Path) -> None:
    """A file saved while it waits wakes it."""
    file = tmp_path / "file"
    file.write_text("one")
    looked = edits(lambda: f"{file.stat().st_mtime_ns} {file.stat().st_size}")
    next(looked)
    threading.Timer(0.2, lambda: file.write_text("two, and longer")).start()
    next(looked)
    assert file.read_text() == "two, and longer"

"""Money and fallbacks as a person sees them in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from movie_assets.core.errors import Exhausted, Transient
from movie_assets.core.ports import FilmRequest
from resources.instant import InstantPorts
from resources.studio import Studio

pytestmark = pytest.mark.heavy

YAML = """\
title: Test
brief: A test. It goes on.
segments: 3
frame: {width: 1280, height: 720, fps: 10}
picture: {provider: openai}
"""
PICTURE = 0.013 * 1536 * 864 / 1024**2  # the list price of a medium picture in this shape


@pytest.fixture
def ports() -> InstantPorts:
    """A painter who costs what the list says."""
    return InstantPorts(costs={"openai": PICTURE, "offline": 0.0})


@pytest.fixture
def shell(shell_in: Any, ports: InstantPorts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    shell = shell_in(tmp_path, ports, monkeypatch)
    shell.write(YAML)
    return shell


# --- budget -------------------------------------------------------------------------------------------------------


def test_a_plan_says_what_it_costs_and_what_that_leaves_of_the_budget(shell: Any) -> None:
    """A guess is marked; so is a budget that the plan would pass."""
    shell.write(YAML + "budget_usd: 0.04\n")
    said = shell("plan tale")
    assert said.count("~0.01") == 3 and "~ is a guess" in said
    assert "budget of 0.0400 USD for this movie: this plan may pass it by 0.0" in said
    shell.edit("0.04", "4")
    assert "USD are left after this plan" in shell("plan tale")
    found = shell.json("plan tale")
    assert found["budgets"] == [{"usd": 4.0, "of": "this movie", "spent": 0.0}]


def test_make_stops_before_a_run_passes_its_budget(shell: Any) -> None:
    """What was made is kept, what is free is made, and the next run goes on from there."""
    said = shell("make tale --yes --budget 0.04", code=1)
    assert "the budget of 0.0400 USD for this run allows no more: " in said and "asked for" in said
    assert "next: what was made is kept; movies make tale --budget USD makes the rest" in said
    assert shell.ports.calls["paint"] == 2 and shell.ports.calls["speak"] == 3
    said = shell("make tale --yes --budget 0.04")
    assert shell.ports.calls["paint"] == 1 and "tale is at rev-0001" in said


def test_a_movies_budget_counts_every_run(shell: Any) -> None:
    """Raised, it goes on."""
    shell.write(YAML + "budget_usd: 0.04\n")
    for _ in range(2):
        assert "raise budget_usd in movie.yaml" in shell("make tale --yes", code=1)
    assert shell.ports.calls["paint"] == 0
    shell.edit("0.04", "0.06")
    assert "tale is at rev-0001" in shell("make tale --yes")


def test_what_costs_an_unknown_sum_is_refused_under_a_budget(shell: Any) -> None:
    """Before anything of it is called."""
    shell.edit("{provider: openai}", "{provider: openai, model: unheard-of}")
    assert "3 jobs of unknown price cannot be made under a budget" in shell(
        "make tale --yes --budget 1", code=2
    )
    assert shell.ports.calls["paint"] == 0
    assert "tale is at rev-0001" in shell("make tale --yes")


# --- what a run says it paid --------------------------------------------------------------------------------------


def test_a_run_counts_what_it_made_itself(shell: Any, ports: InstantPorts) -> None:
    """Not what another did meanwhile, and all of its own, whichever revision that went into."""
    shell("make tale --yes")
    shell.edit("{provider: openai}", "{provider: openai, style: ink}")
    mine = shell.config.read_text()
    overtaken: list[bool] = []

    def publish_first(request: Any) -> None:
        if isinstance(request, FilmRequest) and not overtaken:
            overtaken.append(True)
            shell.write(YAML + "captions: none\n")
            other = Studio(shell.folder, ports=InstantPorts(costs={"openai": 5.0})).open("tale").produce()
            other.begin()
            list(other.outcomes())
            assert other.publish() is not None
            shell.write(mine)

    ports.before = publish_first
    said = shell("make tale --yes")
    assert ports.calls["paint"] == 3 and ports.calls["film"] == 2
    made = said.count(" made by ")
    assert f"made {made} results (cost: {3 * PICTURE:.4f} USD); tale is at rev-0003" in said


def test_results_are_counted_alike_wherever_they_are_told(shell: Any) -> None:
    """By the jobs that give them: in the plan, after a run, and when all is up to date."""
    planned = sum(map(len, shell.json("plan tale")["layers"]))
    assert f"tale is at rev-0001, which holds {planned} results" in shell("make tale --yes")
    assert f"all {planned} results of tale are up to date" in shell("make tale --yes")


def test_a_run_that_fails_says_what_it_paid(shell: Any) -> None:
    """Two of three pictures were."""
    said = shell("make tale --yes --budget 0.04", code=1)
    assert f"(cost: {2 * PICTURE:.4f} USD); tale has no revision yet" in said


# --- fallback -----------------------------------------------------------------------------------------------------


def test_a_fallback_is_told_wherever_it_matters(shell: Any, ports: InstantPorts) -> None:
    """While it is made, at the end, in show, in why, in the ledger, and for programs."""
    ports.unable = {"openai": Exhausted("the quota is used up")}
    shell.edit("{provider: openai}", "[{provider: openai, style: ink}, {provider: offline}]")
    line = "picture[1] is by offline, not openai: the quota is used up"
    said = shell("make tale --yes")
    assert "picture[1] openai: the quota is used up; offline does it instead" in said and line in said
    assert line in shell("show tale")
    assert "fallback: not by openai: the quota is used up" in shell("why tale picture[1]")
    assert shell.json("why tale picture[1]")["made"]["fallback"]["from"] == "openai"
    by = {
        entry["provider"]: entry
        for entry in shell.json("show tale --cost")[0]["lines"]
        if entry["producer"] == "picture"
    }
    assert (by["openai"]["failed"], by["offline"]["fallbacks"], by["offline"]["made"]) == (3, 3, 3)
    assert "nothing to do" in shell("make tale --yes")


def test_without_a_list_nobody_falls_back(shell: Any, ports: InstantPorts) -> None:
    """The run fails, and says who could not."""
    ports.unable = {"openai": Transient("no answer")}
    assert "no answer" in shell("make tale --yes", code=1)


# --- the ledger ---------------------------------------------------------------------------------------------------


def test_the_ledger_adds_up_by_revision_and_provider(shell: Any, ports: InstantPorts) -> None:
    """What was paid, what reuse saved, and what failed calls may have cost; unknown is never shown as 0."""
    shell("make tale --yes")
    ports.unable = {"openai": Transient("no answer")}
    shell.edit("{provider: openai}", "{provider: openai, style: ink}")
    shell("make tale --yes", code=1)
    ports.unable = {}
    ports.costs = {"openai": None}
    shell("make tale --yes")
    said = shell("show tale --cost").splitlines()
    first = next(line for line in said if line.startswith("rev-0001"))
    assert first and any(line.startswith("rev-0002") for line in said)
    assert any(line.startswith("in all") for line in said)
    total = next(line for line in said if line.startswith("total"))
    assert f"{3 * PICTURE:.4f} + 3 unknown" in total
    book = shell.json("show tale --cost")
    by = next(line for line in book[1]["lines"] if line["provider"] == "openai")
    assert (by["made"], by["failed"], by["cost"]) == (3, 3, {"usd": 0.0, "unknown": 3})
    assert by["unsettled"] == {"usd": pytest.approx(3 * PICTURE, rel=0.05), "unknown": 0}

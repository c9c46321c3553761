"""In Dagster, a run's budget is its config, and an artefact's page says who helped out."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest
from dagster._core.utils import make_new_run_id

from movie_assets.assets.keys import op_name
from movie_assets.core.progress import Silence
from movie_assets.launch import launch


@pytest.fixture
def paid(project: Any) -> Any:
    """Pictures by a provider who costs."""
    project.ports.costs = {"openai": 0.0165, "offline": 0.0}
    project.edit("overrides:", "picture: {provider: openai}\noverrides:")
    return project


def test_a_budget_of_a_run_is_its_config(paid: Any) -> None:
    """As the launchpad takes it."""
    job = paid.definitions.resolve_implicit_global_asset_job_def()
    result = job.execute_in_process(
        instance=paid.instance,
        run_config={"ops": {op_name("tale"): {"config": {"budget_usd": 0.02}}}},
        asset_selection=[dg.AssetKey(["tale", "picture"])],
        raise_on_error=False,
    )
    assert not result.success and paid.ports.calls["paint"] == 1
    assert paid.painted("picture").count("MATERIALIZED") == 1


def test_a_fallback_is_told_on_the_page(paid: Any) -> None:
    """Who did it, and who could not and why."""
    paid.edit("{provider: openai}", "[{provider: openai}, {provider: offline}]")
    production = paid.studio.open("tale").produce(run_id=make_new_run_id(), budget_usd=0.0)
    launch(paid.studio, production, Silence())
    page = paid.latest("picture[0]").metadata
    assert page["provider"].value == "offline"
    assert str(page["fallback"].value).startswith("instead of openai: the budget of 0.0000 USD for this run")
    assert not paid.stale()

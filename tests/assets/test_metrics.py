"""In Dagster, the page of the film says what its revision took."""

from __future__ import annotations

from typing import Any

import dagster as dg


def observed(project: Any) -> list[dict[str, Any]]:
    records = project.instance.fetch_observations(dg.AssetKey(["tale", "film"]), limit=10).records
    return [
        {name: value.value for name, value in record.asset_observation.metadata.items()} for record in records
    ]


def test_a_published_revision_is_observed_on_the_film(project: Any) -> None:
    """Paid, saved, made, reused; nothing new is no observation, and none makes anything stale."""
    project.make()
    project.edit("en-us", "en-gb")
    project.make()
    project.make()
    second, first = observed(project)
    assert (first["revision"], second["revision"]) == ("rev-0001", "rev-0002")
    jobs = [each["jobs made"] + each["jobs reused"] for each in (first, second)]
    assert jobs[0] == jobs[1] and second["jobs made"] < first["jobs made"]
    assert second["paid"] == "nothing"
    assert {"producer": "narration", "provider": "instant", "made": 3}.items() <= next(
        line for line in second["per producer and provider"] if line["producer"] == "narration"
    ).items()
    assert not project.stale()

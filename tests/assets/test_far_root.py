"""Dagster over a store on S3, by one setting: the sensor, staleness and the IO manager do there what they do in a folder."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest
from PIL import Image

from movie_assets import definitions
from movie_assets.assets.keys import partitions
from movie_assets.core.artefact import Scope
from movie_assets.core.digest import digest_of_bytes
from resources.studio import Studio

if TYPE_CHECKING:
    from resources.rehearsal.s3_server import Bucket

pytestmark = pytest.mark.heavy

PICTURE = dg.AssetKey(["tale", "thumbnail"])


@pytest.fixture
def far(project: Any, s3_bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The project, whose results are kept in a tenant's part of a bucket."""
    project.root = f"{s3_bucket.root}/tenant/films"
    variables = {"MOVIES_PROJECT": str(project.path), "MOVIES_ROOT": project.root, **s3_bucket.environment}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(definitions, "Studio", partial(Studio, ports=project.ports))
    return project


def loaded() -> dg.RepositoryDefinition:
    """What `dagster dev` loads."""
    return definitions.defs().get_repository_def()


def tick(project: Any, repository: dg.RepositoryDefinition, cursor: str | None) -> Any:
    """One tick of the sensor, as the daemon does it."""
    context = dg.build_sensor_context(
        instance=project.instance, cursor=cursor, repository_def=repository,
        resources={"movies": project.studio},
    )  # fmt: skip
    return repository.get_sensor_def("config_edits").evaluate_tick(context)


def carry_out(project: Any, request: dg.RunRequest) -> dict[str, int]:
    """What the daemon does with a request; the calls it took."""
    project.ports.calls.clear()
    job = definitions.defs().resolve_implicit_global_asset_job_def()
    done = job.execute_in_process(
        instance=project.instance, asset_selection=request.asset_selection, tags=dict(request.tags),
        run_config=request.run_config,
    )  # fmt: skip
    assert done.success
    return dict(project.ports.calls)


def test_an_edit_leads_to_one_run_that_makes_exactly_the_plan(far: Any) -> None:
    """By the definitions as `dagster dev` loads them; then everything is fresh, and nothing lies in a folder."""
    assert definitions.defs().resolve_job_def("tale_make").execute_in_process(instance=far.instance).success
    assert far.stale() == set()
    repository = loaded()
    quiet = tick(far, repository, None)
    assert not quiet.run_requests
    far.edit("The second sentence.", "Another second sentence.")
    wanted = {job.job_id for job in far.studio.open("tale").plan().jobs}
    ticked = tick(far, repository, quiet.cursor)
    [request] = ticked.run_requests
    before = {event.event_id for event in far.studio.store("tale").events.artefacts()}
    assert carry_out(far, request) == {"speak": 1, "clip": 1, "soundtrack": 1, "film": 1}
    made = {
        event.artefact_id
        for event in far.studio.store("tale").events.artefacts()
        if event.event_id not in before and event.status == "succeeded"
    }
    assert made <= {*wanted, "words[1]"} and {"narration[1]", "clip[1]", "film"} <= made
    assert far.studio.store("tale").manifests.numbers() == [1, 2]
    assert far.stale() == set()
    assert not tick(far, repository, ticked.cursor).run_requests
    assert not (far.path / "builds").exists()


def test_staleness_is_told(far: Any) -> None:
    """One text makes exactly what reads it stale, in Dagster's own terms; going back makes nothing."""
    far.make()
    assert far.stale() == set()
    far.edit("  1: {motion: animated}", "  1: {motion: animated, narration: {text: Other words.}}")
    far.materialize("inputs/text", partitions=("001", "001"))
    assert far.stale() == {"segment_text[1]"}
    far.make()
    assert far.stale() == set()
    far.edit(", narration: {text: Other words.}", "")
    assert far.make() == {}
    assert far.stale() == set()


def test_a_persons_own_asset_is_kept_and_read_there(far: Any) -> None:
    """What it reads is loaded from the bucket, what it makes becomes a blob and an event under the exact version."""
    far.make()

    @dg.asset(key=PICTURE, io_manager_key="io_manager", ins={"painted": dg.AssetIn(["tale", "picture"])},
              partitions_def=partitions(Scope.SEGMENT, 3))  # fmt: skip
    def thumbnail(painted: Image.Image) -> Image.Image:
        return painted.resize((16, 9))

    merged = dg.Definitions.merge(definitions.defs(), dg.Definitions(assets=[thumbnail]))
    job = merged.resolve_implicit_global_asset_job_def()
    ran = job.execute_in_process(instance=far.instance, asset_selection=[PICTURE], partition_key="001")
    assert ran.output_for_node("tale__thumbnail").size == (16, 9)
    store = far.studio.store("tale")
    [event] = [event for event in store.events.artefacts() if event.kind == "thumbnail"]
    assert digest_of_bytes(store.read(event.output)) == event.output.digest
    told = far.instance.get_latest_materialization_event(PICTURE).asset_materialization
    assert told.tags["dagster/data_version"] == event.output.digest


def test_metadata_names_keys_and_nothing_secret(far: Any, s3_bucket: Bucket) -> None:
    """Nothing Dagster keeps or logs of a run holds a signature or a key; files are named by where they lie."""
    result = far.materialize(partitions=("000", "002"))
    told = [
        event.step_materialization_data.materialization for event in result.get_asset_materialization_events()
    ]
    files = [str(each.metadata["file"].value) for each in told if "file" in each.metadata]
    assert len(files) > 5
    assert all(file.startswith(f"{far.root}/tale/blobs/") for file in files)
    kept = "".join(str(entry) for entry in far.instance.all_logs(result.run_id))
    for secret in (
        "X-Amz",
        "Signature",
        *(s3_bucket.environment[name] for name in s3_bucket.environment if "KEY" in name),
    ):
        assert secret not in kept

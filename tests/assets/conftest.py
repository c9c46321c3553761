"""A small project of its own for each test: a movie of three segments, instant providers, a Dagster instance on disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver
from dagster._core.loader import LoadingContextForTest
from dagster._core.utils import make_new_run_id

from movie_assets.assets.keys import artefact_key, input_key, partition_of
from movie_assets.core.artefact import Name
from movie_assets.core.inputs import INPUTS
from movie_assets.core.progress import Silence
from movie_assets.definitions import definitions_of
from movie_assets.launch import launch
from resources.instant import InstantPorts
from resources.studio import Studio

YAML = """\
title: Test
brief: A test.
segments: 3
duration: 20
script: {provider: offline, source: script.md}
narration: {provider: offline, voice: en-us}
overrides:
  1: {motion: animated}
"""
SCRIPT = """\
# Test

A summary.

## One

The first sentence.

## Two

The second sentence.

## Three

The third sentence.
"""


@dataclass
class Project:
    """A folder with one movie, `tale`, and what Dagster knows of it."""

    path: Path
    instance: dg.DagsterInstance
    ports: InstantPorts = field(default_factory=InstantPorts)
    root: str = "builds"

    def __post_init__(self) -> None:
        folder = self.path / "movies" / "tale"
        folder.mkdir(parents=True)
        self.config, self.script = folder / "movie.yaml", folder / "script.md"
        self.config.write_text(YAML)
        self.script.write_text(SCRIPT)

    @property
    def studio(self) -> Studio:
        return Studio(self.path, self.root, ports=self.ports)

    @property
    def definitions(self) -> dg.Definitions:
        return definitions_of(self.studio, ["tale"])

    def edit(self, old: str, new: str) -> None:
        """Replaces a text in whichever file has it."""
        for path in (self.config, self.script):
            if old in path.read_text():
                path.write_text(path.read_text().replace(old, new))
                return
        raise AssertionError(f"{old!r} is in neither file")

    def make(self) -> dict[str, int]:
        """What `movies make` does; the provider and renderer calls it took."""
        self.ports.calls.clear()
        production = self.studio.open("tale").produce(run_id=make_new_run_id())
        if production.has_work:
            launch(self.studio, production, Silence())
        return dict(self.ports.calls)

    def materialize(
        self, *kinds: str, partitions: tuple[str, str] | None = None, raises: bool = True
    ) -> dg.ExecuteInProcessResult:
        """What Dagster's own commands and pages do with a selection: a range is its first and last key."""
        self.ports.calls.clear()
        tags = (
            {
                "dagster/asset_partition_range_start": partitions[0],
                "dagster/asset_partition_range_end": partitions[1],
            }
            if partitions
            else {}
        )
        selection = [dg.AssetKey(["tale", *kind.split("/")]) for kind in kinds] if kinds else None
        job = self.definitions.resolve_implicit_global_asset_job_def()
        return job.execute_in_process(
            instance=self.instance, asset_selection=selection, tags=tags, raise_on_error=raises
        )

    def stale(self) -> set[str]:
        """Everything that Dagster itself does not call fresh."""
        movie = self.studio.open("tale")
        graph = self.definitions.resolve_asset_graph()
        resolver = CachingStaleStatusResolver(self.instance, graph, LoadingContextForTest(self.instance))
        names = [(artefact_key("tale", name.kind), name) for name in movie.graph.makers]
        names += [(input_key("tale", name.kind), name) for name in movie.inputs if name.kind in INPUTS]
        return {
            _spelt(key, name)
            for key, name in names
            if resolver.get_status(key, partition_of(name)).value != "FRESH"
        }

    def painted(self, kind: str) -> list[str]:
        """The colour of each partition on the asset's page."""
        key = dg.AssetKey(["tale", *kind.split("/")])
        definition = self.definitions.resolve_asset_graph().get(key).partitions_def
        assert definition is not None
        keys = definition.get_partition_keys()
        status = self.instance.get_status_by_partition(key, keys, definition) or {}
        return [found.value if (found := status.get(each)) else "MISSING" for each in keys]

    def latest(self, name: str) -> dg.AssetMaterialization:
        """Dagster's newest materialization of an artefact."""
        parsed = Name.parse(name)
        filters = dg.AssetRecordsFilter(
            artefact_key("tale", parsed.kind),
            asset_partitions=None if parsed.segment is None else [str(partition_of(parsed))],
        )
        found = self.instance.fetch_materializations(filters, limit=1).records[0].asset_materialization
        assert found is not None
        return found

    def events(self, name: str) -> int:
        """How many materializations Dagster has of an artefact."""
        parsed = Name.parse(name)
        filters = dg.AssetRecordsFilter(
            artefact_key("tale", parsed.kind),
            asset_partitions=None if parsed.segment is None else [str(partition_of(parsed))],
        )
        return len(self.instance.fetch_materializations(filters, limit=100).records)


def _spelt(key: dg.AssetKey, name: Name) -> str:
    return f"inputs/{name}" if key.path[1] == "inputs" else str(name)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project whose Dagster records lie beside it."""
    home = tmp_path / "dagster"
    home.mkdir()
    (home / "dagster.yaml").write_text(
        "telemetry: {enabled: false}\n"
        f"storage: {{custom: {{module: resources.kept_sqlite, class: KeptSqlite, config: {{base_dir: {home}}}}}}}\n"
    )
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with dg.DagsterInstance.get() as instance:
        yield Project(tmp_path, instance)

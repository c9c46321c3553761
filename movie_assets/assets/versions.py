"""Versions as Dagster records them: the one module that knows its tags (tried on Dagster 1.13.27).

Dagster calls a partition stale when the data version of something it reads changed after the event it points to.
For what is unpartitioned it compares data versions; for partitioned reads it compares the version just before the
pointer with the latest one, so a pointer must not be older than any event that was read. The newest record id at the
time of reporting is such a pointer: whatever a result was made from has been reported before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import dagster as dg
from dagster import AssetKey, DagsterInstance

from movie_assets.assets.keys import key_of_read
from movie_assets.core.blueprint import Reach, Read

__all__ = ["Latest", "input_tags", "latest_of", "newest_record", "result_tags"]

DATA_VERSION = "dagster/data_version"
USER_PROVIDED = "dagster/data_version_is_user_provided"
CODE_VERSION = "dagster/code_version"
INPUT_VERSION = "dagster/input_data_version/"
INPUT_POINTER = "dagster/input_event_pointer/"


@dataclass(frozen=True, slots=True)
class Latest:
    """Dagster's newest materialization of one artefact or input: its record id and data version."""

    record: int
    version: str | None


def input_tags(digest: str) -> dict[str, str]:
    """The tags of an input under its digest."""
    return {DATA_VERSION: digest, USER_PROVIDED: "true"}


def result_tags(
    movie: str,
    digest: str,
    code_version: str,
    reads: Sequence[Read],
    versions: Mapping[str, str],
    pointer: int,
) -> dict[str, str]:
    """The tags of a result: its own version, and the version of all that it read."""
    tags = {DATA_VERSION: digest, USER_PROVIDED: "true", CODE_VERSION: code_version}
    for read in reads:
        if read.reach is not Reach.ORDINAL:
            key = key_of_read(movie, read).to_user_string()
            tags.setdefault(INPUT_VERSION + key, versions[read.label])
            tags[INPUT_POINTER + key] = str(pointer)
    return tags


def newest_record(instance: DagsterInstance) -> int:
    """The id of the newest record in Dagster's event log."""
    return instance.event_log_storage.get_maximum_record_id() or 0


def latest_of(
    instance: DagsterInstance, keys: Mapping[AssetKey, bool]
) -> dict[AssetKey, dict[str | None, Latest]]:
    """The newest materialization of each key's partitions; `keys` tells which keys have partitions.

    One query for all unpartitioned assets and two for each partitioned one, however many partitions there are.
    """
    found: dict[AssetKey, dict[str | None, Latest]] = {key: {} for key in keys}
    for record in instance.get_asset_records([key for key, partitioned in keys.items() if not partitioned]):
        last = record.asset_entry.last_materialization_record
        if last is not None:
            tags = last.asset_materialization.tags or {} if last.asset_materialization else {}
            found[record.asset_entry.asset_key][None] = Latest(last.storage_id, tags.get(DATA_VERSION))
    for key in (key for key, partitioned in keys.items() if partitioned):
        found[key].update(_latest_partitions(instance, key))
    return found


def _latest_partitions(instance: DagsterInstance, key: AssetKey) -> dict[str | None, Latest]:
    log, kind = instance.event_log_storage, dg.DagsterEventType.ASSET_MATERIALIZATION
    records = log.get_latest_storage_id_by_partition(key, kind)
    tags = log.get_latest_tags_by_partition(key, kind, [DATA_VERSION])
    return {part: Latest(record, tags.get(part, {}).get(DATA_VERSION)) for part, record in records.items()}

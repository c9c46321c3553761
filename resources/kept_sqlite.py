"""Dagster's SQLite storage with the event log's connections kept open: same files, same rows, a quarter of the cost.

The stock one builds an engine, compiles its statements, connects, syncs and closes for every event: about 9 ms, once
when an artefact is planned and once when it is told. dagster.yaml asks for this one; it leans on four private methods
of a pinned Dagster, so tests/resources/test_kept_sqlite.py compares the two row by row.
"""

from __future__ import annotations

import fcntl
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster import Field, StringSource
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage, _event_logs_directory
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

__all__ = ["KeptEventLog", "KeptSqlite"]

_KEPT_SHARDS = 8  # the index, and the latest runs; each has its own file
_BUSY_SECONDS = 30


class KeptSqlite(DagsterSqliteStorage):
    """Runs, events and schedules under one folder, laid out as Dagster does; a relative one is under the working folder."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        folder = Path(base_dir).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            super().__init__(str(folder), inst_data)
        self._event_log_storage = KeptEventLog(_event_logs_directory(str(folder)))

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        return {"base_dir": Field(StringSource, is_required=False, default_value=".dagster")}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> KeptSqlite:
        return cls(config_value["base_dir"], inst_data)


class KeptEventLog(SqliteEventLogStorage):
    """The event log of `KeptSqlite`."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._kept: OrderedDict[str, Engine] = OrderedDict()
        self._seen: set[str] = set()
        super().__init__(base_dir, inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def _engine(self, shard: str) -> Engine:
        if shard not in self._kept:
            self._kept[shard] = _open(self.conn_string_for_shard(shard))
        self._kept.move_to_end(shard)
        if len(self._kept) > _KEPT_SHARDS:
            self._kept.popitem(last=False)[1].dispose()
        return self._kept[shard]

    def has_table(self, table_name: str) -> bool:
        look = super().has_table
        return self._is_seen(table_name, lambda: look(table_name))

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        look = super()._has_asset_key_col_on_connection
        return self._is_seen(f"asset_keys.{column_name}", lambda: look(conn, column_name))

    def _is_seen(self, name: str, look: Callable[[], bool]) -> bool:
        if name not in self._seen and look():
            self._seen.add(name)
        return name in self._seen

    def wipe(self) -> None:
        self._close()
        super().wipe()

    def dispose(self) -> None:
        self._close()
        super().dispose()

    def _close(self) -> None:
        while self._kept:
            self._kept.popitem()[1].dispose()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Holds other processes off while tables are created: Dagster's own way fails one of two, or leaves two versions."""
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _open(url: str) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=-1,
        connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
    )
    # With a write-ahead log, NORMAL may lose the last events to a power cut, never tear the file. They are copies.
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=NORMAL"))
    return engine

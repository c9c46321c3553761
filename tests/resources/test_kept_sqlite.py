"""Dagster's event log with kept connections is the stock one, but faster."""

import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.instance.ref import InstanceRef

STOCK = {"sqlite": {"base_dir": "{home}"}}
KEPT = {
    "custom": {"module": "resources.kept_sqlite", "class": "KeptSqlite", "config": {"base_dir": "{home}"}}
}
SEGMENTS = dg.StaticPartitionsDefinition(["000", "001", "002"])
TIMES = {
    "timestamp",
    "event",
    "create_timestamp",
    "event_timestamp",
    "last_materialization_timestamp",
    "migration_completed",
}


@dg.multi_asset(
    specs=[dg.AssetSpec(["darwin", "picture"], partitions_def=SEGMENTS, skippable=True)],
    backfill_policy=dg.BackfillPolicy.single_run(),
    can_subset=True,
)
def movie(context: dg.AssetExecutionContext) -> Iterator[None]:
    for key in context.partition_keys:
        tags = {"dagster/data_version": f"digest of {key}"}
        context.log_event(dg.AssetMaterialization(["darwin", "picture"], partition=key, tags=tags))
    yield from ()


def open_files() -> Iterator[Path]:
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            yield descriptor.readlink()


Open = Callable[[Path, dict[str, object]], dg.DagsterInstance]


@pytest.fixture
def open_instance() -> Iterator[Open]:
    opened: list[dg.DagsterInstance] = []

    def open_(home: Path, storage: dict[str, object]) -> dg.DagsterInstance:
        home.mkdir(exist_ok=True)
        (home / "dagster.yaml").write_text(
            f"telemetry: {{enabled: false}}\nstorage: {storage}".replace("{home}", str(home))
        )
        opened.append(dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(home))))
        return opened[-1]

    yield open_
    for instance in opened:
        instance.dispose()


def make(instance: dg.DagsterInstance) -> str:
    tags = {"dagster/asset_partition_range_start": "000", "dagster/asset_partition_range_end": "002"}
    return dg.materialize([movie], instance=instance, tags=tags).run_id


def rows(database: Path, run_id: str) -> dict[str, list[tuple[object, ...]]]:
    connection = sqlite3.connect(database)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")]
    found = {}
    for table in sorted(tables):
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        kept = [column for column in columns if column not in TIMES and "materialization" not in column]
        quoted = ", ".join(f'"{column}"' for column in kept)
        found[table] = [
            tuple("run" if value == run_id else value for value in row)
            for row in connection.execute(f"SELECT {quoted} FROM {table}")
        ]
    connection.close()
    return found


def test_it_writes_the_rows_the_stock_storage_writes(tmp_path: Path, open_instance: Open) -> None:
    """Both databases of a run, table by table, are the same but for times and ids."""
    found = []
    for name, storage in (("stock", STOCK), ("kept", KEPT)):
        instance = open_instance(tmp_path / name, storage)
        run_id = make(instance)
        folder = tmp_path / name / "history" / "runs"
        found.append([rows(folder / f"{shard}.db", run_id) for shard in ("index", run_id)])
    stock, kept = found
    assert kept == stock
    assert stock[0]["event_logs"]


def test_the_stock_storage_reads_what_it_wrote(tmp_path: Path, open_instance: Open) -> None:
    """One may go back to the stock storage over the same folder at any time."""
    make(open_instance(tmp_path, KEPT))
    read = open_instance(tmp_path, STOCK).fetch_materializations(dg.AssetKey(["darwin", "picture"]), limit=9)
    assert sorted(record.partition_key or "" for record in read.records) == ["000", "001", "002"]


def test_many_runs_keep_few_connections(tmp_path: Path, open_instance: Open) -> None:
    """A long-lived webserver that reads every run does not hold every run's database open."""
    instance = open_instance(tmp_path, KEPT)
    for number in range(12):
        assert instance.all_logs(f"run-{number}") == []
    assert len({path for path in open_files() if tmp_path in path.parents and path.suffix == ".db"}) <= 9


def test_threads_may_write_at_once(tmp_path: Path, open_instance: Open) -> None:
    """Webserver threads share one instance."""
    instance = open_instance(tmp_path, KEPT)

    def report(number: int) -> None:
        for _ in range(5):
            instance.report_runless_asset_event(dg.AssetMaterialization(f"asset{number}"))

    threads = [threading.Thread(target=report, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [
        len(instance.fetch_materializations(dg.AssetKey(f"asset{n}"), limit=9).records) for n in range(8)
    ] == [5] * 8


def test_processes_may_write_at_once_and_be_killed(tmp_path: Path, open_instance: Open) -> None:
    """Three writers, one of them killed: the others lose nothing and the index stays whole."""
    instance = open_instance(tmp_path, KEPT)
    program = textwrap.dedent("""
        import sys, dagster as dg
        from dagster._core.instance.ref import InstanceRef
        instance = dg.DagsterInstance.from_ref(InstanceRef.from_dir(sys.argv[1]))
        for number in range(int(sys.argv[3])):
            instance.report_runless_asset_event(dg.AssetMaterialization(sys.argv[2]))
            print(number, flush=True)
    """)
    command = [sys.executable, "-c", program, str(tmp_path)]
    ends = [subprocess.Popen([*command, name, "40"], stdout=subprocess.DEVNULL) for name in ("a", "b")]
    killed = subprocess.Popen([*command, "c", "100000"], stdout=subprocess.PIPE)
    assert killed.stdout is not None
    told = [killed.stdout.readline() for _ in range(5)]
    killed.send_signal(signal.SIGKILL)
    assert [process.wait(60) for process in ends] == [0, 0]
    killed.wait(60)
    count = {n: len(instance.fetch_materializations(dg.AssetKey(n), limit=5000).records) for n in "abc"}
    assert count["a"] == count["b"] == 40
    assert count["c"] >= len(told)
    index = sqlite3.connect(tmp_path / "history" / "runs" / "index.db")
    assert index.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    index.close()


def test_processes_may_create_it_at_once(tmp_path: Path, open_instance: Open) -> None:
    """The first two commands in a new project may start together; Dagster's own storage fails one of them, or worse."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text(f"storage: {KEPT}".replace("{home}", str(home)))
    program = textwrap.dedent("""
        import sys, time, dagster as dg
        from dagster._core.instance.ref import InstanceRef
        reference = InstanceRef.from_dir(sys.argv[1])
        print("ready", flush=True)
        sys.stdin.readline()
        dg.DagsterInstance.from_ref(reference).get_runs()
    """)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    processes = [subprocess.Popen([sys.executable, "-c", program, str(home)], **pipes) for _ in range(3)]
    assert [process.stdout.readline() for process in processes] == [b"ready\n"] * 3
    for process in processes:
        process.stdin.close()
    assert [process.wait(60) for process in processes] == [0] * 3


def test_wiping_leaves_a_storage_that_works(tmp_path: Path, open_instance: Open) -> None:
    """`dagster run wipe` empties the log; the next run is recorded."""
    instance = open_instance(tmp_path, KEPT)
    make(instance)
    instance.event_log_storage.wipe()
    assert not instance.fetch_materializations(dg.AssetKey(["darwin", "picture"]), limit=9).records
    make(instance)
    assert len(instance.fetch_materializations(dg.AssetKey(["darwin", "picture"]), limit=9).records) == 3

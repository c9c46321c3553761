"""A movie kept on S3: every command and Dagster do there what they do in a folder."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from movie_assets.core.artefact import Name
from movie_assets.core.errors import Unready
from movie_assets.core.manifest import Manifest
from movie_assets.definitions import definitions_of
from resources.instant import InstantPorts
from resources.rehearsal.s3_server import Bucket, S3Server
from resources.studio import Studio

YAML = """\
title: Test
brief: A test. It goes on.
segments: 2
narration: {provider: offline, voice: en-us}
"""


@pytest.fixture
def shell(shell_in: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, s3_bucket: Bucket) -> Any:
    """A project with one movie, `tale`, whose results are kept on S3 by one setting."""
    for name, value in s3_bucket.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MOVIES_ROOT", f"{s3_bucket.root}/tenant/films")
    shell = shell_in(tmp_path, InstantPorts(), monkeypatch)
    shell.write(YAML)
    return shell


@pytest.fixture
def bucket(s3_bucket: Bucket) -> Bucket:
    return s3_bucket


def make(studio: Studio) -> Manifest:
    """A revision, by the core alone."""
    production = studio.open("tale").produce()
    production.begin()
    list(production.outcomes())
    manifest = production.publish()
    assert manifest is not None
    return manifest


def keys_in(bucket: Bucket) -> list[str]:
    return [found["Key"] for found in bucket.client.list_objects_v2(Bucket=bucket.name).get("Contents", [])]


def test_a_movie_is_made_edited_and_read_as_in_a_folder(shell: Any, bucket: Bucket) -> None:
    """New, check, plan, make, show, why, diff, restore, log and export; nothing of it lies in a local store."""
    shell("new other --brief Another")
    shell("check")
    assert "rev-0001" in shell("plan tale")
    assert keys_in(bucket) == []
    assert "films/tale/film.mp4" in shell("make tale")
    assert "nothing to do" in shell("make tale")
    assert not shell.ports.calls
    shell.edit("en-us", "en-gb")
    shell("make tale")
    assert shell.ports.calls
    assert shell.json("show tale")["revision"] == "rev-0002"
    assert shell.json("why tale narration[1]")["made"]["blob"]
    assert "narration" in shell("diff tale rev-0001 rev-0002")
    assert "restored from rev-0001" in shell("restore tale rev-0001")
    events = [json.loads(line)["eventId"] for line in shell("log tale --json").splitlines()]
    assert events and len(events) == len(set(events))
    shell("export tale rev-0002 --to out")
    assert Path("out/film.mp4").stat().st_size == Path("films/tale/film.mp4").stat().st_size
    assert not Path("builds").exists()
    assert all(key.startswith("tenant/films/tale/") for key in keys_in(bucket))


def test_a_folder_and_a_bucket_hold_the_same_movie(shell: Any, bucket: Bucket) -> None:
    """Digest for digest: where results are kept is no part of what they are."""
    there = make(Studio(shell.folder, f"{bucket.root}/tenant/films", ports=shell.ports))
    here = make(Studio(shell.folder, "builds", ports=shell.ports))
    for one, other in ((there, here), (here, there)):
        assert {name: record.blob.digest for name, record in one.artefacts.items()} == {
            name: record.blob.digest for name, record in other.artefacts.items()
        }


def test_a_link_opens_the_film_without_keys(shell: Any, bucket: Bucket) -> None:
    """For a while; a text that lies in the manifest has none; in a folder it is the path."""
    studio = Studio(shell.folder, f"{bucket.root}/tenant/films", ports=shell.ports)
    film = make(studio).output(Name("film"))
    assert film is not None
    link = shell("link tale film --expires 5").strip()
    assert "X-Amz-Expires=300" in link
    with urllib.request.urlopen(link, timeout=30) as answer:
        assert answer.read() == studio.store("tale").read(film)
    assert "short text" in shell("link tale script")
    assert "X-Amz" not in shell("show tale --json") + shell("log tale --json") + shell("log tale --inputs")
    make(Studio(shell.folder, "builds", ports=shell.ports))
    assert Path(shell("link tale film --root builds").strip()).is_file()


def test_dagster_makes_it_there_and_links_by_key(shell: Any, bucket: Bucket) -> None:
    """Definitions read the same setting; an artefact's page names the object, without a signature."""
    studio = Studio(shell.folder, f"{bucket.root}/tenant/films", ports=shell.ports)
    with dg.DagsterInstance.ephemeral() as instance:
        job = definitions_of(studio).resolve_job_def("tale_make")
        assert job.execute_in_process(instance=instance).success
        event = instance.get_latest_materialization_event(dg.AssetKey(["tale", "film"]))
    assert event is not None and event.asset_materialization is not None
    file = event.asset_materialization.metadata["file"].value
    assert str(file).startswith(f"{bucket.root}/tenant/films/tale/blobs/")
    assert "nothing to do" in shell("make tale")


def test_an_edit_by_another_machine_is_seen(shell: Any, bucket: Bucket) -> None:
    """Two studios over one bucket: what one makes the other reuses, and neither pays twice."""
    mine, theirs = (
        Studio(shell.folder, f"{bucket.root}/tenant/films", ports=ports)
        for ports in (shell.ports, InstantPorts())
    )
    assert theirs.open("tale").produce().has_work
    make(mine)
    assert not theirs.open("tale").produce().has_work
    shell.edit("en-us", "en-gb")
    assert make(mine).revision == "rev-0002"
    assert not theirs.open("tale").produce().has_work


@pytest.mark.parametrize(
    "movie", ["../other/tale", "..%2fother%2ftale", "/other/tale", "tale/../../other/tale", "s3://x/tale"]
)
def test_a_movie_of_another_tenant_is_not_reached(
    shell: Any, bucket: Bucket, s3_server: S3Server, movie: str
) -> None:
    """By no command, however it is spelled: the server is not even asked."""
    bucket.client.put_object(Bucket=bucket.name, Key="tenant/other/tale/current.json", Body=b"theirs")
    s3_server.asked.clear()
    for command in ("plan", "make", "show", "log", "link", "export", "verify", "sweep"):
        said = shell(f"{command} {movie}" + (" film" if command == "link" else ""), code=2)
        assert "theirs" not in said and "next: " in said, said
    assert s3_server.asked == []


def test_a_store_that_cannot_be_is_told_before_anything_is_made(shell: Any, bucket: Bucket) -> None:
    """A missing bucket, another kind of address, and a server that ignores conditional puts."""
    assert "no bucket" in shell(f"make tale --root {bucket.root}-none", code=1)
    assert "not supported" in shell("make tale --root gs://bucket/prefix", code=2)
    assert not shell.ports.calls


def test_a_server_without_conditional_puts_is_refused(shell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a provider is called: a paid result could not be recorded safely."""
    with S3Server(ignores_conditions=True) as server:
        careless = server.bucket()
        for name, value in careless.environment.items():
            monkeypatch.setenv(name, value)
        studio = Studio(shell.folder, careless.root, ports=shell.ports)
        with pytest.raises(Unready, match="ignores conditional puts"):
            studio.open("tale").produce().begin()
    assert not shell.ports.calls

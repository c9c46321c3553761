"""The S3 driver: what is its own beside what all drivers do (tests/core/store)."""

from __future__ import annotations

import importlib.util
import os
import posixpath
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from movie_assets.core.errors import MovieError, Refused, Transient, Unready, Unsure
from movie_assets.core.store.blob_cache import BlobCache
from movie_assets.core.store.driver import Absent
from movie_assets.core.store.movie_store import MovieStore
from resources.rehearsal.s3_server import Bucket, S3Server
from resources.roots import driver_of, s3_place
from resources.s3 import driver as s3_driver
from resources.s3.driver import S3Driver
from resources.s3.settings import S3Settings

NewDriver = Callable[..., S3Driver]


@pytest.fixture
def server() -> Iterator[S3Server]:
    """A server of the test's own, which can be told to fail."""
    with S3Server() as server:
        yield server


@pytest.fixture
def bucket(server: S3Server) -> Bucket:
    return server.bucket()


def driver_on(bucket: Bucket, prefix: str = "", **changes: object) -> S3Driver:
    return S3Driver(bucket.name, prefix, replace(bucket.settings, **changes), sleep=lambda _: None)


@pytest.fixture
def driver(bucket: Bucket) -> S3Driver:
    """One that has seen the server obey conditional puts."""
    driver = driver_on(bucket, "tenant")
    assert driver.create("seen", b"")
    return driver


# --- put if absent ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["lost", "cut", "503", "409", "500"])
def test_whatever_hides_a_success_it_is_found(server: S3Server, driver: S3Driver, fault: str) -> None:
    """An answer lost after the deed, or a refusal before it, leads to one winner, who knows that he won."""
    server.script.append(fault)
    assert driver.create("key", b"mine")
    assert not driver.create("key", b"theirs")
    assert driver.get("key") == b"mine"


@pytest.mark.parametrize("fault", ["lost", "cut", "503"])
def test_whatever_hides_a_loss_it_is_found(server: S3Server, driver: S3Driver, fault: str) -> None:
    """Where another was first, no failure makes a loser believe that he won: not even with the same bytes."""
    driver.create("key", b"same")
    server.script.append(fault)
    assert not driver.create("key", b"same")


def test_what_stays_untold_is_unsure(server: S3Server, driver: S3Driver) -> None:
    """Every attempt fails in a way that may still be carried out, and nothing is to be seen: that is said."""
    server.script.extend(["500", ""] * 5)
    with pytest.raises(Unsure, match="cannot tell"):
        driver.create("key", b"")


def test_a_busy_server_is_transient(server: S3Server, driver: S3Driver) -> None:
    """What was refused each time was not done."""
    server.script.extend(["503", ""] * 5)
    with pytest.raises(Transient, match="busy"):
        driver.create("key", b"")
    assert driver.stat("key") is None


def test_a_server_that_ignores_conditions_is_refused() -> None:
    """Publishing there would not be safe: the first create says so, and leaves nothing behind."""
    with S3Server(ignores_conditions=True) as server:
        bucket = server.bucket()
        driver = driver_on(bucket)
        driver.put("key", b"plain puts work")
        with pytest.raises(Unready, match="ignores conditional puts") as told:
            driver.create("manifest", b"")
        assert "AWS" in told.value.next_step
        assert bucket.client.list_objects_v2(Bucket=bucket.name)["KeyCount"] == 1


def test_a_server_that_knows_no_conditions_is_refused(server: S3Server, bucket: Bucket) -> None:
    """Some answer that it is not implemented."""
    server.script.append("501")
    with pytest.raises(Unready, match="ignores conditional puts"):
        driver_on(bucket).create("manifest", b"")


def test_a_server_is_probed_once(server: S3Server, driver: S3Driver, bucket: Bucket) -> None:
    """Once it was seen to obey, no driver of this process on this bucket asks it again."""
    server.asked.clear()
    assert driver_on(bucket, "other").create("key", b"")
    assert [method for method, _ in server.asked] == ["PUT"]


# --- reading and writing --------------------------------------------------------------------------------------------


def test_a_broken_stream_goes_on_where_it_broke(server: S3Server, driver: S3Driver) -> None:
    """A connection that is cut in the middle, twice, costs no byte and repeats none."""
    body = os.urandom(3_000_000)
    driver.put("blobs/film", body)
    server.script.extend(["cut", "cut"])
    with driver.open("blobs/film") as stream:
        assert stream.read() == body
    server.script.extend(["cut", "503"])
    assert driver.get("blobs/film", 10) == body[10:]


def test_a_stream_that_breaks_for_good_is_transient(server: S3Server, driver: S3Driver) -> None:
    """After as many attempts as were asked for, with nothing new in between."""
    driver.put("key", b"x" * 100_000)
    server.script.extend(["cut"] + ["503"] * 100)
    with pytest.raises(Transient), driver.open("key") as stream:
        stream.read()


def test_plain_requests_are_asked_again(server: S3Server, driver: S3Driver) -> None:
    """A busy moment is no failure."""
    for ask in (lambda: driver.put("key", b"x"), lambda: driver.get("key"), lambda: driver.stat("key")):
        server.script.append("503")
        ask()
    server.script.append("500")
    assert list(driver.list("k")) == ["key"]


def test_many_keys_come_page_by_page(driver: S3Driver) -> None:
    """A server gives at most a thousand at once; here it is seven."""
    seven = ("before-parameter-build.s3.ListObjectsV2", lambda params, **_: params.update(MaxKeys=7))
    driver._plain.meta.events.register(*seven)
    names = [f"k/{n:04}" for n in range(24)]
    for name in names:
        driver.put(name, b"")
    assert list(driver.list("k/")) == names
    assert list(driver.list("k/", after="k/0010")) == names[11:]
    assert [key for key, _ in driver.scan("")] == [*names, "seen"]


def test_a_large_file_goes_in_parts(
    driver: S3Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond what one request carries; with 5 MB in the place of 5 GB."""
    monkeypatch.setattr(s3_driver._WHOLE, "multipart_threshold", 5 << 20)
    monkeypatch.setattr(s3_driver._WHOLE, "multipart_chunksize", 5 << 20)
    file = tmp_path / "film"
    file.write_bytes(os.urandom((11 << 20) + 1))
    driver.put_file("blobs/film", file)
    assert driver._head("blobs/film")["ETag"].endswith('-3"')
    assert driver.get("blobs/film") == file.read_bytes()


def test_freshening_an_old_object_makes_it_young(driver: S3Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is copied onto itself, bytes and all; one that is young already is left alone."""
    driver.put("key", b"bytes")
    before = driver._head("key")
    assert driver.freshen("key")
    assert "nonce" not in driver._head("key")["Metadata"]
    monkeypatch.setattr(s3_driver, "_YOUNG_SECONDS", -1.0)
    assert driver.freshen("key")
    assert driver._head("key")["LastModified"] >= before["LastModified"]
    assert driver.get("key") == b"bytes"
    assert not driver.freshen("none")


def test_a_forked_child_has_connections_of_its_own(driver: S3Driver) -> None:
    """A child uses the driver of its parent, and the parent goes on with it."""
    driver.put("key", b"parent")
    child = os.fork()
    if child == 0:
        os._exit(0 if driver.get("key") == b"parent" and driver.create("child", b"") else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert driver.get("key") == b"parent"
    assert driver.stat("child") is not None


# --- prefixes -------------------------------------------------------------------------------------------------------


def test_tenants_cannot_reach_each_other(bucket: Bucket) -> None:
    """Also where one's prefix begins with the other's: what one sees of the bucket is his own."""
    tenants = {prefix: driver_on(bucket, prefix) for prefix in ("a", "ab", "a-b")}
    for prefix, driver in tenants.items():
        driver.put("movie/key", prefix.encode())
    for prefix, driver in tenants.items():
        assert list(driver.list("")) == ["movie/key"]
        assert driver.get("movie/key") == prefix.encode()
        for key in ("../ab/movie/key", "/ab/movie/key", "..", "movie/../../ab/movie/key"):
            with pytest.raises(Refused):
                driver.get(key)
    tenants["a"].delete("movie/key")
    assert tenants["ab"].stat("movie/key") is not None


HOSTILE = [
    "../b/tale", "..%2fb%2ftale", "%2e%2e/b/tale", "%2e%2e%2fb", "..%252fb", "/b/tale", "//b/tale", "tale/../../b/tale",
    "tale/./../../b", "s3://bucket/b/tale", "..\\b\\tale", "tale/..;/b", "tale -> ../b/tale", "tale@../b", "tale/\0../b",
    "\uff0e\uff0e/b/tale", "tale/\u2215../b", "tale\n../b", "~/b", ".", "..", "", "tale?prefix=b", "tale#b", "tale&b",
]  # fmt: skip
PARTS = st.sampled_from(
    ["..", ".", "", "a", "b", "%2e%2e", "%2f", "\\", "tale", "blobs", "?", "*", "\0", ".tmp", "..;"]
)


def test_no_name_leads_to_another_tenant(server: S3Server, bucket: Bucket, tmp_path: Path) -> None:
    """Whether it is a key, a prefix or a movie: the server is not even asked."""
    driver_on(bucket, "b").put("tale/current.json", b"theirs")
    driver = driver_on(bucket, "a")
    driver.put("tale/current.json", b"mine")
    server.asked.clear()
    file = tmp_path / "file"
    file.write_bytes(b"overwritten")
    verbs: list[Callable[[str], object]] = [
        driver.get,
        driver.open,
        driver.stat,
        driver.freshen,
        driver.delete,
        driver.address,
        lambda name: driver.put(name, b"overwritten"),
        lambda name: driver.put_file(name, file),
        lambda name: driver.create(name, b"overwritten"),
        lambda name: driver.link(name, 60),
        lambda name: list(driver.list(f"{name}/")),
        lambda name: list(driver.scan(f"{name}/")),
        lambda name: MovieStore(driver, name),
    ]
    for name in HOSTILE:
        for verb in verbs:
            with pytest.raises(Refused):
                verb(name)
    assert server.asked == []


@given(key=st.lists(PARTS, min_size=1, max_size=5).map("/".join))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_asked_for_lies_below_the_prefix(server: S3Server, bucket: Bucket, key: str) -> None:
    """As the server understands it, once all that is escaped is read and all dots are followed."""
    driver = driver_on(bucket, "a")
    server.asked.clear()
    for ask in (driver.stat, driver.delete, driver.freshen):
        with suppress(Refused):
            ask(key)
    with suppress(Refused):
        server.asked.append(("link", urlsplit(driver.link(key, 60)).path))
    for _, path in server.asked:
        assert posixpath.normpath(unquote(unquote(path))).startswith(f"/{bucket.name}/a/")


@pytest.mark.parametrize("root", ["s3://bucket/a/b", "s3://bucket/a/b/"])
def test_a_root_names_bucket_and_prefix(root: str) -> None:
    assert s3_place(root) == ("bucket", "a/b")


@pytest.mark.parametrize("root", ["s3://bucket", "s3://bucket/"])
def test_a_root_may_be_a_whole_bucket(root: str) -> None:
    assert s3_place(root) == ("bucket", "")


@given(st.text(alphabet="ab/.: \\%?@é\n-_", max_size=14))
def test_no_other_root_is_understood(rest: str) -> None:
    """Whatever is written behind s3:// is a bucket and a prefix that leads nowhere else, or refused."""
    try:
        bucket, prefix = s3_place(f"s3://{rest}")
    except Refused:
        return
    parts = prefix.split("/") if prefix else []
    assert bucket and "/" not in bucket
    assert all(part not in ("", ".", "..") for part in parts)
    assert f"{bucket}/{prefix}".rstrip("/") == rest.rstrip("/")


@pytest.mark.parametrize("root", ["gs://bucket/a", "http://host/a", "s3:///a", "s3://b//a", "s3://b/../a"])
def test_another_address_is_refused_in_a_sentence(root: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="not supported") as told:
        driver_of(root, tmp_path)
    assert "s3://bucket/prefix" in told.value.next_step


# --- what is said -----------------------------------------------------------------------------------------------------


def test_a_missing_bucket_is_named_with_the_command_that_makes_it(server: S3Server, bucket: Bucket) -> None:
    driver = S3Driver("no-such-bucket", "a", bucket.settings)
    for ask in (lambda: list(driver.list("")), lambda: driver.put("a", b""), lambda: driver.create("a", b"")):
        with pytest.raises(Unready, match="no bucket no-such-bucket") as told:
            ask()
        assert "aws s3 mb s3://no-such-bucket" in told.value.next_step


def test_keys_that_may_not_are_told(server: S3Server, driver: S3Driver) -> None:
    """With what they must be allowed, whichever verb it was."""
    for ask in (lambda: driver.get("k"), lambda: driver.stat("k"), lambda: driver.create("k", b"")):
        server.script.append("403")
        with pytest.raises(Unready, match="do not allow") as told:
            ask()
        assert "s3:ListBucket" in told.value.next_step


def test_no_keys_at_all_is_told(bucket: Bucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    driver = driver_on(bucket, aws_access_key_id=None, aws_secret_access_key=None)
    with pytest.raises(Unready, match="no keys") as told:
        driver.get("key")
    assert "AWS_ACCESS_KEY_ID" in told.value.next_step


def test_a_server_that_is_not_there_is_told(bucket: Bucket) -> None:
    driver = driver_on(bucket, endpoint_url="http://127.0.0.1:1", max_attempts=2)
    for ask in (lambda: driver.get("key"), lambda: driver.create("key", b"")):
        with pytest.raises(Transient, match="cannot be reached"):
            ask()


def test_secrets_are_never_told(server: S3Server, bucket: Bucket) -> None:
    """Neither by the settings nor by any error."""
    driver = driver_on(bucket, aws_secret_access_key="s3cr3t-value", aws_session_token="t0ken-value")
    told = [repr(driver._settings)]
    for fault in ("403", "501", "416"):
        server.script.append(fault)
        with pytest.raises(MovieError) as raised:
            driver.put("key", b"")
        told += [str(raised.value), repr(raised.value), str(raised.value.__cause__)]
    assert not any("s3cr3t" in text or "t0ken" in text or "rehearsal" in text for text in told)


# --- settings ---------------------------------------------------------------------------------------------------------


def test_settings_are_read_from_the_environment() -> None:
    """Every field under its own name; what is not set is left to the AWS tools."""
    given = {
        "MOVIES_S3_ENDPOINT_URL": "https://host:9000",
        "MOVIES_S3_REGION_NAME": "eu-west-1",
        "MOVIES_S3_VERIFY": "/ca.pem",
        "MOVIES_S3_USE_SSL": "false",
        "MOVIES_S3_USE_UNSIGNED_SESSION": "1",
        "MOVIES_S3_MAX_ATTEMPTS": "3",
        "MOVIES_S3_PROFILE_NAME": "",
    }
    assert S3Settings.said_by(given.get) == S3Settings(
        endpoint_url="https://host:9000",
        region_name="eu-west-1",
        verify="/ca.pem",
        use_ssl=False,
        use_unsigned_session=True,
        max_attempts=3,
    )
    assert S3Settings.said_by({}.get) == S3Settings()
    assert S3Settings.said_by({"MOVIES_S3_VERIFY": "no"}.get).verify is False


def test_the_fields_are_those_of_dagsters_own_resource() -> None:
    """So that who knows one knows the other."""
    spec = importlib.util.find_spec("dagster_aws")
    assert spec is not None and spec.origin is not None
    source = (Path(spec.origin).parent / "s3" / "resources.py").read_text()
    fields = re.findall(r"^    (\w+): [^\n]* = Field\(", source, re.MULTILINE)
    assert set(fields) - {"s3_bucket", "s3_prefix"} == set(S3Settings.__dataclass_fields__)


def test_settings_may_lie_in_the_projects_env_file(bucket: Bucket, tmp_path: Path) -> None:
    """Like the keys of providers."""
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in bucket.environment.items()))
    driver_of(f"{bucket.root}/films", tmp_path).put("key", b"there")
    assert driver_on(bucket, "films").get("key") == b"there"


@pytest.mark.parametrize(
    "name, text",
    [
        ("ENDPOINT_URL", "host:9000"),
        ("ENDPOINT_URL", "https://user:password@host"),
        ("MAX_ATTEMPTS", "0"),
        ("MAX_ATTEMPTS", "many"),
        ("USE_SSL", "perhaps"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_without_its_value(name: str, text: str) -> None:
    with pytest.raises(Refused, match=f"MOVIES_S3_{name}") as told:
        S3Settings.said_by({f"MOVIES_S3_{name}": text}.get)
    assert "password@" not in str(told.value)


# --- links, cache, imports --------------------------------------------------------------------------------------------


def test_a_link_opens_without_keys(driver: S3Driver) -> None:
    """For as long as it was made for, and for that key alone."""
    driver.put("films/a b".replace(" ", "_"), b"film")
    link = driver.link("films/a_b", 60)
    with urllib.request.urlopen(link, timeout=30) as answer:
        assert answer.read() == b"film"
    assert "X-Amz-Expires=60" in link
    assert driver.address("films/a_b") == f"s3://{driver._bucket}/tenant/films/a_b"
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(driver.link("none", 60), timeout=30)


def test_a_blob_is_fetched_once(server: S3Server, bucket: Bucket, tmp_path: Path) -> None:
    """What this process has put there is never fetched, and what it fetched it does not fetch again."""
    made = tmp_path / "made"
    made.write_bytes(b"clip")
    writer = MovieStore(driver_on(bucket), "movie", BlobCache(tmp_path / "mine"))
    ref = writer.blobs.add_file(made, "video/mp4")
    reader = MovieStore(driver_on(bucket), "movie", BlobCache(tmp_path / "theirs"))
    for store, expected in ((writer, 0), (reader, 1)):
        server.asked.clear()
        for n in range(3):
            folder = tmp_path / f"{expected}-{n}"
            folder.mkdir()
            assert store.file(ref, folder).read_bytes() == b"clip"
        assert len([method for method, _ in server.asked if method == "GET"]) == expected


def test_absent_names_the_key_and_the_store(driver: S3Driver) -> None:
    with pytest.raises(Absent) as told:
        driver.get("movie/key")
    assert told.value.labels["key"] == "movie/key"
    assert told.value.labels["store"] == f"s3://{driver._bucket}/tenant"


def test_a_local_store_does_not_wait_for_boto3(tmp_path: Path) -> None:
    """It takes a third of a second to import: a plan on a folder does without."""
    code = (
        "import sys, pathlib; from movie_assets import cli; from resources.studio import Studio\n"
        "Studio(pathlib.Path.cwd()).store('tale').manifests.live()\n"
        "print([name for name in ('boto3', 'botocore', 'dagster_aws', 'moto') if name in sys.modules])"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"

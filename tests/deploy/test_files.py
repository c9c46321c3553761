"""The files under deploy/ are what the programs that read them expect, as far as those are installed."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster._config import validate_config
from dagster._core.instance.config import dagster_instance_config

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
YAMLS = sorted(DEPLOY.rglob("*.yaml"))
INSTANCES = sorted(DEPLOY.rglob("dagster.yaml"))
PLACES = [{"key": "movies/place", "value": {"applyLimitPerUniqueValue": True}, "limit": 1}]


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the files take from the environment."""
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", "postgresql+psycopg2://dagster:word@postgres/dagster")
    monkeypatch.setenv("REDIS_URL", "redis://redis:6379/0")


@pytest.mark.parametrize("path", YAMLS, ids=name)
def test_every_file_is_yaml(path: Path) -> None:
    """One document, a mapping."""
    assert isinstance(read(path), dict)


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("path", [*INSTANCES, ROOT / "dagster.yaml"], ids=name)
def test_dagster_takes_each_instance(path: Path) -> None:
    """The keys it knows, and one run at a time in each place."""
    config, _ = dagster_instance_config(str(path.parent))
    assert config["concurrency"]["runs"]["tag_concurrency_limits"] == PLACES


@pytest.mark.parametrize("path", INSTANCES, ids=name)
def test_each_part_takes_its_config(path: Path) -> None:
    """Launchers, logs and storage, by their own schemas."""
    said = read(path)
    parts = [part for part in said.values() if isinstance(part, dict) and "class" in part]
    assert parts
    for part in parts:
        module = pytest.importorskip(part["module"], reason=f"{part['module']} is not installed")
        validated = validate_config(getattr(module, part["class"]).config_type(), part["config"])
        assert validated.success, validated.errors
    postgres = pytest.importorskip("dagster_postgres", reason="dagster-postgres is not installed")
    validated = validate_config(postgres.DagsterPostgresStorage.config_type(), said["storage"]["postgres"])
    assert validated.success, validated.errors


def test_celery_takes_its_workers_config() -> None:
    """It nests under execution: config:, and names settings that this Celery has."""
    executor = pytest.importorskip("dagster_celery.executor", reason="dagster-celery is not installed")
    config = read(DEPLOY / "celery" / "celery.yaml")["execution"]["config"]
    validated = validate_config(executor.celery_executor.config_schema.config_type, config)
    assert validated.success, validated.errors
    known = importlib.import_module("celery.app.defaults").flatten(
        importlib.import_module("celery.app.defaults").NAMESPACES
    )
    assert set(config["config_source"]) <= {key for key, _ in known}


def test_a_kubernetes_deployment_queues_alike() -> None:
    """One run at a time in each place, and keys come from a secret, not from the file."""
    values = read(DEPLOY / "kubernetes" / "values.yaml")
    queue = values["dagsterDaemon"]["runCoordinator"]["config"]["queuedRunCoordinator"]
    assert queue["tagConcurrencyLimits"] == PLACES
    [code] = values["dagster-user-deployments"]["deployments"]
    assert code["codeServerArgs"] == ["-m", "movie_assets.definitions"]
    assert not [each for each in code["env"] if re.search("KEY|SECRET|TOKEN|PASSWORD", each["name"])]


def test_compose_names_what_there_is() -> None:
    """Files that exist, services that depend on services, commands of installed programs; no port but on loopback."""
    folder = DEPLOY / "compose"
    compose = read(folder / "docker-compose.yaml")
    services = compose["services"]
    for service in services.values():
        mounts = [volume.split(":")[0] for volume in service.get("volumes", ())]
        assert all(
            (folder / mount).is_file() if mount.startswith(".") else mount in compose["volumes"]
            for mount in mounts
        )
        assert set(service.get("depends_on", ())) <= services.keys()
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    [server] = [each["grpc_server"] for each in read(folder / "workspace.yaml")["load_from"]]
    assert server["host"] in services
    assert str(server["port"]) in (DEPLOY / "Dockerfile").read_text()


def test_the_image_copies_what_there_is() -> None:
    """And installs the extra that it needs."""
    text = (DEPLOY / "Dockerfile").read_text()
    copied = [word for line in re.findall(r"^COPY (.*) \S+$", text, re.M) for word in line.split()]
    assert copied and all((ROOT / word).exists() for word in copied)
    assert "[scale]" in text and "\nscale = [" in (ROOT / "pyproject.toml").read_text()


def test_no_file_holds_a_secret() -> None:
    """Every password is a variable, or an example's."""
    for path in DEPLOY.rglob("*"):
        if path.is_file():
            assert not re.search(
                r"(?i)(password|secret|token)\s*[:=]\s*[\"']?[A-Za-z0-9]{8,}", path.read_text()
            ), path

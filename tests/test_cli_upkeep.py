"""`movies verify` and `movies sweep`: what they say, what they change, how they end."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from movie_assets.cli import main
from movie_assets.core.store.local import LocalDriver
from movie_assets.core.store.movie_store import MovieStore
from movie_assets.core.toy import Toy
from resources.clock import SystemClock
from resources.instant import InstantPorts


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    """Two revisions in the default store of a project, older than a week."""
    toy = Toy(tmp_path / "scratch", ["a", "b"], driver=LocalDriver(tmp_path / "builds"), clock=SystemClock())
    toy.make()
    toy.texts[0] = "other"
    toy.make()
    for path in (tmp_path / "builds").rglob("*"):
        then = path.stat().st_mtime - 8 * 86400
        os.utime(path, (then, then))
    return toy


def movies(tmp_path: Path, *words: str, **environment: str) -> Result:
    return CliRunner(env=environment).invoke(main, [*words, "--project", str(tmp_path)])


def film(tmp_path: Path, toy: Toy) -> Path:
    live = toy.store.manifests.live()
    assert live is not None
    return tmp_path / "builds" / toy.store.keys.blob(live.artefacts["film"].blob.digest)


def damage(blob: Path) -> None:
    blob.chmod(0o644)
    data = blob.read_bytes()
    blob.write_bytes(bytes([data[0] ^ 1]) + data[1:])


def test_verify_says_that_all_is_sound(toy: Toy, tmp_path: Path) -> None:
    """Exit 0, and how much was read."""
    result = movies(tmp_path, "verify", "toy")
    assert result.exit_code == 0, result.output
    assert "all sound" in result.output


def test_verify_names_damage_and_exits_1(toy: Toy, tmp_path: Path) -> None:
    """The file, the artefact, its revision, and the command to type; as JSON, too."""
    damage(film(tmp_path, toy))
    result = movies(tmp_path, "verify", "toy")
    assert result.exit_code == 1
    for said in (film(tmp_path, toy).name, "film of rev-0002", "do not match", "movies verify toy --repair"):
        assert said in result.output
    told = json.loads(movies(tmp_path, "verify", "toy", "--json").output)
    (finding,) = told["report"]["findings"]
    assert (finding["what"], finding["artefacts"], finding["revisions"]) == ("blob", ["film"], ["rev-0002"])


def test_repair_puts_aside_and_says_what_is_next(toy: Toy, tmp_path: Path) -> None:
    """The blob counts as missing, and the next make makes it again."""
    damage(film(tmp_path, toy))
    result = movies(tmp_path, "verify", "toy", "--repair")
    assert "put into quarantine" in result.output
    assert result.exit_code == 1, "the film is still missing: there is no movie.yaml to make it by"
    toy.store = MovieStore(toy.driver, "toy")
    assert toy.make().jobs == ("film",)
    assert movies(tmp_path, "verify", "toy").exit_code == 0


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    """A movie that was never made, or a name that leads elsewhere."""
    for words in (["verify", "nothing"], ["sweep", "nothing"], ["verify", "../etc"], ["sweep", "a/b"]):
        result = movies(tmp_path, *words)
        assert result.exit_code == 2, result.output


def test_sweep_says_what_would_go_and_then_lets_it_go(toy: Toy, tmp_path: Path) -> None:
    """A dry run changes nothing; retention comes from the option or the environment."""
    before = dict(toy.driver.scan("toy/"))
    dry = movies(tmp_path, "sweep", "toy", "--dry-run", "--keep-revisions", "1")
    assert dry.exit_code == 0, dry.output
    assert "rev-0001 would be pruned" in dry.output
    assert dict(toy.driver.scan("toy/")) == before
    result = movies(tmp_path, "sweep", "toy", "--json", MOVIES_KEEP_REVISIONS="1")
    told: dict[str, Any] = json.loads(result.output)
    assert told["pruned"] == ["rev-0001"]
    assert told["blobs"] == 6
    assert told["freed"] > 0
    assert [manifest.revision for manifest in MovieStore(toy.driver, "toy").manifests.all()] == ["rev-0002"]
    restore = movies(tmp_path, "restore", "toy", "1")
    assert restore.exit_code == 2
    assert "rev-0001 was pruned" in restore.output


def test_sweep_takes_nothing_that_is_young(toy: Toy, tmp_path: Path) -> None:
    """And under a day is refused by the option."""
    result = movies(tmp_path, "sweep", "toy", "--keep-revisions", "1", "--older-than", "30")
    assert "0 blobs" in result.output
    assert movies(tmp_path, "sweep", "toy", "--older-than", "0.5").exit_code == 2


YAML = """\
title: Tale
brief: A test.
segments: 2
frame: {width: 320, height: 180, fps: 10}
"""


@pytest.fixture
def shell(shell_in: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A movie that can be made again, at its first revision."""
    shell = shell_in(tmp_path, InstantPorts(), monkeypatch)
    shell.write(YAML)
    shell("make tale")
    return shell


@pytest.fixture
def store(tmp_path: Path) -> MovieStore:
    """Where it is kept."""
    return MovieStore(LocalDriver(tmp_path / "builds"), "tale")


def test_repair_makes_again_what_is_free(shell: Any, store: MovieStore, tmp_path: Path) -> None:
    """The film is whole afterwards, no new revision was needed, and the movie is sound."""
    picture = store.manifests.read(1).artefacts["picture[1]"].blob
    damage(tmp_path / "builds" / store.keys.blob(picture.digest))
    said = shell("verify tale --repair")
    assert "picture[1] of rev-0001" in said
    assert said.strip().endswith("all sound")
    assert store.blobs.read(picture)
    assert "nothing to do" in shell("make tale")


def test_repair_for_programs_makes_again_too(shell: Any, store: MovieStore, tmp_path: Path) -> None:
    """What it says of that is no part of the JSON."""
    damage(tmp_path / "builds" / store.keys.blob(store.manifests.read(1).artefacts["film"].blob.digest))
    told = json.loads(CliRunner().invoke(main, ["verify", "tale", "--repair", "--json"]).stdout)
    assert [finding["harm"] for finding in told["report"]["findings"]] == ["lost"]
    assert [finding["what"] for finding in told["after"]["findings"]] == ["stray"], "what was put aside"


def test_repair_makes_again_what_an_old_revision_lost(shell: Any, store: MovieStore, tmp_path: Path) -> None:
    """By the inputs of then; it can be restored as ever, and nothing new was published for it."""
    shell.write(YAML.replace("A test.", "Another test."))
    shell("make tale")
    film = store.manifests.read(1).artefacts["film"].blob
    (tmp_path / "builds" / store.keys.blob(film.digest)).unlink()
    said = shell("verify tale --repair")
    assert "making again film of rev-0001" in said
    assert said.strip().endswith("all sound")
    assert "restored from rev-0001" in shell("restore tale rev-0001")

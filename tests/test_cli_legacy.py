"""`movies import-legacy`: a movie of the predecessor is read, compared and made into a film, for nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from resources.instant import InstantPorts
from resources.studio import Studio


@pytest.fixture
def shell(shell_in: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    shell = shell_in(tmp_path, InstantPorts(), monkeypatch)
    (tmp_path / "movies").mkdir()
    _write_old(tmp_path / "old" / "tale")
    return shell


def _write_old(folder: Path) -> None:
    """One segment; its second revision has another prompt and picture."""
    lines = []
    for rev, colour in enumerate([40, 200]):
        path = f"assets/rev{rev}/images/seg0/img0.png"
        (folder / path).parent.mkdir(parents=True)
        Image.new("RGB", (64, 36), (colour, 80, 80)).save(folder / path)
        lines.append({"id": "segment_image_prompt_0_0", "rev": rev, "content": f"shade {colour}"})
        lines.append({"id": "segment_image_asset_0_0", "rev": rev, "content": None, "asset_path": path})
    lines.append({"id": "segment_script_0", "rev": 0, "content": {"narration": "It was so."}})
    lines.append({"id": "narration_asset_0", "rev": 0, "asset_path": "assets/rev0/gone.mp3"})
    (folder / "dag").mkdir()
    (folder / "dag" / "artifacts.jsonl").write_text("\n".join(map(json.dumps, lines)))


def test_all_that_reads_a_movie_reads_an_imported_one(shell: Any) -> None:
    """Show, diff, log, verify and export; a dry run before changes nothing, a second import finds nothing new."""
    said = shell("import-legacy old/tale --dry-run")
    assert "rev1 is rev-0002: 5 artefacts" in said
    assert not (shell.folder / "builds").exists()
    assert not shell.config.exists()
    said = shell("import-legacy old/tale --report report.json")
    assert "left out: narration_asset_0 of rev0: assets/rev0/gone.mp3 is gone" in said
    report = json.loads((shell.folder / "report.json").read_text())
    assert report["names"]["segment_image_asset_0_0"] == "picture[0]"
    assert "picture[0]" in shell("show tale")
    assert "1 picture prompt and 1 picture differ" in shell("diff tale 1 2").replace("\n", " ")
    assert len(shell("log tale").splitlines()) == report["events"]
    assert "all sound" in shell("verify tale")
    said = shell("export tale 1 --to out")
    assert "rev-0001 has no film" in said
    assert [path.name for path in (shell.folder / "out" / "media").iterdir()] == ["picture-000.png"]
    assert shell.json("import-legacy old/tale")["newRevisions"] == 0


def test_a_film_of_it_costs_nothing(shell: Any) -> None:
    """Its pictures are the imported ones; nobody is asked to paint; and it can be restored to what it was."""
    shell("import-legacy old/tale")
    before = shell.json("show tale")["artefacts"]["picture[0]"]["blob"]["digest"]
    plan = shell.json("plan tale")
    assert (plan["mustCost"], plan["mayCost"]) == ({"usd": 0.0, "unknown": 0}, {"usd": 0.0, "unknown": 0})
    production = Studio(shell.folder, ports=shell.ports).open("tale").produce()
    production.begin()
    list(production.outcomes())
    assert production.publish() is not None
    assert not shell.ports.calls["paint"]
    made = shell.json("show tale")
    assert made["revision"] == "rev-0003"
    assert made["artefacts"]["picture[0]"]["blob"]["digest"] == before
    assert "is at rev-0004, restored from rev-0001" in shell("restore tale 1")


def test_another_name_and_what_no_movie_may_be_called(shell: Any) -> None:
    """--as names it anew; a movie.yaml that is there stays as it is."""
    (shell.folder / "old" / "tale").rename(shell.folder / "old" / "My Tale")
    from click.testing import CliRunner

    from movie_assets.cli import main

    result = CliRunner().invoke(main, ["import-legacy", str(shell.folder / "old" / "My Tale")])
    assert result.exit_code == 2
    assert "--as" in result.output
    shell.write("title: Mine\nbrief: Mine.\n")
    result = CliRunner().invoke(
        main, ["import-legacy", str(shell.folder / "old" / "My Tale"), "--as", "tale"]
    )
    assert result.exit_code == 0, result.output
    assert shell.config.read_text() == "title: Mine\nbrief: Mine.\n"


@pytest.mark.heavy
def test_the_film_is_really_made(shell_in: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the real renderer: pictures and texts of the predecessor, the missing voice spoken offline."""
    from click.testing import CliRunner

    from movie_assets.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    (tmp_path / "movies").mkdir()
    _write_old(tmp_path / "old" / "tale")
    for line in ("import-legacy old/tale", "make tale", "verify tale"):
        result = CliRunner().invoke(main, line.split())
        assert result.exit_code == 0, result.output
    assert (tmp_path / "films" / "tale" / "film.mp4").stat().st_size > 10_000
    assert "It was so." in (tmp_path / "films" / "tale" / "index.html").read_text()

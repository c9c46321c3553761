"""Variations: one movie file, many movies, which share what their prompts have in common."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from movie_assets.assets.keys import op_name
from movie_assets.definitions import definitions_of
from resources.instant import InstantPorts
from resources.studio import Studio

YAML = """\
title: Tea
brief: Tea came over the mountains.
segments: 2
script: {provider: offline, source: script.md}
narration: {provider: offline, voice: en-gb}
"""
SCRIPT = """\
# {title}

## {one}

> picture: a green valley

{one}

## {two}

> picture: a kettle on a fire

{two}
"""
MAPPING = """\
variations:
  de: {language: de, title: Tee, script: {source: script.de.md}, narration: {voice: de}}
  long: {segments: 2, duration: 40}
"""
LIST = """\
variations:
  - {language: de, title: Tee, script: {source: script.de.md}, narration: {voice: de}}
  - {name: long, duration: 40}
"""
CSV = """\
name,language,title,script.source,narration.voice,duration
,de,Tee,script.de.md,de,
long,,,,,40
"""


@pytest.fixture
def shell(shell_in: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A project with one movie in two languages."""
    shell = shell_in(tmp_path, InstantPorts(), monkeypatch)
    shell.write(YAML + MAPPING)
    folder = shell.config.parent
    (folder / "script.md").write_text(SCRIPT.format(title="Tea", one="A valley.", two="A fire."))
    (folder / "script.de.md").write_text(SCRIPT.format(title="Tee", one="Ein Tal.", two="Ein Feuer."))
    return shell


@pytest.mark.parametrize("told", ["mapping", "list", "csv", "yaml file"])
def test_a_table_makes_many_movies(shell: Any, told: str) -> None:
    """Written in movie.yaml or beside it: each variation is a movie of its own, with its own film."""
    folder = shell.config.parent
    if told == "list":
        shell.write(YAML + LIST)
    elif told != "mapping":
        name = "films.csv" if told == "csv" else "films.yaml"
        (folder / name).write_text(CSV if told == "csv" else MAPPING.removeprefix("variations:\n"))
        shell.write(f"{YAML}variations: {name}\n")
    said = shell("batch tale")
    assert [line for line in said.splitlines() if line.endswith(":")] == ["tale:", "tale-de:", "tale-long:"]
    for movie in ("tale", "tale-de", "tale-long"):
        assert Path(f"films/{movie}/film.mp4").exists()
    assert shell.json("show tale-de")["inputs"]["title"]["payload"] == "Tee"
    assert shell.json("show tale-long")["inputs"]["length"]["payload"] == 40


def test_languages_share_pictures_when_their_prompts_agree(shell: Any) -> None:
    """The second language pays for its voices alone, its plan says so, and a second batch finds nothing to do."""
    shell("make tale")
    plan = shell.json("plan tale-de")
    assert {job["producer"] for layer in plan["layers"] for job in layer}.isdisjoint({"picture", "music"})
    shell("make tale-de")
    assert shell.ports.calls.keys() == {"speak", "clip", "soundtrack", "film"}
    assert shell.ports.calls["speak"] == 2
    assert "made for tale" in shell("why tale-de picture[0]")
    assert "nothing to do" in shell("make tale-de") and not shell.ports.calls


def test_what_was_shared_counts_as_saved(shell: Any) -> None:
    """The ledger of the second language says what the first one paid."""
    shell("make tale")
    shell("make tale-de")
    [metrics] = shell.json("show tale-de --cost")
    lines = {line["producer"]: line for line in metrics["lines"]}
    assert (lines["picture"]["made"], lines["picture"]["reused"]) == (0, 2)
    assert (lines["narration"]["made"], lines["narration"]["reused"]) == (2, 0)


def test_what_a_variation_made_first_serves_the_others(shell: Any) -> None:
    """There is no first among them."""
    shell("make tale-de")
    shell("make tale")
    assert shell.ports.calls["speak"] == 2 and "paint" not in shell.ports.calls


def test_a_prompt_known_only_during_the_run_is_shared_too(shell: Any) -> None:
    """Where the script is written by a provider, agreement shows when it is there."""
    shell.write(YAML.replace(", source: script.md", "") + "variations: {loud: {music: {volume: 0.9}}}\n")
    shell("make tale")
    shell("make tale-loud")
    assert shell.ports.calls.keys() == {"soundtrack", "film"}


def test_the_store_of_each_is_whole(shell: Any) -> None:
    """Every blob that a variation's manifest names lies in its own store: the other may be deleted."""
    shell("batch tale")
    shutil.rmtree("builds/tale")
    assert Path("films/tale-de/film.mp4").unlink() is None
    shell("export tale-de")
    assert Path("films/tale-de/film.mp4").exists()


@pytest.mark.parametrize(
    ("told", "line", "said"),
    [
        ("variations: 7\n", 6, "must be a mapping such as"),
        ("variations:\n  - {title: Tee}\n", 7, "has no name; give it a `name` or a `language`"),
        ("variations:\n  - {name: a/b}\n", 7, "is no name for one"),
        ("variations:\n  - {language: de}\n  - {language: de}\n", 8, "is there twice, first in line 7"),
        ("variations:\n  de: {variations: {}}\n", 7, "may not have variations"),
        ("variations: films.txt\n", 6, "is no .csv and no .yaml file"),
        ("variations: ../films.csv\n", 6, "outside"),
        ("variations: none.csv\n", 6, "none.csv does not exist"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(shell: Any, told: str, line: int, said: str) -> None:
    """As with every other field."""
    shell.write(YAML + told)
    (shell.config.parent / "films.txt").write_text("de")
    output = shell("check tale", code=2)
    assert said in output and f"movie.yaml:{line}:" in output and "next: " in output


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("coded", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_table_is_read_as_spreadsheets_save_it(shell: Any, coded: str, separator: str) -> None:
    """By any of them: UTF-8 or UTF-16, with commas, semicolons or tabs."""
    text = 'name,title\ncafe,Français\nelan,"Élan; \t, très"\n'.replace(",", separator, 2).replace(
        "elan,", f"elan{separator}"
    )
    (shell.config.parent / "films.csv").write_bytes(text.replace("\n", "\r\n").encode(coded))
    shell.write(f"{YAML}variations: films.csv\n")
    assert "no problems" in shell("check tale")
    titles = [Studio(shell.folder).file(movie).title for movie in ("tale-cafe", "tale-elan")]
    assert titles == ["Français", "Élan; \t, très"]


@pytest.mark.parametrize(
    ("table", "line", "said"),
    [
        (
            "name,title\na,Fran\xe7ais\n".encode("cp1252"),
            2,
            "is not UTF-8 text; save it as UTF-8 (in Excel: CSV UTF-8)",
        ),
        (
            "name,title\na,b\n".encode("utf-16-le"),
            1,
            "holds the unprintable character U+0000; save it as UTF-8",
        ),
        (b"name,title,title\na,b,c\n", 1, 'the column "title" is there twice'),
        (b"name,,title\na,b,c\n", 1, "column 2 has no name"),
        (b"name,title\na,b\n\nb,b,c\n", 4, "has more cells than the 2 columns"),
        (b"name,title\na,b\n,c\n", 3, "has no name; give it"),
        (b'name,brief\na,"b\nc"\na,c\n', 4, "a is there twice, first in line 2"),
        (b"name,pauze\na,1\n", 2, "pauze: is unknown; did you mean pause?"),
        (b"name,pause\na,1\nb,much\n", 3, "pause: must be a number"),
        (b"name,script.source\na,gone.md\n", 2, "script.source: gone.md does not exist"),
        (b"", 1, "the table is empty"),
    ],
)
def test_what_is_wrong_in_a_table_is_told_with_its_row(
    shell: Any, table: bytes, line: int, said: str
) -> None:
    """By `check` of the movie, once, and by `batch`, which made nothing of it."""
    (shell.config.parent / "films.csv").write_bytes(table)
    shell.write(f"{YAML}variations: films.csv\n")
    output = shell("check tale", code=2)
    assert f"movies/tale/films.csv:{line}: " in output and said in output
    assert output.count("error: ") == 1
    assert "next: correct movies/tale/films.csv" in output
    assert shell("batch tale", code=2).count(said) == 1


def test_a_variations_own_mistake_has_its_own_line(shell: Any) -> None:
    """And the others are made nevertheless."""
    shell.write(YAML + "variations:\n  de: {language: de}\n  bad: {pause: much}\n")
    assert "movie.yaml:8: pause" in shell("check tale-bad", code=2)
    said = shell("batch tale", code=2)
    assert "movie.yaml:8: pause" in said and "tale-bad could not be made" in said
    assert Path("films/tale-de/film.mp4").exists()


def test_each_is_a_group_in_dagster(shell: Any) -> None:
    """With its own assets and its own job."""
    definitions = definitions_of(Studio(shell.folder, ports=shell.ports))
    groups = {spec.group_name for spec in definitions.resolve_all_asset_specs()}
    assert groups == {op_name("tale"), op_name("tale-de"), op_name("tale-long")}

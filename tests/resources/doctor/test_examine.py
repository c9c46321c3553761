"""`movies doctor`: one line per thing a film needs, and exit code 1 if one of them is missing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from movie_assets import cli
from resources.doctor import examine as round_of
from resources.rehearsal.openai_server import Fault, OpenAIServer
from resources.studio import Studio

KEY = "sk-very-secret-key"
Doctor = Callable[..., Result]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one movie that needs no key."""
    for name in ("OPENAI_API_KEY", "ELEVENLABS_API_KEY", "DAGSTER_HOME", "FFMPEG_BINARY", "CAPTION_FONTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(round_of, "_PATIENCE_SECONDS", 60.0)  # for a machine that is busy with other tests
    folder = tmp_path / "movies" / "tale"
    folder.mkdir(parents=True)
    (folder / "movie.yaml").write_text("title: Tale\nbrief: A tale.\n")
    return tmp_path


@pytest.fixture
def doctor(project: Path) -> Doctor:
    """The command as a person types it."""
    return lambda *args: CliRunner().invoke(cli.main, ["doctor", "--project", str(project), *args])


def edit(project: Path, text: str) -> None:
    path = project / "movies" / "tale" / "movie.yaml"
    path.write_text(path.read_text() + text)


def found(result: Result) -> dict[str, str]:
    return {each["what"]: each["state"] for each in json.loads(result.stdout)}


def test_without_keys_an_offline_project_is_well(doctor: Doctor) -> None:
    """Nothing is asked for that no movie needs."""
    shown, told = doctor(), found(result := doctor("--json"))
    assert (shown.exit_code, result.exit_code) == (0, 0), shown.output
    assert set(told.values()) == {"ok"}, result.stdout
    assert {"versions", "ffmpeg", "font for en", "storage", "clock", "dagster home", "disk", "openai"} <= set(
        told
    )
    lines = shown.stdout.splitlines()
    assert lines[-1] == "everything is there" and len(lines) == len(told) + 1


def test_a_key_that_a_movie_needs_is_missing(project: Path, doctor: Doctor) -> None:
    """Even where only one segment names the provider."""
    edit(project, "overrides: {2: {picture: {provider: openai}}}\n")
    result = doctor()
    assert result.exit_code == 1
    (line,) = [each for each in result.stdout.splitlines() if each.startswith("missing")]
    assert "openai" in line and "OPENAI_API_KEY is not set; next: set OPENAI_API_KEY" in line


def test_a_project_with_a_valid_key_is_well(project: Path, doctor: Doctor) -> None:
    """The key may be in the .env file; the models are those the movie means, named or not."""
    edit(project, "picture: {provider: openai}\nscript: {provider: mine, model: gpt-6-luna}\n")
    with OpenAIServer(key=KEY) as server:
        (project / ".env").write_text(f"OPENAI_API_KEY={KEY}\nMINE={KEY}\n")
        (project / "providers.yaml").write_text(
            f"openai: {{base_url: {server.url}}}\nmine: {{speaks: openai, base_url: {server.url}, key: MINE}}\n"
        )
        result = doctor("--json")
    told = found(result)
    assert result.exit_code == 0 and KEY not in result.output
    assert told["openai gpt-image-2.5-flare"] == told["mine gpt-6-luna"] == told["mine"] == "ok"


def test_a_provider_that_does_not_answer_holds_nobody_up(
    project: Path, doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a while the others are told, and that one as missing."""
    monkeypatch.setattr(round_of, "_PATIENCE_SECONDS", 3.0)
    edit(project, "picture: {provider: openai}\n")
    with OpenAIServer(key=KEY) as server:
        server.misbehave("models", Fault(how="silent"))
        (project / ".env").write_text(f"OPENAI_API_KEY={KEY}\n")
        (project / "providers.yaml").write_text(f"openai: {{base_url: {server.url}}}\n")
        result = doctor("--json")
    told = {each["what"]: each for each in json.loads(result.stdout)}
    assert result.exit_code == 1 and told["openai"]["told"] == "no answer within 3 s"


def test_a_providers_file_with_mistakes_is_missing(project: Path, doctor: Doctor) -> None:
    """The rest is looked at all the same."""
    (project / "providers.yaml").write_text("openai: {at_once: many}\n")
    result = doctor("--json")
    told = found(result)
    assert result.exit_code == 1 and told["providers.yaml"] == "missing" and told["storage"] == "ok"


def test_prices_with_mistakes_are_missing(project: Path, doctor: Doctor) -> None:
    """`check` would refuse them, so it is not well."""
    (project / "providers.yaml").write_text("openai: {prices: {gpt-9: {image_mediun: 5}}}\n")
    assert found(doctor("--json"))["providers.yaml"] == "missing"


def test_an_env_file_that_is_not_utf_8_is_missing(project: Path, doctor: Doctor) -> None:
    """One line of its own, and everything else is still looked at."""
    (project / ".env").write_bytes("OPENAI_API_KEY=sk-of-mine\n".encode("utf-16"))
    told = found(result := doctor("--json"))
    assert result.exit_code == 1 and told[".env"] == "missing" and told["storage"] == "ok"


def test_a_movie_that_cannot_be_read_is_warned_of(project: Path, doctor: Doctor) -> None:
    """`movies check` says what is wrong with it."""
    edit(project, "no_such_field: 1\n")
    result = doctor("--json")
    assert result.exit_code == 0 and found(result)["movie tale"] == "warning"


def test_a_language_without_a_font_is_missing(project: Path, doctor: Doctor) -> None:
    """Unless its captions are not drawn."""
    edit(project, "language: ja\n")
    assert found(doctor("--json"))["font for ja"] == "missing"
    edit(project, "captions: {burn: false}\n")
    assert "font for ja" not in found(doctor("--json"))


def test_a_store_that_does_not_exist_is_missing(project: Path, doctor: Doctor) -> None:
    """Also one whose address cannot be."""
    (project / "file").write_text("")
    for root in ("ftp://films", str(project / "file" / "builds")):
        result = doctor("--json", "--root", root)
        assert result.exit_code == 1 and found(result)["storage"] == "missing", result.stdout


def test_a_check_that_breaks_is_told(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As what it is; the others are told all the same."""

    def broken() -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(round_of, "check_ffmpeg", broken)
    told = {each.what: each for each in round_of.examine(Studio(project))}
    assert told["ffmpeg"].told == "the check broke: ZeroDivisionError: oh" and told["versions"].state == "ok"

"""Whatever a person can get wrong is told by `movies check`: which file and line, and what to do, before anything is paid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from resources.instant import InstantPorts

YAML = """\
title: Tale
brief: A tale.
segments: 2
script: {source: script.md}
"""
PAID = YAML.replace("source: script.md", "provider: openai")
SCRIPT = "# Tale\n\n## One\n\nIt begins.\n\n## Two\n\nIt ends.\n"
UTF_16 = "title: ü\n".encode("utf-16")


@pytest.fixture
def shell(shell_in: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A project with one movie, `tale`, and its script."""
    shell = shell_in(tmp_path, InstantPorts(), monkeypatch)
    shell.write(YAML)
    (shell.config.parent / "script.md").write_text(SCRIPT)
    return shell


def told(shell: Any, *parts: str) -> None:
    """`check` and `plan` refuse with these words and a next step, and nobody was called."""
    for line in ("check tale", "plan tale"):
        said = shell(line, code=2)
        assert all(part in said for part in parts), said
        assert "next: " in said and "unexpected" not in said
    assert not shell.ports.calls


SETTINGS = {
    "a size that is cut off": ("picture: {provider: openai, settings: {size: 1024x}}", "picture.settings.size", "1536x1024"),
    "a size of letters": ("picture: {provider: openai, settings: {size: axb}}", "picture.settings.size", "1536x1024"),
    "a size that is a number": ("picture: {provider: openai, settings: {size: 5}}", "picture.settings.size", "1536x1024"),
    "a length in words": ("ambience: {provider: elevenlabs, prompt: surf, settings: {duration_seconds: long}}", "duration_seconds", "from 0.5 to 30"),
    "a length below zero": ("ambience: {provider: elevenlabs, prompt: surf, settings: {duration_seconds: -5}}", "duration_seconds", "from 0.5 to 30"),
    "what the movie says": ("picture: {provider: openai, settings: {prompt: x}}", "picture.settings.prompt", "the movie says it"),
    "a speed in words": ("narration: {provider: openai, settings: {speed: fast}}", "narration.settings.speed", "number"),
    "what ElevenLabs does not know": ("music: {provider: elevenlabs, settings: {foo: 1}}", "music.settings.foo", "force_instrumental"),
    "a format of no use": ("music: {provider: elevenlabs, settings: {output_format: pcm_44100}}", "music.settings.output_format", "mp3_44100_128"),
    "a voice's manner in words": ("narration: {provider: elevenlabs, settings: {stability: calm}}", "narration.settings.stability", "from 0 to 1"),
    "a speed ElevenLabs has not": ("narration: {provider: elevenlabs, speed: 0.5}", "narration.speed", "from 0.7 to 1.2"),
    "another provider's, to fall back on": ("picture: [{provider: offline}, {provider: openai, settings: {n: 2}}]", "picture.1.settings.n", "the movie says it"),
    "those of one segment": ("picture: {provider: openai}\noverrides: {1: {picture: {settings: {size: big}}}}", "overrides.1.picture.settings.size", "1536x1024"),
    "the spoken descriptions'": ("descriptions: {provider: elevenlabs, settings: {seed: x}}", "descriptions.settings.seed", "whole number"),
    "how far an offline camera goes": ("motion: {kind: animated, settings: {amount: far}}", "motion.settings.amount", "from 0 to 1"),
}  # fmt: skip


@pytest.mark.parametrize(("yaml", "field", "wanted"), SETTINGS.values(), ids=SETTINGS)
def test_a_setting_is_judged_before_anybody_is_asked(shell: Any, yaml: str, field: str, wanted: str) -> None:
    """By what the adapter it is for would do with it."""
    shell.write(YAML + yaml + "\n")
    told(shell, f"movie.yaml:{4 + len(yaml.splitlines())}", field, wanted)


def test_a_name_inside_of_a_value_that_has_none_is_refused(shell: Any) -> None:
    """In whichever order the two are written."""
    for settings in ("reasoning: low, reasoning.effort: high", "reasoning.effort: high, reasoning: low"):
        shell.write(PAID.replace("openai", f"openai, settings: {{{settings}}}"))
        told(shell, "movie.yaml:4: script.settings.reasoning", "either")


def test_a_video_service_is_given_all_it_wants(shell: Any) -> None:
    """What its providers.yaml has a place for, and neither the movie nor its settings say."""
    (shell.folder / "providers.yaml").write_text(
        "clips: {speaks: video, base_url: http://localhost, key: none, video: {submit: {path: '/{model}',"
        ' body: {image: "{image}", style: "{style}"}}, id: id, poll: {path: "/{id}", status: s, done: [d],'
        " failed: [f]}, result: {url: url}}}\n"
    )
    shell.write(YAML + "motion: {kind: animated, provider: clips}\n")
    told(shell, "movie.yaml:5: motion", "model", "settings.style")
    shell.write(YAML + "motion: {kind: animated, provider: clips, model: m, settings: {style: s}}\n")
    shell("check tale")


TEXTS = {
    "the script": ("", "script.md", b"# A\n\xff", "script.md:2: "),
    "the script, saved by PowerShell": ("", "script.md", UTF_16, "script.md:1: "),
    "a template": ("picture: {provider: openai, template: t.md}", "t.md", b"\xff{prompt}", "t.md:1: "),
    "a text in an artefact's place": ('replace: {"segment_text[0]": t.txt}', "t.txt", UTF_16, "t.txt:1: "),
    "subtitles in an artefact's place": ("replace: {subtitles: t.srt}", "t.srt", b"1\n\xff", "t.srt:2: "),
}  # fmt: skip


@pytest.mark.parametrize(("yaml", "name", "data", "place"), TEXTS.values(), ids=TEXTS)
def test_a_text_that_is_not_utf_8_is_refused(
    shell: Any, yaml: str, name: str, data: bytes, place: str
) -> None:
    """With the line where it stops being one, and what to do."""
    shell.write(f"{YAML}{yaml}\n")
    (shell.config.parent / name).write_bytes(data)
    told(shell, place, "not UTF-8 text; save it as UTF-8")


def test_a_replacement_that_is_not_what_it_stands_for_is_refused(shell: Any) -> None:
    """By `check` already, with the line that names it."""
    shell.write(YAML + "replace: {script: t.json}\n")
    for data in (b'{"a": 1', b"\xff\xfe", b"[" * 200_000):
        (shell.config.parent / "t.json").write_bytes(data)
        told(shell, "movie.yaml:5: replace.script", "a script as JSON")


def test_a_script_that_does_not_fit_is_refused(shell: Any) -> None:
    """Empty, or of another number of segments than the movie."""
    script = shell.config.parent / "script.md"
    script.write_text("")
    told(shell, "script.md:1: has no title", "script.md:1: has no segments")
    script.write_text(SCRIPT + "\n## Three\n\nIt goes on.\n")
    told(shell, "movie.yaml:3: segments: ", "script.md has 3", "take 1 out of script.md")
    script.write_text(SCRIPT.partition("## Two")[0])
    told(shell, "movie.yaml:3: segments: ", "script.md has 1", "write 1 more in script.md")


def test_a_script_nobody_reads_may_be_anything(shell: Any) -> None:
    """A replaced script is not made of it."""
    shell.write(YAML + "replace: {script: t.json}\n")
    (shell.config.parent / "t.json").write_text(
        '{"title": "T", "summary": "", "mood": "", "segments": [{"text": "a", "prompt": "b"}, {"text": "c", "prompt": "d"}]}'
    )
    (shell.config.parent / "script.md").write_text("")
    shell("check tale")


PRICES = {
    "a misspelt unit": ("image_mediun: 5", "prices.gpt-9.image_mediun", "did you mean image_medium?"),
    "no number": ("characters: abc", "prices.gpt-9.characters", "such as"),
    "below zero": ("characters: {usd: -1, per: 10}", "prices.gpt-9.characters", "such as"),
    "for none": ("characters: {usd: 1, per: 0}", "prices.gpt-9.characters", "such as"),
    "no end": ("characters: 1e400", "prices.gpt-9.characters", "such as"),
}


@pytest.mark.parametrize(("unit", "field", "wanted"), PRICES.values(), ids=PRICES)
def test_a_wrong_price_is_told_with_its_line(shell: Any, unit: str, field: str, wanted: str) -> None:
    """By `check`, and by `doctor`."""
    (shell.folder / "providers.yaml").write_text(f"openai:\n  prices:\n    gpt-9:\n      {unit}\n")
    told(shell, f"providers.yaml:4: openai.{field}", wanted)


def test_prices_that_are_none_are_told_in_our_words(shell: Any) -> None:
    """A list, a word, a model without units."""
    for prices in ("[1]", "cheap", "5", "{gpt-9: 5}"):
        (shell.folder / "providers.yaml").write_text(f"openai:\n  at_once: 2\n  prices: {prices}\n")
        told(shell, "providers.yaml:3: openai.prices", "free")


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n", "~\n"])
def test_a_providers_yaml_that_says_nothing_changes_nothing(shell: Any, text: str) -> None:
    """There are those built in."""
    (shell.folder / "providers.yaml").write_text(text)
    shell("check tale")


def test_an_env_file_that_is_not_utf_8_is_told(shell: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As PowerShell's > writes it; what it holds is shown nowhere."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    (shell.folder / ".env").write_bytes("OPENAI_API_KEY=sk-secret-of-mine\n".encode("utf-16"))
    said = shell("plan tale", code=1)
    assert ".env is not UTF-8 text" in said and "save it as UTF-8" in said and "secret" not in said


@pytest.mark.parametrize("amount", ["nan", "inf", "-inf", "-1"])
@pytest.mark.parametrize("line", ["make tale", "watch tale", "batch tale", "remote start tale"])
def test_a_budget_is_an_amount(shell: Any, line: str, amount: str) -> None:
    """Wherever one is told."""
    assert "--budget" in shell(f"{line} --budget={amount}", code=2)


@pytest.mark.parametrize("amount", [".nan", "nan", ".inf", "1e400", "-1"])
def test_a_movies_budget_is_an_amount(shell: Any, amount: str) -> None:
    """And told with its line."""
    shell.write(f"{YAML}budget_usd: {amount}\n")
    told(shell, "movie.yaml:5: budget_usd: must be an amount in USD")


SMALL = {
    "an empty list": ("picture: []", "picture: the list is empty"),
    "a list of something else": ("picture: [5]", "picture: the first of the list must be a mapping"),
    "a folder": ("replace: {script: .}", "replace.script: . is a folder"),
    "a field of many words": ("? [a, b]\n: 3", "movie.yaml:5: the name of a field must be plain text"),
    "variations, misspelt": ("variatons: v.csv", "did you mean variations?"),
}


@pytest.mark.parametrize(("yaml", "sentence"), SMALL.values(), ids=SMALL)
def test_a_mistake_is_told_as_what_it_is(shell: Any, yaml: str, sentence: str) -> None:
    """Not as something else that it is not."""
    shell.write(f"{YAML}{yaml}\n")
    told(shell, sentence)


def test_a_name_that_is_none_is_told_with_a_next_step(shell: Any) -> None:
    """The command that lists those there are."""
    assert "next: " in shell("plan tale --only picture[", code=2)

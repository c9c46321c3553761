"""`movies check` tells what a person got wrong before anything is run or paid, with file, line and what to do."""

from __future__ import annotations

from typing import Any

import pytest

from movie_assets.core.errors import Unready
from resources.instant import InstantPorts

YAML = """\
title: Tea
segments: 2
script: {source: script.md}
"""
SCRIPT = """\
# Ꭰ title

Ꭰ summary.

mood: calm

## Ꭰ heading

A valley.

> picture: Ꭰ valley
> and Ꭰ kettle

## Two

A fire.
"""


@pytest.fixture
def shell(shell_in: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A project with one movie, whose script has letters that no font has where nothing is drawn."""
    shell = shell_in(tmp_path, InstantPorts(), monkeypatch)
    shell.write(YAML)
    (shell.config.parent / "script.md").write_text(SCRIPT)
    return shell


def test_only_what_is_drawn_needs_a_font(shell: Any) -> None:
    """A title, a summary, headings and prompts are not; narrations are, unless they are said otherwise."""
    assert "no problems" in shell("check tale")
    (shell.config.parent / "script.md").write_text(SCRIPT.replace("A fire.", "A Ꭰ fire."))
    said = shell("check tale", code=2)
    assert "script.md:16: no installed font can show some characters of the captions: Ꭰ (Cherokee)" in said
    shell.write(YAML + "overrides: {1: {narration: {text: Some fire.}}}\n")
    assert "no problems" in shell("check tale")


@pytest.mark.parametrize(
    ("told", "line"),
    [("title_card: {text: Ꭰ}\n", 4), ("end_card: {credits: [Ꭰ]}\n", 4), ("title: Ꭰ\ntitle_card: {}\n", 1)],
)
def test_a_card_is_not_called_captions(shell: Any, told: str, line: int) -> None:
    """Nor is it said to turn captions off, which would not help."""
    shell.write(told + YAML.replace("title: Tea\n", "") if line == 1 else YAML + told)
    said = shell("check tale", code=2)
    assert f"movie.yaml:{line}: " in said and "characters of the card: Ꭰ" in said
    assert "burn" not in said and "title_card or end_card" in said


@pytest.mark.parametrize(
    ("told", "field", "said"),
    [
        ("narration: {voice: Rachel}", "narration.voice", "another provider need its `provider`"),
        ("narration: {voice: German}", "narration.voice", "did you mean de?"),
        ("narration: {voice: en-uk}", "narration.voice", "did you mean en or en-gb or en-us?"),
        ("narration: {voice: en+f99}", "narration.voice", "no speaker 'f99'; use one such as m1 to m8"),
        ("language: xx", "language", "does not speak xx; name another provider"),
        ("overrides: {1: {narration: {voice: Rachel}}}", "overrides.1.narration.voice", "no voice 'rachel'"),
        ("descriptions: {voice: Rachel}", "descriptions.voice", "no voice 'rachel'"),
        (
            "narration: [{provider: elevenlabs, voice: Rachel}, {provider: offline, voice: Rachel}]",
            "narration.1.voice",
            "no voice 'rachel'",
        ),
    ],
)
def test_a_voice_there_is_not_is_told_before_anything_is_made(
    shell: Any, told: str, field: str, said: str
) -> None:
    """Of the offline provider, wherever it is asked to speak; never with a likeness that is none."""
    shell.write(YAML + told + "\n")
    output = shell("check tale", code=2)
    assert f"movie.yaml:4: {field}: " in output and said in output and "jbo" not in output


def test_voices_of_other_providers_are_their_own(shell: Any) -> None:
    """And a segment that nobody speaks needs none."""
    shell.write(YAML + "narration: {provider: elevenlabs, voice: Rachel}\n")
    assert "no problems" in shell("check tale")


def test_two_missing_keys_are_both_named(shell: Any) -> None:
    """So that the next attempt does not fail for the second one."""
    keys = {"openai": "OPENAI_API_KEY", "elevenlabs": "ELEVENLABS_API_KEY"}
    shell.ports.unable = {
        name: Unready(f"{key} is not set", next_step=f"set {key}") for name, key in keys.items()
    }
    shell.write(YAML + "picture: {provider: openai}\nnarration: {provider: elevenlabs, voice: Rachel}\n")
    said = shell("make tale --yes", code=1)
    _, _, steps = said.rpartition("next: ")
    assert "set OPENAI_API_KEY" in steps and "set ELEVENLABS_API_KEY" in steps

"""A config names a connection and gets the port that it speaks for, made once, ready or with what is missing."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from movie_assets.core.errors import Refused, Stopped, Unready
from movie_assets.core.movie_file import MovieFile
from movie_assets.core.ports import Workspace
from resources import providers as providers_module
from resources.connections import read_connections
from resources.line import Line
from resources.prices import Prices
from resources.providers import Providers, offered, priced
from resources.secrets import Secrets
from resources.studio import Studio

YAML = """\
title: Tale
brief: A tale.
segments: 2
picture: {provider: openai}
"""


def providers(project: Path, environment: dict[str, str]) -> Providers:
    """Those of a project whose environment is this."""
    connections = read_connections(project, Secrets(project, environment))
    return Providers(connections, priced(connections))


class Named:
    """A painter that knows its line."""

    def __init__(self, line: Line, prices: Prices) -> None:
        self.line = line

    def paint(self, request: Any, at: Workspace) -> Any:
        return self.line.call(lambda: pytest.fail("asked"), at)


def test_every_port_there_is_can_be_made(tmp_path: Path) -> None:
    """By any connection that is offered for its section."""
    (tmp_path / "providers.yaml").write_text(
        "mine: {speaks: openai, base_url: http://localhost:1/v1, key: none}\n"
    )
    known = providers(tmp_path, {"OPENAI_API_KEY": "one-key", "ELEVENLABS_API_KEY": "two-keys"})
    ports = {
        "script": known.writer,
        "picture": known.painter,
        "narration": known.speaker,
        "motion": known.animator,
        "music": known.composer,
        "ambience": known.surrounder,
    }
    sections = offered(known.connections)
    assert "openai" in sections["picture"] and ports.keys() == sections.keys()
    for section, port in ports.items():
        for name in sections[section]:
            assert port(name) is port(name)


def test_a_port_whose_key_is_not_set_is_unready(tmp_path: Path) -> None:
    """Named with the variable; what needs no key is ready all the same."""
    known = providers(tmp_path, {})
    with pytest.raises(Unready, match="OPENAI_API_KEY"):
        known.painter("openai")
    assert known.painter("offline")


def test_a_connection_that_does_not_serve_a_section_is_refused(tmp_path: Path) -> None:
    """With those that do."""
    with pytest.raises(Refused, match=r"music\.provider 'openai'") as raised:
        providers(tmp_path, {"OPENAI_API_KEY": "a-key"}).composer("openai")
    assert "offline" in raised.value.next_step


def test_a_connection_is_a_lane_of_its_own(tmp_path: Path) -> None:
    """With its own places; what works on this machine shares those of the machine."""
    (tmp_path / "providers.yaml").write_text("openai: {at_once: 7}\n")
    known = providers(tmp_path, {})
    assert known.places(3) == {"machine": 3, "openai": 7, "elevenlabs": 4}
    lanes = {name: known.lane(name) for name in ("offline", "local", "openai", "elevenlabs")}
    assert lanes == {"offline": "machine", "local": "machine", "openai": "openai", "elevenlabs": "elevenlabs"}


def test_a_movie_may_name_a_provider_whose_key_is_not_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To check and to plan needs no key."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    (tmp_path / "movies" / "tale").mkdir(parents=True)
    (tmp_path / "movies" / "tale" / "movie.yaml").write_text(YAML)
    studio = Studio(tmp_path)
    assert isinstance(studio.file("tale"), MovieFile)
    plan = studio.open("tale").plan()
    assert {job.context["provider"] for job in plan.jobs if job.makes[0].startswith("picture[")} == {"openai"}


def test_one_stop_ends_the_waiting_of_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port is asked from many threads; those that wait for their turn go at once."""
    monkeypatch.setattr(providers_module, "_PAINTERS", {"openai": Named})
    (tmp_path / "providers.yaml").write_text("openai: {at_once: 1, base_url: http://localhost:1/stop}\n")
    known = providers(tmp_path, {"OPENAI_API_KEY": "a-key-of-this-test"})
    painter, at, ended = known.painter("openai"), Workspace(tmp_path), []

    def paint() -> None:
        with pytest.raises(Stopped):
            painter.paint(None, at)  # type: ignore[arg-type]
        ended.append(1)

    threads = [threading.Thread(target=paint, daemon=True) for _ in range(5)]
    with painter.adapter.line.pace.turn(threading.Event()):  # type: ignore[attr-defined]
        for thread in threads:
            thread.start()
        at.stop.set()
        for thread in threads:
            thread.join(60)
    assert len(ended) == 5

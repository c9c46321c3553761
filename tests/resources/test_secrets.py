"""A key is sent to its provider and is nowhere else: not in the store, logs, Dagster's records, errors or output."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from movie_assets.core.errors import Failed, MovieError, Throttled, Unready
from movie_assets.core.ports import Painter, PaintRequest, Result, Workspace
from resources import providers as providers_module
from resources.connections import read_connections
from resources.instant import InstantPorts
from resources.line import Line
from resources.prices import Prices
from resources.providers import Providers, priced
from resources.scrub import Scrub
from resources.secrets import Secrets

KEY = "sk-proj-Very+Secret/Key0123456789"
YAML = """\
title: Tale
brief: A tale.
segments: 4
picture: {provider: openai}
"""


class Indiscreet:
    """A painter that says its key wherever it can: in errors, their labels and causes, in notes and in what it tells."""

    def __init__(self, line: Line, prices: Prices) -> None:
        self.line, self.instant = line, InstantPorts()
        self.key = str(line.connection.key)
        assert self.key == KEY
        self.first: set[str] = set()

    def paint(self, request: PaintRequest, at: Workspace) -> Result:
        at.tell(f"about to paint with {self.key}")
        return self.line.call(lambda: self._paint(request, at), at).value

    def _paint(self, request: PaintRequest, at: Workspace) -> Result:
        if request.prompt not in self.first:
            self.first.add(request.prompt)
            raise self._error(len(self.first))
        result = self.instant.paint(request, at)
        meta = replace(
            result.meta, request_id=f"req-{self.key}", notes={"asked": [{"with": f"Bearer {self.key}"}]}
        )
        return replace(result, meta=meta)

    def _error(self, number: int) -> Exception:
        cause = RuntimeError(f"401 for {self.key}")
        if number == 1:
            error = Failed(f"the key {self.key} is odd", next_step=f"change {self.key}", header=self.key)
            error.__cause__ = cause
            return error
        if number == 2:
            return ValueError(f"{self.key} broke the adapter")
        if number == 3:
            error = Failed("no picture")
            error.__cause__ = cause
            return error
        return Throttled(f"{self.key} is asked for too often", retry_after=0.01)


@dataclass(slots=True)
class Mixed(InstantPorts):
    """Instant ports, but for a painter of the project's own connections."""

    providers: Providers | None = None
    seen: list[str] = field(default_factory=list)

    def painter(self, provider: str) -> Any:
        assert self.providers is not None
        return self.providers.painter(provider)


def _indiscreet(line: Line, prices: Prices) -> Painter:
    return Indiscreet(line, prices)


def test_a_key_is_nowhere_in_what_a_film_leaves_behind(
    tmp_path: Path,
    shell_in: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Though its provider says it in every way there is, in a run that fails and in one that succeeds."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setattr(providers_module, "_PAINTERS", {"openai": _indiscreet})
    (tmp_path / ".env").write_text(f"OPENAI_API_KEY={KEY}\n")
    (tmp_path / "providers.yaml").write_text("openai: {pause: 0.01}\n")
    connections = read_connections(tmp_path, Secrets(tmp_path))
    shell = shell_in(tmp_path, Mixed(providers=Providers(connections, priced(connections))), monkeypatch)
    shell.write(YAML)

    said = shell("make tale --yes", code=1)
    assert "[OPENAI_API_KEY]" in said and "retry" in said
    said += shell("make tale --yes") + shell("log tale") + shell("show tale") + shell("why tale picture[0]")

    assert KEY not in said and KEY not in caplog.text and KEY not in "".join(capfd.readouterr())
    left = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != ".env"]
    assert any(".dagster" in path.parts for path in left) and any("blobs" in path.parts for path in left)
    assert [path for path in left if KEY.encode() in path.read_bytes()] == []


def test_a_key_is_not_in_what_dagster_knows_of_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its pages show which variables are needed, and load without them."""
    from movie_assets.definitions import definitions_of
    from resources.studio import Studio

    (tmp_path / "providers.yaml").write_text(
        "mine: {speaks: openai, key: MINE}\nours: {speaks: openai, key: none}\n"
    )
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("MINE", KEY)
    definitions = definitions_of(Studio(tmp_path))
    repository = definitions.get_repository_def()
    from dagster._core.remote_representation.external_data import RepositorySnap

    snap = RepositorySnap.from_def(repository)
    assert {"OPENAI_API_KEY", "ELEVENLABS_API_KEY", "MINE"} == set(snap.utilized_env_vars or {})
    assert KEY not in dg.serialize_value(snap) and KEY not in repr(definitions.resources)


KEYS = st.text(st.characters(codec="ascii", categories=("L", "N", "P")), min_size=8, max_size=40)


@given(KEYS, st.text(), st.text())
def test_no_text_of_an_error_holds_a_key(key: str, before: str, after: str) -> None:
    """Wherever in it the key stood, and whatever led to it."""
    text = f"{before}{key}{after}"
    error = Failed(text, next_step=text, label=text, nested={text: [text]})
    error.__cause__ = ValueError(text)
    told = Scrub.of([("THE_KEY", key)]).error(error)
    assert told is error
    replaced = Scrub.of([("THE_KEY", key)]).text(text)
    assert str(told).startswith(replaced)
    if key not in "[THE_KEY]" and key not in replaced:
        assert key not in f"{told} {told!r} {told.args} {told.__cause__} {pickle.loads(pickle.dumps(told))}"


def test_an_error_that_holds_no_key_keeps_its_cause() -> None:
    """For whoever looks for the reason with --debug."""
    error = Unready("no key")
    error.__cause__ = cause = ValueError("why")
    assert Scrub.of([("THE_KEY", KEY)]).error(error) is error and error.__cause__ is cause


def test_of_two_keys_that_begin_alike_nothing_is_left() -> None:
    """The longer is replaced first; a short one is no secret."""
    scrub = Scrub.of([("ONE", "abcdefgh"), ("TWO", "abcdefgh-ijkl"), ("SHORT", "key"), ("UNSET", None)])
    assert scrub.text("abcdefgh-ijkl abcdefgh key") == "[TWO] [ONE] key"
    assert isinstance(scrub.error(MovieError("fine")), MovieError)

"""A whole film by the real SDKs against servers that answer as the real ones do, and go wrong one time in ten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from movie_assets.core.outcome import Outcome
from movie_assets.core.progress import Silence
from resources.instant import InstantPorts
from resources.providers import Providers
from resources.rehearsal.elevenlabs_server import ElevenLabsServer
from resources.rehearsal.openai_server import OpenAIServer
from resources.renderer import FfmpegRenderer
from resources.studio import Studio

pytestmark = pytest.mark.heavy
SEGMENTS = 8
YAML = f"""\
title: Tale
brief: A small ship sails out before dawn, and what its people find changes them.
segments: {SEGMENTS}
script: {{provider: openai}}
picture: {{provider: openai}}
narration: {{provider: elevenlabs}}
music: {{provider: elevenlabs}}
"""


class Rehearsal(InstantPorts):
    """The project's own providers; what is not theirs is made in an instant."""

    def __init__(self, providers: Providers) -> None:
        super().__init__()
        self.providers = providers

    def seconds(self, sound: Path) -> float:
        return FfmpegRenderer().seconds(sound)

    def writer(self, provider: str) -> Any:
        return self.providers.writer(provider)

    def painter(self, provider: str) -> Any:
        return self.providers.painter(provider)

    def speaker(self, provider: str) -> Any:
        return self.providers.speaker(provider)

    def composer(self, provider: str) -> Any:
        return self.providers.composer(provider)


class Told(Silence):
    """Remembers what adapters said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def told(self, job: Any, what: str) -> None:
        self.said.append(f"{job.id} {what}")


@pytest.fixture
def servers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[OpenAIServer, ElevenLabsServer]]:
    """Both servers, and a project that connects to them."""
    for name in ("OPENAI_API_KEY", "ELEVENLABS_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with OpenAIServer(errors=0.1, seed=7) as openai, ElevenLabsServer(errors=0.1, seed=7) as elevenlabs:
        (tmp_path / "movies" / "tale").mkdir(parents=True)
        (tmp_path / "movies" / "tale" / "movie.yaml").write_text(YAML)
        (tmp_path / ".env").write_text(
            f"OPENAI_API_KEY=sk-of-a-rehearsal\nELEVENLABS_API_KEY={elevenlabs.key}\n"
        )
        (tmp_path / "providers.yaml").write_text(
            f"openai: {{base_url: {openai.url}, pause: 0.01, timeout: 60}}\n"
            f"elevenlabs: {{base_url: {elevenlabs.url}, pause: 0.01, timeout: 60}}\n"
        )
        yield openai, elevenlabs


def made(project: Path) -> tuple[list[Outcome], list[str]]:
    """What came of each job of the movie, and what was said meanwhile; published."""
    production = Studio(project, ports=Rehearsal(Studio(project).providers)).open("tale").produce()
    production.begin()
    told = Told()
    outcomes = list(production.outcomes(progress=told))
    assert production.error() is None
    production.publish(lambda merged: pytest.fail("nobody else was there"))
    return outcomes, told.said


def test_a_film_is_made_and_each_artefact_is_paid_once(
    tmp_path: Path, servers: tuple[OpenAIServer, ElevenLabsServer]
) -> None:
    """What goes wrong is tried again, is seen, and costs nothing twice; what is made costs what was billed."""
    openai, elevenlabs = servers
    outcomes, said = made(tmp_path)
    paid = {outcome.job.id: outcome for outcome in outcomes if outcome.provider in ("openai", "elevenlabs")}
    assert {outcome.status for outcome in paid.values()} == {"produced"}
    assert len(paid) == 2 * SEGMENTS + 2
    assert openai.paid == {"responses": 1, "images/generations": SEGMENTS}
    succeeded = [
        each for each in Studio(tmp_path).store("tale").events.artefacts() if each.status == "succeeded"
    ]
    cost = sum(each.cost for each in succeeded if each.cost)
    assert cost == pytest.approx(openai.bill + elevenlabs.bill, rel=0.01)
    assert said and all(" retry " in each for each in said)

    billed = openai.bill, elevenlabs.bill
    again, _ = made(tmp_path)
    assert again == [] and (openai.bill, elevenlabs.bill) == billed

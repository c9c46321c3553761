"""Estimates: what a plan says the sample film will cost is what the providers bill for it, within a fifth."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from movie_assets.core.cost import Cost
from movie_assets.core.ledger import ledger_of
from movie_assets.core.ports import Renderer
from resources.instant import InstantPorts
from resources.probe import probe
from resources.providers import Providers
from resources.studio import Studio

SAMPLE = Path(__file__).resolve().parents[2] / "movies" / "galapagos"


@dataclass
class Mixed:
    """A project's real providers, and a renderer that takes no time."""

    providers: Providers
    renderer: Renderer

    def __getattr__(self, port: str) -> Any:
        return getattr(self.providers, port)


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """OpenAI's and ElevenLabs' rehearsal servers, and a project with the sample movie that uses them."""
    elevenlabs = pytest.importorskip("resources.rehearsal.elevenlabs_server")
    openai = pytest.importorskip("resources.rehearsal.openai_server")
    monkeypatch.setenv("OPENAI_API_KEY", "test-key")
    monkeypatch.setenv("ELEVENLABS_API_KEY", "test-key")
    with ExitStack() as open_:
        both = [open_.enter_context(each) for each in (openai.OpenAIServer(), elevenlabs.ElevenLabsServer())]
        (tmp_path / "providers.yaml").write_text(
            f"openai: {{base_url: {both[0].url}}}\nelevenlabs: {{base_url: {both[1].url}}}\n"
        )
        shutil.copytree(SAMPLE, tmp_path / "movies" / "sample")
        yield both


class Quick(InstantPorts):
    """Renders at once, but listens to what it is given."""

    def seconds(self, sound: Path) -> float:
        return probe(sound).seconds


def studio(project: Path) -> Studio:
    return Studio(project, ports=Mixed(Studio(project).providers, Quick()))  # type: ignore[arg-type]


def write(project: Path, text: str) -> None:
    (project / "movies" / "sample" / "movie.yaml").write_text(
        "title: Darwin\nbrief: How the islands changed one young man's mind.\nsegments: 6\nduration: 60\n"
        + text
    )


PAID = (
    "picture: {provider: openai, style: romantic oil painting}\n"
    "narration: {provider: elevenlabs, voice: George}\n"
    "music: {provider: elevenlabs, mood: wonder}\n"
)


@pytest.mark.heavy
@pytest.mark.parametrize(
    "script",
    ["script: {source: script.md}\n", "script: {provider: openai}\n"],
    ids=["own script", "written script"],
)
def test_the_sample_film_costs_what_the_plan_says(servers: Any, tmp_path: Path, script: str) -> None:
    """Beforehand from prompts and texts, or their usual sizes; afterwards as the answers tell and the servers bill."""
    write(tmp_path, script + PAID)
    movie = studio(tmp_path).open("sample")
    plan = movie.plan()
    estimate = Cost.total([plan.must_cost, plan.may_cost])
    assert estimate.unknown == 0 and any(job.guess for job in plan.jobs) == ("provider" in script)
    production = movie.produce()
    production.begin()
    list(production.outcomes())
    assert production.error() is None and production.publish() is not None
    bill = sum(server.bill for server in servers)
    (metrics,) = ledger_of(movie.store)
    assert metrics.total.cost.usd == pytest.approx(bill, rel=0.01) and metrics.total.cost.unknown == 0
    assert estimate.usd == pytest.approx(bill, rel=0.2)
    assert {name for name, sums in metrics.by_provider().items() if sums.cost.usd} >= {"openai", "elevenlabs"}
    spent, reserved = movie.store.events.index().spending.of()
    assert (spent, reserved) == (pytest.approx(bill, rel=0.01), 0.0)


def test_a_bigger_or_better_picture_costs_more(tmp_path: Path) -> None:
    """By its size in pixels and its quality, whether they are fields or settings; who works here costs nothing."""
    shutil.copytree(SAMPLE, tmp_path / "movies" / "sample")

    def pictures(section: str) -> float | None:
        write(tmp_path, f"script: {{source: script.md}}\npicture: {section}\n")
        return next(
            job.cost for job in Studio(tmp_path).open("sample").plan().jobs if job.producer == "picture"
        )

    plain = pictures("{provider: openai}")
    better = pictures("{provider: openai, quality: high}")
    bigger = pictures("{provider: openai, size: 2048x2048}")
    set_so = pictures("{provider: openai, settings: {quality: high}}")
    assert plain and better and bigger and 0.01 < plain < better and plain < bigger and set_so == better
    assert pictures("{provider: openai, model: unheard-of}") is None
    assert pictures("{provider: offline}") == 0.0


def test_a_longer_text_costs_more_and_prices_of_ones_own_count(tmp_path: Path) -> None:
    """Speech by its characters, music by the length of the film."""
    shutil.copytree(SAMPLE, tmp_path / "movies" / "sample")
    (tmp_path / "providers.yaml").write_text(
        "mine: {speaks: elevenlabs, key: none, prices: {'*': {characters: 0.5, seconds: 2}}}\n"
    )
    write(
        tmp_path,
        "script: {source: script.md}\nnarration: {provider: mine}\nmusic: {provider: mine}\n"
        "overrides: {0: {narration: {text: Ten chars.}}}\n",
    )
    costs = {job.job_id: job.cost for job in Studio(tmp_path).open("sample").plan().jobs}
    assert costs["narration[0]"] == pytest.approx(5.0) and costs["music"] == pytest.approx(120.0)
    assert (costs["narration[1]"] or 0) > 20


def test_it_knows_the_models_that_adapters_use() -> None:
    """A model that is changed there is to be changed here."""
    from resources.elevenlabs import ambience, compose
    from resources.elevenlabs import speak as elevenlabs_speak
    from resources.estimate import MODELS
    from resources.openai import paint, speak, write

    assert MODELS["openai"] == {
        "script": write._MODEL, "picture": paint._MODEL, "narration": speak._MODEL, "descriptions": speak._MODEL,
    }  # fmt: skip
    assert MODELS["elevenlabs"] == {
        "narration": elevenlabs_speak._MODEL, "descriptions": elevenlabs_speak._MODEL,
        "music": compose._MODEL, "ambience": ambience._MODEL,
    }  # fmt: skip


def test_a_description_costs_what_its_words_do(servers: Any, tmp_path: Path) -> None:
    """Known beforehand, also where the pictures are not painted yet; one that tells nothing costs nothing."""
    write(
        tmp_path,
        "script: {source: script.md}\ndescriptions: {provider: elevenlabs, voice: George}\n"
        "overrides: {0: {picture: {alt: A ship.}}, 1: {picture: {alt: A ship.A ship.}}, 2: {picture: {alt: none}}}\n",
    )
    jobs = {job.job_id: job for job in Studio(tmp_path).open("sample").plan().jobs}
    costs = [jobs[f"description[{number}]"].cost or 0.0 for number in range(4)]
    assert costs[0] > 0 and costs[1] == pytest.approx(2 * costs[0]) and costs[2] == 0 and costs[3] > costs[1]
    assert jobs["narration[0]"].cost == 0

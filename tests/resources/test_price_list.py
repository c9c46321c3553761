"""The price list: dated, with a source for each entry; what is not listed is unknown, never free."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from movie_assets.core.errors import Refused
from resources.connection import Connection
from resources.price_list import PriceList

LISTED = PriceList.read()
UNITS = {
    "input_tokens", "cached_input_tokens", "output_tokens", "image_input_tokens", "image_output_tokens",
    "image_low", "image_medium", "image_high", "image_auto", "characters", "seconds", "effect_seconds",
}  # fmt: skip


def test_every_entry_has_its_source_and_says_whether_it_was_checked() -> None:
    """And the list its date; nothing is priced by a unit that nobody counts."""
    listed = yaml.safe_load(files("resources").joinpath("prices.yaml").read_text())
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", LISTED.dated) and str(listed.pop("dated")) == LISTED.dated
    for models in listed.values():
        for entry in models.values():
            assert entry["source"] and isinstance(entry["checked"], bool)
            assert set(entry) - {"source", "checked", "dated"} <= UNITS


@pytest.mark.parametrize(
    ("provider", "model", "amounts", "usd"),
    [
        ("openai", "gpt-6-luna", {"input_tokens": 1e6, "output_tokens": 2e6}, 1.10),
        ("openai", "gpt-image-2.5-flare", {"image_medium": 2}, 0.026),
        ("openai", "gpt-image-2.5-flare", {"image_output_tokens": 1000, "input_tokens": 100}, 0.0305),
        ("elevenlabs", "eleven_multilingual_v2", {"characters": 500}, 0.05),
        ("elevenlabs", "eleven_flash_v2_5", {"characters": 500}, 0.025),
        ("elevenlabs", "music_v1", {"seconds": 60}, 0.30),
    ],
)
def test_what_amounts_cost(provider: str, model: str, amounts: dict[str, float], usd: float) -> None:
    """By the facts of DESIGN.md section 11."""
    assert LISTED.cost(provider, model, amounts) == pytest.approx(usd)


@pytest.mark.parametrize(
    ("provider", "model", "amounts"),
    [
        ("openai", "gpt-99", {"input_tokens": 1}),
        ("openai", None, {"input_tokens": 1}),
        ("nobody", "gpt-6-luna", {"input_tokens": 1}),
        ("openai", "gpt-6-luna", {"input_tokens": 1, "minutes": 0.1}),
    ],
)
def test_what_is_not_listed_is_unknown(provider: str, model: str | None, amounts: dict[str, float]) -> None:
    """A model, a connection, or one of several units; an amount of zero needs no price."""
    assert LISTED.cost(provider, model, amounts) is None
    assert LISTED.cost("openai", "gpt-6-luna", {"input_tokens": 1, "minutes": 0}) is not None


def test_a_connection_has_the_prices_of_whose_api_it_speaks() -> None:
    """Under whatever name, but a server that wants no key is somebody's own: its prices are unknown until told."""
    proxy = Connection("myproxy", "openai", "https://example.org/v1", key="secret")
    local = Connection("ollama", "openai", "http://localhost:11434/v1", key="")
    prices = LISTED.with_connection(proxy).with_connection(local)
    amounts = {"input_tokens": 1e6}
    assert prices.cost("myproxy", "gpt-6-luna", amounts) == pytest.approx(0.10)
    assert prices.cost("ollama", "gpt-6-luna", amounts) is None
    assert prices.with_overrides("ollama", "free").cost("ollama", "anything", amounts) == 0.0


def test_a_persons_own_prices_come_first_unit_by_unit() -> None:
    """For a model, or for any of a connection; the list stands for the rest."""
    prices = LISTED.with_overrides(
        "openai", {"gpt-6-luna": {"input_tokens": {"usd": 3, "per": 1000000}}, "*": {"characters": 0.001}}
    )
    assert prices.cost("openai", "gpt-6-luna", {"input_tokens": 1e6}) == pytest.approx(3)
    assert prices.cost("openai", "gpt-6-luna", {"output_tokens": 1e6}) == pytest.approx(0.5)
    assert prices.cost("openai", "some-voice", {"characters": 10}) == pytest.approx(0.01)
    assert LISTED.cost("openai", "gpt-6-luna", {"input_tokens": 1e6}) == pytest.approx(0.1)


@pytest.mark.parametrize(
    "prices", ["cheap", 3, {"m": 1}, {"m": {"videos": "x"}}, {"m": {"videos": -1}}, {"m": {"videos": {"usd": 1, "per": 0}}},
               {"m": {"videos": {"usd": 1, "pro": 2}}}, {"m": {"videos": True}}, {"m": {"videos": float("nan")}},
               {"m": {"video": 1}}],
)  # fmt: skip
def test_prices_that_are_none_are_refused(prices: Any) -> None:
    """With how to write them and where."""
    with pytest.raises(Refused) as caught:
        LISTED.with_overrides("mine", prices)
    assert "mine.prices" in caught.value.fact and "providers.yaml" in caught.value.next_step


@given(st.floats(max_value=0, exclude_max=True) | st.sampled_from([float("nan"), float("inf")]))
def test_an_amount_that_cannot_be_costs_an_unknown_sum(amount: float) -> None:
    """Below zero, without end, or no number: it is not nothing."""
    assert LISTED.cost("openai", "gpt-6-luna", {"input_tokens": amount}) is None


@given(st.dictionaries(st.sampled_from(sorted(UNITS)), st.floats(0, 1e9)), st.floats(1, 1000))
def test_cost_is_in_proportion(amounts: dict[str, float], factor: float) -> None:
    """Twice as much costs twice as much, and nothing costs nothing."""
    prices = LISTED.with_overrides("mine", {"*": dict.fromkeys(UNITS, 0.5)})
    once = prices.cost("mine", "m", amounts)
    more = prices.cost("mine", "m", {unit: factor * amount for unit, amount in amounts.items()})
    assert once is not None and more == pytest.approx(once * factor)
    assert LISTED.cost("nobody", None, dict.fromkeys(amounts, 0.0)) == 0.0

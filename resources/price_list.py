"""The price list: dated list prices by whose API a connection speaks, under what a person says of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from math import fsum, isfinite
from typing import Any

import yaml

from movie_assets.core.errors import Refused
from movie_assets.core.problem import dotted, shown
from movie_assets.core.section import meant
from resources.connection import Connection

__all__ = ["FREE", "UNITS", "PriceList", "wrong_prices"]

FREE = "free"
"""What a person writes as the `prices` of a server of their own."""

UNITS = frozenset(
    {"input_tokens", "cached_input_tokens", "output_tokens", "image_input_tokens", "image_output_tokens"}
    | {f"image_{quality}" for quality in ("low", "medium", "high", "auto", "standard", "hd")}
    | {"characters", "seconds", "effect_seconds", "effects", "videos", "video_seconds", "requests"}
)
"""What calls are counted in; a price for anything else would never be asked for."""

_ANY_MODEL = "*"
_ASKS = "free, or by model and unit such as {my-model: {characters: {usd: 0.10, per: 1000}}}"
_ABOUT = frozenset({"source", "checked", "dated"})

Tariff = Mapping[str, float]
"""USD for one of each unit."""


@dataclass(frozen=True)
class PriceList:
    """What amounts cost, by connection; `dated` is the day the list was made.

    A connection has the prices of whose API it speaks, but one that wants no key is a server of someone's own, whose
    prices only they can tell.
    """

    dated: str
    tariffs: Mapping[str, Mapping[str, Tariff]]
    speaks: Mapping[str, str | None] = field(default_factory=dict)
    own: Mapping[str, Mapping[str, Tariff]] = field(default_factory=dict)
    free: frozenset[str] = frozenset()

    @classmethod
    def read(cls) -> PriceList:
        """The list that comes with this program."""
        text = files("resources").joinpath("prices.yaml").read_text(encoding="utf-8")
        listed = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        dated = str(listed.pop("dated"))
        return cls(dated, {name: _models(models) for name, models in listed.items()})

    def with_connection(self, connection: Connection) -> PriceList:
        """The list with another connection in it, at the list prices of whose API it speaks."""
        listed = None if connection.key == "" else connection.speaks
        return replace(self, speaks={**self.speaks, connection.name: listed})

    def with_overrides(self, name: str, prices: Mapping[str, Any] | str) -> PriceList:
        """The list with a person's own prices of a connection: by model and unit, or `free`; `Refused` if it is neither."""
        if prices == FREE:
            return replace(self, free=self.free | {name})
        for path, what in wrong_prices(prices):
            raise Refused(f"{dotted((name, *path))}: {what}", next_step="correct it in providers.yaml")
        assert isinstance(prices, Mapping)
        return replace(self, own={**self.own, name: _models(prices)})

    def cost(self, provider: str, model: str | None, amounts: Mapping[str, float]) -> float | None:
        """USD for amounts by unit; None where an amount above zero has no price, or one is none that could be."""
        if provider in self.free:
            return 0.0
        if not all(isfinite(amount) and amount >= 0 for amount in amounts.values()):
            return None
        tariff = self._tariff(provider, model or "")
        wanted = {unit: amount for unit, amount in amounts.items() if amount > 0}
        if not wanted.keys() <= tariff.keys():
            return None
        return fsum(tariff[unit] * amount for unit, amount in wanted.items())

    def _tariff(self, provider: str, model: str) -> Tariff:
        """A person's own prices, unit by unit, over the listed ones."""
        listed = self.tariffs.get(self.speaks.get(provider, provider) or "", {})
        return {**_of(listed, model), **_of(self.own.get(provider, {}), model)}


def _of(models: Mapping[str, Tariff], model: str) -> Tariff:
    return models.get(model) or models.get(_ANY_MODEL) or {}


def wrong_prices(prices: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """What is wrong with the prices a person wrote, each by its path and a sentence."""
    if prices == FREE:
        return
    for path, value in _tariffs(prices):
        if not isinstance(value, Mapping):
            yield path, f"must be {_ASKS}, not {shown(value)}"
            continue
        for unit, price in value.items():
            where = (*path, str(unit))
            if unit not in UNITS | _ABOUT:
                yield where, f"is no unit that is counted{meant(UNITS, unit)}; use {', '.join(sorted(UNITS))}"
            elif unit in UNITS and _usd(price) is None:
                yield where, f"must be USD such as 0.5 or {{usd: 0.10, per: 1000}}, not {shown(price)}"


def _tariffs(prices: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each model's prices by unit; what was written instead, where there are no models."""
    if isinstance(prices, Mapping):
        yield from ((("prices", str(model)), units) for model, units in prices.items())
    else:
        yield ("prices",), prices


def _models(models: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Prices that are not wrong, in USD for one of each unit."""
    return {
        str(model): {str(unit): usd for unit, price in units.items() if (usd := _usd(price)) is not None}
        for model, units in models.items()
    }


def _usd(price: Any) -> float | None:
    """USD for one of a unit; None where a person did not write that."""
    told: Mapping[str, Any] = price if isinstance(price, Mapping) else {"usd": price}
    usd, per = (_number(told.get(name, 1 if name == "per" else None)) for name in ("usd", "per"))
    return usd / per if told.keys() <= {"usd", "per"} and usd is not None and per else None


def _number(value: Any) -> float | None:
    """What is a number of zero or more."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and isfinite(value) and value >= 0 else None

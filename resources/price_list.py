"""The price list: dated list prices by whose API a connection speaks, under what a person says of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from math import fsum, isfinite
from typing import Any

import yaml

from movie_assets.core.errors import Refused
from resources.connection import Connection

__all__ = ["FREE", "PriceList"]

FREE = "free"
"""What a person writes as the `prices` of a server of their own."""

_ANY_MODEL = "*"
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
        return cls(dated, {name: _models(name, models) for name, models in listed.items()})

    def with_connection(self, connection: Connection) -> PriceList:
        """The list with another connection in it, at the list prices of whose API it speaks."""
        listed = None if connection.key == "" else connection.speaks
        return replace(self, speaks={**self.speaks, connection.name: listed})

    def with_overrides(self, name: str, prices: Mapping[str, Any] | str) -> PriceList:
        """The list with a person's own prices of a connection: by model and unit, or `free`; `Refused` if it is neither."""
        if prices == FREE:
            return replace(self, free=self.free | {name})
        if not isinstance(prices, Mapping):
            raise _unreadable(name, prices)
        return replace(self, own={**self.own, name: _models(name, prices)})

    def cost(self, provider: str, model: str | None, amounts: Mapping[str, float]) -> float | None:
        """USD for amounts by unit; None where an amount above zero has no price."""
        if provider in self.free:
            return 0.0
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


def _models(name: str, models: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    return {str(model): _units(name, str(model), units) for model, units in models.items()}


def _units(name: str, model: str, units: Any) -> dict[str, float]:
    if not isinstance(units, Mapping):
        raise _unreadable(f"{name}.{model}", units)
    return {
        str(unit): _usd(f"{name}.{model}.{unit}", price)
        for unit, price in units.items()
        if unit not in _ABOUT
    }


def _usd(where: str, price: Any) -> float:
    """USD for one of a unit."""
    told: Mapping[str, Any] = price if isinstance(price, Mapping) else {"usd": price}
    usd, per = (_number(told.get(name, 1 if name == "per" else None)) for name in ("usd", "per"))
    if not told.keys() <= {"usd", "per"} or usd is None or not per:
        raise _unreadable(where, price)
    return usd / per


def _number(value: Any) -> float | None:
    """What is a number of zero or more."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and isfinite(value) and value >= 0 else None


def _unreadable(where: str, value: object) -> Refused:
    return Refused(
        f"prices of {where} must be free, or by model and unit such as "
        f"{{my-model: {{characters: {{usd: 0.10, per: 1000}}}}}}, not {value!r}",
        next_step="correct it in providers.yaml",
    )

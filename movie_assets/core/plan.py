"""The plan: the jobs for the next revision, each with its reasons, bound to a base manifest."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct

from movie_assets.core.cost import Cost
from movie_assets.core.encoder import Encoder
from movie_assets.core.errors import Damaged
from movie_assets.core.event import FORMAT
from movie_assets.core.seal import seal, unseal

__all__ = ["Allowance", "Plan", "PlannedJob", "read_plan", "write_plan"]


class PlannedJob(Struct, frozen=True, rename="camel"):
    """A job that must run, or may run once it is known what its reads turn out to be.

    `cost` is an estimate; a `guess` is one made before the text that is paid for was known.
    """

    job_id: str
    producer: str
    status: Literal["must", "may"]
    inputs: tuple[str, ...]
    makes: tuple[str, ...]
    reasons: tuple[str, ...]
    context: dict[str, Any]
    cost: float | None
    guess: bool = False


class Allowance(Struct, frozen=True):
    """A budget in USD, what for, and what is spent of it, counting what is reserved for calls under way."""

    usd: float
    of: str
    spent: float

    def lacks(self, cost: Cost) -> float:
        """By how much a cost would pass it; 0 or less if it does not."""
        return self.spent + cost.usd - self.usd


class Plan(Struct, frozen=True, rename="camel", kw_only=True, tag_field="format", tag=FORMAT):
    """What is about to be made. `layers` are for people: a job is in the first layer after all it reads.

    `encoder` tells what codes the film where the movie asks for another than usual.
    """

    movie: str
    plan_id: str
    revision: str
    manifest_base_digest: str | None
    created_at: str
    targets: tuple[str, ...] | None
    edits: tuple[str, ...]
    layers: tuple[tuple[PlannedJob, ...], ...]
    reused: int
    must_cost: Cost
    may_cost: Cost
    expected_seconds: float | None = None
    budgets: tuple[Allowance, ...] = ()
    encoder: Encoder | None = None

    @property
    def jobs(self) -> tuple[PlannedJob, ...]:
        """All jobs, layer by layer."""
        return tuple(job for layer in self.layers for job in layer)

    @property
    def cost(self) -> Cost:
        """What it may come to at most, as far as prices are known."""
        return Cost.total([self.must_cost, self.may_cost])


_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(Plan).decode


def write_plan(plan: Plan) -> bytes:
    """The bytes of a plan's file."""
    return seal(msgspec.json.format(_ENCODE(plan), indent=1))


def read_plan(data: bytes) -> Plan:
    """Reads a plan's file; a torn or unknown one is `Damaged`, and may simply be deleted."""
    try:
        return _DECODE(unseal(data))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Damaged("a plan cannot be read", because=error, next_step="plan again") from error

"""The budget: lets a call that costs begin only if what is spent and reserved leaves room for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from movie_assets.core.errors import Exhausted, MovieError, Refused
from movie_assets.core.spending import Spending

__all__ = ["Budget", "Limit"]

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Limit:
    """How much may be spent in USD, for what, by one run or by all, and what to do once it is used up."""

    usd: float
    of: str
    run_id: str | None
    next_step: str


class Budget:
    """Keeps the calls of a run within limits, by the log that all runs of a movie share.

    A call is reserved by noting in the log that it began and at what estimate, so other processes see it, too. The
    log is read before and after: two runs that begin at once may both step back, but never both go on beyond a limit.
    Once a call was refused, so is every other that costs.
    """

    def __init__(self, limits: Sequence[Limit], spending: Callable[[], Spending]) -> None:
        self._limits, self._spending = limits, spending
        self._lock = threading.Lock()
        self._used_up: tuple[str, str] | None = None

    def begin(
        self,
        asked: float | None,
        what: str,
        start: Callable[[], None],
        withdraw: Callable[[MovieError], object],
    ) -> MovieError | None:
        """Notes by `start` that a call begins which may cost `asked`; what forbids it, if something does.

        `withdraw` takes the note back, should another run have reserved the rest at the same moment. `what` names the
        call where its price is not known.
        """
        if not self._limits or asked == 0.0:
            start()
            return None
        if asked is None:
            return _unknown(what)
        with self._lock:
            refusal = self._refusal(asked)
            if refusal is None:
                start()
                refusal = self._refusal(0.0)
                if refusal is not None:
                    withdraw(refusal)
            return refusal

    def _refusal(self, asked: float) -> MovieError | None:
        for limit in self._limits:
            spent, reserved = self._spending().of(limit.run_id)
            if self._used_up is None and not spent + reserved + asked <= limit.usd + _ROUNDING:
                self._used_up = _sentence(limit, spent, reserved, asked), limit.next_step
        return self._used_up and Exhausted(self._used_up[0], next_step=self._used_up[1])


def _sentence(limit: Limit, spent: float, reserved: float, asked: float) -> str:
    amounts = [f"{spent:.4f} USD spent"]
    amounts += [f"{reserved:.4f} reserved for calls under way"] if reserved else []
    amounts += [f"{asked:.4f} asked for"] if asked else []
    return f"the budget of {limit.usd:.4f} USD for {limit.of} allows no more: {', '.join(amounts)}"


def _unknown(what: str) -> Refused:
    return Refused(
        f"what {what} costs is not known, so a budget cannot be kept",
        next_step="write its prices into providers.yaml (docs/format.md), or make it without a budget",
    )

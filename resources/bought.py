"""Parts that were bought, noted until the whole they make is recorded: who goes on later pays for none again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from movie_assets.core.digest import digest_of
from movie_assets.core.ports import Workspace
from resources.line import Answer

__all__ = ["bought"]

P = TypeVar("P")


def bought(
    orders: Sequence[object], buy: Callable[[int], Answer[P]], part: type[P], provider: str, at: Workspace
) -> list[Answer[P]]:
    """What each order gives, `buy`ing by its number only what no earlier run has; a single one is its own whole.

    The `repr` of an order says all that shapes its `part`.
    """
    if len(orders) == 1:
        return [buy(0)]
    kept = dict((at.pending.read(provider) or {}).get("parts", {}))
    answers = []
    for number, order in enumerate(orders):
        name = f"{number} {digest_of(repr(order))}"
        answer = _kept(kept.get(name), part)
        if answer is None:
            answer = buy(number)
            kept[name] = msgspec.to_builtins(answer.value)
            at.pending.write(provider, {"parts": kept})
        answers.append(answer)
    return answers


def _kept(noted: Any, part: type[P]) -> Answer[P] | None:
    """A part as it was noted; None where there is none, or another version of this program noted it otherwise."""
    try:
        return None if noted is None else Answer(msgspec.convert(noted, part), 1)
    except msgspec.ValidationError:
        return None

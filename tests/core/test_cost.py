"""Costs: unknown is never zero."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from movie_assets.core.cost import Cost

prices = st.lists(st.none() | st.floats(0, 100), max_size=20)


@given(prices)
def test_what_is_unknown_is_counted_not_guessed(listed: list[float | None]) -> None:
    """Each price is either in the sum or among the unknown."""
    cost = Cost.of(listed)
    known = [price for price in listed if price is not None]
    assert cost.unknown == len(listed) - len(known)
    assert cost.usd >= max(known, default=0.0)


@given(prices, st.randoms(use_true_random=False))
def test_the_order_of_prices_does_not_matter(listed: list[float | None], chance: object) -> None:
    """The same prices in another order give the same cost to the last bit."""
    assert Cost.of(listed) == Cost.of(sorted(listed, key=repr)) == Cost.of(reversed(listed))


@given(prices)
def test_only_what_is_known_to_be_free_costs_nothing(listed: list[float | None]) -> None:
    """`nothing` is said of prices that are all known and zero, and of no others; no sum is shown as 0."""
    shown = str(Cost.of(listed))
    assert (shown == "nothing") == all(price == 0 for price in listed)
    assert not shown.startswith("0.0000")


def test_a_cost_is_told_in_words() -> None:
    """Known sums in USD, unknown ones as a count, both if there are both."""
    assert str(Cost.of([])) == str(Cost.of([0.0])) == "nothing"
    assert str(Cost.of([0.1, 0.2])) == "0.3000 USD"
    assert str(Cost.of([None, None])) == "2 of unknown price"
    assert str(Cost.of([0.04, None])) == "0.0400 USD and 1 of unknown price"
    assert str(Cost.of([0.000001])) == "less than 0.0001 USD"

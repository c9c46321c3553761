"""Watching a movie's files: each edit, once it has settled, leads to a plan and, with consent, to a new film."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import click

from movie_assets.core.errors import MovieError, Stopped
from movie_assets.core.plan import Plan
from movie_assets.making import Consent, asking, make
from movie_assets.screen import Screen
from resources.studio import Studio

__all__ = ["Allowance", "edits", "watch"]

_EVERY = 0.5
_SETTLED = 0.4  # an editor that saves in two steps is done by then


def edits(glance: Callable[[], str], wait: Callable[[float], None] = time.sleep) -> Iterator[None]:
    """Yields at once, and then after every edit that has settled; `glance` tells another text after each."""
    seen = glance()
    yield
    while True:
        now = glance()
        wait(_EVERY if now == seen else _SETTLED)
        if now != seen and glance() == now:
            seen = now
            yield


class Allowance:
    """Consents by itself while what is planned fits into what is left of an amount, and asks beyond it."""

    def __init__(self, usd: float | None, yes: bool) -> None:
        self._left, self._ask = usd, asking(yes)

    def __call__(self, plan: Plan) -> bool:
        cost = plan.must_cost.usd + plan.may_cost.usd
        known = not plan.must_cost.unknown and not plan.may_cost.unknown
        if self._left is None or not known or cost > self._left:
            return self._ask(plan)
        self._left -= cost
        return True


def watch(studio: Studio, movie: str, consent: Consent) -> None:
    """Makes the movie, and again after each edit, until a person presses Ctrl-C; an error is told and waited out."""
    if movie not in studio.ids():
        studio.open(movie)  # says that it is not there, and which are
    for _ in edits(lambda: studio.glance(movie)):
        try:
            plan = studio.open(movie).plan()
            if plan.layers or plan.edits:
                Screen().plan(plan)
            if not make(studio, movie, consent):
                click.echo("not made; edit on, or say yes at the next save")
        except Stopped:
            raise
        except MovieError as error:
            click.echo(f"error: {error}", err=True)
        click.echo(f"watching {movie}; Ctrl-C ends it", err=True)

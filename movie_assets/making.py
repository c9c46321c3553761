"""Making a movie for a person: the plan, their consent, the run, the film where they look for it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from pathlib import Path

import click

from movie_assets.core.artefact import ArtefactId
from movie_assets.core.blueprints import BLUEPRINTS
from movie_assets.core.errors import Refused
from movie_assets.core.manifest import Manifest
from movie_assets.core.movie import Production
from movie_assets.core.plan import Plan
from movie_assets.screen import Screen
from resources.export import export
from resources.studio import Studio

__all__ = ["Consent", "asking", "export_film", "is_free", "make"]

Consent = Callable[[Plan], bool]
"""Whether a plan that costs may be carried out."""


def make(
    studio: Studio,
    movie: str,
    consent: Consent,
    targets: Collection[ArtefactId] | None = None,
    budget: float | None = None,
    to: Path | None = None,
) -> bool:
    """Plans, makes, publishes and exports; False where consent was not given."""
    opened, screen = studio.open(movie), Screen()
    production = opened.produce(targets, budget_usd=budget)
    if not production.has_work:
        screen.nothing_to_do(production.plan)
    elif is_free(production.plan) or consent(production.plan):
        _launch(studio, production, screen)
    else:
        return False
    live = opened.store.manifests.live()
    if targets is None and live is not None:
        export_film(studio, live, to)
    return True


def is_free(plan: Plan) -> bool:
    """Whether nothing in a plan costs, and no price is unknown."""
    return all(cost.usd == 0 and not cost.unknown for cost in (plan.must_cost, plan.may_cost))


def asking(yes: bool) -> Consent:
    """Asks the person at the terminal, who may have said yes beforehand; `Refused` where there is none to ask."""

    def consent(plan: Plan) -> bool:
        Screen().budgets(plan)
        question = f"this costs {plan.must_cost} and up to {plan.may_cost} more"
        if yes:
            return True
        if not sys.stdin.isatty():
            raise Refused(question, next_step="add --yes to make it without asking")
        return click.confirm(f"{question}; go on?", err=True)

    return consent


def export_film(studio: Studio, live: Manifest, to: Path | None = None) -> None:
    """Writes a revision's film and what goes with it where a person looks for it."""
    folder, blueprint = to or studio.project / "films" / live.movie, BLUEPRINTS[live.blueprint]
    Screen().exported(export(studio.store(live.movie), live, blueprint.exports, folder, blueprint.on_request))


def _launch(studio: Studio, production: Production, screen: Screen) -> None:
    from movie_assets.launch import launch  # Dagster takes half a second to import: only where it is needed

    try:
        with screen.making(production.plan) as progress:
            launch(studio, production, progress)
    finally:
        screen.fallbacks(production.movie, production.plan)
    screen.made(production.movie, production.plan)

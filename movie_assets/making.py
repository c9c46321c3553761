"""Making a movie for a person: the plan, their consent, the run, the film where they look for it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from pathlib import Path
from uuid import uuid4

import click

from movie_assets.core.artefact import ArtefactId
from movie_assets.core.cost import Cost
from movie_assets.core.errors import Refused, Unready
from movie_assets.core.manifest import Manifest
from movie_assets.core.movie import Production
from movie_assets.core.plan import Plan
from movie_assets.screen import Screen
from resources.films import Films
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
    production = opened.produce(targets, run_id=str(uuid4()), budget_usd=budget)
    if production.has_work:
        folder = to or Films(studio).folder(movie)
        folder.mkdir(parents=True, exist_ok=True)  # else a film would be made for nowhere
        studio.check(production)
        if not (is_free(production.plan) or consent(production.plan)):
            return False
        _launch(studio, production, screen)
    else:
        screen.nothing_to_do(production.plan)
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
        more = f" and up to {plan.may_cost} more" if plan.may_cost != Cost() else ""
        question = f"this costs {plan.must_cost}{more}"
        if yes:
            return True
        if not sys.stdin.isatty():
            raise Refused(question, next_step="add --yes to make it without asking")
        return click.confirm(f"{question}; go on?", err=True)

    return consent


def export_film(studio: Studio, live: Manifest, to: Path | None = None) -> None:
    """Writes a revision's film and what goes with it where a person looks for it."""
    try:
        Screen().exported(Films(studio).write(live, to))
    except OSError as error:
        raise Unready(
            f"{live.revision} is published, but {error.filename2 or error.filename} cannot be written: {error.strerror}",
            next_step=f"make room there, or: movies export {live.movie} --to FOLDER",
        ) from error


def _launch(studio: Studio, production: Production, screen: Screen) -> None:
    from movie_assets.launch import launch  # Dagster takes half a second to import: only where it is needed

    screen.encoder(production.plan)
    try:
        with screen.making(production.plan) as progress:
            launch(studio, production, progress)
    finally:
        screen.fallbacks(production)
        screen.made(production)

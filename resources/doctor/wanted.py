"""What the movies of a project need: providers with their models, and languages to show captions in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from movie_assets.core.errors import MovieError
from resources.doctor.finding import Finding, fault
from resources.estimate import MODELS
from resources.studio import Studio

__all__ = ["Wanted", "wanted_by"]


@dataclass
class Wanted:
    """By connection the models of each section, None where the provider's own is meant; languages, and encoders."""

    models: dict[str, set[tuple[str, str | None]]] = field(default_factory=dict)
    languages: set[str] = field(default_factory=set)
    encoders: set[str] = field(default_factory=set)

    def of(self, connection: str, speaks: str) -> set[tuple[str, str]]:
        """The sections a connection serves, each with the model it is to use there."""
        usual = MODELS.get(speaks, {})
        named = {(section, model or usual.get(section)) for section, model in self.models.get(connection, ())}
        return {(section, model) for section, model in named if model is not None}


def wanted_by(studio: Studio) -> tuple[Wanted, list[Finding]]:
    """What all movies want together, and which of them cannot be read."""
    wanted, findings = Wanted(), []
    for movie in studio.ids():
        try:
            _add(studio, movie, wanted)
        except MovieError as error:
            found = fault(f"movie {movie}", error, needed=False)
            findings.append(
                Finding(found.what, found.state, "its files have problems", f"movies check {movie}")
            )
    return wanted, findings


def _add(studio: Studio, movie: str, wanted: Wanted) -> None:
    said = studio.file(movie)
    if said.captions.burn and said.captions.style != "none" and said.blueprint != "podcast":
        wanted.languages.add(said.language)
    if said.blueprint != "podcast":
        wanted.encoders.add(said.frame.encoder)
    for name, given in studio.open(movie).inputs.items():
        for provider, model in _named(given.payload):
            wanted.models.setdefault(provider, set()).add((name.kind, model))


def _named(payload: Any) -> Iterator[tuple[str, str | None]]:
    """Every provider an input names, and its model, those to fall back on among them."""
    if isinstance(payload, Mapping):
        if isinstance(provider := payload.get("provider"), str):
            yield provider, payload.get("model")
        for each in payload.values():
            yield from _named(each)
    elif isinstance(payload, (list, tuple)):
        for each in payload:
            yield from _named(each)

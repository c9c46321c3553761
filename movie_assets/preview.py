"""Previewing for a person: the draft where they look for it, and what in it is only a placeholder."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import click

from movie_assets.core.artefact import ArtefactId
from movie_assets.core.errors import MovieError, Stopped
from movie_assets.screen import Screen
from movie_assets.watch import edits
from resources.draft import DraftRenderer
from resources.films import Films
from resources.preview import Cache
from resources.preview import preview as draft
from resources.studio import Studio

__all__ = ["CACHE", "follow", "preview"]

CACHE = ".previews"
"""The folder of what drafts were rendered from, in the project; it may be removed at any time."""


def preview(studio: Studio, movie: str, to: Path | None) -> None:
    """Writes a draft film and says what in it is not made yet; makes nothing that is kept, pays nothing."""
    renderer = studio.ports.renderer if studio.ports else DraftRenderer()
    cache = Cache(studio.project / CACHE / movie)
    folder = to or Films(studio).folder(movie)
    found = draft(studio.open(movie), folder, cache, renderer, _told if sys.stderr.isatty() else _unheard)
    if found.placeholders:
        click.echo(f"not made yet, shown by placeholders: {_grouped(found.placeholders)}")
        click.echo(f"  what making it costs: movies plan {movie}")
    Screen().exported([found.file])


def follow(studio: Studio, movie: str, to: Path | None) -> None:
    """Previews again after each edit, until a person presses Ctrl-C; an error is told and waited out."""
    for _ in edits(lambda: studio.glance(movie)):
        try:
            preview(studio, movie, to)
        except Stopped:
            raise
        except MovieError as error:
            click.echo(f"error: {error}", err=True)
        click.echo(f"watching {movie}; Ctrl-C ends it", err=True)


def _grouped(names: Sequence[ArtefactId]) -> str:
    """By kind: `picture 0, 2; music`."""
    by_kind = [(kind, list(some)) for kind, some in groupby(names, lambda name: name.kind)]
    return "; ".join(
        f"{kind} {', '.join(str(name.segment) for name in some if name.segment is not None)}".strip()
        for kind, some in by_kind
    )


def _told(done: int, of: int) -> None:
    click.echo(f"\r{done} of {of}" if done < of else "\r" + " " * 20 + "\r", nl=False, err=True)


def _unheard(done: int, of: int) -> None:
    pass

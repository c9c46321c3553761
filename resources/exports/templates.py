"""The templates of pages, with their style and script: what lies in resources/pages."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from movie_assets.core.digest import digest_of

__all__ = ["PAGES", "templates_digest"]

PAGES = Path(__file__).resolve().parent.parent / "pages"


@cache
def templates_digest() -> str:
    """A digest of all that, so that pages are written again when it changes."""
    return digest_of([path.read_text(encoding="utf-8") for path in sorted(PAGES.iterdir()) if path.is_file()])

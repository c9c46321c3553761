"""How pages look: their templates, style and script, which lie in resources/pages."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from movie_assets.core.digest import digest_of

__all__ = ["PAGES", "look"]

PAGES = Path(__file__).resolve().parent.parent / "pages"


@cache
def look() -> str:
    """A digest of all that, so that pages are written again when it changes."""
    return digest_of([path.read_text(encoding="utf-8") for path in sorted(PAGES.iterdir()) if path.is_file()])

"""The `movies` command: the short way to what Dagster does the long way."""

from __future__ import annotations

from movie_assets.commands import afar, begin, keep, make, read
from movie_assets.commands.command import main

__all__ = ["afar", "begin", "keep", "main", "make", "read"]

if __name__ == "__main__":
    main()

"""A toy movie for each test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from movie_assets.core.toy import Toy


@pytest.fixture
def new_toy(tmp_path: Path) -> Callable[..., Toy]:
    """Makes a toy movie of the given texts; fields of `Toy` by keyword."""

    def make(*texts: str, **fields: Any) -> Toy:
        return Toy(tmp_path / "scratch", list(texts), **fields)

    return make

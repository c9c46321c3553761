"""A toy movie for each test, and no test judged by how busy the machine is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from movie_assets.core.toy import Toy

settings.register_profile("core", settings.default, deadline=None)
settings.load_profile("core")


@pytest.fixture
def new_toy(tmp_path: Path) -> Callable[..., Toy]:
    """Makes a toy movie of the given texts; fields of `Toy` by keyword."""

    def make(*texts: str, **fields: Any) -> Toy:
        return Toy(tmp_path / "scratch", list(texts), **fields)

    return make

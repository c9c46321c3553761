"""Tests that cost money run only where they are asked for by name: `make live`."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whatever else is selected, a key that happens to be set buys nothing."""
    if "live" in config.option.markexpr.replace("not live", ""):
        return
    for item in items:
        if item.get_closest_marker("live"):
            item.add_marker(pytest.mark.skip(reason="asks a real provider, for money: make live"))

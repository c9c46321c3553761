"""The keys of providers as Dagster's own resources: its pages show which environment variables a project needs."""

from __future__ import annotations

from collections.abc import Iterable

import dagster as dg

from resources.connection import Connection

__all__ = ["ProviderKey", "provider_keys"]


class ProviderKey(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The key of one connection, for a person's own assets; read when such an asset is made, and not before."""

    key: str


def provider_keys(connections: Iterable[Connection]) -> dict[str, ProviderKey]:
    """One for each connection that wants a key, by names such as `openai_key`."""
    return {
        f"{each.name.replace('-', '_')}_key": ProviderKey(key=dg.EnvVar(each.key_name))
        for each in connections
        if each.key_name
    }

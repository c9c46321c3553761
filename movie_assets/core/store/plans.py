"""Plans in the store: disposable notes of what is about to be made."""

from __future__ import annotations

from movie_assets.core.plan import Plan, read_plan, write_plan
from movie_assets.core.revision import parse_revision
from movie_assets.core.store.driver import Driver
from movie_assets.core.store.keys import Keys

__all__ = ["Plans"]


class Plans:
    """The plans of one movie."""

    def __init__(self, driver: Driver, keys: Keys) -> None:
        self._driver, self._keys = driver, keys

    def save(self, plan: Plan) -> None:
        """Writes a plan under its own id."""
        self._driver.put(self._keys.plan(parse_revision(plan.revision), plan.plan_id), write_plan(plan))

    def load(self, revision: str, plan_id: str) -> Plan:
        """Reads a plan back."""
        return read_plan(self._driver.get(self._keys.plan(parse_revision(revision), plan_id)))

    def forget_before(self, revision: int) -> None:
        """Removes the plans of earlier revisions, which nobody can publish any more."""
        for key in self._driver.list(self._keys.plans):
            if key < self._keys.plan(revision, "0"):
                self._driver.delete(key)

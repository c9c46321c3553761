"""Verdicts: whether what was made is fit for what will be made from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from movie_assets.core.errors import Failed

__all__ = ["Check", "Verdict", "blocked_by", "noted"]


@dataclass(frozen=True, slots=True)
class Check:
    """Something that must hold of an artefact; one that is `blocking` and does not hold fails its job."""

    kind: str
    name: str
    about: str
    blocking: bool = True

    def verdict(self, wrong: str | None) -> Verdict:
        """What came of it; `wrong` says in words what is not as it must be."""
        return Verdict(self, wrong or "")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a check; `wrong` is empty where it passed."""

    check: Check
    wrong: str = ""


def noted(verdicts: Iterable[Verdict]) -> dict[str, dict[str, str]]:
    """By kind and check what is wrong, for the event's diagnostics."""
    notes: dict[str, dict[str, str]] = {}
    for verdict in verdicts:
        notes.setdefault(verdict.check.kind, {})[verdict.check.name] = verdict.wrong
    return notes


def blocked_by(verdicts: Iterable[Verdict], persons: Mapping[str, bool]) -> Failed | None:
    """The failure that verdicts amount to. A person's own file (`persons`, by kind) may be whatever they want."""
    wrong = [
        verdict.wrong
        for verdict in verdicts
        if verdict.wrong and verdict.check.blocking and not persons[verdict.check.kind]
    ]
    if not wrong:
        return None
    return Failed(
        "; ".join(wrong),
        next_step="look at what was made (it is kept: movies log --json names its digest), then make it again, "
        "change its prompt or settings, or set a file of your own in its place with `replace`",
    )

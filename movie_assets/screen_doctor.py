"""What a person sees of the doctor's findings."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from resources.doctor.finding import Finding

__all__ = ["show_findings"]

_STYLES = {"ok": "green", "warning": "yellow", "missing": "bold red"}


def show_findings(findings: Sequence[Finding]) -> None:
    """One line each, those to do something about with what to do; and how many those are."""
    out = Console(highlight=False, soft_wrap=True)
    width = max((len(found.what) for found in findings), default=0)
    for found in findings:
        step = f"; next: {found.next_step}" if found.next_step else ""
        out.print(
            Text.assemble(
                (f"{found.state:8}", _STYLES[found.state]), f" {found.what:{width}}  {found.told}{step}"
            )
        )
    missing = sum(found.state == "missing" for found in findings)
    warned = sum(found.state == "warning" for found in findings)
    out.print(f"{missing} missing, {warned} to look at" if missing or warned else "everything is there")

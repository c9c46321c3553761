"""The doctor's round: every check at once, each with an end, told in the same order every time."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from movie_assets.core.errors import MovieError, Unready
from resources.connections import OFFLINE, Connections
from resources.doctor.encoding import check_encoders
from resources.doctor.finding import Finding, fault
from resources.doctor.language import check_captions
from resources.doctor.machine import check_dagster_home, check_ffmpeg, check_room, check_versions
from resources.doctor.reach import check_connection
from resources.doctor.storage import check_storage
from resources.doctor.wanted import Wanted, wanted_by
from resources.studio import Studio

__all__ = ["examine"]

_PATIENCE_SECONDS = 12.0


@dataclass
class _Check:
    """One check, at work in a thread that need not end."""

    what: str
    look: Callable[[], Finding | list[Finding]]
    found: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"doctor {self.what}")
        self._thread.start()

    def _run(self) -> None:
        try:
            found = self.look()
        except MovieError as error:
            found = fault(self.what, error)
        except Exception as error:  # one check that breaks must not keep the others from being told
            told = f"the check broke: {type(error).__name__}: {error}".split("\n", 1)[0]
            found = Finding(self.what, "missing", told, "report it")
        self.found = found if isinstance(found, list) else [found]

    def findings(self, until: float) -> list[Finding]:
        """What was found; that there was no answer, if there is none by then."""
        self._thread.join(max(0.0, until - time.monotonic()))
        return self.found or [
            Finding(
                self.what,
                "missing",
                f"no answer within {_PATIENCE_SECONDS:.0f} s",
                "see to it, then: movies doctor",
            )
        ]


def examine(studio: Studio) -> list[Finding]:
    """Everything that a film needs, looked at; takes no longer than the slowest check may."""
    until = time.monotonic() + _PATIENCE_SECONDS
    try:
        connections = studio.connections
        wanted, findings = wanted_by(studio)
    except MovieError as error:
        what = ".env" if isinstance(error, Unready) else "providers.yaml"
        connections, wanted, findings = Connections({}), Wanted(), [fault(what, error)]
    checks = [*_of_machine(studio, wanted), *_of_connections(connections, wanted)]
    return [*(found for check in checks for found in check.findings(until)), *findings]


def _of_machine(studio: Studio, wanted: Wanted) -> Iterator[_Check]:
    folders = {"disk": studio.project, "scratch": Path(tempfile.gettempdir())}
    yield _Check("versions", check_versions)
    yield _Check("ffmpeg", check_ffmpeg)
    yield _Check("encoder", partial(check_encoders, wanted.encoders))
    for language in sorted(wanted.languages):
        yield _Check(f"font for {language}", partial(check_captions, language))
    yield _Check("storage", lambda: check_storage(studio.driver, studio.root))
    yield _Check("dagster home", lambda: check_dagster_home(studio.project))
    yield _Check("disk", lambda: check_room(folders))


def _of_connections(connections: Connections, wanted: Wanted) -> Iterator[_Check]:
    for name, connection in connections.items():
        if name != OFFLINE:
            named, needed = wanted.of(name, connection.speaks), name in wanted.models
            yield _Check(name, partial(check_connection, connection, named, needed=needed))

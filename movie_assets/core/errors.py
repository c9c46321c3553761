"""What can go wrong, named by what to do about it (DESIGN.md section 11).

MovieError
├─ Refused     the config, blueprint or request is wrong: fix it (also moderation and 4xx)
├─ Unready     a key, a binary or a font is missing: install or set it
├─ Transient   try again later
│  ├─ Throttled  the provider said when
│  └─ Unreached  nothing was sent, so nothing is owed
├─ Exhausted   quota or budget is used up: final until a person acts
├─ Conflict    someone else moved first: reload and try again
├─ Unsure      cannot tell whether it happened: look before retrying
├─ Failed      the provider or the renderer said no for good
├─ Damaged     stored bytes are not what they claim
└─ Stopped     a person pressed Ctrl-C; what was finished is kept
"""

from __future__ import annotations

__all__ = [
    "Conflict",
    "Damaged",
    "Exhausted",
    "Failed",
    "MovieError",
    "Refused",
    "Stopped",
    "Throttled",
    "Transient",
    "Unreached",
    "Unready",
    "Unsure",
]


class MovieError(Exception):
    """A fact, labelled values, and the next step, for a person to read."""

    def __init__(self, fact: str, *, next_step: str = "", **labels: object) -> None:
        super().__init__(fact)
        self.fact = fact
        self.next_step = next_step
        self.labels = {name: value for name, value in labels.items() if value is not None}

    def with_labels(self, **labels: object) -> MovieError:
        """Adds what an outer layer knows (movie, artefact); what is already labelled stays."""
        for name, value in labels.items():
            if value is not None:
                self.labels.setdefault(name, value)
        return self

    def __str__(self) -> str:
        labels = ", ".join(f"{name} {value}" for name, value in self.labels.items())
        sentence = f"{self.fact} ({labels})" if labels else self.fact
        return f"{sentence}\n  next: {self.next_step}" if self.next_step else sentence

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.fact, self.next_step, self.labels)


def _rebuild(cls: type[MovieError], fact: str, next_step: str, labels: dict[str, object]) -> MovieError:
    error = cls.__new__(cls)
    MovieError.__init__(error, fact, next_step=next_step, **labels)
    return error


class Refused(MovieError):
    """The config, blueprint or request is wrong."""


class Unready(MovieError):
    """A key, a binary or a font is missing."""


class Transient(MovieError):
    """Trying again later may work."""


class Unreached(Transient):
    """The provider could not be reached: nothing was sent, and nothing can have been paid for."""


class Throttled(Transient):
    """The provider asked for a pause; `retry_after` is in seconds."""

    def __init__(
        self, fact: str, *, retry_after: float | None = None, next_step: str = "", **labels: object
    ) -> None:
        super().__init__(fact, next_step=next_step, **labels)
        self.retry_after = retry_after


class Exhausted(MovieError):
    """Quota or budget is used up."""


class Conflict(MovieError):
    """Someone else moved first."""


class Unsure(MovieError):
    """It cannot be told whether it happened."""


class Failed(MovieError):
    """The provider or the renderer said no for good."""


class Damaged(MovieError):
    """Stored bytes are not what they claim."""


class Stopped(MovieError):
    """A person stopped the run."""

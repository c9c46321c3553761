"""Scrubbing: what a provider says is shown without the keys we told it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from movie_assets.core.errors import Failed, MovieError
from movie_assets.core.ports import Meta

__all__ = ["Scrub"]

_LEAST = 6  # what is shorter is no secret, and would be found in ordinary words
_SAID = ("model", "request_id", "usage", "notes")


@dataclass(frozen=True, slots=True)
class Scrub:
    """Puts the name of its variable in the place of every key it knows."""

    _names: Mapping[str, str]

    @classmethod
    def of(cls, keys: Iterable[tuple[str, str | None]]) -> Scrub:
        """Knows the keys among pairs of variable and value; the longest first, for one may begin with another."""
        known = {str(key): name for name, key in keys if key is not None and len(key) >= _LEAST}
        return cls(dict(sorted(known.items(), key=lambda pair: -len(pair[0]))))

    def text(self, text: str) -> str:
        """A text without keys."""
        for key, name in self._names.items():
            text = text.replace(key, f"[{name}]")
        return text

    def value(self, value: Any) -> Any:
        """A value without keys in any text of it."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.value(name): self.value(each) for name, each in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(each) for each in value]
        return value

    def meta(self, meta: Meta) -> Meta:
        """What is told of a result, without keys."""
        return replace(meta, **{name: self.value(getattr(meta, name)) for name in _SAID})

    def error(self, raised: BaseException) -> BaseException:
        """What to raise in an error's place: the same without keys, and without what led to it if that holds one."""
        if not any(self._tells(each) for each in _chain(raised)):
            return raised
        if not isinstance(raised, MovieError):
            return Failed(f"the provider's adapter broke: {type(raised).__name__}: {self.text(str(raised))}")
        raised.fact, raised.next_step = self.text(raised.fact), self.text(raised.next_step)
        raised.labels = {name: self.value(each) for name, each in raised.labels.items()}
        raised.args = (raised.fact,)
        raised.__cause__ = raised.__context__ = None
        return raised

    def _tells(self, error: BaseException) -> bool:
        said = f"{error} {error!r} {getattr(error, '__notes__', '')}"
        return any(key in said for key in self._names)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what led to it."""
    seen: set[int] = set()
    left = [error]
    while left:
        each = left.pop()
        if id(each) not in seen:
            seen.add(id(each))
            yield each
            left += [other for other in (each.__cause__, each.__context__) if other is not None]

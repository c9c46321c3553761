"""Whether a person's own clips are as long as the timeline wants them, told with file and line by the plan already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from movie_assets.core.errors import Refused
from movie_assets.core.timeline import Timeline, piece_frames

__all__ = ["Fit", "PersonsClip"]


@dataclass(frozen=True, slots=True)
class PersonsClip:
    """A file in the place of a clip or a card."""

    file: str
    frames: int


@dataclass(frozen=True, slots=True)
class Fit:
    """A person's clips by the artefacts they stand for; `refusal` tells what is wrong with fields of movie.yaml."""

    clips: Mapping[str, PersonsClip]
    refusal: Callable[[Iterable[tuple[tuple[str | int, ...], str]]], Refused]

    def check(self, plan: Timeline, clip: str) -> None:
        """`Refused` if one is longer or shorter than a timeline wants it; `clip` is the kind of the clips it is for."""
        wanted = piece_frames(plan, clip)
        wrong = [
            (
                ("replace", name),
                f"{own.file} has {own.frames} frames, but {name} is to have {wanted[name]} "
                f"({wanted[name] / plan.fps:.3f} s at {plan.fps} fps); make it as long, or remove the line",
            )
            for name, own in self.clips.items()
            if name in wanted and own.frames != wanted[name]
        ]
        if wrong:
            raise self.refusal(wrong)

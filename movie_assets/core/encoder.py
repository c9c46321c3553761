"""The encoder: what codes a film's pictures. x264, unless a movie asks for hardware and the machine has it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from movie_assets.core.errors import Unready

__all__ = ["GPU", "X264", "AskedEncoder", "Encoder"]

X264, GPU = "x264", "gpu"

AskedEncoder = Literal["x264", "gpu", "nvenc", "qsv", "videotoolbox", "vaapi"]
"""What a movie may ask for: an encoder, or the first of the machine's own that works (`gpu`)."""


class Encoder(Struct, frozen=True):
    """What a movie asked for, what that is on this machine, and `because` of what it is no other, or does not work."""

    asked: str
    name: str
    because: str = ""

    @property
    def said(self) -> str:
        """For whoever looks at a plan."""
        if self.asked == self.name:
            return self.name + (
                f", which does not work on this machine: {self.because}" if self.because else ""
            )
        if self.name == X264:
            return f"x264 in place of gpu: no other works on this machine ({self.because})"
        return f"{self.name}, the first of gpu that works on this machine" + (
            f" ({self.because})" if self.because else ""
        )

    @property
    def works(self) -> bool:
        """Whether it can code anything here: one that is asked for by its name may not."""
        return self.asked != self.name or not self.because

    def check(self) -> None:
        """`Unready` where what was asked for by its name does not work."""
        if not self.works:
            raise Unready(
                f"the encoder {self.name} does not work on this machine: {self.because}",
                next_step="write frame: {encoder: gpu} into movie.yaml for whatever works, or see what does: movies doctor",
            )

"""Which encoder films get on this machine, and why the others do not work."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor

from movie_assets.core.encoder import GPU, X264
from movie_assets.core.errors import MovieError
from resources.coding import HARDWARE
from resources.doctor.finding import Finding, fault, ok
from resources.encoders import complaint, encoder_of

__all__ = ["check_encoders"]


def check_encoders(named: Collection[str]) -> list[Finding]:
    """What `gpu` is here; and what does not work of the encoders that movies ask for by name."""
    # One that hangs is not waited for before the next is tried.
    with ThreadPoolExecutor(len(HARDWARE)) as pool:
        complaints = dict(zip(HARDWARE, pool.map(complaint, HARDWARE), strict=True))
    gpu = encoder_of(GPU, complaints.__getitem__)
    beyond = HARDWARE[HARDWARE.index(gpu.name) + 1 :] if gpu.name != X264 else ()
    others = [f"{name}: {complaints[name] or 'works, too'}" for name in beyond]
    told = "; ".join(filter(None, (gpu.because, *others)))
    return [
        ok("encoder", f"gpu is {gpu.name} here ({told})"),
        *_lacking(set(named) & set(HARDWARE), complaints),
    ]


def _lacking(named: Collection[str], complaints: dict[str, str]) -> Iterator[Finding]:
    for name in sorted(named):
        try:
            encoder_of(name, complaints.__getitem__).check()
        except MovieError as error:
            yield fault(f"encoder {name}", error)

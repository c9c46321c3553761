"""The offline sound of places: what a prompt names is heard, without a seam."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from movie_assets.core.errors import Refused
from movie_assets.core.ports import SurroundRequest, Workspace
from resources.offline import ambience
from resources.offline.ambience import OfflineSurrounder
from resources.probe import decode_sound

RATE = 48_000
PROMPTS = {layer.__name__: names.split()[0] for names, layer in ambience._PLACES.items()}


def heard(folder: Path, prompt: str, seconds: float = 2.0, take: int = 1) -> np.ndarray:
    """All samples, shape (n, 2), as a child process makes them."""
    made = OfflineSurrounder().surround(SurroundRequest(prompt, seconds, {}, take), Workspace(folder))
    assert isinstance(made.body, Path)
    sound, rate = decode_sound(made.body)
    assert rate == RATE
    return sound


def answered(folder: Path, prompt: str, seconds: float = 4.0) -> np.ndarray:
    """The same in this process, which is quicker."""
    file = folder / "place.wav"
    ambience._answer({"prompt": prompt, "seconds": seconds, "seed": "0123456789abcdef", "file": str(file)})
    return decode_sound(file)[0]


@pytest.mark.parametrize("prompt", PROMPTS.values(), ids=PROMPTS)
def test_each_place_can_be_heard(tmp_path: Path, prompt: str) -> None:
    """In stereo, not too loud, and about as loud as the others."""
    sound = answered(tmp_path, f"{prompt} somewhere")
    assert sound.shape == (4 * RATE, 2)
    assert 0.02 < float(np.sqrt(np.mean(sound**2))) < 0.12
    assert np.abs(sound).max() < 0.71
    assert not np.array_equal(sound[:, 0], sound[:, 1])


@pytest.mark.parametrize("prompt", PROMPTS.values(), ids=PROMPTS)
def test_the_end_goes_on_with_the_beginning(tmp_path: Path, prompt: str) -> None:
    """The step over the seam is one of its usual steps."""
    sound = answered(tmp_path, prompt)
    steps = np.abs(np.diff(sound, axis=0))
    assert (np.abs(sound[0] - sound[-1]) <= steps.max()).all()


def test_words_say_what_is_heard(tmp_path: Path) -> None:
    """Birds are higher than a city, whatever else is said of them."""

    def pitch(prompt: str) -> float:
        spectrum = np.abs(np.fft.rfft(answered(tmp_path, prompt)[:, 0])) ** 2
        return float((spectrum * np.fft.rfftfreq(4 * RATE, 1 / RATE)).sum() / spectrum.sum())

    assert pitch("Birds at dawn") > 1000 > pitch("a city far away")
    assert pitch("crickets and surf") > pitch("surf")


def test_the_same_request_always_sounds_the_same(tmp_path: Path) -> None:
    """Another take, or another prompt that names the same, does not."""
    first, again, other, take = (
        heard(tmp_path / str(number), prompt, take=take)
        for number, (prompt, take) in enumerate([("surf", 1), ("surf", 1), ("the surf", 1), ("surf", 2)])
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert not np.array_equal(first, take)


@pytest.mark.parametrize("seconds", [0.1, 121.0])
def test_a_length_that_is_no_loop_is_refused(tmp_path: Path, seconds: float) -> None:
    """Before anything is made."""
    with pytest.raises(Refused):
        OfflineSurrounder().surround(SurroundRequest("surf", seconds, {}), Workspace(tmp_path))

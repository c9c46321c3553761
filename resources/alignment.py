"""Word times for any voice: a recording is laid against the offline voice reading the same text."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from movie_assets.core.errors import MovieError, Refused
from movie_assets.core.ports import Heard, ListenRequest, Workspace
from movie_assets.core.words import Word, spread
from resources import worker
from resources.offline.voice import spoken
from resources.offline.voices import default_voice
from resources.probe import sound_blocks
from resources.warping import frames_of, hop_for, voiced, warp

__all__ = ["Aligner"]

_RATE = 16_000
_MARGIN = 0.1
_THROATS = (0.85, 1.0, 1.2)
"""Men, women and children differ by about so much; the one that fits best is taken."""

_MOST_UNLIKE = 0.9
"""Against the same words backwards: 0.6-0.8 for other voices of the same text, 0.92 or more for another text."""

Spans = list[tuple[float, float]]


class Aligner:
    """The `Listener` port: times are told by dynamic time warping, or spread evenly where that makes no sense."""

    def listen(self, request: ListenRequest, at: Workspace) -> Heard:
        """When each word is heard; a recording that cannot be aligned is no error, the reason is in `because`."""
        words = request.text.split()
        voice = default_voice(request.language)
        order = {
            "words": words,
            "voice": None if voice is None else voice.file,
            "language": None if voice is None else voice.language,
            "sound": str(request.sound.absolute()),
        }
        try:
            # Not stopped with the run: the recording may be paid for, and is recorded together with its words.
            answer = worker.call("resources.alignment", order, Workspace(at.scratch), timeout=120)
        except MovieError as error:
            answer = {"voiced": [0.0, request.seconds], "because": error.fact}
        return _heard(request, words, answer)


def _heard(request: ListenRequest, words: list[str], answer: dict[str, Any]) -> Heard:
    begin, end = (min(moment, request.seconds) for moment in answer["voiced"])
    if "because" in answer:
        return Heard(spread(request.text, begin, end), "spread", answer["because"])
    spans = zip(words, answer["spans"], strict=True)
    return Heard(
        tuple(
            Word(text, *(round(min(moment, request.seconds), 3) for moment in span)) for text, span in spans
        ),
        "aligned",
    )


# --- the child ------------------------------------------------------------------------------------------------


def _answer(order: dict[str, Any]) -> dict[str, Any]:
    blocks = [block.mean(1) for block in sound_blocks(Path(order["sound"]), _RATE, "mono")]
    sound = np.concatenate(blocks or [np.zeros(0)]).astype(np.float64)
    seconds = sound.size / _RATE
    hop = hop_for(seconds)
    begin, end = voiced(frames_of(sound, _RATE, hop))
    at = {"voiced": (begin, min(end, seconds) or seconds)}
    if not order["words"] or end <= begin:
        return {**at, "because": "nothing is heard" if order["words"] else "there are no words"}
    if order["voice"] is None:
        return {**at, "because": "the offline voice does not speak this language"}
    try:
        spans = _aligned(sound, hop, order)
    except Refused as error:
        return {**at, "because": error.fact}
    return {**at, "because": "the recording is unlike its text"} if spans is None else {**at, "spans": spans}


def _aligned(sound: NDArray[np.float64], hop: float, order: dict[str, Any]) -> Spans | None:
    """From when to when each word is heard, in seconds; None if it sounds no more like the text than like nonsense."""
    utterance, told = spoken(order["words"], order["language"], order["voice"])
    read = np.frombuffer(utterance.samples, "<i2") / 32768
    margin = np.zeros(math.ceil(_MARGIN * utterance.rate))
    reference = frames_of(np.concatenate([margin, read, margin]), utterance.rate, hop)
    as_if = [frames_of(sound, _RATE, hop, throat) for throat in _THROATS]
    (path, unlike), heard = min(
        ((warp(rows, reference), rows) for rows in as_if), key=lambda found: found[0][1]
    )
    if not unlike <= _MOST_UNLIKE * warp(heard, reference.backwards())[1]:
        return None
    ends = (np.array(told) + margin.size) / utterance.rate
    return [tuple(span) for span in _moments(path, hop, ends).tolist()]


def _moments(path: NDArray[np.int64], hop: float, of_reference: NDArray[np.float64]) -> NDArray[np.float64]:
    """When what is said at moments of the reference is said in the sound."""
    rows = np.arange(len(path))
    # Rows at which the path stays get ascending moments, a hair apart.
    return np.asarray(np.interp(of_reference, path * hop + rows * 1e-7, rows * hop))


if __name__ == "__main__":
    worker.serve(_answer)

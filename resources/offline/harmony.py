"""Moods as music theory: tempo, scale, progressions, and chords voiced so that each moves gently into the next."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise, product

__all__ = ["Mood", "chord", "mood_of", "pitch", "voiced"]

_MAJOR = (0, 2, 4, 5, 7, 9, 11)
_LYDIAN = (0, 2, 4, 6, 7, 9, 11)
_DORIAN = (0, 2, 3, 5, 7, 9, 10)
_MINOR = (0, 2, 3, 5, 7, 8, 10)
_PHRYGIAN = (0, 1, 3, 5, 7, 8, 10)


@dataclass(frozen=True, slots=True)
class Mood:
    """How a mood sounds. Progressions are scale degrees from 0, one a bar; `colour` is a degree added to each chord.

    `pulse` is arpeggio notes per beat, `drive` how much the drums do, `bright` the pads' upper partials, 0 to 1.
    """

    tempo: float
    scale: tuple[int, ...]
    verse: tuple[tuple[int, ...], ...]
    bridge: tuple[tuple[int, ...], ...]
    colour: int
    lead: str
    pulse: float
    bright: float
    drive: float = 0.0


_WONDER = Mood(68, _LYDIAN, ((0, 1, 0, 4), (0, 1, 5, 4)), ((5, 1, 3, 4), (2, 5, 1, 4)), 1, "bell", 2, 0.55)
_MOODS = {
    "wonder": _WONDER,
    "calm": Mood(56, _MAJOR, ((0, 3, 0, 4), (0, 5, 3, 4)), ((3, 0, 1, 4), (5, 3, 0, 4)), 6, "piano", 1, 0.3),
    "hope": Mood(76, _MAJOR, ((0, 4, 5, 3), (0, 2, 3, 4)), ((5, 3, 0, 4), (3, 4, 5, 4)), 1, "piano", 2, 0.5),
    "tense": Mood(
        84, _PHRYGIAN, ((0, 1, 0, 1), (0, 0, 5, 1)), ((3, 1, 5, 1), (5, 3, 1, 1)), 1, "pluck", 2, 0.4, 0.6
    ),
    "sad": Mood(54, _MINOR, ((0, 5, 2, 6), (0, 3, 5, 4)), ((5, 6, 2, 4), (3, 0, 5, 4)), 6, "piano", 1, 0.3),
    "playful": Mood(
        108, _MAJOR, ((0, 3, 4, 0), (0, 5, 1, 4)), ((3, 4, 2, 5), (1, 4, 0, 4)), 5, "pluck", 2, 0.5, 0.25
    ),
    "epic": Mood(
        84, _MINOR, ((0, 5, 2, 6), (0, 6, 5, 6)), ((5, 6, 0, 0), (3, 5, 2, 6)), 7, "strings", 2, 0.8, 1.0
    ),
    "mystery": Mood(
        60, _DORIAN, ((0, 3, 0, 6), (0, 1, 6, 0)), ((5, 3, 1, 4), (2, 1, 3, 0)), 8, "bell", 1, 0.35
    ),
}
_WORDS = {
    "wonder": "wonder wonderful awe amazement magic magical dream dreamy discovery curious curiosity marvel space cosmic",
    "calm": "calm peaceful gentle quiet serene relaxed relaxing ambient meditative soft warm tender nature reflective",
    "hope": "hope hopeful uplifting inspiring inspirational optimistic happy joy joyful bright triumphant love romantic",
    "tense": "tense tension suspense danger fear anxious urgent conflict dark horror storm ominous",
    "sad": "sad melancholy melancholic sorrow loss grief lonely nostalgic nostalgia mournful bittersweet somber",
    "playful": "playful fun funny light-hearted quirky cheerful children whimsical bouncy comic",
    "epic": "epic heroic adventure adventurous grand dramatic battle powerful majestic cinematic action",
    "mystery": "mystery mysterious enigmatic strange eerie haunting secret noir investigation",
}
_LEADS = {
    "piano": "piano",
    "bell": "bell bells celesta",
    "pluck": "guitar harp marimba pizzicato",
    "strings": "strings orchestra violin cello",
}
_PACES = {0.84: "slow slowly", 1.18: "fast quick upbeat energetic lively"}


def mood_of(prompt: str) -> Mood:
    """The mood whose words a prompt names first; instruments and pace it names are followed too."""
    named = _first(prompt, _WORDS)
    mood = _MOODS[named] if named else _WONDER
    lead = _first(prompt, _LEADS) or mood.lead
    pace = next((pace for pace, words in _PACES.items() if _place(prompt, words) is not None), 1.0)
    return replace(mood, lead=lead, tempo=mood.tempo * pace)


def pitch(mood: Mood, key: int, degree: int) -> int:
    """The MIDI number of a scale degree above the key's tonic; degrees go on below 0 and above 6."""
    octave, step = divmod(degree, 7)
    return key + 12 * octave + mood.scale[step]


def chord(mood: Mood, key: int, root: int) -> tuple[int, ...]:
    """The pitch classes of the chord on a degree: a triad and the mood's colour."""
    return tuple(pitch(mood, key, root + step) % 12 for step in (0, 2, 4, mood.colour))


def voiced(classes: tuple[int, ...], before: tuple[int, ...], centre: int) -> tuple[int, ...]:
    """The voicing of a chord closest to the one before (or around `centre`), low to high, not crowded."""
    octaves = [[note for note in range(centre - 11, centre + 14) if note % 12 == each] for each in classes]
    choices = [tuple(sorted(notes)) for notes in product(*octaves)]
    return min(choices, key=lambda notes: (_distance(notes, before, centre), notes))


def _distance(notes: tuple[int, ...], before: tuple[int, ...], centre: int) -> float:
    crowded = sum(9.0 for low, high in pairwise(notes) if high - low < 2)
    middle = abs(sum(notes) / len(notes) - centre) * 0.5
    moved = sum(abs(a - b) for a, b in zip(notes, before, strict=False))
    return crowded + middle + moved


def _first(text: str, words_of: dict[str, str]) -> str | None:
    found = {name: _place(text, words) for name, words in words_of.items()}
    places = {name: place for name, place in found.items() if place is not None}
    return min(places, key=places.__getitem__) if places else None


def _place(text: str, words: str) -> int | None:
    folded = " " + re.sub(r"[^\w-]+", " ", text.lower()) + " "
    places = [folded.find(f" {word} ") for word in words.split()]
    return min((place for place in places if place >= 0), default=None)

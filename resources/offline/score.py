"""The score: phrases of four bars that grow, rest and return, as notes to be played."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from resources.offline.harmony import Mood, chord, pitch, voiced

__all__ = ["Note", "Score"]

_BARS, _BEATS = 4, 4
_RHYTHMS = (
    ((0.0, 1.5), (1.5, 0.5), (2.0, 2.0), (4.0, 3.0)),
    ((0.0, 2.0), (2.0, 1.0), (3.0, 1.0), (4.0, 2.0), (6.0, 2.0)),
    ((1.0, 1.0), (2.0, 2.0), (4.0, 1.0), (5.0, 3.0)),
    ((0.0, 3.0), (3.0, 1.0), (4.0, 4.0)),
)
_FIGURES = (
    (0, 1, 2, 3, 2, 1, 2, 1),
    (0, 2, 1, 3, 0, 2, 1, 3),
    (0, 2, 3, 2, 1, 2, 3, 2),
    (0, 1, 3, 2, 0, 1, 3, 1),
)


@dataclass(frozen=True, slots=True)
class Note:
    """One note: seconds from the start of its phrase, a MIDI pitch, loudness 0 to 1, and where between left and right."""

    start: float
    length: float
    pitch: int
    loud: float
    voice: str
    pan: float = 0.0


_Chords = list[tuple[int, tuple[int, ...]]]
_Part = Callable[[_Chords, np.random.Generator, int], list[Note]]


class Score:
    """A piece of whole phrases exactly `seconds` long; the tempo gives way a little."""

    def __init__(self, mood: Mood, seconds: float, rng: np.random.Generator) -> None:
        self.mood = mood
        usual = _BARS * _BEATS * 60 / mood.tempo
        self.phrases = max(1, round(seconds / usual))
        self.phrase_seconds = seconds / self.phrases
        # A phrase never sounds faster than a quarter above its mood, so a short piece has fewer bars.
        self._bars = min(_BARS, max(1, round(_BARS * 1.25 * self.phrase_seconds / usual)))
        self._beat = self.phrase_seconds / (self._bars * _BEATS)
        self.key = int(rng.integers(53, 61))
        self._verse, self._bridge = rng.choice(len(mood.verse)), rng.choice(len(mood.bridge))
        self._rhythm = _RHYTHMS[rng.choice(len(_RHYTHMS))]
        self._figure = _FIGURES[rng.choice(len(_FIGURES))]
        self._contour = tuple(int(step) for step in rng.integers(-1, 5, len(self._rhythm)))
        self._seed = int(rng.integers(1 << 30))

    def phrase(self, number: int) -> list[Note]:
        """The notes of a phrase; the same every time it is asked for."""
        rng = np.random.default_rng([self._seed, number])
        chords = self._chords(number)
        played = self._bass(chords)
        for asked, part in self._parts(number):
            played += part(chords, rng, number) if asked else []
        # The first phrase is half over before anyone joins the pads.
        joins = 0.45 * self.phrase_seconds if number == 0 and self.phrases > 1 else 0.0
        return self._pads(chords, number) + [note for note in played if note.start >= joins]

    def _parts(self, number: int) -> list[tuple[bool, _Part]]:
        """Which parts play in a phrase: they come, rest and return; in a short piece all play."""
        place = (number + 0.5) / self.phrases
        short = self.phrases < 3
        return [
            (short or (place < 0.93 and number % 5 != 4), self._arpeggio),
            (short or (place < 0.97 and (number % 2 == 1 or self._is_bridge(number))), self._melody),
            (self.mood.drive > 0 and (short or place < 0.94), self._drums),
        ]

    def _is_bridge(self, number: int) -> bool:
        return number % 6 in (4, 5) and number < self.phrases - 1

    def _roots(self, number: int) -> tuple[int, ...]:
        if self._is_bridge(number):
            return self.mood.bridge[self._bridge][: self._bars]
        verse = self.mood.verse[(self._verse + number // 2) % len(self.mood.verse)][: self._bars]
        # The piece ends where it began, and so may begin again.
        return (*verse[:-1], 0) if number == self.phrases - 1 and self._bars > 1 else verse

    def _chords(self, number: int) -> _Chords:
        centre = self.key + 5
        last = self._roots(number - 1)[-1] if number else 0
        before = voiced(chord(self.mood, self.key, last), (), centre)
        chords = []
        for root in self._roots(number):
            before = voiced(chord(self.mood, self.key, root), before, centre)
            chords.append((root, before))
        return chords

    def _pads(self, chords: _Chords, number: int) -> list[Note]:
        bar = _BEATS * self._beat
        rise = 0.75 + 0.25 * float(np.sin(np.pi * (number + 0.5) / self.phrases))
        voice = "strings" if self.mood.lead == "strings" else "pad"
        return [
            Note(place * bar, bar, note, 0.15 * rise, voice, -0.35 + 0.23 * part)
            for place, (_, notes) in enumerate(chords)
            for part, note in enumerate(notes)
        ]

    def _bass(self, chords: _Chords) -> list[Note]:
        bar = _BEATS * self._beat
        notes = []
        for number, (root, _) in enumerate(chords):
            low = pitch(self.mood, self.key, root)
            low -= 12 * ((low - 33) // 12)
            notes.append(Note(number * bar, bar * 0.94, low, 0.17, "bass"))
        return notes

    def _arpeggio(self, chords: _Chords, rng: np.random.Generator, number: int) -> list[Note]:
        pulse, beat = self.mood.pulse, self._beat
        voice = {"bell": "piano", "strings": "pluck"}.get(self.mood.lead, self.mood.lead)
        steps = int(_BEATS * pulse)
        notes = []
        for bar, (_, voices) in enumerate(chords):
            for step in range(steps):
                late = float(np.abs(rng.normal(0, 0.006)))
                accent = 0.24 if step == 0 else 0.16
                note = voices[self._figure[step % 8] % len(voices)] + (12 if number % 3 == 2 else 0)
                start = (bar * _BEATS + step / pulse) * beat + late
                loud = accent * float(rng.uniform(0.75, 1.1))
                notes.append(Note(start, beat / pulse, note, loud, voice, 0.4 * float(np.sin(step * 1.7))))
        return notes

    def _melody(self, chords: _Chords, rng: np.random.Generator, number: int) -> list[Note]:
        notes: list[Note] = []
        for half in range(0, len(chords), 2):
            contour = self._contour[::-1] if self._is_bridge(number) else self._contour
            for (at, length), step in zip(self._rhythm, contour, strict=True):
                bar = half + int(at // _BEATS)
                if bar >= len(chords) or (half and rng.random() < 0.18):
                    continue
                note = self._sung(chords[bar][1], step, strong=at % 2 == 0)
                start = (half * _BEATS + at) * self._beat + float(np.abs(rng.normal(0, 0.008)))
                notes.append(
                    Note(
                        start,
                        length * self._beat,
                        note,
                        0.27 * float(rng.uniform(0.8, 1.1)),
                        self.mood.lead,
                        0.1,
                    )
                )
        return notes

    def _sung(self, voices: tuple[int, ...], step: int, strong: bool) -> int:
        """The step's place in the scale above the chord; on strong beats a note of the chord itself."""
        aim = pitch(self.mood, self.key, 7 + step)
        if not strong:
            return aim
        tones = [note + 12 * octave for note in voices for octave in (0, 1, 2)]
        return min(tones, key=lambda note: (abs(note - aim), note))

    def _drums(self, chords: _Chords, rng: np.random.Generator, number: int) -> list[Note]:
        hits = []
        for bar in range(self._bars):
            for at, loud in ((0.0, 1.0), (1.5, 0.5), (2.0, 0.75), (3.5, 0.4)):
                if at in (0.0, 2.0) or rng.random() < self.mood.drive:
                    hits.append(
                        Note(
                            (bar * _BEATS + at) * self._beat,
                            0.1,
                            36,
                            0.42 * loud * self.mood.drive**0.5,
                            "drum",
                        )
                    )
        return hits

"""How well word times are found where a provider tells none: other voices of the offline voice, whose times are known.

    python bench/alignment.py

Each text is spoken by other speakers, at other speeds and pitches, then played faster or slower, with noise over it and
silence around it; aligning and spreading are compared with the exact times.
"""

from __future__ import annotations

import sys
import tempfile
import time
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from movie_assets.core.ports import ListenRequest, SpeakRequest, Workspace
from movie_assets.core.words import Word, spread
from resources.alignment import Aligner
from resources.offline.voice import OfflineVoice
from resources.probe import decode_sound, probe

TEXTS = {
    "en": "In the autumn of 1835, a small ship came to a group of islands. The land was black; nothing grew. "
    "Giant animals, slow and heavy, grazed in the mist. On board was a young man, twenty-six years old, often "
    "seasick, who collected everything that crept or flew. Five weeks later he left with boxes full of birds, "
    "and it took him twenty years to understand what he had seen.",
    "de": "Im Herbst erreichte ein kleines Schiff eine Gruppe von Inseln. Das Land war schwarz, und nichts wuchs "
    "dort. Große Tiere grasten langsam im Nebel, und ein junger Mann sammelte alles, was kroch oder flog.",
    "es": "En el otoño un pequeño barco llegó a un grupo de islas. La tierra era negra y nada crecía. Animales "
    "gigantes pastaban en la niebla, y un joven coleccionaba todo lo que volaba.",
    "ar": "في الخريف وصلت سفينة صغيرة إلى مجموعة من الجزر. كانت الأرض سوداء ولم ينبت شيء. كانت الحيوانات "
    "العملاقة ترعى في الضباب.",
}
SPEAKERS = (("f2", 0.85, 60), ("m3", 1.3, 30), ("f5", 1.1, 70), ("m7", 1.0, 45), ("whisper", 1.0, 50))


@dataclass(frozen=True)
class Sample:
    """A recording of a text whose words' times are known."""

    name: str
    language: str
    text: str
    sound: Path
    words: tuple[Word, ...]


def sample(
    folder: Path, language: str, text: str, speaker: str, speed: float, pitch: int, played: float
) -> Sample:
    """Spoken by another voice, played at another pace, 20 dB over noise, after 0.4 s and before 0.8 s of it."""
    name = f"{language}-{speaker}-{played}"
    at = folder / name
    at.mkdir(parents=True)
    base = "en-gb" if language == "en" else language
    settings = {"voice": f"{base}+{speaker}", "speed": speed, "pitch": pitch}
    speech = OfflineVoice().speak(SpeakRequest(text, language, settings), Workspace(at))
    assert isinstance(speech.sound.body, Path) and speech.words is not None
    samples, rate = decode_sound(speech.sound.body)
    voice = np.pad(samples[:, 0], (round(0.4 * rate), round(0.8 * rate)))
    noise = np.random.default_rng(1).normal(0, np.sqrt(np.mean(voice**2)) / 10, voice.size)
    sound = at / "recording.wav"
    with wave.open(str(sound), "wb") as file:
        file.setparams((1, 2, round(rate * played), 0, "NONE", ""))
        file.writeframes((np.clip(voice + noise, -1, 1) * 32767).astype("<i2").tobytes())
    words = (Word(w.text, (w.start + 0.4) / played, (w.end + 0.4) / played) for w in speech.words)
    return Sample(name, language, text, sound, tuple(words))


def errors(found: tuple[Word, ...], exact: tuple[Word, ...]) -> np.ndarray:
    """How far off each start and end is, in milliseconds."""
    return np.array(
        [
            1000 * abs(a - b)
            for f, e in zip(found, exact, strict=True)
            for a, b in ((f.start, e.start), (f.end, e.end))
        ]
    )


def samples(folder: Path) -> Iterator[Sample]:
    for language, text in TEXTS.items():
        for number, (speaker, speed, pitch) in enumerate(SPEAKERS):
            yield sample(folder, language, text, speaker, speed, pitch, (1.0, 0.9, 1.12)[number % 3])


def main() -> None:
    print(f"{'sample':20} {'s':>5} {'words':>5}   aligned: mean, 95 %   spread: mean, 95 % (ms)   took s")
    every: list[tuple[np.ndarray, np.ndarray]] = []
    with tempfile.TemporaryDirectory() as folder:
        for each in samples(Path(folder)):
            seconds = probe(each.sound).seconds
            begun = time.monotonic()
            request = ListenRequest(each.sound, each.text, each.language, seconds)
            heard = Aligner().listen(request, Workspace(each.sound.parent))
            took = time.monotonic() - begun
            aligned = errors(heard.words, each.words)
            evenly = errors(spread(each.text, 0.0, seconds), each.words)
            every.append((aligned, evenly))
            print(
                f"{each.name:20} {seconds:5.1f} {len(each.words):5} {aligned.mean():15.0f} "
                f"{np.percentile(aligned, 95):6.0f} {evenly.mean():15.0f} {np.percentile(evenly, 95):6.0f} "
                f"{took:14.1f}  {heard.how} {heard.because}"
            )
    for name, column in (("aligned", 0), ("spread", 1)):
        whole = np.concatenate([pair[column] for pair in every])
        print(f"{name:8} mean {whole.mean():.0f} ms, 95 % within {np.percentile(whole, 95):.0f} ms")


if __name__ == "__main__":
    main()

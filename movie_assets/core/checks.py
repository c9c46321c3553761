"""The checks there are, and how each is judged from what was made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from movie_assets.core.ports import Look, Result
from movie_assets.core.script import Script
from movie_assets.core.task import Task
from movie_assets.core.timeline import Timeline
from movie_assets.core.verdict import Check, Verdict
from movie_assets.core.words import Words

__all__ = [
    "ALL_SAID",
    "AMBIENCE_AUDIBLE",
    "AUDIBLE",
    "CLIP_LENGTH",
    "CLIP_SHOWS",
    "CLIP_SIZE",
    "DESCRIPTION_AUDIBLE",
    "END_SHOWS",
    "END_SIZE",
    "FILM_FRAMES",
    "FILM_LENGTH",
    "FILM_SIZE",
    "LOUDNESS",
    "MOVES",
    "MUSIC_AUDIBLE",
    "PICTURE_SHOWS",
    "PICTURE_SIZE",
    "SOUND_AUDIBLE",
    "TITLE_SHOWS",
    "TITLE_SIZE",
    "WORDS_WITHIN",
    "judge_ambience",
    "judge_card",
    "judge_clip",
    "judge_description",
    "judge_film",
    "judge_motion",
    "judge_music",
    "judge_narration",
    "judge_picture",
    "judge_script",
    "judge_soundtrack",
]

Made = Mapping[str, Result]

ALL_SAID = Check("script", "all_said", "Every segment has something to say and something to show.")
PICTURE_SHOWS = Check("picture", "shows_something", "The picture is not blank and not black.")
PICTURE_SIZE = Check("picture", "large_enough", "The picture fills the frame without being enlarged.", False)
AUDIBLE = Check("narration", "audible", "The voice can be heard.")
WORDS_WITHIN = Check("words", "within_narration", "Every word is heard within its narration, in order.")
MOVES = Check("motion", "moves", "A generated video is not black and not frozen.")
CLIP_SHOWS = Check("clip", "shows_something", "The clip is not black.")
CLIP_LENGTH = Check("clip", "covers_narration", "The clip is as long as what is said in it.")
CLIP_SIZE = Check("clip", "frame_size", "The clip has the film's size.")
TITLE_SHOWS = Check("title_card", "shows_something", "The card is not black.")
TITLE_SIZE = Check("title_card", "frame_size", "The card has the film's size.")
END_SHOWS = Check("end_card", "shows_something", "The card is not black.")
END_SIZE = Check("end_card", "frame_size", "The card has the film's size.")
MUSIC_AUDIBLE = Check("music", "audible", "The music can be heard.")
AMBIENCE_AUDIBLE = Check("ambience", "audible", "The place can be heard.")
DESCRIPTION_AUDIBLE = Check("description", "audible", "The description can be heard.")
SOUND_AUDIBLE = Check("soundtrack", "audible", "What is spoken can be heard in the film's sound.")
LOUDNESS = Check("soundtrack", "loudness", "-16 LUFS within 0.5, and no peak above -1.5 dBTP.", False)
FILM_FRAMES = Check(
    "film", "as_long_as_its_timeline", "The film has every frame of its timeline, and no other."
)
FILM_LENGTH = Check("film", "as_long_as_its_sound", "Picture and sound end together, within a frame.")
FILM_SIZE = Check("film", "frame_size", "The film has the size that was asked for.")

# Of full scale. A night scene has stars and edges; what lies below these is an empty file in disguise.
_BLACK, _FLAT, _FROZEN, _SILENT = 0.04, 0.004, 0.0004, 0.003
_LOUDNESS, _LOUDNESS_OFF, _PEAK = -16.0, 0.5, -1.5
_MUTE = -69.0  # LUFS; the measure knows nothing below -70


def judge_script(task: Task, made: Made) -> Iterator[Verdict]:
    """Pictures and voices are paid for by what the script says."""
    body = made["script"].body
    assert isinstance(body, bytes)
    segments = msgspec.json.decode(body, type=Script).segments
    mute = [str(n) for n, each in enumerate(segments) if not (each.text.strip() and each.prompt.strip())]
    yield ALL_SAID.verdict(f"the script says or shows nothing in segment {', '.join(mute)}" if mute else None)


def judge_picture(task: Task, made: Made) -> Iterator[Verdict]:
    """A blank picture would be animated, and shown for seconds."""
    look, canvas = _look(task, made["picture"]), task.given("canvas")
    yield PICTURE_SHOWS.verdict(_blank("picture", look) or _flat("picture", look))
    small = look.width < canvas["width"] or look.height < canvas["height"]
    size = f"the picture is {look.width} x {look.height}, the frame {canvas['width']} x {canvas['height']}"
    yield PICTURE_SIZE.verdict(size if small else None)


def judge_narration(task: Task, made: Made) -> Iterator[Verdict]:
    """Silence where words should be, and words where there is no sound."""
    yield AUDIBLE.verdict(_silent("narration", _look(task, made["narration"])))
    body = made["words"].body
    assert isinstance(body, bytes)
    yield WORDS_WITHIN.verdict(_misplaced(msgspec.json.decode(body, type=Words)))


def judge_motion(task: Task, made: Made) -> Iterator[Verdict]:
    """Only a generated video can be black or frozen; a camera move is numbers."""
    video = made["motion"]
    if video.media_type.startswith("video/"):
        look = _look(task, video)
        frozen = f"the video does not move in {look.seconds:.1f} s" if look.moves < _FROZEN else None
        yield MOVES.verdict(_blank("video", look) or frozen)


def judge_clip(task: Task, made: Made) -> Iterator[Verdict]:
    """What is joined into the film must fit."""
    look, said = _look(task, made["clip"]), task.one("words").json(Words).duration
    yield CLIP_SHOWS.verdict(_blank("clip", look))
    short = f"the clip is {look.seconds:.2f} s long, its narration {said:.2f} s"
    yield CLIP_LENGTH.verdict(short if look.seconds + 0.001 < said else None)
    yield CLIP_SIZE.verdict(_other_size("clip", look, task))


def judge_card(kind: str, shows: Check, size: Check) -> Callable[[Task, Made], Iterator[Verdict]]:
    """The judge of a card, which is joined into the film like a clip."""

    def judge(task: Task, made: Made) -> Iterator[Verdict]:
        look = _look(task, made[kind])
        yield shows.verdict(_blank("card", look))
        yield size.verdict(_other_size("card", look, task))

    return judge


def judge_music(task: Task, made: Made) -> Iterator[Verdict]:
    """A silent score is none."""
    score = made["music"]
    if score.media_type != "application/json":
        yield MUSIC_AUDIBLE.verdict(_silent("music", _look(task, score)))


def judge_ambience(task: Task, made: Made) -> Iterator[Verdict]:
    """A silent place is none, unless none is asked for."""
    place = made["ambience"]
    if place.media_type != "application/json":
        yield AMBIENCE_AUDIBLE.verdict(_silent("ambience", _look(task, place)))


def judge_description(task: Task, made: Made) -> Iterator[Verdict]:
    """Who cannot see would be left with a pause, unless nothing is to be told."""
    spoken = made["description"]
    if spoken.media_type != "application/json":
        yield DESCRIPTION_AUDIBLE.verdict(_silent("description", _look(task, spoken)))


def judge_soundtrack(task: Task, made: Made) -> Iterator[Verdict]:
    """By what the mix itself measured (EBU R128)."""
    notes = made["soundtrack"].meta.notes
    loudness, peak = notes.get("loudness"), notes.get("truePeak")
    if loudness is not None and peak is not None:
        mute = loudness <= _MUTE and any(
            task.ports.renderer.look(voice.file(), voice.ref.media_type).peak >= _SILENT
            for voice in task.all("narration")
        )
        yield SOUND_AUDIBLE.verdict("the sound is silent, what is spoken in it is not" if mute else None)
        off = abs(loudness - _LOUDNESS) > _LOUDNESS_OFF or peak > _PEAK
        yield LOUDNESS.verdict(f"the sound is {loudness:.1f} LUFS with {peak:.1f} dBTP" if off else None)


def judge_film(task: Task, made: Made) -> Iterator[Verdict]:
    """Whatever is longer or shorter than was planned lost or won a clip, or is out of step with its words."""
    look, plan = _look(task, made["film"]), task.one("timeline").json(Timeline)
    found = round(look.seconds * plan.fps)
    frames = f"the film has {found} frames, its timeline {plan.frames}"
    yield FILM_FRAMES.verdict(frames if found != plan.frames else None)
    off = abs(look.seconds - look.sound_seconds) > 1 / plan.fps
    length = f"the film's picture is {look.seconds:.3f} s long, its sound {look.sound_seconds:.3f} s"
    yield FILM_LENGTH.verdict(length if off else None)
    yield FILM_SIZE.verdict(_other_size("film", look, task))


# --- sentences --------------------------------------------------------------------------------------------------


def _blank(what: str, look: Look) -> str | None:
    return f"the {what} is black" if look.brightest < _BLACK else None


def _flat(what: str, look: Look) -> str | None:
    return f"the {what} is one even colour" if look.spread < _FLAT else None


def _silent(what: str, look: Look) -> str | None:
    return f"the {what} is silent" if look.peak < _SILENT else None


def _misplaced(words: Words) -> str | None:
    at = 0.0
    for word in words.words:
        if word.start < at - 0.001 or word.end > words.duration + 0.05:
            return f"{word.text!r} is said to be heard at {word.start:.2f} s of {words.duration:.2f} s"
        at = word.start
    return None


def _other_size(what: str, look: Look, task: Task) -> str | None:
    frame = task.given("frame")
    if (look.width, look.height) == (frame["width"], frame["height"]):
        return None
    return f"the {what} is {look.width} x {look.height}, not {frame['width']} x {frame['height']}"


def _look(task: Task, result: Result) -> Look:
    if isinstance(result.body, Path):
        return task.ports.renderer.look(result.body, result.media_type)
    file = task.at.scratch / "looked-at"
    file.write_bytes(result.body)
    return task.ports.renderer.look(file, result.media_type)

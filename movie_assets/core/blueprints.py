"""The blueprints there are: kinds of movies, declared."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from movie_assets.core import checks as on
from movie_assets.core import producers as make
from movie_assets.core.artefact import Scope
from movie_assets.core.blueprint import (
    ORDINAL,
    Blueprint,
    Producer,
    every,
    first,
    input_,
    last,
    previous,
    same,
)
from movie_assets.core.described import described
from movie_assets.core.inputs import USUAL
from movie_assets.core.movie_file import MovieFile

__all__ = ["BLUEPRINTS", "DESCRIBED_FILM", "DESCRIPTIONS", "blueprint_of", "fitted"]

MOVIE, SEGMENT = Scope.MOVIE, Scope.SEGMENT
DESCRIPTIONS = "film.descriptions.vtt"
DESCRIBED_FILM = "film.described.mp4"


def _always(asked: Any) -> bool:
    return True


SCRIPT = Producer(
    "script", "2", MOVIE, (input_("brief"), input_("script")), ("script",), make.script, asks="script",
    instant=lambda script: bool(script.get("source")),
    about="Title, summary, and per segment the narration and the picture's prompt.",
    checks=(on.ALL_SAID,), judge=on.judge_script,
)  # fmt: skip
SEGMENT_TEXT = Producer(
    "segment_text", "1", SEGMENT, (same("script"), input_("text"), ORDINAL), ("segment_text",), make.segment_text, instant=_always,
    about="What is said in this segment.",
)  # fmt: skip
PICTURE_PROMPT = Producer(
    "picture_prompt", "1", SEGMENT, (same("script"), input_("prompt"), ORDINAL), ("picture_prompt",),
    make.picture_prompt, instant=_always,
    about="What this segment's picture shows, with the movie's style.",
)  # fmt: skip
PICTURE = Producer(
    "picture", "2", SEGMENT, (same("picture_prompt"), input_("picture"), input_("canvas")), ("picture",),
    make.picture, asks="picture",
    about="This segment's picture.",
    checks=(on.PICTURE_SHOWS, on.PICTURE_SIZE), judge=on.judge_picture,
)  # fmt: skip
NARRATION = Producer(
    "narration", "2", SEGMENT, (same("segment_text"), input_("narration"), input_("language")),
    ("narration", "words"), make.narration, asks="narration",
    about="This segment's voice, and when each word is heard.",
    checks=(on.AUDIBLE, on.WORDS_WITHIN), judge=on.judge_narration,
)  # fmt: skip
DESCRIPTION_TEXT = Producer(
    "description_text", "1", SEGMENT, (same("picture_prompt"), input_("alt")), ("description_text",),
    make.description_text, instant=_always,
    about="What this segment's picture shows, for those who do not see it.",
)  # fmt: skip
DESCRIPTION = Producer(
    "description", "1", SEGMENT, (same("description_text"), input_("alt"), input_("descriptions"), input_("language")), ("description",),
    make.description, asks="descriptions",
    about="What this segment's picture shows, spoken.",
    checks=(on.DESCRIPTION_AUDIBLE,), judge=on.judge_description,
)  # fmt: skip
DESCRIPTION_SECONDS = Producer(
    "description_seconds", "1", SEGMENT, (same("description"),), ("description_seconds",), make.description_seconds,
    about="For how long the described film waits with this segment's narration.",
)  # fmt: skip
MOTION = Producer(
    "motion", "1", SEGMENT, (same("picture"), same("picture_prompt"), input_("motion"), input_("frame")),
    ("motion",), make.motion, asks="motion",
    instant=lambda motion: motion["kind"] == "still",
    about="A camera move over the picture, or a generated video of it.",
    checks=(on.MOVES,), judge=on.judge_motion,
)  # fmt: skip
MOTION_SOUND = Producer(
    "motion_sound", "1", SEGMENT, (same("motion"), input_("motion_sound")), ("motion_sound",), make.motion_sound,
    about="The generated video that is heard itself, where a person wants to hear it.",
)  # fmt: skip
CLIP = Producer(
    "clip", "2", SEGMENT,
    (same("picture"), previous("picture"), same("motion"), previous("motion"), same("words"),
     input_("frame"), input_("pause"), input_("captions"), input_("transition"), input_("language"), input_("encoder")),
    ("clip",), make.clip,
    about="This segment's part of the film, without sound; the transition into it lies in its head.",
    checks=(on.CLIP_SHOWS, on.CLIP_LENGTH, on.CLIP_SIZE), judge=on.judge_clip,
)  # fmt: skip
TITLE_CARD = Producer(
    "title_card", "1", MOVIE,
    (input_("title_card"), input_("title_seconds"), input_("title"), input_("frame"), input_("language"), first("picture"),
     input_("encoder")),
    ("title_card",), make.title_card,
    about="What is written before the film begins.",
    checks=(on.TITLE_SHOWS, on.TITLE_SIZE), judge=on.judge_card("title_card", on.TITLE_SHOWS, on.TITLE_SIZE),
)  # fmt: skip
END_CARD = Producer(
    "end_card", "1", MOVIE,
    (input_("end_card"), input_("end_seconds"), input_("makers"), input_("frame"), input_("language"),
     last("picture"), last("motion"), input_("encoder")),
    ("end_card",), make.end_card,
    about="The credits after the film, with who made what.",
    checks=(on.END_SHOWS, on.END_SIZE), judge=on.judge_card("end_card", on.END_SHOWS, on.END_SIZE),
)  # fmt: skip
MUSIC_PROMPT = Producer(
    "music_prompt", "1", MOVIE, (same("script"), input_("mood")), ("music_prompt",), make.music_prompt, instant=_always,
    about="The mood the music is composed for.",
)  # fmt: skip
MUSIC = Producer(
    "music", "1", MOVIE, (same("music_prompt"), input_("music"), input_("length")), ("music",), make.music,
    asks="music",
    about="The score, for the target length; looped and trimmed to the real one by the soundtrack.",
    checks=(on.MUSIC_AUDIBLE,), judge=on.judge_music,
)  # fmt: skip
AMBIENCE = Producer(
    "ambience", "1", SEGMENT, (input_("ambience"),), ("ambience",), make.ambience, asks="ambience",
    instant=lambda ambience: not ambience,
    about="What is heard at this segment's place, behind the voice.",
    checks=(on.AMBIENCE_AUDIBLE,), judge=on.judge_ambience,
)  # fmt: skip
TIMELINE = Producer(
    "timeline", "1", MOVIE, (every("words"), input_("pauses"), input_("frame"), input_("title_seconds"), input_("end_seconds")),
    ("timeline",), make.timeline,
    about="What plays when.",
)  # fmt: skip
SOUNDTRACK = Producer(
    "soundtrack", "1", MOVIE, (every("narration"), same("music"), same("timeline"), input_("volume"),
     every("ambience"), input_("ambience_volume"), every("motion_sound"), input_("motion_volumes")),
    ("soundtrack",), make.soundtrack,
    about="All voices over the music and the sound of places, encoded once.",
    checks=(on.SOUND_AUDIBLE, on.LOUDNESS), judge=on.judge_soundtrack,
)  # fmt: skip
SUBTITLES = Producer(
    "subtitles", "2", MOVIE, (every("words"), same("timeline")), ("subtitles",), make.subtitles,
    about="What is said when, as SRT.",
)  # fmt: skip
FILM = Producer(
    "film", "1", MOVIE,
    (every("clip"), same("title_card"), same("end_card"), same("timeline"), same("soundtrack"), same("subtitles"),
     input_("title"), input_("language"), input_("frame"), input_("encoder")),
    ("film",), make.film,
    about="The film.",
    checks=(on.FILM_FRAMES, on.FILM_LENGTH, on.FILM_SIZE), judge=on.judge_film,
)  # fmt: skip

DESCRIBED = (
    described(TIMELINE, every("description_seconds")),
    described(CLIP, same("description_seconds")),
    described(SOUNDTRACK, every("description")),
    described(SUBTITLES),
    described(replace(FILM, make=make.described_film)),
)

NARRATED = Blueprint(
    "narrated",
    (SCRIPT, SEGMENT_TEXT, PICTURE_PROMPT, PICTURE, NARRATION, DESCRIPTION_TEXT, DESCRIPTION, DESCRIPTION_SECONDS, MOTION,
     MOTION_SOUND, CLIP, TITLE_CARD, END_CARD, MUSIC_PROMPT, MUSIC, AMBIENCE, TIMELINE, SOUNDTRACK, SUBTITLES, FILM, *DESCRIBED),
    exports={
        "film.mp4": "film", "film.srt": "subtitles", "film.vtt": "subtitles", "poster.jpg": "film",
        DESCRIPTIONS: "film", "film.otio": "film", "provenance.json": "film", "index.html": "film",
        DESCRIBED_FILM: "described_film", "provenance.described.json": "described_film",
    },
    on_request={"film.otioz": "film"},
)  # fmt: skip

_OF_CARDS = {
    "title_card": frozenset({"title_card", "title_seconds"}),
    "end_card": frozenset({"end_card", "end_seconds", "makers"}),
}

_OF_MOTION = frozenset({"motion_sound", "motion_volumes"})
_OF_TELLING = frozenset({"description_text", "alt"})
_OF_DESCRIPTIONS = frozenset(
    {
        "description",
        "description_seconds",
        "descriptions",
        *(kind for each in DESCRIBED for kind in each.makes),
    }
)

PODCAST = Blueprint(
    "podcast",
    (SCRIPT, SEGMENT_TEXT, NARRATION, MUSIC_PROMPT, MUSIC, AMBIENCE, TIMELINE,
     replace(SOUNDTRACK, reads=tuple(read for read in SOUNDTRACK.reads if read.name not in _OF_MOTION)), SUBTITLES),
    exports={
        "podcast.m4a": "soundtrack", "podcast.mp3": "soundtrack", "podcast.srt": "subtitles",
        "podcast.vtt": "subtitles", "provenance.json": "soundtrack", "index.html": "soundtrack",
    },
)  # fmt: skip

BLUEPRINTS: Mapping[str, Blueprint] = {blueprint.name: blueprint for blueprint in (NARRATED, PODCAST)}


# What there is only for who wants it, by the input that says so.
_OPTIONAL: Mapping[str, frozenset[str]] = {
    **_OF_CARDS,
    "motion_volumes": _OF_MOTION,
    "alt": _OF_TELLING,
    "descriptions": _OF_DESCRIPTIONS,
    "encoder": frozenset({"encoder"}),
}


def blueprint_of(movie: MovieFile) -> Blueprint:
    """The blueprint a movie names, without what it does not want: cards, sounds, descriptions, another encoder than usual.

    Nothing of it depends on them.
    """
    return fitted(BLUEPRINTS[movie.blueprint], frozenset(_wanted(movie)))


def fitted(blueprint: Blueprint, inputs: Collection[str]) -> Blueprint:
    """The same kind of movie where just that is wanted which there are inputs for."""
    whole = BLUEPRINTS.get(blueprint.name, blueprint)
    unwanted = (names for said, names in _OPTIONAL.items() if said not in inputs)
    return whole.without(frozenset().union(*unwanted))


def _wanted(movie: MovieFile) -> Iterator[str]:
    """The inputs that say what a movie wants beyond the usual."""
    if "film" in BLUEPRINTS[movie.blueprint].scopes:
        yield from (card for card in _OF_CARDS if getattr(movie, card) is not None)
    if movie.motion_volumes:
        yield "motion_volumes"
    if movie.descriptions is not None:
        yield "descriptions"
    if movie.descriptions is not None or any(
        each.picture.alt is not None for each in movie.overrides.values()
    ):
        yield "alt"
    if movie.frame.encoder != USUAL["encoder"]:
        yield "encoder"

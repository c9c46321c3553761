"""What each producer does: from inputs and artefacts, by way of ports, to artefacts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from movie_assets.core.camera import CameraMove, move_for
from movie_assets.core.cards import card_frames, closing_lines, opening_lines
from movie_assets.core.digest import canonical
from movie_assets.core.encoder import X264
from movie_assets.core.errors import Refused
from movie_assets.core.ports import (
    Ambience,
    AnimateRequest,
    Captions,
    CardRequest,
    ClipRequest,
    ComposeRequest,
    Encoded,
    FilmRequest,
    Frame,
    Heard,
    HeardVideo,
    ListenRequest,
    Meta,
    PaintRequest,
    Result,
    Shot,
    SoundtrackRequest,
    SpeakRequest,
    Speech,
    SurroundRequest,
    Transition,
    Voice,
    WriteRequest,
)
from movie_assets.core.reason import LOCAL
from movie_assets.core.script import Script, styled, without_style
from movie_assets.core.script_file import parse_script
from movie_assets.core.subtitles import cues, to_srt
from movie_assets.core.task import Reading, Task
from movie_assets.core.timeline import Timeline, piece_frames, segment_frames, timeline_of, wait
from movie_assets.core.words import Words

__all__ = [
    "ambience",
    "clip",
    "described_film",
    "description",
    "description_seconds",
    "description_text",
    "end_card",
    "film",
    "motion",
    "motion_sound",
    "music",
    "music_prompt",
    "narration",
    "picture",
    "picture_prompt",
    "script",
    "segment_text",
    "soundtrack",
    "subtitles",
    "timeline",
    "title_card",
]

Made = Mapping[str, Result]

_OURS = Meta(LOCAL, cost=0.0)
_AMBIENCE_SECONDS = 12.0  # after which hardly anybody hears a loop begin again


def _json(value: Any) -> Result:
    return Result(canonical(msgspec.to_builtins(value)), "application/json", _OURS)


def _text(text: str) -> Result:
    return Result(text.encode(), "text/plain; charset=utf-8", _OURS)


def _rendered(encoded: Encoded) -> Result:
    return Result(encoded.file, encoded.media_type, Meta(LOCAL, cost=0.0, notes=encoded.notes))


def _settings(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """A section's fields with the provider's own `settings` beside them; files are handed over apart."""
    fields = {name: value for name, value in payload.items() if name not in ("template", "references")}
    return {**fields, **payload.get("settings", {})}


def _template(task: Task, payload: Mapping[str, Any]) -> str:
    """The text of the prompt template, "" for a provider that has none."""
    return task.person_file(payload["template"]).text() if "template" in payload else ""


# --- script and what is sliced from it ---


def script(task: Task) -> Made:
    """Writes the script, or reads a person's own."""
    brief, settings = task.given("brief"), task.given("script")
    if settings.get("source"):
        return {"script": _json(_own_script(task.person_file(settings["source"]), brief["segments"]))}
    request = WriteRequest(
        title=brief["title"],
        brief=brief["brief"],
        language=brief["language"],
        segments=brief["segments"],
        duration=brief["duration"],
        settings=_settings(settings),
        template=_template(task, settings),
        take=task.take,
    )
    made = task.ports.writer(settings["provider"]).write(request, task.at)
    assert isinstance(made.body, bytes)
    _check_segments(_script(made.body), brief["segments"])
    return {"script": made}


def _own_script(source: Reading, segments: int) -> Script:
    written = parse_script(source.text())
    _check_segments(written, segments)
    return written


def _check_segments(written: Script, segments: int) -> None:
    found = len(written.segments)
    if found != segments:
        change = (
            f"write {segments - found} more in" if found < segments else f"take {found - segments} out of"
        )
        raise Refused(
            f"the script has {found} segments, the movie asks for {segments}",
            next_step=f"{change} the script, or set segments: {found} in movie.yaml",
        )


@lru_cache(maxsize=4)
def _script(data: bytes) -> Script:
    """Decoded once for all the segments that slice it."""
    return msgspec.json.decode(data, type=Script)


def segment_text(task: Task) -> Made:
    """This segment's narration: a person's words, else the script's."""
    own = task.given("text")
    return {"segment_text": _text(own if own is not None else _segment_of(task).text)}


def picture_prompt(task: Task) -> Made:
    """This segment's picture prompt with the movie's style."""
    given = task.given("prompt")
    prompt = given["prompt"] if given["prompt"] is not None else _segment_of(task).prompt
    return {"picture_prompt": _text(styled(prompt, given["style"]))}


def _segment_of(task: Task) -> Any:
    assert task.segment is not None
    segments = _script(task.one("script").bytes()).segments
    if task.segment >= len(segments):
        raise Refused(
            f"the script has {len(segments)} segments, and none for segment {task.segment}",
            next_step="change `segments` in movie.yaml, or the script",
        )
    return segments[task.segment]


# --- picture, voice, motion ---


def picture(task: Task) -> Made:
    """Paints a segment's picture, or takes a person's own file."""
    settings, canvas = task.given("picture"), task.given("canvas")
    if settings.get("file"):
        return {"picture": _as_given(task.person_file(settings["file"]))}
    request = PaintRequest(
        task.one("picture_prompt").text(),
        canvas["width"],
        canvas["height"],
        _settings(settings),
        take=task.take,
        template=_template(task, settings),
        references=tuple(task.person_file(each).file() for each in settings.get("references", ())),
    )
    return {"picture": task.ports.painter(settings["provider"]).paint(request, task.at)}


def _as_given(reading: Reading) -> Result:
    return Result(reading.bytes(), reading.ref.media_type, Meta("person", cost=0.0))


def narration(task: Task) -> Made:
    """Speaks a segment's text, or takes a person's own recording, and says when each word is heard."""
    settings, text = task.given("narration"), task.one("segment_text").text()
    if settings.get("file"):
        speech = Speech(_as_given(task.person_file(settings["file"])), None)
    else:
        request = SpeakRequest(text, task.given("language"), _settings(settings), take=task.take)
        speech = task.ports.speaker(settings["provider"]).speak(request, task.at)
    duration = task.ports.renderer.seconds(_as_file(speech.sound, task))
    heard = _heard(speech, text, duration, task)
    notes = {**speech.sound.meta.notes, "seconds": round(duration, 3), "text": text}
    sound = replace(speech.sound, meta=replace(speech.sound.meta, notes=notes))
    return {"narration": sound, "words": _words(duration, heard)}


def _heard(speech: Speech, text: str, duration: float, task: Task) -> Heard:
    if speech.words is not None:
        return Heard(speech.words, "told")
    request = ListenRequest(_as_file(speech.sound, task), text, task.given("language"), duration)
    return task.ports.listener.listen(request, task.at)


def _words(duration: float, heard: Heard) -> Result:
    notes = {"words": heard.how} | ({"because": heard.because} if heard.because else {})
    made = _json(Words(duration, heard.words))
    return replace(made, meta=replace(made.meta, notes=notes))


def _as_file(result: Result, task: Task) -> Path:
    if isinstance(result.body, Path):
        return result.body
    path = task.at.scratch / "sound"
    path.write_bytes(result.body)
    return path


def description_text(task: Task) -> Made:
    """What a segment's picture shows: a person's words, else its prompt without the style; empty where nothing is told."""
    own = task.given("alt")
    return {
        "description_text": _text(without_style(task.one("picture_prompt").text()) if own is None else own)
    }


def description(task: Task) -> Made:
    """Speaks what a segment's picture shows; JSON null where nothing is told of it. Prompts may be in a language of their own."""
    settings, text = task.given("descriptions"), task.one("description_text").text().strip()
    if not text:
        return {"description": _json(None)}
    language = task.given("language")
    if task.given("alt") is None:
        language = settings.get("language", language)
    request = SpeakRequest(text, language, _settings(settings), take=task.take)
    return {"description": task.ports.speaker(settings["provider"]).speak(request, task.at).sound}


def description_seconds(task: Task) -> Made:
    """How long a description is, as JSON; null where there is none."""
    spoken = task.one("description")
    told = spoken.ref.media_type != "application/json"
    return {"description_seconds": _json(task.ports.renderer.seconds(spoken.file()) if told else None)}


def motion(task: Task) -> Made:
    """A camera move for a still segment, a generated video for an animated one."""
    settings, painted = task.given("motion"), task.one("picture")
    if settings["kind"] == "still":
        return {"motion": _json(move_for(painted.ref.digest, settings.get("move")))}
    frame = task.given("frame")
    request = AnimateRequest(
        painted.file(),
        settings.get("prompt") or task.one("picture_prompt").text(),
        settings["seconds"],
        frame["width"],
        frame["height"],
        frame["fps"],
        _settings(settings),
        take=task.take,
    )
    return {"motion": task.ports.animator(settings["provider"]).animate(request, task.at)}


def motion_sound(task: Task) -> Made:
    """The generated video once more, where its own sound is wanted; else JSON null."""
    video = task.one("motion")
    if not task.given("motion_sound") or not video.ref.media_type.startswith("video/"):
        return {"motion_sound": _json(None)}
    return {"motion_sound": Result(video.bytes(), video.ref.media_type, _OURS)}


# --- the clip ---


def clip(task: Task) -> Made:
    """Renders one segment without sound; the transition from the one before lies in its head."""
    words, frame, pause = task.one("words").json(Words), _frame(task), task.given("pause")
    given, style, told = task.given("transition"), task.given("captions"), task.wanted("description_seconds")
    described = told.json(float | None) if told else None
    request = ClipRequest(
        shot=_shot(task.one("picture"), task.one("motion")),
        previous=_previous_shot(task),
        words=words,
        lead=pause / 2 + wait(pause, described),
        frames=segment_frames(words.duration, pause, frame.fps, described),
        frame=frame,
        captions=Captions(**style, language=task.given("language")),
        transition=Transition(given["style"], given["seconds"]),
        encoder=_encoder(task),
    )
    return {"clip": _rendered(task.ports.renderer.clip(request, task.at))}


def _encoder(task: Task) -> str:
    return str(task.given("encoder") or X264)


def _frame(task: Task) -> Frame:
    return msgspec.convert(task.given("frame"), Frame)


def _shot(painted: Reading, moved: Reading) -> Shot:
    is_move = moved.ref.media_type == "application/json"
    return Shot(painted.file(), moved.json(CameraMove) if is_move else moved.file())


def _previous_shot(task: Task) -> Shot | None:
    painted, moved = task.before("picture"), task.before("motion")
    return _shot(painted, moved) if painted and moved else None


# --- cards ---


def title_card(task: Task) -> Made:
    """Renders the film's title over its first picture."""
    card = task.given("title_card")
    lines = opening_lines(card, task.given("title"))
    frames = card_frames(task.given("title_seconds"), task.given("frame")["fps"])
    return _card(task, "title_card", CardRequest(
        lines, _behind(card, task.first("picture")), None, frames, _frame(task), task.given("language"), _encoder(task)
    ))  # fmt: skip


def end_card(task: Task) -> Made:
    """Renders the credits over the last picture, which goes out of focus."""
    card, painted = task.given("end_card"), task.last("picture")
    lines = closing_lines(card, task.given("makers"))
    frames = card_frames(task.given("end_seconds"), task.given("frame")["fps"])
    before = _shot(painted, task.last("motion"))
    return _card(task, "end_card", CardRequest(
        lines, _behind(card, painted), before, frames, _frame(task), task.given("language"), _encoder(task)
    ))  # fmt: skip


def _behind(card: Mapping[str, Any], painted: Reading) -> Path | None:
    return painted.file() if card["background"] == "picture" else None


def _card(task: Task, kind: str, request: CardRequest) -> Made:
    return {kind: _rendered(task.ports.renderer.card(request, task.at))}


# --- sound and the whole ---


def music_prompt(task: Task) -> Made:
    """The mood of the music: a person's, else the script's."""
    return {"music_prompt": _text(task.given("mood") or task.one("script").json(Script).mood)}


def music(task: Task) -> Made:
    """Composes the score for the target length; JSON null where the movie wants none."""
    settings = task.given("music")
    if settings is None:
        return {"music": _json(None)}
    if settings.get("file"):
        return {"music": _as_given(task.person_file(settings["file"]))}
    request = ComposeRequest(
        task.one("music_prompt").text(), float(task.given("length")), _settings(settings), take=task.take
    )
    return {"music": task.ports.composer(settings["provider"]).compose(request, task.at)}


def ambience(task: Task) -> Made:
    """The sound of a segment's place, to be looped; JSON null where none is wanted."""
    settings = task.given("ambience")
    if not settings:
        return {"ambience": _json(None)}
    request = SurroundRequest(settings["prompt"], _AMBIENCE_SECONDS, _settings(settings), take=task.take)
    return {"ambience": task.ports.surrounder(settings["provider"]).surround(request, task.at)}


def timeline(task: Task) -> Made:
    """What plays when."""
    lengths = [reading.json(Words).duration for reading in task.all("words")]
    fps = task.given("frame")["fps"]
    opening, closing = (card_frames(task.given(f"{end}_seconds") or 0.0, fps) for end in ("title", "end"))
    pauses = _of_each(task.given("pauses"), len(lengths))
    described = [reading.json(float | None) for reading in task.lists.get("description_seconds[*]", ())]
    return {"timeline": _json(timeline_of(lengths, pauses, fps, opening, closing, described))}


def _of_each(said: Any, segments: int) -> list[float]:
    """A number for each segment: the one that is said, but for those that have their own."""
    if not isinstance(said, Mapping):
        return [said] * segments
    return [said["own"].get(str(number), said["all"]) for number in range(segments)]


def soundtrack(task: Task) -> Made:
    """Mixes all narrations over the music and the places, once for the whole film."""
    plan, score = task.one("timeline").json(Timeline), task.one("music")
    voices = tuple(
        Voice(reading.file(), segment.voice_start, segment.voice_seconds)
        for reading, segment in zip(task.all("narration"), plan.segments, strict=True)
    )
    has_music = score.ref.media_type != "application/json"
    request = SoundtrackRequest(
        (*voices, *_descriptions(task, plan)),
        score.file() if has_music else None,
        float(task.given("volume")),
        plan.seconds,
        ambiences=tuple(_ambiences(task, plan)),
        ambience_volume=float(task.given("ambience_volume")),
        videos=tuple(_heard_videos(task, plan)),
    )
    return {"soundtrack": _rendered(task.ports.renderer.soundtrack(request, task.at))}


def _descriptions(task: Task, plan: Timeline) -> Iterator[Voice]:
    """What is spoken of the pictures, when it is heard; only the film that is described reads any."""
    for reading, segment in zip(task.lists.get("description[*]", ()), plan.segments, strict=False):
        if segment.description_start is not None and segment.description_seconds is not None:
            yield Voice(reading.file(), segment.description_start, segment.description_seconds)


def _ambiences(task: Task, plan: Timeline) -> Iterator[Ambience]:
    """The places by when each is heard: one that goes on over several segments is heard without a break."""
    by_place = groupby(
        zip(task.all("ambience"), plan.segments, strict=True), key=lambda pair: pair[0].ref.digest
    )
    for _, group in by_place:
        (place, first), *_, (_, last) = [*(pairs := list(group)), pairs[-1]]
        if place.ref.media_type != "application/json":
            end = (last.start_frame + last.frames) / plan.fps
            yield Ambience(place.file(), first.start_frame / plan.fps, end)


def _heard_videos(task: Task, plan: Timeline) -> Iterator[HeardVideo]:
    """The videos whose own sound is heard, while they are seen; a movie that wants none of it reads none."""
    volumes = _of_each(task.inputs.get("motion_volumes", 0.0), len(plan.segments))
    found = zip(task.lists.get("motion_sound[*]", ()), volumes, plan.segments, strict=False)
    for video, volume, segment in found:
        if video.ref.media_type != "application/json":
            start, end = segment.start_frame, segment.start_frame + segment.frames
            yield HeardVideo(video.file(), start / plan.fps, end / plan.fps, volume)


def subtitles(task: Task) -> Made:
    """SRT text of the whole film; VTT is made from it on export."""
    plan = task.one("timeline").json(Timeline)
    spoken = [
        (segment.voice_start, reading.json(Words))
        for reading, segment in zip(task.all("words"), plan.segments, strict=True)
    ]
    return {"subtitles": Result(to_srt(cues(spoken)).encode(), "application/x-subrip", _OURS)}


def film(task: Task) -> Made:
    """Joins clips, sound and subtitles without encoding anything again."""
    return {"film": _rendered(task.ports.renderer.film(_film(task, "clip"), task.at))}


def described_film(task: Task) -> Made:
    """The same of the film whose sound tells what its pictures show, which is marked so."""
    request = replace(_film(task, "described_clip"), described=True)
    return {"film": _rendered(task.ports.renderer.film(request, task.at))}


def _film(task: Task, clip: str) -> FilmRequest:
    clips = {f"{clip}[{number}]": reading for number, reading in enumerate(task.all("clip"))}
    opening, closing = ({each: task.wanted(each)} for each in ("title_card", "end_card"))
    pieces = {name: reading for name, reading in (opening | clips | closing).items() if reading is not None}
    lengths = piece_frames(task.one("timeline").json(Timeline), clip)
    return FilmRequest(
        clips=tuple(reading.file() for reading in pieces.values()),
        soundtrack=task.one("soundtrack").file(),
        subtitles=task.one("subtitles").text() or None,
        language=task.given("language"),
        title=task.given("title"),
        frame=_frame(task),
        names=tuple(pieces),
        lengths=tuple(lengths.get(name, 0) for name in pieces),
        encoder=_encoder(task),
    )

"""What ElevenLabs is asked, and what is made of its answers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from movie_assets.core.errors import MovieError, Refused, Transient
from movie_assets.core.ports import ComposeRequest, Result, SpeakRequest, SurroundRequest, Workspace
from movie_assets.core.words import Word
from resources.connection import Connection
from resources.elevenlabs.ambience import ElevenLabsSurrounder
from resources.elevenlabs.compose import ElevenLabsComposer
from resources.elevenlabs.speak import ElevenLabsSpeaker
from resources.line import Line
from resources.price_list import PriceList
from resources.probe import decode_sound, probe
from resources.rehearsal.elevenlabs_server import MISHAPS, ElevenLabsServer

Paced = Callable[[Connection, int], Line]

TEXT = "Hello, it's 3 metres deep. “Well!” she said."
LONG = " ".join(f"This is sentence number {number}, and it goes on." for number in range(60))
PLAIN = {"settings": {"output_format": "wav_8000"}}


@pytest.fixture
def speaker(line: Line, prices: PriceList) -> ElevenLabsSpeaker:
    return ElevenLabsSpeaker(line, prices)


def file_of(result: Result, folder: Path) -> Path:
    assert isinstance(result.body, bytes)
    file = folder / "made"
    file.write_bytes(result.body)
    return file


def assert_heard(words: tuple[Word, ...], file: Path) -> None:
    """Each word sounds while it is said to, and what lies before it is silent."""
    sound, rate = decode_sound(file)
    loud = np.abs(sound[:, 0]) > 0.02
    for word in words:
        inside = loud[round((word.start + 0.01) * rate) : round((word.end - 0.01) * rate)]
        before = loud[round((word.start - 0.05) * rate) : round((word.start - 0.015) * rate)]
        assert inside.mean() > 0.5, word
        assert before.mean() < 0.2, word


# --- speech ---


def test_speech_comes_with_its_words(speaker: ElevenLabsSpeaker, at: Workspace) -> None:
    """Each is heard when it is said to be."""
    made = speaker.speak(SpeakRequest(TEXT, "en", {}), at)
    assert made.sound.media_type == "audio/mpeg"
    assert made.words is not None
    assert " ".join(word.text for word in made.words) == TEXT
    assert_heard(made.words, file_of(made.sound, at.scratch))


def test_a_long_text_is_spoken_in_parts(
    server: ElevenLabsServer, speaker: ElevenLabsSpeaker, at: Workspace
) -> None:
    """Each part knows what is said around it, and words are heard where they are said to be."""
    made = speaker.speak(SpeakRequest(LONG, "en", PLAIN), at)
    bodies = [asked.body for asked in server.asked]
    assert len(bodies) > 1
    assert all(len(body["text"]) <= 2500 for body in bodies)
    assert " ".join(body["text"] for body in bodies) == LONG
    assert [body.get("previous_text") for body in bodies] == [None, *(body["text"] for body in bodies[:-1])]
    assert [body.get("next_text") for body in bodies] == [*(body["text"] for body in bodies[1:]), None]
    assert made.sound.media_type == "audio/wav"
    assert made.words is not None
    assert " ".join(word.text for word in made.words) == LONG
    assert_heard(made.words, file_of(made.sound, at.scratch))


def test_a_part_that_was_bought_is_not_bought_again_by_the_next_run(
    server: ElevenLabsServer, speaker: ElevenLabsSpeaker, at: Workspace
) -> None:
    """The first of two is kept with its word times, and what both took is told."""
    ask = server.enter
    server.enter = lambda: MISHAPS["internal"] if len(server.asked) == 2 else ask()  # type: ignore[method-assign]
    with pytest.raises(Transient):
        speaker.speak(SpeakRequest(LONG, "en", PLAIN), at)
    made = speaker.speak(SpeakRequest(LONG, "en", PLAIN), at)
    assert made.words is not None and " ".join(word.text for word in made.words) == LONG
    assert_heard(made.words, file_of(made.sound, at.scratch))
    first, failed, second = (asked.body["text"] for asked in server.asked)
    assert failed == second and f"{first} {second}" == LONG
    assert made.sound.meta.cost == pytest.approx(server.bill)


def test_speech_costs_by_the_character(
    server: ElevenLabsServer, speaker: ElevenLabsSpeaker, at: Workspace
) -> None:
    """As the server bills it."""
    meta = speaker.speak(SpeakRequest(TEXT, "en", {}), at).sound.meta
    assert meta.cost == pytest.approx(server.bill)
    assert meta.usage == {"characters": len(TEXT), "credits": len(TEXT)}
    assert (meta.provider, meta.model, meta.attempts) == ("elevenlabs", "eleven_multilingual_v2", 1)
    assert meta.request_id == "req-1"


def test_settings_are_asked_for(server: ElevenLabsServer, speaker: ElevenLabsSpeaker, at: Workspace) -> None:
    """Each where the API wants it."""
    settings = {
        "model": "eleven_flash_v2_5",
        "speed": 1.1,
        "settings": {"stability": 0.3, "seed": 7, "output_format": "wav_44100"},
    }
    made = speaker.speak(SpeakRequest("Tea.", "pt-BR", settings, take=3), at)
    asked = server.asked[0]
    assert asked.body["voice_settings"] == {"stability": 0.3, "speed": 1.1}
    assert (asked.body["seed"], asked.body["language_code"]) == (9, "pt")
    assert asked.query["output_format"] == "wav_44100"
    assert made.sound.media_type == "audio/wav"


@pytest.mark.parametrize(("model", "text"), [("eleven_multilingual_v2", TEXT), ("eleven_v3", LONG)])
def test_no_model_is_asked_what_it_refuses(
    speaker: ElevenLabsSpeaker, at: Workspace, model: str, text: str
) -> None:
    """Neither a language nor what is said around a part."""
    assert speaker.speak(SpeakRequest(text, "en", {"model": model, **PLAIN}), at).words


@pytest.mark.parametrize("name", ["George", "george - warm storyteller", "rachel"])
def test_a_voice_may_be_named(
    server: ElevenLabsServer, speaker: ElevenLabsSpeaker, at: Workspace, name: str
) -> None:
    """Its id is looked up once."""
    for _ in range(2):
        speaker.speak(SpeakRequest("Tea.", "en", {"voice": name}), at)
    assert server.calls["/v2/voices"] == 1


@pytest.mark.parametrize("voice", ["Nobody", "A" * 20])
def test_a_voice_that_is_not_there(speaker: ElevenLabsSpeaker, at: Workspace, voice: str) -> None:
    """Is refused before anything is paid."""
    with pytest.raises(Refused, match="voice") as raised:
        speaker.speak(SpeakRequest("Tea.", "en", {"voice": voice}), at)
    assert "`voice` in movie.yaml" in raised.value.next_step


@pytest.mark.parametrize(
    "settings",
    [
        {"speed": 0.5},
        {"speed": 1.3},
        {"settings": {"warmth": 1}},
        {"settings": {"output_format": "pcm_44100"}},
    ],
)
def test_what_it_cannot_do_is_not_asked(
    server: ElevenLabsServer, speaker: ElevenLabsSpeaker, at: Workspace, settings: dict[str, object]
) -> None:
    """A sentence says what it can."""
    with pytest.raises(Refused) as raised:
        speaker.speak(SpeakRequest("Tea.", "en", settings), at)
    assert "movie.yaml" in raised.value.next_step
    assert not server.calls


def test_without_times_words_are_left_open(
    server: ElevenLabsServer, speaker: ElevenLabsSpeaker, at: Workspace
) -> None:
    """They are found otherwise."""
    server.befall("no_times")
    assert speaker.speak(SpeakRequest("Tea.", "en", {}), at).words is None


# --- music and places ---


@pytest.mark.parametrize(("wanted", "made"), [(4.0, 10.0), (12.5, 12.5)])
def test_music_is_of_the_length_asked_for(
    server: ElevenLabsServer, line: Line, prices: PriceList, at: Workspace, wanted: float, made: float
) -> None:
    """Instrumental, within what the API makes, and billed by the second."""
    score = ElevenLabsComposer(line, prices).compose(ComposeRequest("calm", wanted, {}), at)
    body = server.asked[0].body
    assert (body["prompt"], body["music_length_ms"], body["force_instrumental"]) == (
        "calm",
        made * 1000,
        True,
    )
    assert "seed" not in body
    assert probe(file_of(score, at.scratch)).seconds == pytest.approx(made, abs=0.1)
    assert score.meta.cost == pytest.approx(server.bill)
    assert score.meta.usage["seconds"] == made


def test_the_longest_music_is_five_minutes(
    server: ElevenLabsServer, line: Line, prices: PriceList, at: Workspace
) -> None:
    """The soundtrack loops it."""
    server.befall("bad_request")
    with pytest.raises(Refused):
        ElevenLabsComposer(line, prices).compose(ComposeRequest("calm", 4000, {}), at)
    assert server.asked[0].body["music_length_ms"] == 300_000


def test_a_place_is_a_loop(server: ElevenLabsServer, line: Line, prices: PriceList, at: Workspace) -> None:
    """Of the length asked for, billed by the second."""
    settings = {"settings": {"prompt_influence": 0.8}}
    place = ElevenLabsSurrounder(line, prices).surround(SurroundRequest("surf", 3.0, settings), at)
    body = server.asked[0].body
    assert (body["text"], body["duration_seconds"], body["loop"]) == ("surf", 3.0, True)
    assert body["prompt_influence"] == 0.8
    assert probe(file_of(place, at.scratch)).seconds == pytest.approx(3.0, abs=0.1)
    assert place.meta.cost == pytest.approx(server.bill)


# --- the rehearsal ---


def test_an_account_has_a_limit(
    connection: Connection, paced: Paced, prices: PriceList, at: Workspace
) -> None:
    """More at once than it allows is put off, and done in the end."""
    with ElevenLabsServer(key=str(connection.key), at_once=2, seconds=0.05) as server:
        here = Connection("elevenlabs", "elevenlabs", server.url, connection.key, timeout=30.0)
        speaker = ElevenLabsSpeaker(paced(here, 2), prices)
        with ThreadPoolExecutor(6) as pool:
            made = list(pool.map(lambda n: speaker.speak(SpeakRequest(f"Tea {n}.", "en", {}), at), range(6)))
        assert len(made) == 6
        assert server.most_at_once <= 2


def test_errors_by_chance_are_the_same_for_a_seed(
    connection: Connection, paced: Paced, at: Workspace
) -> None:
    """So that what a rehearsal found can be looked at again."""

    def run(seed: int) -> list[str]:
        with ElevenLabsServer(key=str(connection.key), errors=0.5, seed=seed) as server:
            here = Connection("elevenlabs", "elevenlabs", server.url, connection.key, timeout=30.0)
            surrounder, told = ElevenLabsSurrounder(paced(here, 1), PriceList.read()), []
            for _ in range(8):
                try:
                    surrounder.surround(SurroundRequest("surf", 0.5, {}), at)
                    told.append("made")
                except MovieError as error:
                    told.append(type(error).__name__)
            return told

    assert run(1) == run(1) != run(2)

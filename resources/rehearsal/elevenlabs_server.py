"""A server on this machine that answers like ElevenLabs, counts and bills its calls, and misbehaves when told to."""

from __future__ import annotations

import base64
import io
import json
import math
import random
import threading
import time
import wave
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import av
import numpy as np
from numpy.typing import NDArray

__all__ = ["MISHAPS", "Asked", "ElevenLabsServer", "Mishap"]

_RATE = 44_100
_LETTER_SECONDS = 0.06
_GAP_SECONDS = 0.08
_LONGEST_TEXT = 5_000
_PRICES = {"eleven_flash_v2_5": 0.05 / 1000, "eleven_turbo_v2_5": 0.05 / 1000}
_PRICE, _MUSIC_PRICE, _EFFECT_PRICE = 0.10 / 1000, 0.30 / 60, 0.12 / 60
_MODELS = ("eleven_multilingual_v2", "eleven_v3", "eleven_flash_v2_5", "eleven_turbo_v2_5")
_VOICES = {"JBFqnCBsd6RMkjVDRZzb": "George - Warm storyteller", "21m00Tcm4TlvDq8ikWAM": "Rachel"}

Sound = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Mishap:
    """What a server answers instead. `manner`: `answer` as told, or what becomes of the right answer."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    manner: str = "answer"


def _error(status: int, name: str, message: str, **headers: str) -> Mishap:
    return Mishap(status, {"detail": {"status": name, "message": message}}, headers)


MISHAPS: Mapping[str, Mishap] = {
    "bad_request": _error(400, "invalid_request", "The request is malformed."),
    "invalid_api_key": _error(401, "invalid_api_key", "Invalid API key"),
    "missing_permissions": _error(401, "missing_permissions", "The API key lacks a permission."),
    "quota_exceeded": _error(401, "quota_exceeded", "This request exceeds your quota of 10000."),
    "payment_required": _error(402, "payment_required", "The last invoice is not paid."),
    "forbidden": _error(403, "only_for_creator+", "This voice needs the Creator plan."),
    "model_not_found": _error(404, "model_not_found", "A model with this id does not exist."),
    "timed_out": _error(408, "request_timeout", "The request took too long."),
    "conflict": _error(409, "conflict", "The voice is being changed."),
    "validation": Mishap(
        422,
        {
            "detail": [
                {"loc": ["body", "voice_settings", "stability"], "msg": "must be <= 1", "type": "value_error"}
            ]
        },
    ),
    "rate_limited": _error(429, "rate_limit_exceeded", "Too many requests.", **{"Retry-After": "1"}),
    "too_many": _error(429, "too_many_concurrent_requests", "Too many concurrent requests."),
    "busy": _error(429, "system_busy", "We are experiencing heavy traffic."),
    "moderated": _error(400, "content_against_policy", "The text violates our policy."),
    "internal": Mishap(500, {"detail": "Internal server error"}),
    "unavailable": Mishap(503, "<html>down</html>"),
    "cut": Mishap(manner="cut"),
    "slow": Mishap(manner="slow"),
    "endless": Mishap(manner="endless"),
    "web_page": Mishap(200, "<html>hello</html>"),
    "truncated": Mishap(manner="truncated"),
    "broken_base64": Mishap(manner="broken"),
    "empty": Mishap(manner="empty"),
    "noise": Mishap(manner="noise"),
    "no_times": Mishap(manner="untimed"),
}
"""By name: each error of the API, and each way a connection goes wrong."""

_PASSING = ("rate_limited", "busy", "internal", "unavailable", "cut", "truncated", "empty")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came."""

    path: str
    query: Mapping[str, str]
    body: Mapping[str, Any]


class ElevenLabsServer:
    """Answers at `url` while it is open; `bill` is what its answers cost in USD, `calls` how many came by path.

    `mishaps` befall the next paid requests, one each; beyond them a share of `errors`, by chance from `seed`.
    More than `at_once` paid requests at a time are put off; each takes `seconds`.
    """

    def __init__(
        self,
        *,
        key: str = "test-key",
        at_once: int = 5,
        errors: float = 0.0,
        seed: int = 0,
        seconds: float = 0.0,
    ) -> None:
        self.key, self.at_once, self.errors, self.seconds = key, at_once, errors, seconds
        self.calls: Counter[str] = Counter()
        self.asked: list[Asked] = []
        self.mishaps: deque[Mishap] = deque()
        self.bill = 0.0
        self.most_at_once = 0
        self.closing = threading.Event()
        self._chance = random.Random(seed)
        self._busy = 0
        self._lock = threading.Lock()

    def befall(self, *names: str) -> None:
        """Lets these mishaps befall the next paid requests."""
        self.mishaps.extend(MISHAPS[name] for name in names)

    def __enter__(self) -> ElevenLabsServer:
        handler = type("Handler", (_Handler,), {"server_of": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    # --- what its handlers ask of it ---

    def note(self, asked: Asked) -> None:
        """Counts a request."""
        with self._lock:
            self.calls[asked.path] += 1
            self.asked.append(asked)

    def enter(self) -> Mishap | None:
        """Begins a paid request, or says what becomes of it."""
        with self._lock:
            if self._busy >= self.at_once:
                return MISHAPS["too_many"]
            if self.mishaps:
                return self.mishaps.popleft()
            if self._chance.random() < self.errors:
                return MISHAPS[self._chance.choice(_PASSING)]
            return None

    def begin(self) -> None:
        """One more is under way."""
        with self._lock:
            self._busy += 1
            self.most_at_once = max(self.most_at_once, self._busy)

    def end(self, usd: float) -> None:
        """One is done, at a price."""
        with self._lock:
            self._busy -= 1
            self.bill += usd


@dataclass(frozen=True, slots=True)
class _Answer:
    """A right answer: JSON or sound, and what it costs in USD and in credits."""

    body: bytes
    content_type: str
    usd: float = 0.0
    credits: int = 0


class _Wrong(Exception):
    """The request is refused."""

    def __init__(self, mishap: Mishap) -> None:
        super().__init__()
        self.mishap = mishap


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_of: ElevenLabsServer

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        asked = self._asked({})
        if self._is_allowed():
            self._give(_looked_up(asked))

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        asked = self._asked(json.loads(self.rfile.read(length) or b"{}"))
        if not self._is_allowed():
            return
        mishap = self.server_of.enter()
        if mishap is not None and mishap.manner == "answer":
            self._tell(mishap)
            return
        self.server_of.begin()
        usd = 0.0
        try:
            answer = _made(asked)
            self.server_of.closing.wait(self.server_of.seconds)
            usd = answer.usd if mishap is None or mishap.manner == "untimed" else 0.0
        except _Wrong as wrong:
            self._tell(wrong.mishap)
        else:
            self._give(answer) if mishap is None else self._spoil(answer, mishap.manner)
        finally:
            self.server_of.end(usd)

    def _asked(self, body: Mapping[str, Any]) -> Asked:
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        asked = Asked(unquote(parts.path), query, body)
        self.server_of.note(asked)
        return asked

    def _is_allowed(self) -> bool:
        if self.headers.get("xi-api-key") == self.server_of.key:
            return True
        self._tell(MISHAPS["invalid_api_key"])
        return False

    def _tell(self, mishap: Mishap) -> None:
        is_page = isinstance(mishap.body, str)
        body = mishap.body.encode() if is_page else json.dumps(mishap.body).encode()
        self._send(mishap.status, body, "text/html" if is_page else "application/json", mishap.headers)

    def _give(self, answer: _Answer) -> None:
        self._send(200, answer.body, answer.content_type, {"character-cost": str(answer.credits)})

    def _send(
        self,
        status: int,
        body: bytes,
        content_type: str,
        headers: Mapping[str, str],
        length: int | None = None,
    ) -> None:
        self.send_response(status)
        told = {"request-id": f"req-{len(self.server_of.asked)}", **headers}
        for name, value in {**told, "content-type": content_type}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def _spoil(self, answer: _Answer, manner: str) -> None:
        """Sends what should be a right answer, in one of the ways it goes wrong."""
        if manner == "cut":
            self.close_connection = True
            self._send(200, answer.body[: len(answer.body) // 2], answer.content_type, {}, len(answer.body))
        elif manner == "slow":
            self.server_of.closing.wait(30)
            self.close_connection = True
        elif manner == "endless":
            self._drip(answer)
        else:
            self._give(_Answer(_changed(answer, manner), answer.content_type))

    def _drip(self, answer: _Answer) -> None:
        """A byte now and then, for ever: no pause is long enough to be a timeout."""
        self._send(200, answer.body[:10], answer.content_type, {}, 1 << 30)
        self.close_connection = True
        until = time.monotonic() + 30
        while time.monotonic() < until and not self.server_of.closing.wait(0.05):
            try:
                self.wfile.write(b" ")
                self.wfile.flush()
            except OSError:
                return


def _changed(answer: _Answer, manner: str) -> bytes:
    """A body that arrives whole and is wrong."""
    if answer.content_type != "application/json":
        return {"empty": b"", "truncated": b"\xff", "broken": b"?"}.get(manner, b"no sound at all")
    if manner == "truncated":
        return answer.body[: len(answer.body) // 2]
    told = json.loads(answer.body)
    if manner == "untimed":
        told |= {"alignment": None, "normalized_alignment": None}
    else:
        noise = base64.b64encode(b"no sound at all").decode()
        told["audio_base64"] = {"empty": "", "broken": "%%%"}.get(manner, noise)
    return json.dumps(told).encode()


# --- right answers ----------------------------------------------------------------------------------------------


def _looked_up(asked: Asked) -> _Answer:
    """What costs nothing: the account, its voices and the models."""
    if asked.path == "/v1/user/subscription":
        told: Any = {
            "tier": "creator",
            "character_count": 1200,
            "character_limit": 100_000,
            "status": "active",
        }
    elif asked.path == "/v1/models":
        told = [
            {
                "model_id": model,
                "name": model,
                "can_do_text_to_speech": True,
                "maximum_text_length_per_request": _LONGEST_TEXT,
            }
            for model in _MODELS
        ]
    elif asked.path in ("/v1/voices", "/v2/voices"):
        wanted = asked.query.get("search", "").casefold()
        found = [
            {"voice_id": voice, "name": name, "category": "premade"}
            for voice, name in _VOICES.items()
            if wanted in name.casefold()
        ]
        told = {"voices": found, "has_more": False, "total_count": len(found)}
    else:
        told = {"detail": "Not Found"}
    return _Answer(json.dumps(told).encode(), "application/json")


def _made(asked: Asked) -> _Answer:
    if asked.path.startswith("/v1/text-to-speech/") and asked.path.endswith("/with-timestamps"):
        return _speech(asked, asked.path.split("/")[3])
    if asked.path == "/v1/music":
        return _music(asked)
    if asked.path == "/v1/sound-generation":
        return _effect(asked)
    raise _Wrong(Mishap(404, {"detail": "Not Found"}))


def _speech(asked: Asked, voice: str) -> _Answer:
    body, model = asked.body, asked.body.get("model_id", _MODELS[0])
    _check(voice in _VOICES, 404, "voice_not_found", f"A voice with ID {voice} was not found.")
    _check(model in _MODELS, 400, "model_not_found", f"A model with ID {model} does not exist.")
    _check(len(body["text"]) <= _LONGEST_TEXT, 400, "max_character_limit_exceeded", "The text is too long.")
    told = body.get("language_code") is None or model.endswith("_v2_5") or model == "eleven_v3"
    _check(told, 400, "unsupported_language", f"Model {model} takes no language_code.")
    alone = model != "eleven_v3" or not {"previous_text", "next_text"} & {
        name for name, value in body.items() if value
    }
    _check(alone, 400, "unsupported_model", "previous_text and next_text are not supported by eleven_v3.")
    speed = (body.get("voice_settings") or {}).get("speed") or 1.0
    _check(0.7 <= speed <= 1.2, 400, "invalid_voice_settings", "Invalid setting for speed.")
    letters, starts, ends, sound = _spoken(body["text"], speed)
    alignment = {
        "characters": letters,
        "character_start_times_seconds": starts,
        "character_end_times_seconds": ends,
    }
    audio, _ = _encoded(sound, asked.query.get("output_format", "mp3_44100_128"))
    told_back = {
        "audio_base64": base64.b64encode(audio).decode(),
        "alignment": alignment,
        "normalized_alignment": alignment,
    }
    count = len(body["text"])
    return _Answer(
        json.dumps(told_back).encode(), "application/json", count * _PRICES.get(model, _PRICE), count
    )


def _music(asked: Asked) -> _Answer:
    length = asked.body.get("music_length_ms") or 30_000
    _check_field(3_000 <= length <= 600_000, "music_length_ms", "must be from 3000 to 600000")
    _check_field(asked.body.get("seed") is None, "seed", "cannot be used in conjunction with prompt")
    seconds = length / 1000
    chord = (_tone(seconds, 220.0) + _tone(seconds, 277.2) + _tone(seconds, 329.6)) / np.float32(3)
    audio, media_type = _encoded(chord, asked.query.get("output_format", "mp3_44100_128"))
    return _Answer(audio, media_type, seconds * _MUSIC_PRICE, round(seconds * 30))


def _effect(asked: Asked) -> _Answer:
    seconds = asked.body.get("duration_seconds") or 5.0
    _check_field(0.5 <= seconds <= 30, "duration_seconds", "must be from 0.5 to 30")
    noise = np.random.default_rng(len(asked.body["text"])).standard_normal(round(seconds * _RATE), np.float32)
    audio, media_type = _encoded(noise * np.float32(0.1), asked.query.get("output_format", "mp3_44100_128"))
    return _Answer(audio, media_type, seconds * _EFFECT_PRICE, round(seconds * 20))


def _check(holds: bool, status: int, name: str, message: str) -> None:
    if not holds:
        raise _Wrong(_error(status, name, message))


def _check_field(holds: bool, name: str, message: str) -> None:
    if not holds:
        raise _Wrong(
            Mishap(422, {"detail": [{"loc": ["body", name], "msg": message, "type": "value_error"}]})
        )


# --- sound ------------------------------------------------------------------------------------------------------


def _spoken(text: str, speed: float) -> tuple[list[str], list[float], list[float], Sound]:
    """Each letter's time, and a tone per word, so that times can be heard to be right."""
    letters, starts, ends, at = list(text), [], [], 0.1
    sound = np.zeros(round((0.3 + len(text) * (_LETTER_SECONDS + _GAP_SECONDS) / speed) * _RATE), np.float32)
    for letter in letters:
        length = (_GAP_SECONDS if not letter.isalnum() else _LETTER_SECONDS) / speed
        starts.append(round(at, 4))
        at += length
        ends.append(round(at, 4))
    for number, (start, end) in enumerate(_runs(letters, starts, ends)):
        tone = _tone(end - start, 200.0 * 2 ** (number % 12 / 12))
        first = round(start * _RATE)
        sound[first : first + len(tone)] += tone
    return letters, starts, ends, sound[: round((at + 0.1) * _RATE)]


def _runs(letters: list[str], starts: list[float], ends: list[float]) -> list[tuple[float, float]]:
    """From when to when each run of letters and digits is heard."""
    runs: list[tuple[float, float]] = []
    is_open = False
    for letter, start, end in zip(letters, starts, ends, strict=True):
        if letter.isalnum():
            runs[-1:] = [(runs[-1][0], end)] if is_open else [*runs[-1:], (start, end)]
        is_open = letter.isalnum()
    return runs


def _tone(seconds: float, hertz: float) -> Sound:
    moments = np.arange(round(seconds * _RATE)) / _RATE
    edge = np.clip(np.minimum(moments, seconds - moments) / 0.005, 0, 1)
    return np.asarray(0.3 * edge * np.sin(2 * math.pi * hertz * moments), np.float32)


def _encoded(sound: Sound, output_format: str) -> tuple[bytes, str]:
    """The sound in a format such as `mp3_44100_128` or `wav_22050`."""
    codec, told, *_ = output_format.split("_")
    rate = int(told)
    moments = np.arange(round(len(sound) * rate / _RATE)) * _RATE / rate
    resampled = np.interp(moments, np.arange(len(sound)), sound)
    samples = np.round(np.clip(resampled, -1, 1) * 32767).astype("<i2")
    return (_wav(samples, rate), "audio/wav") if codec == "wav" else (_mp3(samples, rate), "audio/mpeg")


def _wav(samples: NDArray[np.int16], rate: int) -> bytes:
    stream = io.BytesIO()
    with wave.open(stream, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(samples.tobytes())
    return stream.getvalue()


def _mp3(samples: NDArray[np.int16], rate: int) -> bytes:
    stream = io.BytesIO()
    with av.open(stream, "w", format="mp3") as out:
        track = out.add_stream("mp3", rate=rate, layout="mono")
        for first in range(0, len(samples), rate):
            frame = av.AudioFrame.from_ndarray(samples[None, first : first + rate], "s16", "mono")
            frame.sample_rate, frame.pts = rate, first
            out.mux(track.encode(frame))
        out.mux(track.encode(None))
    return stream.getvalue()

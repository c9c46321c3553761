"""A server that answers like OpenAI's, for rehearsing a film without paying: it counts, bills and misbehaves on demand."""

from __future__ import annotations

import hashlib
import json
import random
import re
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from resources.price_list import PriceList
from resources.rehearsal.openai_content import encoded, hum, paint, tokens, write

__all__ = ["Fault", "OpenAIServer", "Reply", "status"]

_TOKENS_A_SQUARE = {"low": 200, "medium": 440, "high": 1760, "auto": 1760}
_LONGEST_SPEECH = 4096
_SLOW_SECONDS = 0.3
_RETIRED = frozenset({"dall-e-2", "dall-e-3", "gpt-image-1"})


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back: `body` as it is, or a mapping as JSON. `amounts` are billed, by the units of prices."""

    body: bytes | Mapping[str, Any]
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    amounts: Mapping[str, float] = field(default_factory=dict)

    def bytes(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True, slots=True)
class Fault:
    """One misbehaviour: `change` makes another reply of the one due, `how` is the way it is sent.

    `how` is `whole`, `slow` (in two halves), `cut` (half of it, then the connection is closed), `silent` (nothing is
    ever sent) or `endless` (it never ends).
    """

    change: Callable[[Reply], Reply] = lambda reply: reply
    how: str = "whole"


def status(code: int, message: str = "no", *, error: str | None = None, **headers: str) -> Fault:
    """An error of a status, in the documented shape; `retry_after="2"` becomes a header."""
    body = {"error": {"message": message, "type": "error", "param": None, "code": error}}
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(lambda reply: Reply(body, code, headers=told))


_TROUBLES = (status(429, retry_after="0"), status(500), status(503), status(408), Fault(how="cut"))


class OpenAIServer:
    """Listens on the loopback while it is entered. `errors` is the share of requests that go wrong, by `seed`.

    What is wrong depends on the request alone, and on how often it was made, not on the order of requests.
    """

    def __init__(self, *, errors: float = 0.0, seed: int = 0, key: str | None = None) -> None:
        self.errors, self.seed, self.key = errors, seed, key
        self.calls: Counter[str] = Counter()
        self.paid: Counter[str] = Counter()
        self.bill = 0.0
        self.bodies: list[tuple[str, dict[str, Any]]] = []
        self.models: dict[str, str | None] = {
            "gpt-6-luna": None,
            "gpt-image-2.5-flare": None,
            "gpt-4o-mini-tts": "2027-01-06",
        }
        self.closing = threading.Event()
        self._seen: Counter[tuple[str, str]] = Counter()
        self._faults: dict[str, list[Fault]] = defaultdict(list)
        self._lock = threading.Lock()
        self._prices = PriceList.read()
        self._http = _Listener(self)

    @property
    def url(self) -> str:
        """The base_url of this server."""
        return f"http://127.0.0.1:{self._http.server_port}/v1"

    @property
    def distinct(self) -> Counter[str]:
        """How many different requests there were, by path."""
        return Counter(path for path, _ in self._seen)

    def misbehave(self, path: str, *faults: Fault) -> None:
        """The next requests to a path (`images/generations`) go wrong so, one after the other."""
        with self._lock:
            self._faults[path] += faults

    def __enter__(self) -> OpenAIServer:
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()

    # --- what a request comes to ---

    def answer(self, path: str, body: dict[str, Any], raw: bytes, key: str) -> tuple[Reply, str, str]:
        """The reply to a request, how to send it, and its request id."""
        request_id, fault = self._counted(path, body, raw)
        if self.key is not None and key != self.key:
            return (
                _refusal(401, f"Incorrect API key provided: {key}.", "invalid_api_key"),
                "whole",
                request_id,
            )
        reply = self._reply(path, body)
        if fault is not None:
            return fault.change(reply), fault.how, request_id
        if reply.status == 200:
            self._billed(path, str(body.get("model")), reply.amounts)
        return reply, "whole", request_id

    def _counted(self, path: str, body: dict[str, Any], raw: bytes) -> tuple[str, Fault | None]:
        digest = hashlib.sha256(raw).hexdigest()
        with self._lock:
            self.calls[path] += 1
            self.bodies.append((path, body))
            self._seen[path, digest] += 1
            request_id = f"req_{self.calls.total():06d}"
            if self._faults[path]:
                return request_id, self._faults[path].pop(0)
            chance = random.Random(f"{self.seed} {path} {digest} {self._seen[path, digest]}")
        return request_id, chance.choice(_TROUBLES) if chance.random() < self.errors else None

    def _billed(self, path: str, model: str, amounts: Mapping[str, float]) -> None:
        with self._lock:
            self.paid[path] += 1
            self.bill += self._prices.cost("openai", model, amounts) or 0.0

    def _reply(self, path: str, body: dict[str, Any]) -> Reply:
        if path == "models":
            return Reply({"object": "list", "data": [_model(*each) for each in self.models.items()]})
        reply = _REPLIES.get(path)
        if reply is None:
            return _refusal(404, f"Invalid URL (POST /v1/{path})", None)
        if body.get("model") in _RETIRED:
            return _refusal(404, f"The model `{body['model']}` does not exist", "model_not_found")
        return reply(body)


def _refusal(code: int, message: str, error: str | None) -> Reply:
    body = {"message": message, "type": "invalid_request_error", "param": None, "code": error}
    return Reply({"error": body}, code)


def _model(name: str, shutdown: str | None) -> dict[str, Any]:
    return {
        "id": name,
        "created": 1_790_000_000,
        "object": "model",
        "owned_by": "openai",
        "shutdown_date": shutdown,
    }


# --- the documented answers ---


def _responses(body: dict[str, Any]) -> Reply:
    turns = body["input"] if isinstance(body["input"], list) else [{"role": "user", "content": body["input"]}]
    text = write(str(body.get("instructions", "")), turns)
    given, made = tokens(json.dumps([body.get("instructions"), turns])), tokens(text)
    content = [{"type": "output_text", "text": text, "annotations": []}]
    answer = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_790_000_000,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "model": body["model"],
        "output": [
            {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": content}
        ],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": given,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": made,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": given + made,
        },
    }
    return Reply(answer, amounts={"input_tokens": given, "output_tokens": made})


def _chat(body: dict[str, Any]) -> Reply:
    system, *turns = body["messages"]
    text = write(str(system["content"]), turns)
    given, made = tokens(json.dumps(body["messages"])), tokens(text)
    answer = {
        "id": "chatcmpl_1",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": body["model"],
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "logprobs": None,
                "message": {"role": "assistant", "content": text, "refusal": None},
            }
        ],
        "usage": {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made},
    }
    return Reply(answer, amounts={"input_tokens": given, "output_tokens": made})


def _images(body: dict[str, Any]) -> Reply:
    width, height = map(int, str(body.get("size", "1024x1024")).split("x"))
    if width % 16 or height % 16:
        return _refusal(
            400, f"Invalid size '{width}x{height}': sides must be divisible by 16", "invalid_value"
        )
    quality, images = str(body.get("quality", "auto")), int(body.get("images", 0))
    made = round(_TOKENS_A_SQUARE[quality] * width * height / 1024**2)
    given = {"text_tokens": tokens(body["prompt"]), "image_tokens": 300 * images}
    answer = {
        "created": 1_790_000_000,
        "data": [{"b64_json": encoded(paint(body["prompt"], (width, height)))}],
        "output_format": "png",
        "quality": quality,
        "size": f"{width}x{height}",
        "usage": {
            "input_tokens": sum(given.values()),
            "input_tokens_details": given,
            "output_tokens": made,
            "total_tokens": sum(given.values()) + made,
            "output_tokens_details": {"image_tokens": made, "text_tokens": 0},
        },
    }
    amounts = {"input_tokens": given["text_tokens"], "image_input_tokens": given["image_tokens"]}
    return Reply(answer, amounts={**amounts, "image_output_tokens": made})


def _speech(body: dict[str, Any]) -> Reply:
    text = str(body["input"])
    if not 0 < len(text) <= _LONGEST_SPEECH:
        return _refusal(400, f"String should have at most {_LONGEST_SPEECH} characters", "string_too_long")
    sound = hum(text, float(body.get("speed", 1.0)))
    return Reply(sound, content_type="audio/wav", amounts={"characters": len(text)})


_REPLIES: Mapping[str, Callable[[dict[str, Any]], Reply]] = {
    "responses": _responses,
    "chat/completions": _chat,
    "images/generations": _images,
    "images/edits": _images,
    "audio/speech": _speech,
}


# --- HTTP ---


class _Listener(ThreadingHTTPServer):
    """One thread per connection; the requests waiting at the door may be many."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, server: OpenAIServer) -> None:
        self.owner = server
        super().__init__(("127.0.0.1", 0), _Exchange)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is part of the rehearsal."""


class _Exchange(BaseHTTPRequestHandler):
    """Reads a request, and sends the reply in the way that is due."""

    protocol_version = "HTTP/1.1"
    server: _Listener

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        self._answer({}, b"")

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        form = self.headers.get("content-type", "")
        self._answer(_fields(form, raw) if form.startswith("multipart/") else json.loads(raw), raw)

    def _answer(self, body: dict[str, Any], raw: bytes) -> None:
        path = re.sub(r"^/v1/|\?.*$", "", self.path)
        if self.headers.get_content_type() == "multipart/form-data":
            raw = raw.replace(str(self.headers.get_boundary()).encode(), b"")
        key = self.headers.get("authorization", "").removeprefix("Bearer ")
        reply, how, request_id = self.server.owner.answer(path, body, raw, key)
        if how == "silent":
            self.server.owner.closing.wait(60)
            return
        content = reply.bytes()
        self.send_response(reply.status)
        self.send_header("content-type", reply.content_type)
        self.send_header("x-request-id", request_id)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(10**9 if how == "endless" else len(content)))
        self.end_headers()
        self._send(content, how)

    def _send(self, content: bytes, how: str) -> None:
        half = len(content) // 2 if how in ("cut", "slow") else len(content)
        self.wfile.write(content[:half])
        self.wfile.flush()
        if how == "slow":
            self.server.owner.closing.wait(_SLOW_SECONDS)
            self.wfile.write(content[half:])
        while how == "endless" and not self.server.owner.closing.wait(0.02):
            self.wfile.write(b" ")
        self.close_connection = self.close_connection or how in ("cut", "endless")


def _fields(form: str, raw: bytes) -> dict[str, Any]:
    """The fields of a multipart form; `images` counts its files."""
    message: Message = message_from_bytes(f"content-type: {form}\r\n\r\n".encode() + raw, policy=HTTP)
    fields: dict[str, Any] = {"images": 0}
    for part in message.iter_parts():  # type: ignore[attr-defined]
        name = part.get_param("name", header="content-disposition")
        if part.get_filename():
            fields["images"] += 1
        else:
            fields[str(name)] = part.get_content().strip()
    return fields
